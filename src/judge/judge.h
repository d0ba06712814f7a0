/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A question from beginning to end, as every door and the command line put it:
 * parse the request, read the snapshot, ask QEMU if the request calls for it,
 * judge.  Holds no rule and caches nothing.
 */
#pragma once

#include "check/check.h"

G_BEGIN_DECLS

/**
 * VapVerdict: @findings is always there.  @rewritten is the domain XML to pass on
 * instead, NULL when it goes on as it came.
 */
typedef struct {
  VapFindings *findings;
  char *rewritten;
} VapVerdict;

void vap_verdict_free (VapVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapVerdict, vap_verdict_free)

/**
 * vap_judge_domain_xml:
 * @root: see vap_host_read()
 *
 * Returns: (transfer full): NULL with @error when it could not judge.  A guest
 *   that does not concern AP is judged without looking at the host.
 */
VapVerdict *vap_judge_domain_xml (const char *root, const char *xml, gsize length,
                                  VapAction action,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_judge_attach_xml:
 * @guest_uuid: canonical UUID of the guest that gets the device
 * @guest_name: for the messages
 */
VapVerdict *vap_judge_attach_xml (const char *root, const char *guest_name,
                                  const char *guest_uuid, const char *xml, gsize length,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

VapVerdict *vap_judge_device_xml (const char *root, const char *xml, gsize length,
                                  VapAction action,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @json, @uuid, @parent: see vap_device_parse_mdevctl() */
VapVerdict *vap_judge_mdevctl (const char *root, const char *json, gsize length,
                               const char *uuid, const char *parent, VapAction action,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
