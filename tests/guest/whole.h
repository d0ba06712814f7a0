/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree as guest/ reads it, against libxml2's whole tree of the same bytes. */
#pragma once

#include <glib.h>

/**
 * assert_as_whole:
 *
 * Fails unless vap_xml_parse() finds of the document what libxml2 finds: every element but
 * those within a child of a domain, or of its devices, that nobody asks for, each with its
 * number among all.  What guest/ refuses is not looked at, nor what is no XML: then both
 * find that.
 */
void assert_as_whole (const char *xml, gsize length);
