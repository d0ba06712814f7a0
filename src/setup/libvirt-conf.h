/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our lines in libvirt.conf: texts in, texts out.  setup.c uses it.
 *
 * Where a setting is not there yet, a block at the end has it, between two marked lines.
 * An entry is put at the beginning of a list of aliases that is there, and told in a
 * marked line above it; a list cannot have a comment within.  All other bytes stay.
 */
#pragma once

#include <glib.h>

#include "setup/setup.h"

G_BEGIN_DECLS

/* the alias that is set: virsh -c ap */
#define VAP_SETUP_ALIAS "ap"

/**
 * vap_libvirt_conf_enable:
 * @text: (nullable): the file, NULL when there is none
 * @uri: to be the default and the alias
 *
 * A setting that somebody else made stays as it is.  What an earlier call put there is
 * replaced.
 *
 * Returns: (transfer full): the new text; NULL with %VAP_ERROR_MALFORMED, naming path
 *   and line, when libvirt cannot read the file, or our marks are damaged
 */
char *vap_libvirt_conf_enable (const char *path, const char *text, const char *uri,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_libvirt_conf_disable:
 * @own_file: (out): the file was made by vap_libvirt_conf_enable(), and nothing else
 *   is in it
 *
 * Takes out what was marked; libvirt need not be able to read the file.
 *
 * Returns: (transfer full): as above
 */
char *vap_libvirt_conf_disable (const char *path, const char *text, gboolean *own_file,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_libvirt_conf_look:
 * @default_part: its state and detail are set
 * @alias_part: likewise
 */
void vap_libvirt_conf_look (const char *path, const char *text, const char *uri,
                            VapPart *default_part, VapPart *alias_part);

G_END_DECLS
