/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a reading stood on; see evidence.h. */
#include "config.h"

#include "keep/evidence.h"

#include "keep/priv.h"

#include <string.h>

/* @length: of an attribute that says @bytes
 * @status: of a file or a directory: how it was found */
typedef struct {
  char *path;
  guint8 *bytes;
  gsize length;
  VapKeepMark status;
} Fact;

struct VapEvidence {
  GArray *facts;
};

/* NULL when nothing is noted, or there is a doubt */
static VapEvidence *noted;

static void
fact_clear (gpointer data)
{
  Fact *fact = data;

  g_free (fact->path);
  g_free (fact->bytes);
}

void
vap_evidence_begin (void)
{
  vap_evidence_doubt ();
  if (!vap_keep_is_on ())
    return;
  noted = g_new (VapEvidence, 1);
  noted->facts = g_array_new (FALSE, FALSE, sizeof (Fact));
  g_array_set_clear_func (noted->facts, fact_clear);
}

void
vap_evidence_doubt (void)
{
  g_clear_pointer (&noted, vap_evidence_free);
}

VapEvidence *
vap_evidence_end (void)
{
  return g_steal_pointer (&noted);
}

static void
note (const Fact *fact)
{
  g_array_append_vals (noted->facts, fact, 1);
}

void
vap_evidence_note_status (const char *path, const VapKeepMark *status)
{
  if (noted != NULL)
    note (&(const Fact){ .path = g_strdup (path), .status = *status });
}

void
vap_evidence_note_bytes (const char *path, const char *bytes, gsize length)
{
  if (noted == NULL)
    return;
  /* also what is empty has an address */
  note (&(const Fact){ .path = g_strdup (path),
                       .bytes = memcpy (g_malloc (length + 1), bytes, length),
                       .length = length });
}

static gboolean
is_same_status (const Fact *fact)
{
  VapKeepMark now;

  vap_keep_look (fact->path, &now);
  if (fact->status.absent)
    return now.absent;
  return now.known && vap_identity_equal (&fact->status.identity, &now.identity);
}

static gboolean
says_the_same (const Fact *fact)
{
  char bytes[VAP_ATTRIBUTE_ROOM];
  gssize got = vap_kept_read (fact->path, bytes, sizeof bytes);

  return got == (gssize) fact->length && memcmp (bytes, fact->bytes, fact->length) == 0;
}

gboolean
vap_evidence_holds (const VapEvidence *evidence)
{
  for (guint i = 0; i < evidence->facts->len; i++) {
    const Fact *fact = &g_array_index (evidence->facts, Fact, i);

    if (!(fact->bytes != NULL ? says_the_same (fact) : is_same_status (fact)))
      return FALSE;
  }
  return TRUE;
}

void
vap_evidence_free (VapEvidence *evidence)
{
  if (evidence == NULL)
    return;
  g_array_unref (evidence->facts);
  g_free (evidence);
}
