/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap guest-view`: what its two forms, for people and for programs, share.
 */
#pragma once

#include "check/guest-view.h"
#include "operand.h"
#include "output.h"

G_BEGIN_DECLS

typedef struct {
  const GuestOperand *operand;
  const VapGuestView *view;
  GArray *calls; /* VapPqapCall */
} GuestViewShown;

void guest_view_add_json (Output *output, const GuestViewShown *shown);

G_END_DECLS
