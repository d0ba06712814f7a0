/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Input that means no good: cut, bent, too large, too deep.  There must be an
 * error or a reading, never a crash, and nothing on stderr.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest/rewrite.h"
#include "support.h"
#include "whole.h"

static const char *const hidden[] = { "apxa", NULL };

/* What could be read can be read the same after a rewriting; an error says why. */
static void
check_result (const VapGuest *before, char *xml, GError *error)
{
  g_autofree char *result = xml;
  g_autoptr (GError) problem = error;
  g_autoptr (VapGuest) after = NULL;

  if (result == NULL)
    g_free (describe_error (problem));
  if (result == NULL || before == NULL)
    return;
  g_assert_no_error (problem);
  after = vap_guest_parse (result, strlen (result), &problem);
  g_assert_no_error (problem);
  g_assert_cmpuint (after->features->len, ==, before->features->len);
  for (guint i = 0; i < before->features->len; i++) {
    const VapCpuFeature *feature = g_ptr_array_index (before->features, i);

    g_assert_nonnull (vap_guest_feature (after, feature->name));
    g_assert_cmpint (vap_guest_feature (after, feature->name)->policy, ==,
                     feature->policy);
  }
}

/* the bytes alone in a block of their own, so that a sanitizer sees a read beyond */
static void
read_xml (const char *text, gsize length)
{
  g_autofree char *block = g_memdup2 (text, length);
  g_autoptr (VapGuest) guest = vap_guest_parse (block, length, NULL);
  GError *error = NULL;
  char *result;

  g_free (describe_guest (block, length));
  assert_as_whole (block, length);
  g_free (describe_device (".xml", block, length));
  result = vap_rewrite_hide_features (block, length, hidden, &error);
  check_result (guest, result, error);
  error = NULL;
  result = vap_rewrite_show_features (block, length, &error);
  check_result (guest, result, error);
}

static void
read_json (const char *text, gsize length)
{
  g_autofree char *block = g_memdup2 (text, length);

  g_free (describe_device (".json", block, length));
}

static void
bend (const char *text, gsize length, void (*read) (const char *, gsize))
{
  static const char bytes[]
      = { '\0', '<', '>', '"', '\'', '/', '&', '{', ']', ' ', '\x80' };
  g_autofree char *copy = g_memdup2 (text, length);

  for (gsize i = 0; i < length; i++) {
    read (text, i);
    /* a different byte each time keeps this short */
    copy[i] = bytes[i % sizeof bytes];
    read (copy, length);
    copy[i] = bytes[(i * 7 + 3) % sizeof bytes];
    read (copy, length);
    copy[i] = text[i];
  }
}

static void
bend_xml (const char *path G_GNUC_UNUSED, const char *text, gsize length)
{
  bend (text, length, read_xml);
}

static void
bend_json (const char *path G_GNUC_UNUSED, const char *text, gsize length)
{
  bend (text, length, read_json);
}

static void
test_bent_domain (void)
{
  for_each_file ("domain", "confusing.xml", bend_xml);
  for_each_file ("domain", "metadata.xml", bend_xml);
}

static void
test_bent_rewrite (void)
{
  for_each_file ("rewrite", "newer.xml", bend_xml);
  for_each_file ("rewrite", "empties.hidden.xml", bend_xml);
}

static void
test_bent_device (void)
{
  for_each_file ("device", "matrix.xml", bend_xml);
  for_each_file ("device", ".json", bend_json);
}

static void
cut_off (const char *path, const char *text, gsize length)
{
  gsize end = (gsize)(strrchr (text, g_str_has_suffix (path, "json") ? '}' : '>') - text);

  g_assert_cmpuint (end, <, length);
  for (gsize i = 1; i <= end; i++) {
    g_autofree char *answer = g_str_has_suffix (path, "json")
                                  ? describe_device (path, text, i)
                                  : describe_guest (text, i);

    g_assert_true (g_str_has_prefix (answer, "error malformed: "));
    g_assert_nonnull (
        strstr (answer, g_str_has_suffix (path, "json") ? "JSON" : " line "));
  }
}

static void
test_prefix (void)
{
  for_each_file ("domain", "crypto.xml", cut_off);
  for_each_file ("device", "mdevctl.json", cut_off);
}

static char *
repeat (const char *before, const char *text, guint times, const char *after)
{
  GString *to = g_string_new (before);

  for (guint i = 0; i < times; i++)
    g_string_append (to, text);
  g_string_append (to, after);
  return g_string_free (to, FALSE);
}

static void
check_error (char *answer, const char *start)
{
  if (!g_str_has_prefix (answer, start))
    g_test_message ("%s", answer);
  g_assert_true (g_str_has_prefix (answer, start));
  g_free (answer);
}

static void
test_large (void)
{
  g_autofree char *fits = repeat ("<domain>", " ", VAP_XML_MAX - 17, "</domain>");
  g_autofree char *large = repeat ("<domain>", " ", VAP_XML_MAX - 16, "</domain>");
  g_autofree char *json = repeat ("{", " ", 1024 * 1024, "}");
  g_autofree char *answer = describe_guest (fits, strlen (fits));

  g_assert_cmpstr (answer, ==, "cpu: none\n");
  check_error (describe_guest (large, strlen (large)),
               "error too large: XML of 4194305 bytes");
  check_error (describe_device (".xml", large, strlen (large)), "error too large: ");
  check_error (describe_device (".json", json, strlen (json)),
               "error too large: JSON of 1048578 bytes");
}

static void
test_deep (void)
{
  g_autofree char *xml = repeat ("", "<domain>", 100000, "");
  g_autofree char *closed = repeat ("<domain>\n", "<a>", 5000, "</a>");
  g_autofree char *json = repeat ("{\"x\":", "[", 500000, "");
  g_autofree char *object = repeat ("", "{\"x\":", 17, "1");

  check_error (describe_guest (xml, strlen (xml)), "error malformed: XML line 1: ");
  check_error (describe_guest (closed, strlen (closed)), "error malformed: XML line 2: ");
  check_error (describe_device (".json", json, strlen (json)), "error malformed: JSON ");
  check_error (describe_device (".json", object, strlen (object)),
               "error malformed: JSON ");
}

/* must not take time in the square of its size */
static void
test_wide (void)
{
  g_autofree char *features = NULL;
  g_autofree char *result = NULL;
  g_autoptr (GError) error = NULL;
  GString *to = g_string_new ("<domain><cpu mode='host-model'>");

  for (guint i = 0; i < 60000; i++)
    g_string_append_printf (to, "<feature name='ap%u'/>", i);
  g_string_append (to, "<feature name='apxa'/></cpu></domain>");
  features = g_string_free (to, FALSE);
  result = vap_rewrite_hide_features (features, strlen (features), hidden, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (result, "<virt-ap:feature name='apxa' policy='require'/>"));
  g_assert_true (g_str_has_suffix (result,
                                   "<feature name='ap59999'/></cpu>"
                                   "<metadata><virt-ap:crypto xmlns:virt-ap="
                                   "'urn:virt-ap:domain:1.0'><virt-ap:feature "
                                   "name='apxa' policy='require'/></virt-ap:crypto>"
                                   "</metadata></domain>"));
}

static void
test_reasons (void)
{
  static const struct {
    const char *xml;
    const char *start;
  } cases[] = {
    { "<domain>\n<a></b></domain>",
      "error malformed: XML line 2: Opening and ending tag" },
    { "<domain>\n\n&undeclared;</domain>", "error malformed: XML line 3: " },
    { "<domain a='1' a='2'/>", "error malformed: XML line 1: Attribute a redefined" },
    { "<domain/><domain/>", "error malformed: XML line 1: Extra content" },
    { "<domain>&#0;</domain>", "error malformed: XML line 1: " },
    { "<domain>\x01</domain>", "error malformed: XML line 1: " },
    { " ", "error malformed: XML line 1: " },
    { "{}", "error malformed: XML line 1: " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_error (describe_guest (cases[i].xml, strlen (cases[i].xml)), cases[i].start);
}

/* a program that uses libxml2 itself must not find its standard error littered */
static void
test_silence (void)
{
  static const char bomb[]
      = "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///nowhere'>]><d>&a;</d>";
  static const char broken[] = "<domain xmlns:a=''><b:c></domain>";
  static const char json[] = "{\"a\":}";
  FILE *file = tmpfile ();
  int saved = dup (STDERR_FILENO);

  g_assert_nonnull (file);
  g_assert_cmpint (dup2 (fileno (file), STDERR_FILENO), >=, 0);
  g_free (describe_guest (bomb, strlen (bomb)));
  g_free (describe_guest (broken, strlen (broken)));
  g_free (describe_device (".json", json, strlen (json)));
  g_assert_cmpint (dup2 (saved, STDERR_FILENO), >=, 0);
  close (saved);
  g_assert_cmpint (fseek (file, 0, SEEK_END), ==, 0);
  g_assert_cmpint (ftell (file), ==, 0);
  fclose (file);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guest/hostile/prefix", test_prefix);
  g_test_add_func ("/guest/hostile/bent-domain", test_bent_domain);
  g_test_add_func ("/guest/hostile/bent-rewrite", test_bent_rewrite);
  g_test_add_func ("/guest/hostile/bent-device", test_bent_device);
  g_test_add_func ("/guest/hostile/large", test_large);
  g_test_add_func ("/guest/hostile/deep", test_deep);
  g_test_add_func ("/guest/hostile/wide", test_wide);
  g_test_add_func ("/guest/hostile/reasons", test_reasons);
  g_test_add_func ("/guest/hostile/silence", test_silence);
  return g_test_run ();
}
