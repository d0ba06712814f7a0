/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes of a PQAP that a guest issues: the machine interprets it, or KVM
 * intercepts it and decides.  Pure; for `virt-ap guest-view --pqap`.
 * Source: Linux arch/s390/kvm/priv.c, handle_pqap()
 */
#pragma once

#include "ap/matrix.h"

G_BEGIN_DECLS

/* What the guest has. */
typedef struct {
  gboolean host_ap;       /* the host has the AP instructions */
  gboolean guest_ap;      /* the guest may use them: ECA.APIE */
  gboolean apft;          /* the guest's facility 15 */
  gboolean apqi;          /* the guest's facility 65 */
  gboolean apxa;          /* its crypto control block has the extended format */
  gboolean device;        /* a vfio_ap device is attached */
  gboolean intercept_all; /* the host is itself a guest whose hypervisor lets it
                             intercept every function, as z/VM does */
} VapPqapGuest;

/* What it issues. */
typedef struct {
  guint8 fc;
  VapQueue queue;
  gboolean t_bit;
  gboolean reserved_bits; /* one of the bits 41 to 47 of register 0 is on */
  gboolean problem_state;
} VapPqapCall;

typedef enum {
  VAP_PQAP_INTERPRETED, /* by the machine; KVM does not see it */
  VAP_PQAP_OPERATION,   /* handed to QEMU, which gives an operation exception */
  VAP_PQAP_PRIVILEGED,  /* privileged-operation exception */
  VAP_PQAP_SPECIFICATION,
  VAP_PQAP_NO_QUEUES, /* response code 01, condition code 3 */
  VAP_PQAP_DRIVER,    /* vfio_ap's handler answers */
  VAP_N_PQAP_OUTCOMES,
} VapPqapOutcome;

typedef struct {
  VapPqapOutcome outcome;
  const char *reason; /* one sentence, translatable */
} VapPqapDecision;

/* (transfer none): never NULL */
const VapPqapDecision *vap_pqap_decide (const VapPqapGuest *guest,
                                        const VapPqapCall *call);

/* "operation-exception" and so on, for programs */
const char *vap_pqap_outcome_id (VapPqapOutcome outcome);
/* the same for people, translatable */
const char *vap_pqap_outcome_to_string (VapPqapOutcome outcome);

/**
 * vap_pqap_call_parse:
 * @text: "FC[,APQN][,t-bit][,reserved-bits][,problem-state]", FC a number or a
 *   function's name ("3", "0x3", "AQIC"), APQN as "05.0047"
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED, naming the part that is wrong
 */
gboolean vap_pqap_call_parse (const char *text, VapPqapCall *call,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
