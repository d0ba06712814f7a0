/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads what ask-libvirt prints.  The names of node devices carry all that is
 * needed of them, so that 65,536 queues are a list and not as many documents.
 * Source: libvirt src/node_device/node_device_udev.c, udevProcessAPCard(),
 * udevProcessAPQueue(), udevProcessAPMatrix(); docs/formatdomaincaps.rst
 */
#include "config.h"

#include "host/remote.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "guest/xml.h"
#include "json/json.h"

/* 65,536 queues make some 800 kB */
#define ANSWER_MAX (16u * 1024 * 1024)

#define CARD "ap_card"
#define QUEUE "ap_"
#define MATRIX "ap_matrix"

/* "ap_05_0047" is the queue 05.0047, "ap_card05" the card 05 */
static void
take_device (VapRemote *remote, const char *name)
{
  VapQueue queue;
  guint64 adapter;

  if (g_str_equal (name, MATRIX)) {
    remote->has_matrix = TRUE;
  } else if (g_str_has_prefix (name, CARD)) {
    if (g_ascii_string_to_unsigned (name + strlen (CARD), 16, 0, VAP_MASK_BITS - 1,
                                    &adapter, NULL))
      vap_mask_set (&remote->adapters, (guint) adapter);
  } else if (g_str_has_prefix (name, QUEUE)) {
    g_autofree char *text = g_strdelimit (g_strdup (name + strlen (QUEUE)), "_", '.');

    if (!vap_queue_parse (text, &queue))
      return;
    vap_mask_set (&remote->adapters, queue.adapter);
    vap_mask_set (&remote->domains, queue.domain);
    remote->n_queues++;
  }
}

static void
take_devices (VapRemote *remote, const json_t *list)
{
  if (!json_is_array (list))
    return;
  remote->devices_told = TRUE;
  for (gsize i = 0; i < json_array_size (list); i++) {
    const char *name = json_string_value (json_array_get (list, i));

    if (name != NULL)
      take_device (remote, name);
  }
}

static char *
child_text (const xmlNode *parent, const char *name)
{
  const xmlNode *node = vap_xml_child (parent, NULL, name);

  return node != NULL ? vap_xml_text (node) : NULL;
}

/* <mode name='host-model' supported='yes'><model>…</model><feature policy='require'
 * name='ap'/>…</mode> */
static void
take_host_model (VapRemote *remote, const xmlNode *mode)
{
  g_autofree char *supported = vap_xml_attribute (mode, "supported");

  if (g_strcmp0 (supported, "yes") != 0)
    return;
  remote->model_told = TRUE;
  remote->model = child_text (mode, "model");
  VAP_XML_FOREACH (mode, NULL, "feature", node) {
    g_autofree char *policy = vap_xml_attribute (node, "policy");
    g_autofree char *name = vap_xml_attribute (node, "name");

    if (name != NULL &&
        (g_strcmp0 (policy, "require") == 0 || g_strcmp0 (policy, "force") == 0))
      g_hash_table_add (remote->features, g_steal_pointer (&name));
  }
}

static gboolean
take_capabilities (VapRemote *remote, const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = vap_xml_parse (xml, strlen (xml), error);
  const xmlNode *root;

  if (doc == NULL) {
    g_prefix_error (error, _ ("the domain capabilities of '%s': "), remote->uri);
    return FALSE;
  }
  root = xmlDocGetRootElement (doc);
  remote->emulator = child_text (root, "path");
  remote->machine = child_text (root, "machine");
  VAP_XML_FOREACH (vap_xml_child (root, NULL, "cpu"), NULL, "mode", mode) {
    g_autofree char *name = vap_xml_attribute (mode, "name");

    if (g_strcmp0 (name, "host-model") == 0)
      take_host_model (remote, mode);
  }
  return TRUE;
}

static char *
member (const json_t *root, const char *name)
{
  return g_strdup (json_string_value (json_object_get (root, name)));
}

VapRemote *
vap_remote_parse (const char *json, gsize length, GError **error)
{
  json_auto_t *root = vap_json_parse (json, length, ANSWER_MAX, NULL);
  g_autoptr (VapRemote) remote = g_new0 (VapRemote, 1);
  g_autofree char *capabilities = NULL;

  remote->features = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!json_is_object (root)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("what was learnt from libvirt is not understood"));
    return NULL;
  }
  remote->uri = member (root, "uri");
  remote->hypervisor = member (root, "hypervisor");
  remote->library = member (root, "library");
  remote->devices_problem = member (root, "devices_problem");
  remote->model_problem = member (root, "capabilities_problem");
  take_devices (remote, json_object_get (root, "devices"));
  capabilities = member (root, "capabilities");
  if (capabilities != NULL && !take_capabilities (remote, capabilities, error))
    return NULL;
  return g_steal_pointer (&remote);
}

void
vap_remote_free (VapRemote *remote)
{
  if (remote == NULL)
    return;
  g_free (remote->uri);
  g_free (remote->hypervisor);
  g_free (remote->library);
  g_free (remote->emulator);
  g_free (remote->machine);
  g_free (remote->model);
  g_hash_table_unref (remote->features);
  g_free (remote->devices_problem);
  g_free (remote->model_problem);
  g_free (remote);
}

gboolean
vap_remote_has_feature (const VapRemote *remote, const char *name)
{
  return g_hash_table_contains (remote->features, name);
}
