/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host as a text: builds the /sys, /proc, /etc and /run of an IBM Z host below
 * a directory, for vap_host_read() and everything that takes --root.  For tests
 * in C; `mktree DESCRIPTION DIR` does the same for scripts.
 *
 * A description is read line by line; a later line overrides an earlier one.
 * Paths are below the directory, with or without a leading slash; parents are
 * made.
 *
 *   # a comment
 *   PATH = TEXT             a file of TEXT and a newline; no TEXT: an empty file
 *   PATH << WORD            a file of the lines that follow, up to a line WORD
 *   PATH -> TARGET          a symbolic link
 *   PATH/                   a directory
 *   remove PATH             a file, or a directory with all in it
 *
 * and, for what would take many of these:
 *
 *   ap-bus cards=05:13:4,06:13:2 udoms=4,47,ab,ff [KEY=VALUE…]
 *       The AP bus with the drivers zcrypt and vfio_ap.
 *       cards     adapter (hex) : hwtype (decimal) : mode (1 A, 2 P, 4 C), as in
 *                 the recordings; the adapter may be a range, 00-0f:13:4
 *       udoms     usage domains, hex, ranges allowed: 0-54,ff
 *       cdoms     control domains, default as udoms
 *       apmask    "-5,-6": all ones without 5 and 6 (decimal or 0x…, ranges as
 *       aqmask    -0x10-0x12), or "0x…" padded with zeros; default: all ones
 *       vfio      queues bound to vfio_ap: "05.0004,06.0047", "none", or
 *                 "unloaded" (no such driver, no matrix); default: what the masks say
 *       features  QCI's bits: "APSC,APXA" (default), "-" without QCI, "absent"
 *                 for a kernel older than the attribute (6.4)
 *   cpuinfo [machine=3931] [facilities=0,1,12,15,65] [vendor=IBM/S390]
 *       /proc/cpuinfo; what is shown are the defaults
 *   device UUID [adapters=5,6] [domains=4,ab] [control=4]
 *       a mediated device with that matrix, all numbers hex, ranges allowed
 *   definition UUID [adapters=…] [domains=…] [control=…] [start=auto]
 *       mdevctl's definition of a matrix
 *   guest NAME uuid=UUID [state=defined|running|both] [devices=UUID,…]
 *         [features=ap,apft]
 *       an s390x guest as libvirt keeps it; default: defined, no device
 *
 * A queue's own directory is never made, its link in /sys/bus/ap/devices dangles:
 * nothing of virt-ap reads a file per queue.
 *
 * A mistake in a description ends the test with the file's name and line.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* builds the host described in a file below @dir, which is made if need be */
void vap_test_tree_make (const char *description_file, const char *dir);

/* the same from a string */
void vap_test_tree_make_text (const char *description, const char *dir);

/* the same in a new temporary directory, whose path is returned; free with
 * vap_test_tree_remove() */
char *vap_test_tree_new (const char *description);

/* removes @dir with all in it and frees the string */
void vap_test_tree_remove (char *dir);

typedef char VapTestTree;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapTestTree, vap_test_tree_remove)

G_END_DECLS
