/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether what was wrapped by the master keys of one queue can be opened by another's, as
 * far as zcrypt's attribute mkvps tells; for the rules of a move.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  VAP_KEYS_SAME,
  VAP_KEYS_UNKNOWN, /* no text, or a register that one of them does not tell */
  VAP_KEYS_DIFFER,
} VapKeysMatch;

/**
 * vap_keys_compare:
 * @ours, @theirs: (nullable): two texts of mkvps, "AES CUR: valid 0x…" and so on
 * @name: (out) (optional) (transfer full): the first register that differs, "AES CUR"
 *
 * Only current keys count: new ones wrap nothing yet, and what an old one has wrapped is to
 * be wrapped anew before the next change.  A register that is empty on our side has
 * wrapped nothing; one that is shown as "- -" is not known.
 * Source: Linux drivers/s390/crypto/zcrypt_cex4.c, cca_mkvps_show() (AES, APKA, ASYM; it
 * does not tell the DES master key), ep11_mkvps_show() (WK)
 */
VapKeysMatch vap_keys_compare (const char *ours, const char *theirs, char **name);

G_END_DECLS
