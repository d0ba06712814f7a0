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

typedef void (*VapGuestRule) (const VapGuestQuestion *question);
typedef void (*VapDeviceRule) (const VapDeviceQuestion *question);

/* The rules of a device. */
void vap_rule_driver_missing (const VapDeviceQuestion *question);
void vap_rule_attributes (const VapDeviceQuestion *question);
void vap_rule_ap_config (const VapDeviceQuestion *question);
void vap_rule_out_of_range (const VapDeviceQuestion *question);
void vap_rule_matrix_empty (const VapDeviceQuestion *question);
void vap_rule_queue_host_owned (const VapDeviceQuestion *question);
void vap_rule_queue_in_use (const VapDeviceQuestion *question);
void vap_rule_others_unreadable (const VapDeviceQuestion *question);

/* The rules of a guest's devices. */
void vap_rule_arch_mismatch (const VapGuestQuestion *question);
void vap_rule_device_duplicate (const VapGuestQuestion *question);
void vap_rule_device_unknown (const VapGuestQuestion *question);
void vap_rule_device_inactive (const VapGuestQuestion *question);
void vap_rule_device_in_use (const VapGuestQuestion *question);
void vap_rule_ap_off (const VapGuestQuestion *question);
void vap_rule_apft_off (const VapGuestQuestion *question);
void vap_rule_device_unreadable (const VapGuestQuestion *question);
void vap_rule_host_incomplete (const VapGuestQuestion *question);

/* The rules of a guest's CPU features. */
void vap_rule_feature_unknown (const VapGuestQuestion *question);
void vap_rule_feature_missing (const VapGuestQuestion *question);
void vap_rule_feature_needs (const VapGuestQuestion *question);
void vap_rule_feature_not_removable (const VapGuestQuestion *question);
void vap_rule_qemu_not_asked (const VapGuestQuestion *question);

/* whether the guest's CPU will have an AP feature, by CPU mode and policies */
gboolean vap_rule_guest_has_feature (const VapGuestQuestion *question,
                                     VapFeatureId feature);

/* whether the guest names a CPU feature that libvirt would hand to QEMU */
gboolean vap_rule_guest_names_features (const VapGuest *guest);

/* libvirt's name of an AP matrix, "mdev_6217…_matrix"; free with g_free() */
char *vap_rule_node_device_name (const char *uuid);

/* @word as it must stand on a command line; free with g_free() */
char *vap_rule_shell_word (const char *word);

G_END_DECLS
