/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our lines in libvirt.conf: whatever is in the file before, putting them there and
 * taking them out again gives it back byte for byte, and twice is as good as once.
 */
#include "setup/libvirt-conf.h"

#include <string.h>

#include "ap/error.h"
#include "setup/statements.h"

#define URI "qemu+ext:///system?command=/usr/libexec/virt-ap/gate"
#define OTHER_URI "qemu+ext:///system?command=/opt/virt-ap/gate"

typedef struct {
  VapPart uri_default;
  VapPart alias;
} Look;

static Look
look_at (const char *text)
{
  Look look = { 0 };

  vap_libvirt_conf_look ("F", text, URI, &look.uri_default, &look.alias);
  g_free (look.uri_default.detail);
  g_free (look.alias.detail);
  return look;
}

static char *
enable (const char *text, const char *uri)
{
  g_autoptr (GError) error = NULL;
  char *enabled = vap_libvirt_conf_enable ("F", text, uri, &error);

  g_assert_no_error (error);
  return enabled;
}

static void
assert_disable (const char *text, const char *gives, gboolean own)
{
  g_autoptr (GError) error = NULL;
  gboolean own_file;
  g_autofree char *disabled = vap_libvirt_conf_disable ("F", text, &own_file, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (disabled, ==, gives);
  g_assert_cmpint (own_file, ==, own);
}

/* whatever libvirt can read: as before after both, the same after more of each */
static void
assert_reversible (const char *text)
{
  g_autofree char *once = enable (text, URI);
  g_autofree char *twice = enable (once, URI);
  g_autofree char *other = enable (once, OTHER_URI);
  g_autofree char *again = enable (other, URI);

  g_assert_cmpstr (twice, ==, once);
  g_assert_cmpstr (again, ==, once);
  assert_disable (once, text, FALSE);
  assert_disable (other, text, FALSE);
  assert_disable (text, text, FALSE);
}

static void
test_no_file (void)
{
  g_autofree char *enabled = enable (NULL, URI);
  g_autofree char *twice = enable (enabled, URI);
  g_autofree char *more = g_strconcat (enabled, "remote_mode = 'legacy'\n", NULL);

  g_assert_cmpstr (twice, ==, enabled);
  assert_disable (enabled, "", TRUE);
  assert_disable (more, "remote_mode = 'legacy'\n", FALSE);
  g_assert_cmpint (look_at (enabled).uri_default.state, ==, VAP_PART_ACTIVE);
  g_assert_cmpint (look_at (enabled).alias.state, ==, VAP_PART_ACTIVE);
  g_assert_false (look_at (enabled).alias.by_hand);
}

static void
test_kinds (void)
{
  static const struct {
    const char *text;
    VapPartState uri_default;
    VapPartState alias;
  } kinds[] = {
    { "", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "# a comment", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "#uri_default = \"qemu:///system\"\n", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "uri_default = \"qemu:///system\"\n", VAP_PART_FOREIGN, VAP_PART_ACTIVE },
    { "uri_default='test:///default'", VAP_PART_FOREIGN, VAP_PART_ACTIVE },
    { "uri_default = 3 # what\r\n", VAP_PART_FOREIGN, VAP_PART_ACTIVE },
    { "uri_default = \"" URI "\"\n", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "uri_aliases = [\n  \"a=qemu:///system\",\n  \"b=c\"\n]\n", VAP_PART_ACTIVE,
      VAP_PART_ACTIVE },
    { "uri_aliases=[]", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "  uri_aliases = [ 'a=b', ] # tail\n\n", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "uri_aliases = [\n\n]\nuri_default = \"x\"\n", VAP_PART_FOREIGN, VAP_PART_ACTIVE },
    { "x = 1; uri_aliases = [\"a=b\"]; y = 2", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "x = 1;\nuri_aliases = [\"a=b\"];", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "x = 1;uri_aliases = [\"a=b\"]\n", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "uri_aliases = [ \"ap=qemu:///system\" ]\n", VAP_PART_ACTIVE, VAP_PART_FOREIGN },
    { "uri_aliases = [ \"b=c\", \"ap=" URI "\" ]\n", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "uri_aliases = \"ap=x\"\n", VAP_PART_ACTIVE, VAP_PART_FOREIGN },
    { "uri_aliases = [\n  \"ap=" URI "\",\n]\nuri_default = \"" URI "\"\n",
      VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "x = \"\"\"\nuri_default = \"no\"\n\"\"\"\n", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
    { "uri_aliases = [ \"a=b\" ]\nuri_aliases = [ \"c=d\" ]\n", VAP_PART_ACTIVE,
      VAP_PART_ACTIVE },
    { "\n\n\t\n", VAP_PART_ACTIVE, VAP_PART_ACTIVE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree char *enabled = enable (kinds[i].text, URI);
    g_autofree char *other = enable (kinds[i].text, OTHER_URI);
    Look look = look_at (enabled);

    g_test_message ("%s", enabled);
    assert_reversible (kinds[i].text);
    g_assert_cmpint (look.uri_default.state, ==, kinds[i].uri_default);
    g_assert_cmpint (look.alias.state, ==, kinds[i].alias);
    /* what another version has set is not taken for somebody else's */
    look = look_at (other);
    if (kinds[i].uri_default == VAP_PART_ACTIVE && strstr (kinds[i].text, URI) == NULL)
      g_assert_cmpint (look.uri_default.state, ==, VAP_PART_CHANGED);
    if (kinds[i].alias == VAP_PART_ACTIVE && strstr (kinds[i].text, URI) == NULL)
      g_assert_cmpint (look.alias.state, ==, VAP_PART_CHANGED);
  }
}

/* what somebody has set as we would stays when ours goes, and is told apart */
static void
test_by_hand (void)
{
  Look look = look_at ("uri_aliases = [ \"ap=" URI "\" ]\nuri_default = \"" URI "\"\n");

  g_assert_true (look.uri_default.by_hand);
  g_assert_true (look.alias.by_hand);
}

static void
test_faults (void)
{
  static const struct {
    const char *text;
    const char *message;
  } faults[] = {
    { "x\n", "F:1: there is no '='" },
    { "\n= 3\n", "F:2: there is no name" },
    { "x = \n", "F:1: there is no value" },
    { "x = \"a\nb\"\n", "F:1: a string does not end" },
    { "x = \"\"\"abc\ndefg", "F:2: a string does not end" },
    { "x = [ \"a\" \"b\" ]\n", "F:1: a list does not end" },
    { "x = [ \"a\",\n", "F:2: there is no value" },
    { "x = [\n# no comment within\n]\n", "F:2: there is no value" },
    { "x = 1 y = 2\n", "F:1: a setting is not alone" },
    { "x = -\n", "F:1: a number has no digits" },
    { "# virt-ap setup: begin\nuri_default = \"a\"\n", "F: the line '# virt-ap setup: end'" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (vap_libvirt_conf_enable ("F", faults[i].text, URI, &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    if (!g_str_has_prefix (error->message, faults[i].message))
      g_error ("%s: %s", faults[i].message, error->message);
  }
}

/* ours can be taken out of a file that has become unreadable since */
static void
test_broken_since (void)
{
  g_autofree char *enabled = enable ("x = 1\nuri_aliases = [ \"a=b\" ]\n", URI);
  g_autofree char *broken = g_strconcat ("rubbish\n", enabled, NULL);

  g_assert_cmpint (look_at (broken).alias.state, ==, VAP_PART_BROKEN);
  assert_disable (broken, "rubbish\nx = 1\nuri_aliases = [ \"a=b\" ]\n", FALSE);
}

/* what somebody added between and behind our lines stays */
static void
test_changed_since (void)
{
  g_autofree char *enabled = enable ("x = 1", URI);
  g_autofree char *behind = g_strconcat (enabled, "y = 2\n", NULL);
  g_autofree char *listed = enable ("uri_aliases = [ \"a=b\" ]\n", URI);
  g_auto (GStrv) parts = g_strsplit (listed, "\n  \"ap=" URI "\",", 2);
  g_autofree char *without = g_strjoinv ("", parts);

  assert_disable (behind, "x = 1\ny = 2\n", FALSE);
  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  assert_disable (without, "uri_aliases = [ \"a=b\" ]\n", FALSE);
}

/* parts of which files are made; all of them can be read behind each other */
static const char *const pieces[] = {
  "# comment",
  "\n",
  "\r\n",
  "\n\n",
  " \t\n",
  "#uri_default = \"x\"\n",
  "x = 1\n",
  "x = -3 # why\n",
  "log_level = 3;",
  "y = 'a \"b\" # c'\n",
  "z = \"\"\"three\nlines # virt-ap\n\"\"\"\n",
  "uri_default = \"qemu:///system\"\n",
  "uri_default='" URI "'\n",
  "uri_aliases = [ \"a=b\", 'c=d' ]\n",
  "uri_aliases = [\n  \"a=b\",\n  \"c=d\",\n]\n",
  "\turi_aliases=[]\n",
  "uri_aliases = [ \"ap=x\" ];",
  "uri_aliases = [ \"a=b\" ];  ",
  "  ",
};

/* Some of these need a line of their own behind what does not end one. */
static void
append_piece (GString *text, const char *piece)
{
  const char *last = strrchr (text->str, '\n');
  const char *comment = strchr (last != NULL ? last : text->str, '#');

  if (comment != NULL && *piece != '\n')
    g_string_append_c (text, '\n');
  g_string_append (text, piece);
}

static void
test_random (void)
{
  const guint runs = g_getenv ("VIRT_AP_THOROUGH") != NULL ? 1000000 : 20000;

  for (guint i = 0; i < runs; i++) {
    g_autoptr (GString) text = g_string_new (NULL);
    const gint n = g_test_rand_int_range (0, 9);
    g_autofree char *enabled = NULL;

    for (gint j = 0; j < n; j++)
      append_piece (text,
                    pieces[g_test_rand_int_range (0, (gint)G_N_ELEMENTS (pieces))]);
    if (g_test_rand_bit () && text->len > 0)
      g_string_append (text, "\nlast = 'no end of the line'");
    assert_reversible (text->str);
    enabled = enable (text->str, URI);
    g_autoptr (GPtrArray) statements
        = vap_statements_read ("F", enabled, strlen (enabled), NULL);
    g_assert_nonnull (statements);
    g_assert_nonnull (vap_statements_find (statements, "uri_default"));
    g_assert_nonnull (vap_statements_find (statements, "uri_aliases"));
  }
}

/* bytes changed at random: refused, or reversible */
static void
test_random_bytes (void)
{
  static const char bytes[] = "\n\r \t#=[],;\"'ab1-+u\x80";
  const guint runs = g_getenv ("VIRT_AP_THOROUGH") != NULL ? 1000000 : 20000;

  for (guint i = 0; i < runs; i++) {
    g_autoptr (GString) text = g_string_new (
        "x = 1; uri_aliases = [ \"a=b\",\n 'c=d' ] # e\nuri_default = \"\"\"f\"\"\"\n");
    g_autofree char *enabled = NULL;

    for (gint j = g_test_rand_int_range (1, 5); j > 0; j--) {
      const gint at = g_test_rand_int_range (0, (gint)text->len);

      text->str[at] = bytes[g_test_rand_int_range (0, sizeof bytes - 1)];
      if (g_test_rand_bit ())
        g_string_truncate (text, (gsize)at + 1);
    }
    enabled = vap_libvirt_conf_enable ("F", text->str, URI, NULL);
    if (enabled != NULL)
      assert_reversible (text->str);
  }
}

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "C", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/setup/conf/no-file", test_no_file);
  g_test_add_func ("/setup/conf/kinds", test_kinds);
  g_test_add_func ("/setup/conf/by-hand", test_by_hand);
  g_test_add_func ("/setup/conf/faults", test_faults);
  g_test_add_func ("/setup/conf/broken-since", test_broken_since);
  g_test_add_func ("/setup/conf/changed-since", test_changed_since);
  g_test_add_func ("/setup/conf/random", test_random);
  g_test_add_func ("/setup/conf/random-bytes", test_random_bytes);
  return g_test_run ();
}
