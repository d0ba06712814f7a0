/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel may keep of the simulated sysfs, names and contents, and when it must
 * forget it.  fs.c tells each name that it answers, and gives each write to answer.
 *
 * A kept file ends where its inode's size says.  So that a content and its size are
 * always of one time, each content of an attribute of variable length (and each target
 * of a link) is an inode of its own: a change takes the name off the inode, and whoever
 * opens the name after it gets another one.
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

/* the node that an inode number stands for */
LabNode lab_cache_node (fuse_ino_t inode);

/**
 * lab_cache_enter:
 * @keep: (out): whether the kernel may keep the name
 *
 * The kernel is told that @name in @parent is @node.
 *
 * Returns: the inode number that it is told, which lab_cache_forget() takes back
 */
fuse_ino_t lab_cache_enter (LabCache *cache, LabNode parent, const char *name,
                            LabNode node, gboolean *keep);

/* the kernel forgets @inode, which it was told @lookups times */
void lab_cache_forget (LabCache *cache, fuse_ino_t inode, guint64 lookups);

/* An open for reading: whether the kernel may read from its pages; then
 * lab_cache_close() follows. */
gboolean lab_cache_open (LabCache *cache, fuse_ino_t inode);
void lab_cache_close (LabCache *cache, fuse_ino_t inode);

/* what the kernel is to keep of a file's content, or of where a link leads; 0 or an
 * errno value */
int lab_cache_read (LabCache *cache, fuse_ino_t inode, GString *content);
/* the length of that; a page for a file that is not kept */
gsize lab_cache_size (LabCache *cache, fuse_ino_t inode);

/**
 * lab_cache_write:
 *
 * Does the write, and answers it: when the kernel has forgotten what the write changed,
 * and after that the events were sent.  So whoever hears of a change, and whoever
 * waited for the write, reads the new state, also from a file opened before.
 */
void lab_cache_write (LabCache *cache, fuse_req_t request, LabNode node, const char *text,
                      gsize length);

/* lab_model_open() and lab_model_close(), of which the kernel and those who listen to
 * events hear soon, and a write that waited for the close gets its answer */
int lab_cache_open_device (LabCache *cache, LabNode node, gboolean writing,
                           gboolean *holds);
void lab_cache_close_device (LabCache *cache, LabNode node);

G_END_DECLS
