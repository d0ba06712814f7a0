/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the document for libvirt; see document-in.h.  Used by tell-libvirt and
 * move-libvirt.
 */
#include "document-in.h"

#include <stdio.h>
#include <stdlib.h>

/* a domain XML is at most 4 MiB on its way to libvirt (remote_protocol.x) */
#define DOCUMENT_MAX (4u * 1024 * 1024)

char *
document_in (void)
{
  char *text = malloc (DOCUMENT_MAX + 1);
  size_t length;

  if (text == NULL)
    return NULL;
  length = fread (text, 1, DOCUMENT_MAX + 1, stdin);
  if (ferror (stdin) || length > DOCUMENT_MAX) {
    free (text);
    return NULL;
  }
  text[length] = '\0';
  return text;
}
