/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the rules share; private to check/.  A rule is a function that looks at one
 * question and adds findings; check.c runs all of a table and none stops another.
 * A new rule: its function, its row in check.c, a row in catalogue.c for each new
 * id, and its directories below tests/check/cases.
 */
#pragma once

#include "check/check.h"

G_BEGIN_DECLS

/* Whether a guest may be defined, or may start. */
typedef struct {
  const VapHost *host;
  const VapQemu *qemu; /* NULL: could not be asked */
  const VapGuest *guest;
  const char *name; /* the guest's, for the messages, never NULL */
  gboolean is_s390x;
  GPtrArray *devices; /* const VapGuestDevice *: the AP matrices among its devices */
  VapAction action;
  VapFindings *findings;
} VapGuestQuestion;

/* Whether an AP matrix may be defined, or may start. */
typedef struct {
  const VapHost *host;
  const VapDevice *device;
  char uuid[37];    /* canonical, empty without a valid one */
  VapMatrix matrix; /* what its attributes make */
  VapAction action;
  VapFindings *findings;
} VapDeviceQuestion;

/* Whether a host is as it is stored. */
typedef struct {
  const VapHost *host;
  VapFindings *findings;
} VapDriftQuestion;

typedef void (*VapDriftRule) (const VapDriftQuestion *question);
typedef void (*VapGuestRule) (const VapGuestQuestion *question);
typedef void (*VapDeviceRule) (const VapDeviceQuestion *question);

/* The rules of a definition. */
void vap_rule_uuid_malformed (const VapDeviceQuestion *question);
void vap_rule_uuid_taken (const VapDeviceQuestion *question);
void vap_rule_type_wrong (const VapDeviceQuestion *question);
void vap_rule_parent_wrong (const VapDeviceQuestion *question);

/* The rules of a device: what the driver would answer. */
void vap_rule_driver_missing (const VapDeviceQuestion *question);
void vap_rule_attributes (const VapDeviceQuestion *question);
void vap_rule_ap_config (const VapDeviceQuestion *question);
void vap_rule_out_of_range (const VapDeviceQuestion *question);
void vap_rule_matrix_empty (const VapDeviceQuestion *question);
void vap_rule_queue_host_owned (const VapDeviceQuestion *question);
void vap_rule_mask_blocked (const VapDeviceQuestion *question);
void vap_rule_queue_in_use (const VapDeviceQuestion *question);
void vap_rule_queue_claimed (const VapDeviceQuestion *question);
void vap_rule_others_unreadable (const VapDeviceQuestion *question);

/* The rules of a matrix: what a guest would get of it. */
void vap_rule_absent (const VapDeviceQuestion *question);
void vap_rule_adapter_unsupported (const VapDeviceQuestion *question);
void vap_rule_adapter_offline (const VapDeviceQuestion *question);
void vap_rule_adapter_filtered (const VapDeviceQuestion *question);
void vap_rule_usage_domain_missing (const VapDeviceQuestion *question);
void vap_rule_control_domain_missing (const VapDeviceQuestion *question);

/* The rules of a guest's devices. */
void vap_rule_arch_mismatch (const VapGuestQuestion *question);
void vap_rule_device_duplicate (const VapGuestQuestion *question);
void vap_rule_device_uuid_malformed (const VapGuestQuestion *question);
void vap_rule_device_unknown (const VapGuestQuestion *question);
void vap_rule_device_type (const VapGuestQuestion *question);
void vap_rule_device_model (const VapGuestQuestion *question);
void vap_rule_device_boot_order (const VapGuestQuestion *question);
void vap_rule_device_inactive (const VapGuestQuestion *question);
void vap_rule_device_in_use (const VapGuestQuestion *question);
void vap_rule_device_unreadable (const VapGuestQuestion *question);
void vap_rule_host_incomplete (const VapGuestQuestion *question);

/* The rules of what a guest's CPU makes of its crypto device. */
void vap_rule_ap_off (const VapGuestQuestion *question);
void vap_rule_apft_off (const VapGuestQuestion *question);
void vap_rule_apqci_off (const VapGuestQuestion *question);
void vap_rule_apqi_off (const VapGuestQuestion *question);
void vap_rule_secure_guest_ap (const VapGuestQuestion *question);

/* The rules of a guest's CPU features. */
void vap_rule_feature_unknown (const VapGuestQuestion *question);
void vap_rule_feature_missing (const VapGuestQuestion *question);
void vap_rule_feature_needs (const VapGuestQuestion *question);
void vap_rule_feature_not_removable (const VapGuestQuestion *question);
void vap_rule_feature_redundant (const VapGuestQuestion *question);
void vap_rule_qemu_not_asked (const VapGuestQuestion *question);

/* The rules of drift. */
void vap_rule_matrix_drift (const VapDriftQuestion *question);
void vap_rule_problems (const VapDriftQuestion *question);
void vap_rule_device_not_started (const VapDriftQuestion *question);
void vap_rule_device_not_stored (const VapDriftQuestion *question);
void vap_rule_mask_drift (const VapDriftQuestion *question);
void vap_rule_autostart_blocked (const VapDriftQuestion *question);
void vap_rule_queue_unbound (const VapDriftQuestion *question);
void vap_rule_guest_device_gone (const VapDriftQuestion *question);
void vap_rule_guest_drift (const VapDriftQuestion *question);
void vap_rule_device_orphan (const VapDriftQuestion *question);
void vap_rule_grant_left (const VapDriftQuestion *question);

/* whether the guest's CPU will have an AP feature, by CPU mode and policies */
gboolean vap_rule_guest_has_feature (const VapGuestQuestion *question,
                                     VapFeatureId feature);

/* adds to @names (static strings) what vap_check_missing_features() gives */
void vap_rule_missing_features (const VapGuestQuestion *question, GPtrArray *names);

/* whether the guest names a CPU feature that libvirt would hand to QEMU, and that not
 * every QEMU has */
gboolean vap_rule_guest_needs_qemu (const VapGuest *guest);

/* the device in a finding's subject: its UUID, if it has one */
const char *vap_rule_device_subject (const VapDeviceQuestion *question);

/* says that @device, which has a problem, could not be read whole */
void vap_rule_take_problem (VapFindings *findings, const VapHostDevice *device);

/* @word as it must stand on a command line; free with g_free() */
char *vap_rule_shell_word (const char *word);

G_END_DECLS
