/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A question from beginning to end, as every door and the command line put it:
 * parse the request, read the snapshot, ask QEMU if the request calls for it,
 * judge.  Holds no rule and caches nothing, but see vap_qemu_keep_answers().
 */
#pragma once

#include "audit/record.h"
#include "check/check.h"
#include "config/settings.h"

G_BEGIN_DECLS

/**
 * VapVerdict:
 * @concerned: AP came into it; else nothing was looked at, and all that follows is empty
 * @guest: (nullable): its name, as far as the question tells it
 * @device: (nullable): UUID of the matrix that the question is about
 * @findings: always there
 * @rewritten: (nullable): the XML to pass on instead, NULL when it goes on as it came;
 *   means nothing when the findings refuse
 * @stale: what is stored asks for a CPU feature that its QEMU has no property for, so
 *   that it does not start before it is defined again
 * @notes: char *: for a log, what @rewritten changes and what was left to another
 *   door, a sentence each
 * @host, @judged: (nullable): what it was found of; they go with it, when there is time
 * @lowered: how much of it would have refused, had vap_verdict_enforce() not made
 *   warnings of it
 */
typedef struct {
  gboolean concerned;
  char *guest;
  char *device;
  VapFindings *findings;
  char *rewritten;
  gboolean stale;
  GPtrArray *notes;
  guint lowered;
  VapHost *host;
  VapGuest *judged;
} VapVerdict;

void vap_verdict_free (VapVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapVerdict, vap_verdict_free)

/**
 * vap_verdict_enforce:
 *
 * What the configuration makes of it at this door: findings that are off go, errors that
 * only warn become warnings.  What is to be said of the configuration itself is among
 * the notes then.  Every door calls it before it looks at the findings.
 */
void vap_verdict_enforce (VapVerdict *verdict, const VapConfig *config, VapDoor door);

/**
 * vap_verdict_to_record:
 * @call: what the door was asked
 * @passed: whether that goes on
 *
 * After vap_verdict_enforce().
 *
 * Returns: what there is to keep of it; its parts belong to @verdict and @call
 */
VapRecord vap_verdict_to_record (const VapVerdict *verdict, VapDoor door,
                                 const char *call, gboolean passed);

/**
 * vap_judge_domain_xml:
 * @root: see vap_host_read()
 *
 * Returns: (transfer full): NULL with @error when it could not judge: for that all of
 *   the host is read.  A guest that does not concern AP is judged without looking at it.
 */
VapVerdict *vap_judge_domain_xml (const char *root, const char *xml, gsize length,
                                  VapAction action,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * VapMend: what is mended without a question
 * @VAP_MEND_MODELS: an AP matrix of model vfio-pci becomes vfio-ap
 * @VAP_MEND_DEVICES: an AP matrix that this host does not have, of a guest that comes from
 *   another, becomes the one that the guest is defined with here
 * @VAP_MEND_FEATURES: a guest with a crypto device gets the AP features that it does not
 *   name, lacks, and this host has
 * @VAP_MEND_SEE_ALL: mends nothing: all of the host is read, also what the rules of this
 *   question do not look at, and must be readable
 */
typedef enum {
  VAP_MEND_MODELS = 1 << 0,
  VAP_MEND_FEATURES = 1 << 1,
  VAP_MEND_DEVICES = 1 << 2,
  VAP_MEND_SEE_ALL = 1 << 3,
} VapMend;

/**
 * vap_judge_mended_xml:
 * @mend: VapMend, or'ed
 *
 * As vap_judge_domain_xml(), for who can pass on another document: it is mended first,
 * then judged.  Without %VAP_MEND_SEE_ALL only what the rules look at is read of the host,
 * of the mediated devices those that the guest names.
 */
VapVerdict *vap_judge_mended_xml (const char *root, const char *xml, gsize length,
                                  guint mend, VapAction action,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the same document mended, and without what QEMU has no property for, but not
 * judged: there are no findings */
VapVerdict *vap_judge_translated_xml (const char *root, const char *xml, gsize length,
                                      guint mend, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_judge_attach_xml:
 * @guest_uuid: canonical UUID of the guest that gets the device
 * @guest_name: for the messages
 */
VapVerdict *vap_judge_attach_xml (const char *root, const char *guest_name,
                                  const char *guest_uuid, const char *xml, gsize length,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* as vap_judge_attach_xml(), with the device mended first; one that the guest has
 * already is judged in its place */
VapVerdict *vap_judge_mended_attach (const char *root, const char *guest_name,
                                     const char *guest_uuid, const char *xml,
                                     gsize length,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_judge_stored_guest:
 * @guest_uuid: canonical
 *
 * A guest that is to start as it is defined.  A definition that is not there, or may
 * not be read by this user, gives a note and no findings: libvirt's hook, which may,
 * judges it.
 */
VapVerdict *vap_judge_stored_guest (const char *root, const char *guest_name,
                                    const char *guest_uuid,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the same of a snapshot that the guest is to be put back to */
VapVerdict *vap_judge_stored_snapshot (const char *root, const char *guest_name,
                                       const char *snapshot_name,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the same of a node device, by libvirt's name for it; one that is no mediated
 * device has no findings */
VapVerdict *vap_judge_stored_device (const char *root, const char *name,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* a device that is there already; @only_stored: its definition only, else the
 * active device too, if it is active */
VapVerdict *vap_judge_device_update (const char *root, const char *xml, gsize length,
                                     gboolean only_stored,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

VapVerdict *vap_judge_device_xml (const char *root, const char *xml, gsize length,
                                  VapAction action,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @json, @uuid, @parent: see vap_device_parse_mdevctl() */
VapVerdict *vap_judge_mdevctl (const char *root, const char *json, gsize length,
                               const char *uuid, const char *parent, VapAction action,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
