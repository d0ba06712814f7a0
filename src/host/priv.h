/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between the files of host/: bounded reading below a root, and the parts that
 * vap_host_read() puts a snapshot together from.  Not installed.
 */
#pragma once

#include "host/host.h"
#include "host/qemu.h"
#include "keep/keep.h"

G_BEGIN_DECLS

/* The largest file that is read: sysfs shows a page, mdevctl writes a few KiB. */
#define VAP_FILE_MAX (64u * 1024)
/* /proc/cpuinfo grows with the processors, but begins with what matters here. */
#define VAP_CPUINFO_MAX (1024u * 1024)

/* a host of which nothing is known */
VapHost *vap_host_new (const char *root);
/* an empty list of VapHostGuest */
GPtrArray *vap_host_guests_new (void);
/* whatever its count is */
void vap_host_free (VapHost *host);

/* host-known.c: for a process that keeps files; @root, @facts, @devices: what was asked
 * for */

/* (transfer full) (nullable): a snapshot that is still so, without guests */
VapHost *vap_host_find_known (const char *root, guint facts, const char *const *devices);
/* ends what vap_evidence_begin() began before @host was read, which has no guests yet */
void vap_host_know (VapHost *host, const char *root, const char *const *devices);
/* takes one that nobody has any more, for vap_host_find_known(); FALSE when it will never
 * be found */
gboolean vap_host_rest (VapHost *host);
void vap_host_known_free (VapHostKnown *known);

/* read.c */

typedef enum {
  VAP_READ_DONE,
  VAP_READ_ABSENT, /* a fact, no error */
  VAP_READ_DENIED, /* may not be read by this user; @error is set */
  VAP_READ_FAILED, /* @error is set */
} VapReadStatus;

/**
 * vap_file_read:
 * @path: below @root, beginning with a slash
 * @max: a file with more bytes is VAP_ERROR_TOO_LARGE
 * @content: (out): the bytes and a NUL, only when done; free with g_free()
 *
 * Reads a regular file, never through a symbolic link in its last part.
 */
VapReadStatus vap_file_read (const char *root, const char *path, gsize max,
                             char **content, gsize *length,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the same, but of a larger file only the first @max bytes, up to a line's end */
VapReadStatus vap_file_read_head (const char *root, const char *path, gsize max,
                                  char **content, gsize *length,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the beginning of @text for a message: valid, short, without control characters;
 * free with g_free() */
char *vap_excerpt (const char *text);

/* an attribute: a small file that must be text, without its last newline */
VapReadStatus vap_sysfs_read (const char *root, const char *path, char **text,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* an attribute that is a decimal number from 0 to @max */
VapReadStatus vap_sysfs_read_number (const char *root, const char *path, guint max,
                                         guint *number,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whether there is a directory */
VapReadStatus vap_dir_find (const char *root, const char *path,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef void (*VapNameFunc) (const char *name, gpointer user_data);

/* calls @func with each name in a directory, in no order, without "." and ".." */
VapReadStatus vap_dir_list (const char *root, const char *path, VapNameFunc func,
                            gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the names as a list (char *), sorted, that does not change any more; free with
 * g_ptr_array_unref() */
VapReadStatus vap_dir_names (const char *root, const char *path, GPtrArray **names,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The parts of a snapshot.  FALSE with @error when no judgement could stand on
 * it; what concerns a single card, device or guest becomes a problem. */

gboolean vap_host_read_cpuinfo (VapHost *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vap_host_read_uv (VapHost *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* whether there is an AP bus, and its QCI */
gboolean vap_host_read_features (VapHost *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vap_host_read_bus (VapHost *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void vap_host_read_cards (VapHost *host, const VapMask *present);
gboolean vap_host_read_driver (VapHost *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* @wanted: VapScope, devices */
gboolean vap_host_read_active_devices (VapHost *host, const char *const *wanted,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void vap_host_read_definitions (VapHost *host, const char *const *wanted);
void vap_host_sort_devices (VapHost *host);
/* when the devices are there and sorted */
void vap_host_read_other_mdevs (VapHost *host, const char *const *wanted);
/* those that its facts ask for, in their order */
/* @defines: see VapScope */
void vap_host_read_guests (VapHost *host, const VapGuest *defines);
void vap_host_sort_guests (VapHost *host);
void vap_host_read_udev_rule (VapHost *host);
/* the rule itself, NULL where it is not there or cannot be read; free with g_free() */
char *vap_host_read_udev_rule_text (const char *root);

/* The same from texts, for vap_host_read() and the fuzzers. */

gboolean vap_cpuinfo_parse (VapHost *host, const char *text,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* @masks: (out): none after FALSE; of two lines for one mask the last counts */
gboolean vap_udev_rule_parse (const char *text, VapPersistentMasks *masks,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* takes @sentence, in which a file's name need not be UTF-8 */
void vap_host_take_problem (VapHost *host, char *sentence);

void vap_card_free (VapCard *card);
void vap_host_device_free (VapHostDevice *device);
void vap_host_guest_free (VapHostGuest *guest);
/* where it is as it runs, or as it is defined */
VapGuest **vap_host_guest_place (VapHostGuest *guest, gboolean running);

/* (transfer full): NULL when nothing is kept of what @binary is now */
VapQemu *vap_qemu_find_kept (const char *binary);
/* as vap_qemu_ask_within(); keeps the answer, if answers are kept */
VapQemu *vap_qemu_ask_to_keep (const char *binary, guint milliseconds,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the answer of the binary that is @identity, if a process of this user
 * stored it since the system started; NULL else */
VapQemu *vap_qemu_find_stored (const char *binary, const VapIdentity *identity);
/* stores it, where that is possible; of what is no ELF program never */
void vap_qemu_store (const VapQemu *answer, const VapIdentity *identity);

/* vap_qemu_ask() with another patience, for tests */
VapQemu *vap_qemu_ask_within (const char *binary, guint milliseconds,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
