/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files in nova/: what is read of each, and what it becomes when its guest is granted
 * a device.  VIRT_AP_WRITE=1 writes what should be.
 */
#include <string.h>

#include "guest/nova.h"
#include "support.h"

#define GRANTED "62177883-f1bb-47f0-914d-32a22e3a8801"
#define OLD "62177883-f1bb-47f0-914d-32a22e3a8802"

static char *
describe (const char *xml, gsize length)
{
  g_autoptr (VapNovaGuest) instance = NULL;
  g_autoptr (GError) error = NULL;

  if (!vap_nova_guest_parse (xml, length, &instance, &error))
    return describe_error (error);
  if (instance == NULL)
    return g_strdup ("none of Nova's\n");
  return g_strdup_printf (
      "flavor %s\nextra specs %s\nprofile %s\ngranted %s of %s\n", instance->flavor,
      instance->has_extra_specs ? "yes" : "no",
      instance->profile != NULL ? instance->profile : "-",
      instance->granted_device != NULL ? instance->granted_device : "-",
      instance->granted_profile != NULL ? instance->granted_profile : "-");
}

static void
same (const char *path, const char *suffix, const char *is)
{
  if (g_getenv ("VIRT_AP_WRITE") != NULL) {
    g_autofree char *base = g_strndup (path, strlen (path) - strlen (".xml"));
    g_autofree char *other = g_strconcat (base, suffix, NULL);

    g_assert_true (g_file_set_contents (other, is, -1, NULL));
  }
  g_autofree char *should = read_beside (path, ".xml", suffix);
  if (strcmp (is, should) != 0)
    g_test_message ("%s", path);
  g_assert_cmpstr (is, ==, should);
}

static void
check (const char *path, const char *text, gsize length)
{
  static const char *const dropped[] = { OLD, NULL };
  g_autofree char *reading = NULL;
  g_autofree char *granted = NULL;
  g_autofree char *again = NULL;
  g_autoptr (VapNovaGuest) instance = NULL;
  g_autoptr (GError) error = NULL;

  if (g_str_has_suffix (path, ".granted.xml"))
    return;
  reading = describe (text, length);
  same (path, ".txt", reading);
  if (strstr (reading, "flavor ") != reading)
    return;

  granted = vap_rewrite_grant (text, length, "signing", GRANTED, dropped, &error);
  g_assert_no_error (error);
  same (path, ".granted.xml", granted);
  again = vap_rewrite_grant (granted, strlen (granted), "signing", GRANTED, dropped,
                             &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, granted);
  g_assert_true (
      vap_nova_guest_parse (granted, strlen (granted), &instance, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (instance->granted_device, ==, GRANTED);
  g_assert_cmpstr (instance->granted_profile, ==, "signing");
  g_assert_cmpuint (instance->guest->devices->len, ==, 1);
}

static void
test_files (void)
{
  for_each_file ("nova", ".xml", check);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guest/nova/files", test_files);
  return g_test_run ();
}
