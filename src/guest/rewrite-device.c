/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A crypto device into a domain XML and out of it, with the CPU features that it needs;
 * for who changes a guest's definition (change/).  All else in the document stays as it
 * is.
 */
#include "config.h"

#include "guest/rewrite.h"

#include <glib/gi18n-lib.h>

#include "guest/edit.h"
#include "guest/guest-xml.h"

typedef struct {
  xmlDoc *doc;
  VapEdits *edits;
  xmlNode *domain;
} Document;

static void
document_clear (Document *document)
{
  g_clear_pointer (&document->edits, vap_edits_free);
  g_clear_pointer (&document->doc, vap_xml_release);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Document, document_clear)

static gboolean
document_open (Document *document, const char *xml, gsize length, GError **error)
{
  document->doc = vap_xml_parse (xml, length, error);
  if (document->doc == NULL)
    return FALSE;
  document->domain = vap_guest_xml_domain (document->doc, error);
  if (document->domain == NULL)
    return FALSE;
  document->edits = vap_edits_new (xml, length, document->doc, error);
  return document->edits != NULL;
}

static gboolean
is_device (const xmlNode *hostdev, const char *uuid)
{
  g_autoptr (VapGuestDevice) device = vap_guest_xml_mdev (hostdev);

  return device != NULL && g_strcmp0 (device->uuid, uuid) == 0;
}

static gboolean
has_device (const xmlNode *domain, const char *uuid)
{
  VAP_XML_FOREACH (domain, NULL, "devices", devices)
    VAP_XML_FOREACH (devices, NULL, "hostdev", hostdev) {
      if (is_device (hostdev, uuid))
        return TRUE;
    }
  return FALSE;
}

char *
vap_rewrite_device_xml (const char *uuid)
{
  return g_markup_printf_escaped ("<hostdev mode='subsystem' type='mdev' "
                                  "model='vfio-ap'>\n"
                                  "  <source>\n"
                                  "    <address uuid='%s'/>\n"
                                  "  </source>\n"
                                  "</hostdev>",
                                  uuid);
}

static void
add_device (const Document *document, const char *uuid)
{
  xmlNode *devices = vap_xml_child (document->domain, NULL, "devices");
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *hostdev = vap_rewrite_device_xml (uuid);

  if (has_device (document->domain, uuid))
    return;
  if (devices != NULL) {
    g_ptr_array_add (texts, g_steal_pointer (&hostdev));
    vap_edits_append (document->edits, devices, texts);
  } else {
    g_auto (GStrv) lines = g_strsplit (hostdev, "\n", -1);
    g_autofree char *inner = g_strjoinv ("\n  ", lines);

    g_ptr_array_add (texts, g_strdup_printf ("<devices>\n  %s\n</devices>", inner));
    vap_edits_append (document->edits, document->domain, texts);
  }
}

static gboolean
names_feature (const xmlNode *cpu, const char *name)
{
  VAP_XML_FOREACH (cpu, NULL, "feature", node) {
    g_autofree char *own = vap_xml_attribute (node, "name");

    if (g_strcmp0 (own, name) == 0)
      return TRUE;
  }
  return FALSE;
}

/* libvirt refuses features where <cpu> has neither a mode nor a model
 * (src/conf/cpu_conf.c, virCPUDefParseXML()) */
static gboolean
may_have_features (xmlNode *cpu, GError **error)
{
  g_autofree char *model = vap_xml_text (vap_xml_child (cpu, NULL, "model"));
  VapCpuMode mode = VAP_CPU_MODE_NONE;

  if (cpu != NULL && !vap_guest_xml_cpu_mode (cpu, &mode, error))
    return FALSE;
  if (model != NULL || mode > VAP_CPU_MODE_CUSTOM)
    return TRUE;
  g_set_error (
      error, VAP_ERROR, VAP_ERROR_MALFORMED,
      _ ("the guest needs AP features of its CPU, but has no <cpu> with a mode or "
         "a model that could get them"));
  return FALSE;
}

static gboolean
add_features (const Document *document, const char *const *features, GError **error)
{
  xmlNode *cpu = vap_xml_child (document->domain, NULL, "cpu");
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; features[i] != NULL; i++)
    if (!names_feature (cpu, features[i]))
      g_ptr_array_add (texts, g_markup_printf_escaped (
                                  "<feature policy='require' name='%s'/>", features[i]));
  if (texts->len == 0)
    return TRUE;
  if (!may_have_features (cpu, error))
    return FALSE;
  vap_edits_append (document->edits, cpu, texts);
  return TRUE;
}

char *
vap_rewrite_add_device (const char *xml, gsize length, const char *uuid,
                        const char *const *features, GError **error)
{
  g_auto (Document) document = { NULL, NULL, NULL };

  if (!document_open (&document, xml, length, error) ||
      !add_features (&document, features, error))
    return NULL;
  add_device (&document, uuid);
  return vap_edits_apply (document.edits);
}

char *
vap_rewrite_remove_device (const char *xml, gsize length, const char *uuid,
                           GError **error)
{
  g_auto (Document) document = { NULL, NULL, NULL };

  if (!document_open (&document, xml, length, error))
    return NULL;
  VAP_XML_FOREACH (document.domain, NULL, "devices", devices)
    VAP_XML_FOREACH (devices, NULL, "hostdev", hostdev) {
      if (is_device (hostdev, uuid))
        vap_edits_remove (document.edits, hostdev);
    }
  return vap_edits_apply (document.edits);
}

char *
vap_rewrite_replace_device (const char *xml, gsize length, const char *old,
                            const char *uuid, GError **error)
{
  g_auto (Document) document = { NULL, NULL, NULL };

  if (!document_open (&document, xml, length, error))
    return NULL;
  VAP_XML_FOREACH (document.domain, NULL, "devices", devices)
    VAP_XML_FOREACH (devices, NULL, "hostdev", hostdev) {
      xmlNode *source = vap_xml_child (hostdev, NULL, "source");

      if (is_device (hostdev, old))
        vap_edits_set_attribute (document.edits, vap_xml_child (source, NULL, "address"),
                                 "uuid", uuid);
    }
  return vap_edits_apply (document.edits);
}
