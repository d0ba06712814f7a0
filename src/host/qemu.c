/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is known of a QEMU binary: the object, and where the binary is looked
 * for.  The conversation with it is in qemu-talk.c.
 */
#include "config.h"

#include "host/priv.h"

#include <glib/gi18n-lib.h>

#define PATIENCE_MS 10000u

/* where distributions put the emulator that libvirt takes for s390x guests
 * (libvirt src/qemu/qemu_capabilities.c, virQEMUCapsFindBinaryForArch()) */
static const char *
find_binary (GError **error)
{
  static const char *const binaries[] = {
    VAP_QEMU_DEFAULT,
    "/usr/libexec/qemu-kvm",
    "/usr/bin/qemu-kvm",
  };

  for (guint i = 0; i < G_N_ELEMENTS (binaries); i++) {
    if (g_file_test (binaries[i], G_FILE_TEST_IS_EXECUTABLE))
      return binaries[i];
  }
  g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
               _ ("there is no QEMU for s390x: neither '%s' nor '%s' nor '%s'"),
               binaries[0], binaries[1], binaries[2]);
  return NULL;
}

VapQemu *
vap_qemu_ask (const char *binary, GError **error)
{
  VapQemu *kept;

  if (binary == NULL)
    binary = find_binary (error);
  if (binary == NULL)
    return NULL;
  kept = vap_qemu_find_kept (binary);
  return kept != NULL ? kept : vap_qemu_ask_to_keep (binary, PATIENCE_MS, error);
}

VapQemu *
vap_qemu_new (const char *binary, const char *version, const char *const *properties)
{
  VapQemu *qemu = g_new0 (VapQemu, 1);

  qemu->ref_count = 1;
  qemu->binary = g_strdup (binary);
  qemu->version = g_strdup (version != NULL ? version : "");
  qemu->properties = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (; *properties != NULL; properties++)
    g_hash_table_add (qemu->properties, g_strdup (*properties));
  return qemu;
}

VapQemu *
vap_qemu_ref (VapQemu *qemu)
{
  g_atomic_int_inc (&qemu->ref_count);
  return qemu;
}

void
vap_qemu_unref (VapQemu *qemu)
{
  if (!g_atomic_int_dec_and_test (&qemu->ref_count))
    return;
  g_free (qemu->binary);
  g_free (qemu->version);
  g_hash_table_unref (qemu->properties);
  g_free (qemu);
}

gboolean
vap_qemu_has_property (const VapQemu *qemu, const char *name)
{
  return g_hash_table_contains (qemu->properties, name);
}
