/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel may keep of the simulated sysfs's contents, and when it must forget
 * it.  fs.c asks for each open, and gives it each write to answer.
 *
 * Only an attribute of fixed length is kept: a cached file ends where its size says,
 * and the size is then right whoever reads while it changes.
 */
#pragma once

#define FUSE_USE_VERSION 35

#include "model.h"

#include <fuse_lowlevel.h>

G_BEGIN_DECLS

typedef struct _LabCache LabCache;

/* both stay the caller's, and outlive the cache */
LabCache *lab_cache_new (LabModel *model, struct fuse_session *session);
void lab_cache_free (LabCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabCache, lab_cache_free)

/* whether the kernel may keep @node's content; from then on it is told of changes */
gboolean lab_cache_admit (LabCache *cache, LabNode node);

/**
 * lab_cache_write:
 *
 * Does the write, and answers it: when the kernel has forgotten what the write changed,
 * and after that the events were sent.  So whoever hears of a change, and whoever
 * waited for the write, reads the new state, also from a file opened before.
 */
void lab_cache_write (LabCache *cache, fuse_req_t request, LabNode node, const char *text,
                      gsize length);

G_END_DECLS
