/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The picture of `virt-ap status`: adapters down, domains across, a mark for who
 * holds each queue.
 */
#pragma once

#include "output.h"
#include "queues.h"

G_BEGIN_DECLS

/* the picture and its legend, in as many blocks of columns as the width demands */
void picture_draw (Output *output, const QueueMap *map);

/* the mark of a device in the picture: a letter of its own, or several characters
 * when there are more than 26 active devices; for an inactive one the mark of the
 * queues it claims.  Free with g_free(). */
char *picture_device_mark (const Output *output, const QueueMap *map, guint device);
Style picture_device_style (const QueueMap *map, guint device);

/* "05", or "00-3f" for rows from @first to @last; free with g_free() */
char *picture_row_name (guint first, guint last);

/* a picture with more rows than these shows equal neighbours as one row */
#define PICTURE_ROWS 32u

G_END_DECLS
