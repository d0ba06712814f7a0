/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of guest/ share. */
#include "support.h"

#include <string.h>

#define UUID "62177883-F1BB-47F0-914D-32A22E3A8801"

char *
describe_error (const GError *error)
{
  static const char *const kinds[] = { "malformed", "unreadable", "too large", "failed" };

  g_assert_nonnull (error);
  g_assert_true (error->domain == VAP_ERROR);
  g_assert_cmpint (error->code, <, G_N_ELEMENTS (kinds));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  return g_strdup_printf ("error %s: %s\n", kinds[error->code], error->message);
}

static void
add (GString *to, const char *key, const char *value)
{
  if (value != NULL)
    g_string_append_printf (to, "%s: %s\n", key, value);
}

char *
describe_guest (const char *xml, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapGuest) guest = vap_guest_parse (xml, length, &error);
  GString *to = g_string_new (NULL);

  if (guest == NULL) {
    g_string_free (to, TRUE);
    return describe_error (error);
  }
  g_assert_no_error (error);
  add (to, "name", guest->name);
  add (to, "uuid", guest->uuid);
  add (to, "type", guest->type);
  add (to, "arch", guest->arch);
  add (to, "machine", guest->machine);
  add (to, "emulator", guest->emulator);
  g_string_append_printf (to, "cpu: %s%s%s\n", vap_cpu_mode_to_string (guest->cpu_mode),
                          guest->cpu_model != NULL ? " " : "",
                          guest->cpu_model != NULL ? guest->cpu_model : "");
  for (guint i = 0; i < guest->features->len; i++) {
    const VapCpuFeature *feature = g_ptr_array_index (guest->features, i);

    g_string_append_printf (to, "feature: %s %s%s\n", feature->name,
                            vap_policy_to_string (feature->policy),
                            feature->from_metadata ? " (metadata)" : "");
  }
  for (guint i = 0; i < guest->devices->len; i++) {
    const VapGuestDevice *device = g_ptr_array_index (guest->devices, i);

    g_string_append_printf (to, "device: %s", device->uuid != NULL ? device->uuid : "-");
    if (device->model != NULL)
      g_string_append_printf (to, " model %s", device->model);
    if (device->boot_order != NULL)
      g_string_append_printf (to, " boot %s", device->boot_order);
    g_string_append_c (to, '\n');
  }
  if (guest->secure)
    g_string_append (to, "secure\n");
  if (vap_guest_concerns_ap (guest))
    g_string_append (to, "concerns AP\n");
  return g_string_free (to, FALSE);
}

static void
add_fault (const VapAttribute *attribute, VapAttributeFault fault, gpointer to)
{
  static const char *const faults[] = { "ok", "bad name", "bad value", "out of range" };

  g_string_append_printf (to, "fault: %s=%s %s\n", attribute->name, attribute->value,
                          faults[fault]);
}

static void
add_matrix (GString *to, const VapDevice *device)
{
  g_autofree char *adapters = NULL;
  g_autofree char *domains = NULL;
  g_autofree char *control_domains = NULL;
  VapMatrix matrix;

  vap_device_matrix (device, &matrix, add_fault, to);
  adapters = vap_mask_to_list (&matrix.adapters, 2);
  domains = vap_mask_to_list (&matrix.domains, 4);
  control_domains = vap_mask_to_list (&matrix.control_domains, 4);
  g_string_append_printf (to, "matrix: adapters %s; domains %s; control domains %s\n",
                          adapters, domains, control_domains);
}

char *
describe_device (const char *name, const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapDevice) device = NULL;
  GString *to;

  if (g_str_has_suffix (name, ".json"))
    device = vap_device_parse_mdevctl (text, length, UUID, VAP_DEVICE_PARENT, &error);
  else
    device = vap_device_parse_xml (text, length, &error);
  if (device == NULL)
    return describe_error (error);
  g_assert_no_error (error);

  to = g_string_new (NULL);
  add (to, "name", device->name);
  add (to, "parent", device->parent);
  add (to, "type", device->type);
  add (to, "uuid", device->uuid);
  if (device->autostart)
    g_string_append (to, "autostart\n");
  for (guint i = 0; i < device->attributes->len; i++) {
    const VapAttribute *attribute = g_ptr_array_index (device->attributes, i);

    g_string_append_printf (to, "attribute: %s=%s\n", attribute->name, attribute->value);
  }
  if (vap_device_is_matrix (device))
    add_matrix (to, device);
  else
    g_string_append (to, device->is_mdev ? "not a matrix\n" : "not a mediated device\n");
  return g_string_free (to, FALSE);
}

void
for_each_file (const char *folder, const char *suffix, FileFunc func)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, folder, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *file = g_build_filename (path, name, NULL);
    g_autofree char *text = NULL;
    gsize length;

    if (!g_str_has_suffix (name, suffix))
      continue;
    g_assert_true (g_file_get_contents (file, &text, &length, NULL));
    func (file, text, length);
    n++;
  }
  g_assert_cmpuint (n, >, 0);
}

char *
read_beside (const char *path, const char *suffix, const char *other)
{
  g_autofree char *stem = g_strndup (path, strlen (path) - strlen (suffix));
  g_autofree char *file = g_strconcat (stem, other, NULL);
  char *text = NULL;

  if (!g_file_get_contents (file, &text, NULL, NULL))
    g_test_message ("there is no %s", file);
  g_assert_nonnull (text);
  return text;
}
