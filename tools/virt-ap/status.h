/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap status`: what its two forms, for people and for programs, share.
 */
#pragma once

#include "output.h"
#include "queues.h"

G_BEGIN_DECLS

/* A guest that names a device. */
typedef struct {
  const VapHostGuest *guest;
  gboolean running; /* the running guest has it */
  gboolean defined; /* its stored definition has it */
} Holder;

/* (element-type Holder): all of them; free with g_array_unref() */
GArray *status_holders (const VapHost *host, const char *device_uuid);

void status_add_text (Output *output, const QueueMap *map);
void status_add_json (Output *output, const QueueMap *map);

G_END_DECLS
