/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon that costs nothing: it speaks libvirt's framing, answers a call with its
 * own payload, and one kind of call with a large reply.  Used by the gate's benchmark.
 */
#pragma once

#include "rpc/frame.h"

/* answered with LARGE_REPLY bytes; every other call with what it came with */
#define ECHO_LARGE 4711u
#define ECHO_LARGE_REPLY (10u * 1000 * 1000)

/* longer calls end the connection */
#define ECHO_CALL_MAX (256u * 1024)

/* listens on @path, each connection in a thread; does not return */
void echo_serve (const char *path) G_GNUC_NORETURN;

void echo_write_all (gint fd, const void *bytes, gsize length);
/* FALSE at the end of the stream */
gboolean echo_read_all (gint fd, void *bytes, gsize length);
