/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two trees side by side; see whole.h. */
#include "whole.h"

#include <libxml/parser.h>
#include <string.h>

#include "guest/xml.h"

static const char *const around[] = { "domstatus", "domainsnapshot", "domaincheckpoint" };

/* the parents whose children are not all asked for, and the children that are */
static const struct {
  const char *parent;
  const char *asked[8];
} asked[] = {
  { "/domain",
    { "name", "uuid", "metadata", "os", "cpu", "launchSecurity", "devices" } },
  { "/domain/devices", { "emulator", "hostdev" } },
};

/* without what is around a domain: "" for that itself */
static const char *
within (const char *path)
{
  for (gsize i = 0; i < G_N_ELEMENTS (around); i++)
    if (g_str_has_prefix (path + 1, around[i])
        && strchr ("/", path[1 + strlen (around[i])]) != NULL)
      return path + 1 + strlen (around[i]);
  return path;
}

/* (nullable): NULL when all children of the element at @path are asked for */
static const char *const *
asked_at (const char *path)
{
  static const char *const domain[] = { "domain", NULL };

  if (*within (path) == '\0')
    return domain;
  for (gsize i = 0; i < G_N_ELEMENTS (asked); i++)
    if (strcmp (asked[i].parent, within (path)) == 0)
      return asked[i].asked;
  return NULL;
}

static gboolean
is_asked (const xmlNode *node, const char *const *names)
{
  return names == NULL
         || (node->ns == NULL && g_strv_contains (names, (const char *)node->name));
}

static void
assert_same_ns (const xmlNs *ours, const xmlNs *whole)
{
  g_assert_true ((ours == NULL) == (whole == NULL));
  if (whole != NULL)
    g_assert_cmpstr ((const char *)ours->href, ==, (const char *)whole->href);
}

static void
assert_same_attributes (xmlNode *ours, xmlNode *whole)
{
  xmlAttr *a = ours->properties;

  for (xmlAttr *b = whole->properties; b != NULL; a = a->next, b = b->next) {
    xmlChar *is, *should;

    g_assert_nonnull (a);
    g_assert_cmpstr ((const char *)a->name, ==, (const char *)b->name);
    assert_same_ns (a->ns, b->ns);
    is = xmlNodeListGetString (ours->doc, a->children, 1);
    should = xmlNodeListGetString (whole->doc, b->children, 1);
    g_assert_cmpstr ((const char *)is, ==, (const char *)should);
    xmlFree (is);
    xmlFree (should);
  }
  g_assert_null (a);
}

static guint
count (const xmlNode *node)
{
  guint n = 1;

  for (const xmlNode *child = node->children; child != NULL; child = child->next)
    if (child->type == XML_ELEMENT_NODE)
      n += count (child);
  return n;
}

static void assert_same (xmlNode *ours, xmlNode *whole, const char *parent, guint number);

/* @names: (nullable): those that are asked for */
static void
assert_same_children (xmlNode *ours, xmlNode *whole, const char *path, guint number,
                      const char *const *names)
{
  xmlNode *a = ours->children;

  for (xmlNode *b = whole->children; b != NULL; b = b->next) {
    if (b->type != XML_ELEMENT_NODE && names != NULL)
      continue;
    g_assert_nonnull (a);
    g_assert_cmpint (a->type, ==, b->type);
    if (b->type != XML_ELEMENT_NODE) {
      g_assert_cmpstr ((const char *)a->content, ==, (const char *)b->content);
    } else if (is_asked (b, names)) {
      assert_same (a, b, path, number);
    } else {
      g_assert_cmpstr ((const char *)a->name, ==, (const char *)b->name);
      g_assert_cmpuint (vap_xml_number (a), ==, number);
      g_assert_null (a->properties);
      g_assert_null (a->children);
    }
    if (b->type == XML_ELEMENT_NODE)
      number += count (b);
    a = a->next;
  }
  g_assert_null (a);
}

/* two elements; libxml2 sees to it that there are not too many within one another */
static void
assert_same (xmlNode *ours, xmlNode *whole, const char *parent, guint number)
{
  g_autofree char *path = g_strconcat (parent, "/", (const char *)whole->name, NULL);

  g_assert_cmpstr ((const char *)ours->name, ==, (const char *)whole->name);
  g_assert_cmpuint (vap_xml_number (ours), ==, number);
  g_assert_cmpint (vap_xml_line (ours), ==, vap_xml_line (whole));
  assert_same_ns (ours->ns, whole->ns);
  assert_same_attributes (ours, whole);
  assert_same_children (ours, whole, path, number + 1, asked_at (path));
}

void
assert_as_whole (const char *xml, gsize length)
{
  g_autoptr (xmlDoc) ours = vap_xml_parse (xml, length, NULL);
  xmlDoc *whole;

  if (ours == NULL)
    return;
  whole = xmlReadMemory (xml, (int)length, NULL, NULL,
                         XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NOERROR
                             | XML_PARSE_NOWARNING);
  g_assert_nonnull (whole);
  g_assert_cmpuint (vap_xml_n_elements (ours), ==, count (xmlDocGetRootElement (whole)));
  assert_same (xmlDocGetRootElement (ours), xmlDocGetRootElement (whole), "", 0);
  xmlFreeDoc (whole);
}
