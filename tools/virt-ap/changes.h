/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What changed between two snapshots of a host, a sentence each: for virt-ap monitor.
 */
#pragma once

#include "check/finding.h"
#include "host/host.h"

G_BEGIN_DECLS

typedef struct {
  const char *object; /* "queues", "card", "device", "guest", "masks" */
  const char *change; /* a slug: "started", "defined", … */
  char *name;         /* the adapter, UUID or guest */
  char *message;      /* a sentence without a full stop */
} HostChange;

void host_change_free (HostChange *change);

/* (element-type HostChange): in the order in which they are read; free with
 * g_ptr_array_unref() */
GPtrArray *host_changes_new (const VapHost *before, const VapHost *after);

/* (element-type VapFinding) (transfer container): what is in @these and not in
 * @others, by id, subject and message; free with g_ptr_array_unref() */
GPtrArray *findings_without (const VapFindings *these, const VapFindings *others);

G_END_DECLS
