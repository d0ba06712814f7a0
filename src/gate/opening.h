/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The beginning of a connection, up to the call that says which daemon it is for.
 * Used by main.c before the relay.
 *
 * libvirt starts the gate without arguments and with next to no environment, and a
 * client says only in CONNECT_OPEN whether it wants the system's daemon or the
 * user's own, and whether only to look.  Before that it asks which authentication
 * is needed, and whether keepalive works.  Passing these two on would need the
 * daemon already; asking the wrong one may ask the user for a password.  So the gate
 * answers them itself, and when it knows the daemon, puts the same questions to it,
 * and authenticates by polkit where that is asked for: the daemon sees the calls
 * that it would have seen.  A client that begins with anything else is relayed from
 * its first byte, to the system's daemon.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  VAP_OPENING_FAILED, /* with an error */
  VAP_OPENING_CLOSED, /* the client went away, or was told why it cannot connect */
  VAP_OPENING_DONE,
} VapOpeningResult;

/**
 * VapOpening:
 * @client_in: to read from the client
 * @client_out: to write to the client
 * @socket: (nullable): connect here, whatever the client says
 * @fault: (nullable): why it is not known where to connect; the client is told
 * @daemon: (out): connected, or -1
 * @uri: (out) (nullable): of that daemon, for a connection beside this one
 * @buffer: (out): what the client has sent that is for the daemon is between @start
 *   and @end
 */
typedef struct {
  gint client_in;
  gint client_out;
  const char *socket;
  const GError *fault;
  gint daemon;
  char *uri;
  guint8 *buffer;
  gsize start;
  gsize end;
} VapOpening;

VapOpeningResult vap_opening_run (VapOpening *opening,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* closes @daemon, frees @buffer and @uri */
void vap_opening_clear (VapOpening *opening);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VapOpening, vap_opening_clear)

G_END_DECLS
