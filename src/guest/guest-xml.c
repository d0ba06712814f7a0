/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Domain XML to VapGuest, read as libvirt's src/conf/domain_conf.c and
 * cpu_conf.c read it, first elements and defaults alike.
 */
#include "config.h"

#include "guest/guest-xml.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "guest/guest-private.h"
#include "guest/uuid.h"

/* What libvirt wraps around a domain: nothing, the state of a running one
 * (virDomainObjFormat()), a snapshot (virDomainSnapshotDefFormat()), a checkpoint
 * (virDomainCheckpointDefFormat()). */
static gboolean
is_around_domain (const xmlNode *root)
{
  return vap_xml_is (root, "domstatus") || vap_xml_is (root, "domainsnapshot") ||
         vap_xml_is (root, "domaincheckpoint");
}

xmlNode *
vap_guest_xml_domain (const xmlDoc *doc, GError **error)
{
  xmlNode *root = xmlDocGetRootElement (doc);
  xmlNode *domain;

  if (vap_xml_is (root, "domain"))
    return root;
  if (!is_around_domain (root)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("XML line %ld: <%s> is not a domain"), vap_xml_line (root),
                 (const char *) root->name);
    return NULL;
  }
  domain = vap_xml_child (root, NULL, "domain");
  if (domain == NULL)
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("XML line %ld: there is no <domain> in <%s>"), vap_xml_line (root),
                 (const char *) root->name);
  return domain;
}

xmlNode *
vap_guest_xml_crypto (const xmlNode *domain)
{
  return vap_xml_child (vap_xml_child (domain, NULL, "metadata"), VAP_METADATA_NS,
                        "crypto");
}

gboolean
vap_guest_xml_cpu_mode (const xmlNode *cpu, VapCpuMode *mode, GError **error)
{
  g_autofree char *text = vap_xml_attribute (cpu, "mode");
  g_autofree char *model = NULL;

  if (text == NULL) {
    model = vap_xml_text (vap_xml_child (cpu, NULL, "model"));
    *mode = model != NULL ? VAP_CPU_MODE_CUSTOM : VAP_CPU_MODE_NONE;
    return TRUE;
  }
  if (vap_cpu_mode_from_string (text, mode))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("XML line %ld: CPU mode '%s' is unknown"), vap_xml_line (cpu), text);
  return FALSE;
}

char *
vap_guest_xml_feature_name (const xmlNode *feature, GError **error)
{
  g_autofree char *name = vap_xml_attribute (feature, "name");

  if (name != NULL && *name != '\0')
    return g_steal_pointer (&name);
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("XML line %ld: a CPU feature has no name"), vap_xml_line (feature));
  return NULL;
}

/* The <feature> children of <cpu> or of our metadata.  @seen holds the names so
 * far: twice in <cpu> is libvirt's error too; what stands in <cpu> is newer than
 * what we kept. */
static gboolean
read_features (VapGuest *guest, const xmlNode *parent, gboolean from_metadata,
               GHashTable *seen, GError **error)
{
  const char *ns = from_metadata ? VAP_METADATA_NS : NULL;

  VAP_XML_FOREACH (parent, ns, "feature", node) {
    g_autofree char *name = vap_guest_xml_feature_name (node, error);
    g_autofree char *text = vap_xml_attribute (node, "policy");
    VapPolicy policy = VAP_POLICY_REQUIRE;

    if (name == NULL)
      return FALSE;
    if (text != NULL && !vap_policy_from_string (text, &policy)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("XML line %ld: policy '%s' of CPU feature '%s' is unknown"),
                   vap_xml_line (node), text, name);
      return FALSE;
    }
    if (g_hash_table_add (seen, g_strdup (name)))
      vap_guest_take_feature (guest, g_steal_pointer (&name), policy, from_metadata);
    else if (!from_metadata) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("XML line %ld: CPU feature '%s' is there twice"),
                   vap_xml_line (node), name);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
read_cpu (VapGuest *guest, const xmlNode *domain, GError **error)
{
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const xmlNode *cpu = vap_xml_child (domain, NULL, "cpu");

  if (cpu != NULL) {
    if (!vap_guest_xml_cpu_mode (cpu, &guest->cpu_mode, error))
      return FALSE;
    guest->cpu_model = vap_xml_text (vap_xml_child (cpu, NULL, "model"));
  }
  return read_features (guest, cpu, FALSE, seen, error) &&
         read_features (guest, vap_guest_xml_crypto (domain), TRUE, seen, error);
}

/* a missing mode is subsystem (virDomainHostdevDefParseXML()) */
VapGuestDevice *
vap_guest_xml_mdev (const xmlNode *hostdev)
{
  g_autofree char *mode = vap_xml_attribute (hostdev, "mode");
  g_autofree char *type = vap_xml_attribute (hostdev, "type");
  const xmlNode *source = vap_xml_child (hostdev, NULL, "source");
  g_autofree char *uuid =
      vap_xml_attribute (vap_xml_child (source, NULL, "address"), "uuid");
  VapGuestDevice *device;

  if (g_strcmp0 (type, "mdev") != 0 || (mode != NULL && strcmp (mode, "subsystem") != 0))
    return NULL;

  device = g_new0 (VapGuestDevice, 1);
  device->uuid = vap_uuid_keep (uuid);
  device->model = vap_xml_attribute (hostdev, "model");
  device->boot_order = vap_xml_attribute (vap_xml_child (hostdev, NULL, "boot"), "order");
  return device;
}

static void
read_devices (VapGuest *guest, const xmlNode *domain)
{
  VAP_XML_FOREACH (domain, NULL, "devices", devices) {
    if (guest->emulator == NULL)
      guest->emulator = vap_xml_text (vap_xml_child (devices, NULL, "emulator"));
    VAP_XML_FOREACH (devices, NULL, "hostdev", hostdev) {
      VapGuestDevice *device = vap_guest_xml_mdev (hostdev);

      if (device != NULL)
        g_ptr_array_add (guest->devices, device);
    }
  }
}

static void
read_identity (VapGuest *guest, const xmlNode *domain)
{
  g_autofree char *uuid = vap_xml_text (vap_xml_child (domain, NULL, "uuid"));
  const xmlNode *os_type =
      vap_xml_child (vap_xml_child (domain, NULL, "os"), NULL, "type");
  g_autofree char *security =
      vap_xml_attribute (vap_xml_child (domain, NULL, "launchSecurity"), "type");

  guest->name = vap_xml_text (vap_xml_child (domain, NULL, "name"));
  guest->uuid = vap_uuid_keep (uuid);
  guest->type = vap_xml_attribute (domain, "type");
  guest->arch = vap_xml_attribute (os_type, "arch");
  guest->machine = vap_xml_attribute (os_type, "machine");
  guest->secure = g_strcmp0 (security, "s390-pv") == 0;
}

VapGuest *
vap_guest_parse (const char *xml, gsize length, GError **error)
{
  g_autoptr (xmlDoc) doc = vap_xml_parse (xml, length, error);
  g_autoptr (VapGuest) guest = NULL;
  const xmlNode *domain;

  if (doc == NULL)
    return NULL;
  domain = vap_guest_xml_domain (doc, error);
  if (domain == NULL)
    return NULL;

  guest = vap_guest_new ();
  read_identity (guest, domain);
  if (!read_cpu (guest, domain, error))
    return NULL;
  read_devices (guest, domain);
  return g_steal_pointer (&guest);
}

void
vap_guest_forget (void)
{
  vap_xml_forget ();
}

gboolean
vap_guest_device_parse (const char *xml, gsize length, VapGuestDevice **device,
                        GError **error)
{
  g_autoptr (xmlDoc) doc = vap_xml_parse (xml, length, error);
  const xmlNode *root;

  *device = NULL;
  if (doc == NULL)
    return FALSE;
  root = xmlDocGetRootElement (doc);
  if (vap_xml_is (root, "hostdev"))
    *device = vap_guest_xml_mdev (root);
  return TRUE;
}
