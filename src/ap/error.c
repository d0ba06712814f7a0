/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The quark of the library's error domain.
 */
#include "ap/error.h"

G_DEFINE_QUARK (vap - error - quark, vap_error)
