/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nova's metadata in a domain XML, read and answered; see nova.h.  What Nova writes:
 * nova/virt/libvirt/config.py, LibvirtConfigGuestMetaNovaFlavor.
 */
#include "config.h"

#include "guest/nova.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "guest/device.h"
#include "guest/edit.h"
#include "guest/guest-xml.h"

/* the second since Nova tells a guest's ports, too */
static const char *const nova_namespaces[] = {
  VAP_NOVA_NAMESPACE "1.1",
  VAP_NOVA_NAMESPACE "1.0",
};

void
vap_nova_guest_free (VapNovaGuest *instance)
{
  g_clear_pointer (&instance->guest, vap_guest_unref);
  g_free (instance->flavor);
  g_free (instance->profile);
  g_free (instance->granted_profile);
  g_free (instance->granted_device);
  g_free (instance);
}

/* CUSTOM_VIRT_AP_FAST_RSA is of the profile fast-rsa: a class has capitals and '_' only
 * (os-resource-classes), a profile's name small letters and '-' */
static char *
profile_of_class (const char *name)
{
  char *profile = g_ascii_strdown (name, -1);

  return g_strdelimit (profile, "_", '-');
}

static gboolean
take_profile (VapNovaGuest *instance, char *profile, GError **error)
{
  if (instance->profile == NULL) {
    instance->profile = profile;
    return TRUE;
  }
  if (g_str_equal (instance->profile, profile)) {
    g_free (profile);
    return TRUE;
  }
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("flavor '%s' asks for two crypto profiles, '%s' and '%s'"),
               instance->flavor, instance->profile, profile);
  g_free (profile);
  return FALSE;
}

static gboolean
take_resource (VapNovaGuest *instance, const char *name, const char *amount,
               GError **error)
{
  if (!g_str_equal (amount, "1")) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("flavor '%s' asks for %s of %s%s, but a guest "
                    "has at most one crypto device; use a profile with more queues"),
                 instance->flavor, amount, VAP_NOVA_RESOURCE, name);
    return FALSE;
  }
  return take_profile (instance, profile_of_class (name), error);
}

/* "resources:CLASS" or, of a numbered group, "resourcesN:CLASS" (Nova's guide to extra
 * specs): the class, if it is one of ours */
static const char *
resource_of_spec (const char *spec)
{
  const char *colon = strchr (spec, ':');

  if (!g_str_has_prefix (spec, "resources") || colon == NULL ||
      !g_str_has_prefix (colon + 1, VAP_NOVA_RESOURCE))
    return NULL;
  return colon + 1 + strlen (VAP_NOVA_RESOURCE);
}

static gboolean
read_extra_spec (VapNovaGuest *instance, const xmlNode *node, GError **error)
{
  g_autofree char *name = vap_xml_attribute (node, "name");
  g_autofree char *text = vap_xml_text (node);
  const char *resource;

  if (name == NULL || text == NULL)
    return TRUE;
  g_strstrip (text);
  if (g_str_equal (name, VAP_NOVA_EXTRA_SPEC))
    return take_profile (instance, g_steal_pointer (&text), error);
  resource = resource_of_spec (name);
  return resource == NULL || take_resource (instance, resource, text, error);
}

static gboolean
read_flavor (VapNovaGuest *instance, const xmlNode *flavor, const char *ns,
             GError **error)
{
  const xmlNode *specs = vap_xml_child (flavor, ns, "extraSpecs");

  instance->flavor = vap_xml_attribute (flavor, "name");
  instance->has_extra_specs = specs != NULL;
  VAP_XML_FOREACH (specs, ns, "extraSpec", spec) {
    if (!read_extra_spec (instance, spec, error))
      return FALSE;
  }
  return TRUE;
}

static void
read_grant (VapNovaGuest *instance, const xmlNode *domain)
{
  const xmlNode *grant =
      vap_xml_child (vap_guest_xml_crypto (domain), VAP_METADATA_NS, "grant");
  g_autofree char *device = NULL;
  char uuid[37];

  if (grant == NULL)
    return;
  instance->granted_profile = vap_xml_attribute (grant, "profile");
  device = vap_xml_attribute (grant, "device");
  if (device != NULL && vap_uuid_canonical (device, uuid))
    instance->granted_device = g_strdup (uuid);
}

/* Nova's element, and the namespace that it is in */
static const xmlNode *
find_instance (const xmlNode *domain, const char **ns)
{
  const xmlNode *metadata = vap_xml_child (domain, NULL, "metadata");

  for (gsize i = 0; i < G_N_ELEMENTS (nova_namespaces); i++) {
    const xmlNode *found = vap_xml_child (metadata, nova_namespaces[i], "instance");

    *ns = nova_namespaces[i];
    if (found != NULL)
      return found;
  }
  return NULL;
}

gboolean
vap_nova_guest_parse (const char *xml, gsize length, VapNovaGuest **instance,
                      GError **error)
{
  g_autoptr (xmlDoc) doc = vap_xml_parse (xml, length, error);
  g_autoptr (VapNovaGuest) found = NULL;
  const xmlNode *domain, *nova;
  const char *ns;

  *instance = NULL;
  if (doc == NULL)
    return FALSE;
  domain = vap_guest_xml_domain (doc, error);
  if (domain == NULL)
    return FALSE;
  nova = find_instance (domain, &ns);
  if (nova == NULL)
    return TRUE;

  found = g_new0 (VapNovaGuest, 1);
  found->guest = vap_guest_parse (xml, length, error);
  if (found->guest == NULL ||
      !read_flavor (found, vap_xml_child (nova, ns, "flavor"), ns, error))
    return FALSE;
  read_grant (found, domain);
  *instance = g_steal_pointer (&found);
  return TRUE;
}

/* told anew where it is told already */
static void
tell_grant (VapEdits *edits, const xmlNode *domain, const char *profile,
            const char *device)
{
  xmlNode *crypto = vap_guest_xml_crypto (domain);
  xmlNode *grant = vap_xml_child (crypto, VAP_METADATA_NS, "grant");
  const char *prefix =
      crypto != NULL ? (const char *) crypto->ns->prefix : VAP_METADATA_PREFIX;
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *entry = g_strdup_printf ("<%s%sgrant profile='%s' device='%s'/>",
                                            prefix != NULL ? prefix : "",
                                            prefix != NULL ? ":" : "", profile, device);

  if (grant != NULL) {
    vap_edits_set_attribute (edits, grant, "profile", profile);
    vap_edits_set_attribute (edits, grant, "device", device);
  } else if (crypto != NULL) {
    g_ptr_array_add (texts, g_steal_pointer (&entry));
    vap_edits_append (edits, crypto, texts);
  } else {
    g_ptr_array_add (texts, g_strdup_printf ("<" VAP_METADATA_PREFIX
                                             ":crypto xmlns:" VAP_METADATA_PREFIX
                                             "='" VAP_METADATA_NS "'>\n"
                                             "  %s\n"
                                             "</" VAP_METADATA_PREFIX ":crypto>",
                                             entry));
    vap_edits_append (edits, vap_xml_child (domain, NULL, "metadata"), texts);
  }
}

/* takes the dropped devices out; whether the guest has the granted one already */
static gboolean
drop_devices (VapEdits *edits, const xmlNode *domain, const char *granted,
              const char *const *dropped)
{
  gboolean has_it = FALSE;

  VAP_XML_FOREACH (domain, NULL, "devices", devices)
    VAP_XML_FOREACH (devices, NULL, "hostdev", hostdev) {
      g_autoptr (VapGuestDevice) device = vap_guest_xml_mdev (hostdev);

      if (device == NULL || device->uuid == NULL)
        continue;
      if (g_str_equal (device->uuid, granted))
        has_it = TRUE;
      else if (g_strv_contains (dropped, device->uuid))
        vap_edits_remove (edits, hostdev);
    }
  return has_it;
}

static gboolean
add_device (VapEdits *edits, const xmlNode *domain, const char *uuid, GError **error)
{
  xmlNode *devices = vap_xml_child (domain, NULL, "devices");
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  if (devices == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("XML: a guest of Nova's without devices"));
    return FALSE;
  }
  g_ptr_array_add (texts, g_strdup_printf ("<hostdev mode='subsystem' type='mdev' "
                                           "model='vfio-ap'>\n"
                                           "  <source>\n"
                                           "    <address uuid='%s'/>\n"
                                           "  </source>\n"
                                           "</hostdev>",
                                           uuid));
  vap_edits_append (edits, devices, texts);
  return TRUE;
}

char *
vap_rewrite_grant (const char *xml, gsize length, const char *profile, const char *device,
                   const char *const *dropped, GError **error)
{
  g_autoptr (xmlDoc) doc = vap_xml_parse (xml, length, error);
  g_autoptr (VapEdits) edits = NULL;
  const xmlNode *domain;

  if (doc == NULL)
    return NULL;
  domain = vap_guest_xml_domain (doc, error);
  if (domain == NULL)
    return NULL;
  edits = vap_edits_new (xml, length, doc, error);
  if (edits == NULL)
    return NULL;
  tell_grant (edits, domain, profile, device);
  if (!drop_devices (edits, domain, device, dropped) &&
      !add_device (edits, domain, device, error))
    return NULL;
  return vap_edits_apply (edits);
}
