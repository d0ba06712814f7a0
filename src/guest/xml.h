/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The safe way to read XML from strangers, and the few questions we put to the
 * tree.  Private to guest/.  Elements are found as libvirt's XPath expressions
 * find them: by namespace and name, so that an element of another namespace is
 * never taken for libvirt's own.
 */
#pragma once

#include <libxml/tree.h>

#include "ap/error.h"

G_BEGIN_DECLS

/* what vap_xml_parse() returned goes back here, with the tree as it was */
void vap_xml_release (xmlDoc *doc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, vap_xml_release)

/**
 * vap_xml_parse:
 * @xml: UTF-8, need not end in NUL
 *
 * Nothing is loaded from a file or a network, and a document type declaration
 * is refused before it is read, so that there are no entities to expand.  The
 * limits of libxml2 on depth and sizes are in force, and VAP_XML_MAX above them.  The
 * tree that was released last is there again without parsing, if it is of the same bytes:
 * what is judged is rewritten next.  Of a guest the tree has what is asked for, and an
 * element without attributes and without anything in it for each other child of the domain
 * and of its devices (xml-tree.h).
 *
 * Returns: a document with a root element, for vap_xml_release(); NULL with
 *   %VAP_ERROR_MALFORMED (line and reason) or %VAP_ERROR_TOO_LARGE
 */
xmlDoc *vap_xml_parse (const char *xml, gsize length,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* frees the tree that was released last, for who has time now and will parse another */
void vap_xml_forget (void);

/* how many elements the document has, those included that are not in the tree; and which
 * of them, from 0 in their order, one of the tree is */
guint vap_xml_n_elements (const xmlDoc *doc);
guint vap_xml_number (const xmlNode *element);

/* the first child element, and the next sibling; @parent and @node may be NULL,
 * @ns is NULL for none */
xmlNode *vap_xml_child (const xmlNode *parent, const char *ns, const char *name);
xmlNode *vap_xml_next (const xmlNode *node, const char *ns, const char *name);

#define VAP_XML_FOREACH(parent, ns, name, node)                                          \
  for (xmlNode *node = vap_xml_child ((parent), (ns), (name)); node != NULL;             \
       node = vap_xml_next (node, (ns), (name)))

/* whether the element's name is @name, in whatever namespace */
gboolean vap_xml_is (const xmlNode *node, const char *name);

/* (transfer full): an attribute without a namespace; NULL when absent */
char *vap_xml_attribute (const xmlNode *node, const char *name);

/* (transfer full): the text in and below @node; NULL when there is none, as
 * libvirt's virXPathString() has it */
char *vap_xml_text (const xmlNode *node);

/* the line of an element, and of a byte in a text */
long vap_xml_line (const xmlNode *node);
long vap_text_line (const char *text, gsize offset);

G_END_DECLS
