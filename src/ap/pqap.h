/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions of the instruction PQAP, one row a function.
 * Source: Linux arch/s390/include/asm/ap.h, arch/s390/kvm/priv.c (handle_pqap)
 */
#pragma once

#include "ap/feature.h"

G_BEGIN_DECLS

/* The bits of /sys/bus/ap/features, from QCI (ap_bus.c, features_show()). */
typedef enum {
  VAP_QCI_APSC = 1 << 0, /* special command facility */
  VAP_QCI_APXA = 1 << 1, /* extended addressing */
  VAP_QCI_QACT = 1 << 2, /* PQAP(QACT) */
  VAP_QCI_RC8A = 1 << 3,
  VAP_QCI_APSB = 1 << 4, /* secure binding: PQAP(BAPQ), PQAP(AAPQ) */
} VapQciBits;

/* the bits named in @text ("APSC APXA"), unknown words are passed over; "-" is 0 */
guint vap_qci_parse (const char *text);
/* a bit's name, NULL for none; @bit one of VapQciBits */
const char *vap_qci_name (guint bit);

typedef struct {
  guint8 fc;
  const char *name;        /* "TAPQ" */
  const char *description;
  VapFeatureId needs;      /* the CPU feature the function comes with */
  guint needs_qci;         /* VapQciBits that must be there besides, or 0 */
} VapPqapFunction;

/* the whole table, ended by an entry with name NULL */
const VapPqapFunction *vap_pqap_functions (void);
/* NULL for a function code that is not in it */
const VapPqapFunction *vap_pqap_function_find (guint fc);

G_END_DECLS
