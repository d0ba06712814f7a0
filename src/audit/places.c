/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/places.h"

#include "config/place.h"

GPtrArray *
vap_audit_files (const char *root, const VapConfig *config)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);
  const char *system = config != NULL && config->audit_file != NULL
                           ? config->audit_file
                           : "/var/log/virt-ap/audit.log";
  char *own = vap_own_path (root, "XDG_STATE_HOME", ".local/state", "virt-ap/audit.log");

  g_ptr_array_add (files, g_strconcat (root != NULL ? root : "", system, NULL));
  if (own != NULL)
    g_ptr_array_add (files, own);
  return files;
}
