/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the lab's emulator changes on its way to the real one: QEMU's emulation
 * has no AP instructions and, off s390x, no vfio_ap beneath it.  So a guest that
 * holds a matrix gets a random number generator by the matrix's name, which can be
 * plugged and unplugged as a matrix can, and a CPU without AP.
 */
#pragma once

#include <glib.h>
#include <sys/socket.h>
#include <sys/un.h>

G_BEGIN_DECLS

typedef struct {
  struct sockaddr_un name;
  socklen_t length;
} LabEmulatorAddress;

/* a new argument list; free with g_strfreev() */
char **lab_emulator_rewrite_arguments (char *const *arguments);

/* one line of QMP from libvirt; free with g_free() */
char *lab_emulator_rewrite_command (const char *line);

/* the descriptor of libvirt's monitor among QEMU's arguments; -1 without one */
int lab_emulator_find_monitor (char *const *arguments);

/**
 * lab_emulator_relay:
 * @listener: the socket that libvirt connects to
 * @qemu: the address of the listening socket that QEMU got in its place, which nobody
 *   else may have open: what waits in it must end with QEMU
 * @process: a pidfd of QEMU
 *
 * Passes connections on, one after the other, with rewritten commands and with the
 * descriptors that libvirt sends along.  Returns when QEMU has ended.
 */
void lab_emulator_relay (int listener, const LabEmulatorAddress *qemu, int process);

G_END_DECLS
