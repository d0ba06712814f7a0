/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between reserve.c, which finds out how, and reserve-remarks.c, which finds out what is
 * in the way.  Not installed.
 */
#pragma once

#include "change/product.h"
#include "change/reserve.h"

G_BEGIN_DECLS

/* "virt-ap reserve '05.*' '*.0047' --for guests"; free with g_free() */
char *vap_reserve_command (const VapProduct *product, const VapMask *adapters,
                           const VapMask *domains, gboolean to_host);

/* masks cannot say it: the nearest that they can */
void vap_reserve_refuse_product (const VapReserve *reserve, const VapProduct *product,
                                 gboolean persistent, VapFindings *findings);

/* devices and processes that the move would take something from */
void vap_reserve_find_obstacles (const VapReserve *reserve, const VapHost *host,
                                 VapReserveFlags flags, VapFindings *findings);

G_END_DECLS
