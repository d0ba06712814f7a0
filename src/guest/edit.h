/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes to the text of an XML document, element by element, which leave every
 * other byte as it was: writing libxml2's tree out again would not.  Private to
 * guest/.
 */
#pragma once

#include "guest/xml.h"

G_BEGIN_DECLS

typedef struct _VapEdits VapEdits;

/**
 * vap_edits_new:
 * @doc: vap_xml_parse() of the same text; both must outlive the edits
 *
 * Changes to one element must not overlap those to another.
 */
VapEdits *vap_edits_new (const char *xml, gsize length, const xmlDoc *doc,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
void vap_edits_free (VapEdits *edits);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapEdits, vap_edits_free)

/* with its line, if it stands alone on it */
void vap_edits_remove (VapEdits *edits, const xmlNode *element);

/* <a>…</a> becomes <a/>, with its attributes */
void vap_edits_empty (VapEdits *edits, const xmlNode *element);

/* @text is an element, its lines indented from 0 by two spaces a level; it is
 * indented as its neighbours are, or put on one line if they are */
void vap_edits_insert_after (VapEdits *edits, const xmlNode *element, const char *text);

/* likewise, as last children; once for a parent.  @texts: char * */
void vap_edits_append (VapEdits *edits, const xmlNode *parent, GPtrArray *texts);

/* @value needs no escaping.  An attribute that is there gets it in its quotes, a new
 * one stands first. */
void vap_edits_set_attribute (VapEdits *edits, const xmlNode *element, const char *name,
                              const char *value);

/* (transfer full): the new document */
char *vap_edits_apply (VapEdits *edits);

G_END_DECLS
