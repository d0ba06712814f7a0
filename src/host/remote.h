/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a libvirt daemon, here or elsewhere, tells of its host: the names of the AP
 * node devices, and the domain capabilities of s390x guests under KVM.  Parsing
 * only; the program ask-libvirt, which alone links libvirt, does the asking.
 */
#pragma once

#include "ap/matrix.h"

G_BEGIN_DECLS

typedef struct {
  char *uri;
  char *hypervisor;      /* "QEMU 9.2.0"; NULL when libvirt didn't say */
  char *library;         /* libvirt's own version at the other end, "9.0.0" */
  gboolean devices_told; /* the node devices could be listed */
  VapMask adapters;      /* of the cards and queues */
  VapMask domains;       /* of the queues */
  guint n_queues;
  gboolean has_matrix;   /* ap_matrix: the driver vfio_ap is loaded */
  char *emulator;        /* from the domain capabilities, NULL without them */
  char *machine;         /* "s390-ccw-virtio-9.2" */
  gboolean model_told;   /* there is a host-model */
  char *model;           /* its name, "gen16a-base" */
  GHashTable *features;  /* those it has, set of char * */
  char *devices_problem; /* why the node devices were not told, or NULL */
  char *model_problem;   /* why there is no host-model, or NULL */
} VapRemote;

/**
 * vap_remote_parse:
 * @json: what ask-libvirt prints, an object of strings "uri", "hypervisor",
 *   "library", "capabilities" (the XML), "capabilities_problem", "devices_problem",
 *   and "devices", a list of names; each may be missing
 */
VapRemote *vap_remote_parse (const char *json, gsize length,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

void vap_remote_free (VapRemote *remote);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapRemote, vap_remote_free)

/* whether the host-model has it; FALSE too when there is none */
gboolean vap_remote_has_feature (const VapRemote *remote, const char *name);

G_END_DECLS
