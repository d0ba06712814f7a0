/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document that the programs which change something through libvirt are given. */
#pragma once

/* all of standard input, NULL when it is too much for libvirt, or unreadable; free with
 * free() */
char *document_in (void);
