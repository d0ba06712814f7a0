/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the callout and the hook have in common as programs: both are started by
 * another program for one question, read it from standard input, and must give
 * a defined answer also when they are killed or crash.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * door_open:
 * @last_words: called from a signal handler when the program crashes, is asked to
 *   end, or an alarm() runs out; may only write() and _exit()
 *
 * To be called first.  A program that ends by a signal answers in a way nobody
 * chose (mdevctl 1.2 goes on as if it had said yes, libvirt as if it had said no),
 * so @last_words answers instead.  A closed standard input, output or error becomes
 * /dev/null, a closed reader of our messages is no reason to end, and translations
 * are set up.
 */
void door_open (void (*last_words) (int signal_number));

/**
 * door_read_all:
 * @max: more bytes than this are %VAP_ERROR_TOO_LARGE
 *
 * Returns: (transfer full): all of standard input, with a NUL behind it; free with
 *   g_free()
 */
char *door_read_all (gsize max, gsize *length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the directory in front of /sys, /proc, /etc and /run: @option if given, else
 * VIRT_AP_ROOT, else "" for this machine */
const char *door_root (const char *option);

G_END_DECLS
