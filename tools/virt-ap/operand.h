/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operand GUEST|FILE of several subcommands.
 */
#pragma once

#include "host/host.h"

G_BEGIN_DECLS

typedef struct {
  VapGuest *guest;
  const char *state; /* "running", "defined", or "file" */
  char *name;        /* for the messages, never NULL */
} GuestOperand;

void guest_operand_clear (GuestOperand *operand);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GuestOperand, guest_operand_clear)

/**
 * guest_operand_read:
 * @text: the name or UUID of a guest that libvirt's files on @host have, as it runs or
 *   else as it is defined; or else a file with domain XML, "-" for standard input
 */
gboolean guest_operand_read (GuestOperand *operand, const VapHost *host, const char *text,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
