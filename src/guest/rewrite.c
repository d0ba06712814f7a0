/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CPU features moved between <cpu> and our metadata; judge/ and the gate use it.
 *
 * libvirt refuses features in a <cpu> of mode custom without a model
 * (src/conf/cpu_conf.c, virCPUDefParseXML()), and gives a guest without <cpu>
 * one of its own making.  So neither way is anything done unless there is a
 * <cpu> that may have features: what the user wrote is refused by libvirt in
 * its own words, and what we show can be defined again.
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
  xmlNode *cpu; /* NULL when it may not have features */
} Rewriting;

static void
rewriting_clear (Rewriting *rewriting)
{
  g_clear_pointer (&rewriting->edits, vap_edits_free);
  g_clear_pointer (&rewriting->doc, vap_xml_release);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rewriting, rewriting_clear)

static gboolean
rewriting_open (Rewriting *rewriting, const char *xml, gsize length, GError **error)
{
  g_autofree char *model = NULL;
  VapCpuMode mode;
  xmlNode *cpu;

  rewriting->doc = vap_xml_parse (xml, length, error);
  if (rewriting->doc == NULL)
    return FALSE;
  rewriting->domain = vap_guest_xml_domain (rewriting->doc, error);
  if (rewriting->domain == NULL)
    return FALSE;
  rewriting->edits = vap_edits_new (xml, length, rewriting->doc, error);
  if (rewriting->edits == NULL)
    return FALSE;

  cpu = vap_xml_child (rewriting->domain, NULL, "cpu");
  if (cpu == NULL)
    return TRUE;
  if (!vap_guest_xml_cpu_mode (cpu, &mode, error))
    return FALSE;
  model = vap_xml_text (vap_xml_child (cpu, NULL, "model"));
  if (model != NULL || mode > VAP_CPU_MODE_CUSTOM)
    rewriting->cpu = cpu;
  return TRUE;
}

/* Some <feature> children of one parent. */
typedef struct {
  GHashTable *by_name; /* char * to xmlNode: the first of that name */
  GHashTable *nodes;   /* set of xmlNode: all of them */
} Features;

static void
features_clear (Features *features)
{
  g_clear_pointer (&features->by_name, g_hash_table_unref);
  g_clear_pointer (&features->nodes, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Features, features_clear)

/* @names: the set of wanted ones, NULL for the AP features that we know */
static gboolean
find_features (const xmlNode *parent, const char *ns, GHashTable *names,
               Features *features, GError **error)
{
  features->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  features->nodes = g_hash_table_new (NULL, NULL);

  VAP_XML_FOREACH (parent, ns, "feature", node) {
    g_autofree char *name = vap_guest_xml_feature_name (node, error);

    if (name == NULL)
      return FALSE;
    if (names != NULL ? !g_hash_table_contains (names, name)
                      : vap_feature_find (name) == NULL)
      continue;
    g_hash_table_add (features->nodes, node);
    if (!g_hash_table_contains (features->by_name, name))
      g_hash_table_insert (features->by_name, g_steal_pointer (&name), node);
  }
  return TRUE;
}

/* a text for each, in the order of the document, but for the names in @except;
 * @format takes name and policy */
static GPtrArray *
format_features (const xmlNode *parent, const char *ns, const Features *features,
                 GHashTable *except, const char *format)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);

  VAP_XML_FOREACH (parent, ns, "feature", node) {
    g_autofree char *name = vap_xml_attribute (node, "name");
    g_autofree char *policy = vap_xml_attribute (node, "policy");

    if (g_hash_table_lookup (features->by_name, name) != node)
      continue;
    if (except != NULL && g_hash_table_contains (except, name))
      continue;
    g_ptr_array_add (
        texts, g_markup_printf_escaped (
                   format, name,
                   policy != NULL ? policy : vap_policy_to_string (VAP_POLICY_REQUIRE)));
  }
  return texts;
}

/* whether something but blanks is left of @parent without the children in @gone */
static gboolean
has_more_than (const xmlNode *parent, GHashTable *gone)
{
  for (xmlNode *child = parent->children; child != NULL; child = child->next)
    if (!g_hash_table_contains (gone, child) && !xmlIsBlankNode (child))
      return TRUE;
  return FALSE;
}

static void
remove_features (VapEdits *edits, const Features *features)
{
  GHashTableIter iter;
  gpointer node;

  g_hash_table_iter_init (&iter, features->nodes);
  while (g_hash_table_iter_next (&iter, &node, NULL))
    vap_edits_remove (edits, node);
}

static char *
format_crypto (GPtrArray *features)
{
  GString *text =
      g_string_new ("<" VAP_METADATA_PREFIX ":crypto xmlns:" VAP_METADATA_PREFIX
                    "='" VAP_METADATA_NS "'>\n");

  for (guint i = 0; i < features->len; i++)
    g_string_append_printf (text, "  %s\n",
                            (const char *) g_ptr_array_index (features, i));
  g_string_append (text, "</" VAP_METADATA_PREFIX ":crypto>");
  return g_string_free (text, FALSE);
}

/* a new <metadata> where libvirt writes it, after what names the guest
 * (src/conf/domain_conf.c, virDomainDefFormatInternalSetRootName()) */
static void
add_metadata (const Rewriting *rewriting, const char *crypto)
{
  static const char *const before[] = { "name",  "uuid",        "genid",
                                        "title", "description", NULL };
  g_auto (GStrv) lines = g_strsplit (crypto, "\n", -1);
  g_autofree char *inner = g_strjoinv ("\n  ", lines);
  g_autofree char *metadata = g_strdup_printf ("<metadata>\n  %s\n</metadata>", inner);
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();
  xmlNode *anchor = NULL;

  for (xmlNode *child = rewriting->domain->children; child != NULL; child = child->next)
    if (child->type == XML_ELEMENT_NODE &&
        g_strv_contains (before, (const char *) child->name))
      anchor = child;

  g_ptr_array_add (texts, metadata);
  if (anchor != NULL)
    vap_edits_insert_after (rewriting->edits, anchor, metadata);
  else
    vap_edits_append (rewriting->edits, rewriting->domain, texts);
}

/* into our element that is there already; older entries give way */
static gboolean
add_to_crypto (const Rewriting *rewriting, xmlNode *crypto, const Features *moved,
               GError **error)
{
  g_auto (Features) older = { NULL, NULL };
  g_autoptr (GPtrArray) texts = NULL;
  g_autofree char *format = NULL;
  const xmlChar *prefix = crypto->ns->prefix;

  format = g_strdup_printf ("<%s%sfeature name='%%s' policy='%%s'/>",
                            prefix != NULL ? (const char *) prefix : "",
                            prefix != NULL ? ":" : "");
  texts = format_features (rewriting->cpu, NULL, moved, NULL, format);
  if (!find_features (crypto, VAP_METADATA_NS, moved->by_name, &older, error))
    return FALSE;
  remove_features (rewriting->edits, &older);
  vap_edits_append (rewriting->edits, crypto, texts);
  return TRUE;
}

/* our element, where there is none yet */
static void
add_crypto (const Rewriting *rewriting, GPtrArray *entries)
{
  xmlNode *metadata = vap_xml_child (rewriting->domain, NULL, "metadata");
  g_autoptr (GPtrArray) whole = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (whole, format_crypto (entries));
  if (metadata != NULL)
    vap_edits_append (rewriting->edits, metadata, whole);
  else
    add_metadata (rewriting, g_ptr_array_index (whole, 0));
}

static gboolean
keep_features (const Rewriting *rewriting, const Features *moved, GError **error)
{
  xmlNode *crypto = vap_guest_xml_crypto (rewriting->domain);
  g_autoptr (GPtrArray) texts = NULL;

  if (crypto != NULL)
    return add_to_crypto (rewriting, crypto, moved, error);

  texts = format_features (rewriting->cpu, NULL, moved, NULL,
                           "<" VAP_METADATA_PREFIX ":feature name='%s' policy='%s'/>");
  add_crypto (rewriting, texts);
  return TRUE;
}

/* libvirt would refuse such a <cpu>; hiding must not make it pass */
static gboolean
refuse_doubles (const Features *features, GError **error)
{
  if (g_hash_table_size (features->by_name) == g_hash_table_size (features->nodes))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("XML: a CPU feature is there twice"));
  return FALSE;
}

char *
vap_rewrite_hide_features (const char *xml, gsize length, const char *const *names,
                           GError **error)
{
  g_auto (Rewriting) rewriting = { NULL, NULL, NULL, NULL };
  g_auto (Features) moved = { NULL, NULL };
  g_autoptr (GHashTable) wanted = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; names[i] != NULL; i++)
    g_hash_table_add (wanted, (gpointer) names[i]);
  if (!rewriting_open (&rewriting, xml, length, error) ||
      !find_features (rewriting.cpu, NULL, wanted, &moved, error) ||
      !refuse_doubles (&moved, error))
    return NULL;
  if (g_hash_table_size (moved.nodes) == 0)
    return g_strndup (xml, length);

  if (has_more_than (rewriting.cpu, moved.nodes))
    remove_features (rewriting.edits, &moved);
  else
    vap_edits_empty (rewriting.edits, rewriting.cpu);
  if (!keep_features (&rewriting, &moved, error))
    return NULL;
  return vap_edits_apply (rewriting.edits);
}

/* Takes the features out of our metadata, and with them what is empty then.  A
 * newer version's features, elements and attributes stay. */
static void
forget_features (const Rewriting *rewriting, xmlNode *crypto, const Features *kept)
{
  g_autoptr (GHashTable) ours = g_hash_table_new (NULL, NULL);

  if (crypto->properties != NULL || has_more_than (crypto, kept->nodes)) {
    remove_features (rewriting->edits, kept);
    return;
  }
  g_hash_table_add (ours, crypto);
  vap_edits_remove (rewriting->edits,
                    has_more_than (crypto->parent, ours) ? crypto : crypto->parent);
}

char *
vap_rewrite_show_features (const char *xml, gsize length, GError **error)
{
  g_auto (Rewriting) rewriting = { NULL, NULL, NULL, NULL };
  g_auto (Features) kept = { NULL, NULL };
  g_auto (Features) present = { NULL, NULL };
  g_autoptr (GPtrArray) texts = NULL;
  xmlNode *crypto;

  if (!rewriting_open (&rewriting, xml, length, error))
    return NULL;
  crypto = vap_guest_xml_crypto (rewriting.domain);
  if (!find_features (crypto, VAP_METADATA_NS, NULL, &kept, error) ||
      !find_features (rewriting.cpu, NULL, NULL, &present, error))
    return NULL;
  if (rewriting.cpu == NULL || g_hash_table_size (kept.nodes) == 0)
    return g_strndup (xml, length);

  /* what the user wrote after we kept an older one wins */
  texts = format_features (crypto, VAP_METADATA_NS, &kept, present.by_name,
                           "<feature name='%s' policy='%s'/>");
  if (texts->len > 0)
    vap_edits_append (rewriting.edits, rewriting.cpu, texts);
  forget_features (&rewriting, crypto, &kept);
  return vap_edits_apply (rewriting.edits);
}

/* the device of a <hostdev> whose model is to be set; NULL when it is to be left */
static VapGuestDevice *
read_wrong_device (const xmlNode *hostdev, const char *const *uuids)
{
  g_autoptr (VapGuestDevice) device = vap_guest_xml_mdev (hostdev);

  if (device == NULL || device->uuid == NULL ||
      g_strcmp0 (device->model, "vfio-pci") != 0 ||
      !g_strv_contains (uuids, device->uuid))
    return NULL;
  return g_steal_pointer (&device);
}

static void
set_model (VapEdits *edits, const xmlNode *hostdev)
{
  vap_edits_set_attribute (edits, hostdev, "model", "vfio-ap");
}

/* An entry for what was changed, to stand in our element of the metadata; @attributes
 * needs no more escaping. */
static void
take_entry (GPtrArray *entries, const xmlNode *crypto, const char *attributes)
{
  const xmlChar *prefix =
      crypto != NULL ? crypto->ns->prefix : (const xmlChar *) VAP_METADATA_PREFIX;

  g_ptr_array_add (entries, g_strdup_printf ("<%s%schanged %s/>",
                                             prefix != NULL ? (const char *) prefix : "",
                                             prefix != NULL ? ":" : "", attributes));
}

static void
tell_entries (const Rewriting *rewriting, xmlNode *crypto, GPtrArray *entries)
{
  if (entries->len == 0)
    return;
  if (crypto != NULL)
    vap_edits_append (rewriting->edits, crypto, entries);
  else
    add_crypto (rewriting, entries);
}

/* In the domain, whose metadata gets the list of what was changed. */
static void
set_models (const Rewriting *rewriting, const char *const *uuids)
{
  xmlNode *crypto = vap_guest_xml_crypto (rewriting->domain);
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);

  VAP_XML_FOREACH (rewriting->domain, NULL, "devices", devices)
    VAP_XML_FOREACH (devices, NULL, "hostdev", hostdev) {
      g_autoptr (VapGuestDevice) device = read_wrong_device (hostdev, uuids);
      g_autofree char *entry = NULL;

      if (device == NULL)
        continue;
      set_model (rewriting->edits, hostdev);
      entry = g_markup_printf_escaped (
          "device='%s' what='model' from='vfio-pci' to='vfio-ap'", device->uuid);
      take_entry (entries, crypto, entry);
    }
  tell_entries (rewriting, crypto, entries);
}

/* told before, and taken out of <cpu> since */
static gboolean
is_told (const xmlNode *crypto, const char *feature)
{
  VAP_XML_FOREACH (crypto, VAP_METADATA_NS, "changed", changed) {
    g_autofree char *name = vap_xml_attribute (changed, "feature");

    if (g_strcmp0 (name, feature) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
add_features (const Rewriting *rewriting, const char *const *names)
{
  xmlNode *crypto = vap_guest_xml_crypto (rewriting->domain);
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (; *names != NULL; names++) {
    g_autofree char *entry =
        g_markup_printf_escaped ("feature='%s' what='added'", *names);

    g_ptr_array_add (
        texts, g_markup_printf_escaped ("<feature policy='require' name='%s'/>", *names));
    if (!is_told (crypto, *names))
      take_entry (entries, crypto, entry);
  }
  vap_edits_append (rewriting->edits, rewriting->cpu, texts);
  tell_entries (rewriting, crypto, entries);
}

char *
vap_rewrite_add_features (const char *xml, gsize length, const char *const *names,
                          GError **error)
{
  g_auto (Rewriting) rewriting = { NULL, NULL, NULL, NULL };

  if (!rewriting_open (&rewriting, xml, length, error))
    return NULL;
  if (rewriting.cpu == NULL || *names == NULL)
    return g_strndup (xml, length);
  add_features (&rewriting, names);
  return vap_edits_apply (rewriting.edits);
}

static char *
set_model_of_one (const char *xml, gsize length, const char *const *uuids, GError **error)
{
  g_autoptr (xmlDoc) doc = vap_xml_parse (xml, length, error);
  g_autoptr (VapEdits) edits = NULL;
  g_autoptr (VapGuestDevice) device = NULL;
  xmlNode *root;

  if (doc == NULL)
    return NULL;
  edits = vap_edits_new (xml, length, doc, error);
  if (edits == NULL)
    return NULL;
  root = xmlDocGetRootElement (doc);
  device = read_wrong_device (root, uuids);
  if (device != NULL)
    set_model (edits, root);
  return vap_edits_apply (edits);
}

static gboolean
is_hostdev (const char *xml, gsize length)
{
  g_autoptr (xmlDoc) doc = vap_xml_parse (xml, length, NULL);

  return doc != NULL && vap_xml_is (xmlDocGetRootElement (doc), "hostdev");
}

char *
vap_rewrite_set_models (const char *xml, gsize length, const char *const *uuids,
                        GError **error)
{
  g_auto (Rewriting) rewriting = { NULL, NULL, NULL, NULL };

  if (is_hostdev (xml, length))
    return set_model_of_one (xml, length, uuids, error);
  if (!rewriting_open (&rewriting, xml, length, error))
    return NULL;
  set_models (&rewriting, uuids);
  return vap_edits_apply (rewriting.edits);
}
