/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt.conf as virt-ap setup changes it: what can be read comes back as it was, unless
 * our marks were in it before. */
#include "fuzz.h"

#include <string.h>

#include "setup/libvirt-conf.h"

#define URI "qemu+ext:///system?command=/usr/libexec/virt-ap/gate"

static void
look (const char *text)
{
  VapPart uri_default = { 0 };
  VapPart alias = { 0 };

  vap_libvirt_conf_look ("F", text, URI, &uri_default, &alias);
  g_free (uri_default.detail);
  g_free (alias.detail);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (GError) error = NULL;
  g_autofree char *enabled = vap_libvirt_conf_enable ("F", text, URI, &error);
  g_autofree char *disabled = NULL;
  gboolean own_file;

  g_assert_true ((enabled != NULL) == (error == NULL));
  look (text);
  if (enabled == NULL)
    return 0;
  look (enabled);
  disabled = vap_libvirt_conf_disable ("F", enabled, &own_file, NULL);
  if (strstr (text, "# virt-ap setup: ") == NULL)
    g_assert_cmpstr (disabled, ==, text);
  return 0;
}
