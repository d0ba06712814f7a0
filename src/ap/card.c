/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of adapter types.
 * Source: drivers/s390/crypto/ap_bus.h, AP_DEVICE_TYPE_CEX4 to _CEX8;
 * zcrypt_cex4.c, zcrypt_cex4_card_probe(), for the names.
 */
#include "ap/card.h"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A table for users: which card a number is and with which machine it came. */
static const VapCardType card_types[] = {
  { 10, "CEX4", "zEC12" }, { 11, "CEX5", "z13" }, { 12, "CEX6", "z14" },
  { 13, "CEX7", "z15" },   { 14, "CEX8", "z16" }, { 0, NULL, NULL },
};

const VapCardType *
vap_card_types (void)
{
  return card_types;
}

const VapCardType *
vap_card_type_find (guint hwtype)
{
  for (const VapCardType *type = card_types; type->name; type++) {
    if (type->hwtype == hwtype)
      return type;
  }

  return NULL;
}

VapCardMode
vap_card_mode_of (const char *type)
{
  gsize length = type ? strlen (type) : 0;

  if (length > 4 && g_str_has_prefix (type, "CEX")) {
    switch (type[length - 1]) {
    case VAP_CARD_MODE_ACCELERATOR:
    case VAP_CARD_MODE_CCA:
    case VAP_CARD_MODE_EP11:
      return (VapCardMode) type[length - 1];
    }
  }

  return VAP_CARD_MODE_UNKNOWN;
}

const char *
vap_card_mode_to_string (VapCardMode mode)
{
  switch (mode) {
  case VAP_CARD_MODE_ACCELERATOR:
    return N_ ("accelerator");
  case VAP_CARD_MODE_CCA:
    return N_ ("CCA coprocessor");
  case VAP_CARD_MODE_EP11:
    return N_ ("EP11 coprocessor");
  case VAP_CARD_MODE_UNKNOWN:
    break;
  }

  return N_ ("unknown mode");
}
