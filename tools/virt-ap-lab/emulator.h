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

/* While this file is there, no guest lets go of a device that is unplugged. */
#define LAB_KEEP_PLUGGED "/run/virt-ap-lab/keep-plugged"

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

/* the value of a key that is a string in a line of JSON: where the key is first, or
 * where it is last; NULL without it; free with g_free() */
char *lab_emulator_json_string (const char *line, const char *key, gboolean last);

/**
 * lab_emulator_find_matrix:
 * @text: an argument of -device, or a line of QMP
 * @device: (out): QEMU's id for it
 *
 * Returns: the UUID of the matrix that it gives the guest; NULL when it gives none; free
 *   both with g_free()
 */
char *lab_emulator_find_matrix (const char *text, char **device);

/* the devices that the guest holds */
typedef struct _LabEmulatorHolds LabEmulatorHolds;

LabEmulatorHolds *lab_emulator_holds_new (void);
void lab_emulator_holds_free (LabEmulatorHolds *holds);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabEmulatorHolds, lab_emulator_holds_free)

/* opens the matrix as QEMU would; -1 with QEMU's words in @trouble when it cannot be had */
int lab_emulator_hold (const char *uuid, char **trouble);

/* takes @fd, until QEMU refuses the @command (NULL: there is none), has unplugged
 * the @device, or ends */
void lab_emulator_holds_add (LabEmulatorHolds *holds, const char *device,
                             const char *command, int fd);

/* what QEMU says to libvirt */
void lab_emulator_holds_look (LabEmulatorHolds *holds, const char *bytes, gsize length);

/**
 * lab_emulator_relay:
 * @listener: the socket that libvirt connects to
 * @qemu: the address of the listening socket that QEMU got in its place, which nobody
 *   else may have open: what waits in it must end with QEMU
 * @process: a pidfd of QEMU
 * @holds: what QEMU was started with, and gets
 *
 * Passes connections on, one after the other, with rewritten commands and with the
 * descriptors that libvirt sends along.  Returns when QEMU has ended.
 */
void lab_emulator_relay (int listener, const LabEmulatorAddress *qemu, int process,
                         LabEmulatorHolds *holds);

G_END_DECLS
