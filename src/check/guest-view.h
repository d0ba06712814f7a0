/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a Linux guest will see of AP: its queues and, for the others of its device,
 * why not; its control domains, interrupts and CPU features.  Facts in, facts out,
 * for `virt-ap guest-view`.  A device that is not active is seen as it would be
 * after its start.
 */
#pragma once

#include "ap/kvm-pqap.h"
#include "host/host.h"

G_BEGIN_DECLS

/* Why a guest does not have a queue of its device; the first that is true counts. */
typedef enum {
  VAP_VIEW_ADAPTER_ABSENT,   /* not in the host's configuration */
  VAP_VIEW_DOMAIN_ABSENT,    /* likewise */
  VAP_VIEW_ADAPTER_FILTERED, /* a queue of the adapter is not bound to vfio_ap */
  VAP_VIEW_NO_AP,            /* the guest lacks ap */
  VAP_VIEW_NO_APPV,          /* it is a secure guest and lacks appv */
  VAP_VIEW_NO_APFT,          /* it lacks apft */
  VAP_VIEW_NO_APQCI,         /* it lacks apqci: 64 adapters, 16 domains */
  VAP_VIEW_NO_APXA,          /* the host lacks apxa: likewise */
  VAP_N_VIEW_REASONS,
} VapViewReason;

/* Queues that the guest does not have for the same reason.  Each queue of a device
 * is in one of these or in VapGuestView.usable. */
typedef struct {
  VapViewReason reason;
  VapMatrix queues; /* no control domains */
  VapMask unbound;  /* of an ADAPTER_FILTERED: the domains that vfio_ap lacks on each
                       of the adapters */
} VapViewLoss;

typedef struct {
  char *device_uuid;           /* NULL without an AP matrix */
  const VapHostDevice *device; /* (transfer none): NULL when unknown here */
  gboolean features[VAP_N_FEATURES];
  VapMatrix matrix;     /* the device's, as assigned */
  VapMatrix passed;     /* what the driver passes on */
  VapMatrix usable;     /* what a Linux guest makes of it */
  VapMask deconfigured; /* of usable's adapters, those that answer only
                           that they are deconfigured or checkstopped */
  gboolean interrupts;  /* its queues give interrupts; else it polls */
  GArray *losses;       /* VapViewLoss, by reason */
  VapPqapGuest pqap;
} VapGuestView;

/* @host must outlive it */
VapGuestView *vap_guest_view_new (const VapHost *host, const VapGuest *guest);
void vap_guest_view_free (VapGuestView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapGuestView, vap_guest_view_free)

/* "adapter-absent" and so on, for programs */
const char *vap_view_reason_id (VapViewReason reason);
/* one sentence, translatable */
const char *vap_view_reason_to_string (VapViewReason reason);

G_END_DECLS
