/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two instructions of s390x that put a guest into a steady state at once: they load a
 * PSW that waits for I/O, of which there is none.  (A wait for nothing at all would
 * count as a crash.)  QEMU loads a raw image at address 0 and starts it by the short
 * PSW there (hw/s390x/ipl.c, s390_ipl_realize()).
 */
#include "config.h"
#include "idle-kernel.h"

#include <string.h>

#define ENTRY 0x10000u

static const guint8 initial_psw[] = { 0x00, 0x08, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00 };

static const guint8 code[] = {
  0xc0, 0x10, 0x00, 0x00, 0x00, 0x08,             /* larl %r1, ENTRY + 16 */
  0xb2, 0xb2, 0x10, 0x00,                         /* lpswe 0(%r1) */
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00,             /* a PSW lies at a multiple of 8 */
  0x02, 0x02, 0x00, 0x01, 0x80, 0x00, 0x00, 0x00, /* I/O on, wait, 64-bit addresses */
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

gboolean
lab_idle_kernel_write (GError **error)
{
  gsize length = ENTRY + sizeof code;
  g_autofree guint8 *image = g_malloc0 (length);

  memcpy (image, initial_psw, sizeof initial_psw);
  memcpy (image + ENTRY, code, sizeof code);
  return g_file_set_contents (LAB_IDLE_KERNEL, (const char *) image, (gssize) length,
                              error);
}
