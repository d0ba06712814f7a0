/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pairs of files in domain/, device/, rewrite/, complete/ and add-device/: a new case
 * is new files only.
 */
#include <string.h>

#include "ap/glance.h"
#include "guest/rewrite.h"
#include "support.h"

/* what the QEMUs of these cases have no property for */
static const char *const hidden[] = { "apxa", "appvi", NULL };

static void
same_text (const char *path, const char *is, const char *should)
{
  if (strcmp (is, should) != 0)
    g_test_message ("%s", path);
  g_assert_cmpstr (is, ==, should);
}

/* what the parser finds, a first look at the bytes must not have missed */
static void
check_glance (const char *text, gsize length)
{
  g_autoptr (VapGuest) guest = vap_guest_parse (text, length, NULL);

  if (guest != NULL && vap_guest_concerns_ap (guest))
    g_assert_true (vap_glance_may_concern_ap ((const guint8 *) text, length));
}

static void
check_domain (const char *path, const char *text, gsize length)
{
  g_autofree char *should = read_beside (path, ".xml", ".txt");
  g_autofree char *is = describe_guest (text, length);

  same_text (path, is, should);
  check_glance (text, length);
}

static void
test_domain (void)
{
  for_each_file ("domain", ".xml", check_domain);
}

static void
check_device (const char *path, const char *text, gsize length)
{
  const char *suffix = strrchr (path, '.');
  g_autofree char *should = read_beside (path, suffix, ".txt");
  g_autofree char *is = describe_device (path, text, length);

  same_text (path, is, should);
}

static void
test_device (void)
{
  for_each_file ("device", ".xml", check_device);
  for_each_file ("device", ".json", check_device);
}

static char *
hide (const char *xml, gsize length)
{
  g_autoptr (GError) error = NULL;
  char *result = vap_rewrite_hide_features (xml, length, hidden, &error);

  return result != NULL ? result : describe_error (error);
}

static char *
show (const char *xml, gsize length)
{
  g_autoptr (GError) error = NULL;
  char *result = vap_rewrite_show_features (xml, length, &error);

  return result != NULL ? result : describe_error (error);
}

/* Both ways, and back, as the files have it; once is as good as twice, and what
 * is shown and hidden again reads the same. */
static void
check_rewrite (const char *path, const char *text, gsize length)
{
  g_autofree char *should_hide = NULL;
  g_autofree char *should_show = NULL;
  g_autofree char *hidden_text = NULL;
  g_autofree char *shown_text = NULL;
  g_autofree char *hidden_again = NULL;
  g_autofree char *shown_again = NULL;
  g_autofree char *should_back = NULL;
  g_autofree char *back = NULL;
  g_autofree char *third = NULL;
  g_autofree char *reading = NULL;
  g_autofree char *third_reading = NULL;

  if (strchr (strrchr (path, '/'), '.') != strrchr (path, '.'))
    return;
  should_hide = read_beside (path, ".xml", ".hidden.xml");
  should_show = read_beside (path, ".xml", ".shown.xml");
  hidden_text = hide (text, length);
  shown_text = show (text, length);
  same_text (path, hidden_text, should_hide);
  same_text (path, shown_text, should_show);
  if (g_str_has_prefix (hidden_text, "error"))
    return;

  hidden_again = hide (hidden_text, strlen (hidden_text));
  shown_again = show (shown_text, strlen (shown_text));
  same_text (path, hidden_again, hidden_text);
  same_text (path, shown_again, shown_text);
  should_back = read_beside (path, ".xml", ".back.xml");
  back = show (hidden_text, strlen (hidden_text));
  same_text (path, back, should_back);
  third = hide (back, strlen (back));
  reading = describe_guest (hidden_text, strlen (hidden_text));
  third_reading = describe_guest (third, strlen (third));
  same_text (path, third_reading, reading);
}

static void
test_rewrite (void)
{
  for_each_file ("rewrite", ".xml", check_rewrite);
}

/* what a guest is completed with, here */
static const char *const missing[] = { "apft", "apqi", NULL };

static void
check_complete (const char *path, const char *text, gsize length)
{
  g_autofree char *should = NULL;
  g_autofree char *is = NULL;
  g_autoptr (GError) error = NULL;

  if (g_str_has_suffix (path, ".completed.xml"))
    return;
  should = read_beside (path, ".xml", ".completed.xml");
  is = vap_rewrite_add_features (text, length, missing, &error);
  g_assert_no_error (error);
  same_text (path, is, should);
}

static void
test_complete (void)
{
  for_each_file ("complete", ".xml", check_complete);
}

#define DEVICE "62177883-f1bb-47f0-914d-32a22e3a8801"

static char *
add_device (const char *xml, gsize length)
{
  static const char *const features[] = { "ap", "apqci", "apft", "apqi", NULL };
  g_autoptr (GError) error = NULL;
  char *result = vap_rewrite_add_device (xml, length, DEVICE, features, &error);

  return result != NULL ? result : describe_error (error);
}

static char *
remove_device (const char *xml, gsize length)
{
  g_autoptr (GError) error = NULL;
  char *result = vap_rewrite_remove_device (xml, length, DEVICE, &error);

  return result != NULL ? result : describe_error (error);
}

/* In, again, and out, as the files have it. */
static void
check_add_device (const char *path, const char *text, gsize length)
{
  g_autofree char *should_with = NULL;
  g_autofree char *with = NULL;
  g_autofree char *again = NULL;
  g_autofree char *should_without = NULL;
  g_autofree char *without = NULL;

  if (strchr (strrchr (path, '/'), '.') != strrchr (path, '.'))
    return;
  should_with = read_beside (path, ".xml", ".with.xml");
  with = add_device (text, length);
  same_text (path, with, should_with);
  if (g_str_has_prefix (with, "error"))
    return;
  again = add_device (with, strlen (with));
  same_text (path, again, with);
  should_without = read_beside (path, ".xml", ".without.xml");
  without = remove_device (with, strlen (with));
  same_text (path, without, should_without);
}

static void
test_add_device (void)
{
  for_each_file ("add-device", ".xml", check_add_device);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guest/files/domain", test_domain);
  g_test_add_func ("/guest/files/device", test_device);
  g_test_add_func ("/guest/files/rewrite", test_rewrite);
  g_test_add_func ("/guest/files/complete", test_complete);
  g_test_add_func ("/guest/files/add-device", test_add_device);
  return g_test_run ();
}
