/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of guest/ share: readings as text, and the files of a folder. */
#pragma once

#include "guest/device.h"
#include "guest/guest.h"

/* (transfer full): one line a fact, as in the .txt files; "error KIND: MESSAGE" */
char *describe_guest (const char *xml, gsize length);
char *describe_device (const char *name, const char *text, gsize length);
char *describe_error (const GError *error);

typedef void (*FileFunc) (const char *path, const char *text, gsize length);

/* calls @func for every file in @folder of the sources that ends in @suffix; there
 * must be one */
void for_each_file (const char *folder, const char *suffix, FileFunc func);

/* (transfer full): the file beside @path with another ending */
char *read_beside (const char *path, const char *suffix, const char *other);
