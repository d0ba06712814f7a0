/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers of QEMU that are kept, in a process that asked for it: gate-judge, which lives
 * as long as one connection, and from one such process to the next (qemu-stored.c).  A
 * binary that is still the same file has the same properties; libvirt trusts the like for
 * longer than a connection (virQEMUCapsIsValid() in src/qemu/qemu_capabilities.c compares
 * the ctime of the binary with that of its cached capabilities).
 */
#include "config.h"

#include "host/priv.h"
#include "keep/keep.h"

#include <sys/stat.h>

/* A client may name any emulator; so many are remembered. */
#define KEPT_MAX 8u

typedef struct {
  VapIdentity identity;
  VapQemu *answer;
} Kept;

/* NULL as long as nothing is to be kept; the latest is the last */
static GPtrArray *all_kept;

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  vap_qemu_unref (kept->answer);
  g_free (kept);
}

void
vap_qemu_keep_answers (void)
{
  if (all_kept == NULL)
    all_kept = g_ptr_array_new_with_free_func (kept_free);
}

static gboolean
identify (const char *binary, VapIdentity *identity)
{
  struct stat status;

  if (stat (binary, &status) != 0)
    return FALSE;
  *identity = vap_identity_of (&status);
  return TRUE;
}

static VapQemu *
find_here (const char *binary, const VapIdentity *identity)
{
  for (guint i = 0; i < all_kept->len; i++) {
    const Kept *kept = all_kept->pdata[i];

    if (g_str_equal (kept->answer->binary, binary) &&
        vap_identity_equal (&kept->identity, identity))
      return vap_qemu_ref (kept->answer);
  }
  return NULL;
}

static void
keep_here (VapQemu *answer, const VapIdentity *identity)
{
  Kept *kept = g_new (Kept, 1);

  kept->identity = *identity;
  kept->answer = vap_qemu_ref (answer);
  if (all_kept->len == KEPT_MAX)
    g_ptr_array_remove_index (all_kept, 0);
  g_ptr_array_add (all_kept, kept);
}

VapQemu *
vap_qemu_find_kept (const char *binary)
{
  VapIdentity identity;
  VapQemu *answer;

  if (all_kept == NULL || !identify (binary, &identity))
    return NULL;
  answer = find_here (binary, &identity);
  if (answer != NULL)
    return answer;
  answer = vap_qemu_find_stored (binary, &identity);
  if (answer != NULL)
    keep_here (answer, &identity);
  return answer;
}

VapQemu *
vap_qemu_ask_to_keep (const char *binary, guint milliseconds, GError **error)
{
  VapIdentity before, after;
  gboolean known = all_kept != NULL && identify (binary, &before);
  VapQemu *answer = vap_qemu_ask_within (binary, milliseconds, error);

  /* one that was replaced while it was asked may be either */
  if (answer == NULL || !known || !identify (binary, &after) ||
      !vap_identity_equal (&before, &after))
    return answer;
  keep_here (answer, &before);
  vap_qemu_store (answer, &before);
  return answer;
}
