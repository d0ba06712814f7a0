/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshots that nobody has any more, for a process that keeps files (keep/keep.h): one
 * is the next answer to the same question, if all that it stood on is still so.  Without
 * its guests, of which guests-known.c has its own knowledge.
 */
#include "config.h"

#include "host/guests.h"
#include "host/priv.h"
#include "keep/evidence.h"

#include <string.h>

/* Who defines many guests on one connection asks about one device after the other; a
 * snapshot takes some 20 KiB. */
#define RESTING_MAX 8u

/* What a snapshot was asked for with, besides its facts, and what it stood on. */
struct _VapHostKnown {
  char *root;
  char **devices; /* NULL for all */
  VapEvidence *evidence;
};

static GPtrArray *resting; /* VapHost, the longest resting one first */

void
vap_host_known_free (VapHostKnown *known)
{
  if (known == NULL)
    return;
  g_free (known->root);
  g_strfreev (known->devices);
  vap_evidence_free (known->evidence);
  g_free (known);
}

/* Not one with problems: those of its guests are to be told from them. */
void
vap_host_know (VapHost *host, const char *root, const char *const *devices)
{
  g_autoptr (VapEvidence) evidence = vap_evidence_end ();

  if (evidence == NULL || host->problems->len > 0)
    return;
  host->known = g_new (VapHostKnown, 1);
  *host->known = (VapHostKnown){ g_strdup (root), g_strdupv ((char **) devices),
                                 g_steal_pointer (&evidence) };
}

static gboolean
is_for (const VapHost *host, const char *root, guint facts, const char *const *devices)
{
  const char *const *own = (const char *const *) host->known->devices;

  return host->facts == facts && strcmp (host->known->root, root) == 0 &&
         (own == NULL || devices == NULL ? own == devices : g_strv_equal (own, devices));
}

/* (transfer full) (nullable): the one for that, whether it is still so or not */
static VapHost *
wake (const char *root, guint facts, const char *const *devices)
{
  for (guint i = 0; resting != NULL && i < resting->len; i++)
    if (is_for (resting->pdata[i], root, facts, devices))
      return g_ptr_array_steal_index (resting, i);
  return NULL;
}

VapHost *
vap_host_find_known (const char *root, guint facts, const char *const *devices)
{
  VapHost *host = wake (root, facts, devices);

  if (host == NULL)
    return NULL;
  if (!vap_evidence_holds (host->known->evidence)) {
    vap_host_free (host);
    return NULL;
  }
  host->ref_count = 1;
  return host;
}

gboolean
vap_host_rest (VapHost *host)
{
  if (host->known == NULL)
    return FALSE;
  vap_host_clear_guests (host);
  host->guests = vap_host_guests_new ();
  /* what there is of problems is of guests */
  g_ptr_array_set_size (host->problems, 0);
  if (resting == NULL)
    resting = g_ptr_array_new_with_free_func ((GDestroyNotify) vap_host_free);
  if (resting->len >= RESTING_MAX)
    g_ptr_array_remove_index (resting, 0);
  g_ptr_array_add (resting, host);
  return TRUE;
}
