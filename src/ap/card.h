/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The types of crypto adapters that the AP bus knows.
 * Source: drivers/s390/crypto/ap_bus.h (AP_DEVICE_TYPE_*), zcrypt_cex4.c
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The oldest type that vfio_ap takes (vfio_ap_drv.c, ap_queue_ids[]). */
#define VAP_CARD_HWTYPE_MIN 10u

typedef struct {
  guint hwtype;     /* the number in the attribute hwtype */
  const char *name; /* "CEX7" */
  const char *sold; /* the machines it came with, "z15" */
} VapCardType;

/* NULL for a number that is not in the table (newer or older than it) */
const VapCardType *vap_card_type_find (guint hwtype);
/* the whole table, ended by an entry with name NULL */
const VapCardType *vap_card_types (void);

/**
 * VapCardMode: the last letter of a card's type, 'A' accelerator, 'C' CCA
 * coprocessor, 'P' EP11 coprocessor; VAP_CARD_MODE_UNKNOWN else
 */
typedef enum {
  VAP_CARD_MODE_UNKNOWN = 0,
  VAP_CARD_MODE_ACCELERATOR = 'A',
  VAP_CARD_MODE_CCA = 'C',
  VAP_CARD_MODE_EP11 = 'P',
} VapCardMode;

/* @type: the attribute type, such as "CEX7C" */
VapCardMode vap_card_mode_of (const char *type);
/* "CCA coprocessor" and so on, untranslated */
const char *vap_card_mode_to_string (VapCardMode mode);

G_END_DECLS
