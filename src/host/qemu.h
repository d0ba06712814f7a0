/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a QEMU binary knows of the s390x CPU: its properties, asked over QMP
 * (qom-list-properties of max-s390x-cpu).
 */
#pragma once

#include "ap/error.h"

G_BEGIN_DECLS

#define VAP_QEMU_DEFAULT "/usr/bin/qemu-system-s390x"

typedef struct {
  char *binary;
  char *version;          /* "7.2.22" */
  GHashTable *properties; /* set of char * */
  gint ref_count;
} VapQemu;

/**
 * vap_qemu_ask:
 * @binary: (nullable): its path; NULL for the distribution's s390x emulator
 *   (qemu-system-s390x or qemu-kvm, wherever libvirt would look)
 *
 * Starts the binary without a machine, asks, and ends it; about 50 ms, at most
 * 10 s, then it is killed.
 *
 * Returns: (transfer full): NULL with %VAP_ERROR_UNREADABLE (no such program) or
 *   %VAP_ERROR_FAILED (did not answer)
 */
VapQemu *vap_qemu_ask (const char *binary, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_qemu_keep_answers:
 *
 * From now on, as long as this process lives, a binary that has answered is asked again
 * only when it is another file or was written to.  For a process whose life is short, and
 * that may be asked much.  An ELF program's answer is also stored, for the next process of
 * the same user that calls this: root's below /run/virt-ap, others' in their cache.
 */
void vap_qemu_keep_answers (void);

/* one made from names, for tests and saved documents */
VapQemu *vap_qemu_new (const char *binary, const char *version,
                       const char *const *properties);

VapQemu *vap_qemu_ref (VapQemu *qemu);
void vap_qemu_unref (VapQemu *qemu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapQemu, vap_qemu_unref)

gboolean vap_qemu_has_property (const VapQemu *qemu, const char *name);

G_END_DECLS
