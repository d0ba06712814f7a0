/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host document: a snapshot as JSON, with whose it is and when it was taken, so that
 * a host can be judged, planned for or put back without being there.  Written by virt-ap
 * export, read wherever a root directory may be named.  schemas/host.schema.json has its
 * form.
 */
#pragma once

#include "host/host.h"
#include "host/patterns.h"
#include "host/qemu.h"

G_BEGIN_DECLS

/* The form that is written here.  A later one with new members only has the same
 * number: members that are not known are passed over. */
#define VAP_HOST_DOCUMENT_VERSION 1u

/* No honest document is larger: a thousand guests and devices are 2 MiB, and 65,536
 * queues with as many patterns 30. */
#define VAP_HOST_DOCUMENT_MAX (64u * 1024 * 1024)

/**
 * VapHostRecord: what a document says besides the snapshot.  Each may be NULL.
 */
struct _VapHostRecord {
  char *name;     /* the host's, as the kernel has it */
  char *time;     /* of the reading, "2026-11-24T06:30:00Z" */
  char *kernel;   /* its release */
  char *version;  /* of the virt-ap that wrote it */
  char *rule;     /* the text of chzdev's udev rule 41-ap.rules */
  VapQemu *qemu;  /* the distribution's s390x emulator */
  VapPatterns *patterns;
  gint ref_count;
};

/**
 * vap_host_record_new:
 *
 * The record of a snapshot that was just read: name, time, kernel, version and rule;
 * the caller adds qemu and patterns when they are wanted.
 *
 * Returns: (transfer full): free with vap_host_record_unref()
 */
VapHostRecord *vap_host_record_new (const VapHost *host);
VapHostRecord *vap_host_record_ref (VapHostRecord *record);
void vap_host_record_unref (VapHostRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapHostRecord, vap_host_record_unref)

/**
 * vap_host_to_json:
 * @record: (nullable): NULL for what @host itself came with, if anything
 *
 * Returns: (transfer full): the document, indented, ending in a newline; free with
 *   g_free().  The same snapshot and record always give the same bytes.
 */
char *vap_host_to_json (const VapHost *host, const VapHostRecord *record);

/**
 * vap_host_from_json:
 * @json: UTF-8, need not end in NUL; whoever may have written it
 *
 * The snapshot judges as the host did; its @record is there, its @root names nothing.
 *
 * Returns: (transfer full): free with vap_host_unref(); NULL with
 *   %VAP_ERROR_MALFORMED, naming the member, or %VAP_ERROR_TOO_LARGE
 */
VapHost *vap_host_from_json (const char *json, gsize length,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the document in a file, whose name is in each error and becomes the snapshot's
 * @root; vap_host_read() does it too where it is given a file */
VapHost *vap_host_load (const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
