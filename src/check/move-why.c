/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why nothing on another host can stand for a guest's matrix: of each adapter for which
 * there is none the reason that says most, else that they do not fit together.
 */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "check/move-private.h"

/* Why an adapter of the target is of the wrong kind: a sentence to free, NULL when it is
 * not. */
static char *
wrong_kind (const VapMove *move, guint ours, guint theirs)
{
  const VapCard *own = move->own_cards[ours];
  const VapCard *card = move->cards[theirs];

  if (card == NULL)
    return g_strdup_printf (_ ("the target has no adapter %02x"), theirs);
  if (!card->config || card->checkstop)
    return g_strdup_printf (_ ("adapter %02x of the target does not work"), theirs);
  if (own != NULL && (card->mode != own->mode || card->hwtype < own->hwtype))
    return g_strdup_printf (_ ("adapter %02x of the target is a %s, not a %s or newer"),
                            theirs, card->type, own->type);
  return NULL;
}

static gboolean
fits_alone (VapMove *move, guint ours, guint theirs, VapMoveKeys keys)
{
  VapMatrix one = { .domains = move->plan->before.domains };
  VapMask other = { { 0 } };
  VapMoveMatch match;

  vap_mask_set (&one.adapters, ours);
  vap_mask_set (&other, theirs);
  move->keys = keys;
  return vap_move_match (&one, &other, vap_move_fits, move, &match);
}

/* (nullable): a device of the target that holds a queue of the adapter's in @domains */
static const VapHostDevice *
holder_of (const VapMove *move, guint adapter, const VapMask *domains)
{
  const VapHost *host = move->to->host;

  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];

    if (device->active && vap_mask_test (&device->matrix.adapters, adapter) &&
        vap_mask_intersects (&device->matrix.domains, domains))
      return device;
  }
  return NULL;
}

/* Whatever else is missing, it is told of the domains of the same numbers: these are
 * what an administrator would have expected. */
static char *
why_no_queues (const VapMove *move, guint theirs)
{
  const VapMask *domains = &move->plan->before.domains;
  const VapHostDevice *holder;

  VAP_MASK_FOREACH (domains, domain)
    if (!vap_mask_test (&move->to->host->vfio_bound.domains[theirs], (guint) domain))
      return g_strdup_printf (_ ("queue %02x.%04x of the target is not given to guests"),
                              theirs, (guint) domain);
  holder = holder_of (move, theirs, domains);
  if (holder != NULL)
    return g_strdup_printf (_ ("device %s of the target holds queues of adapter %02x"),
                            holder->uuid, theirs);
  return NULL;
}

static char *
why_no_keys (const VapMove *move, guint ours, guint theirs)
{
  VAP_MASK_FOREACH (&move->plan->before.domains, domain) {
    g_autofree char *key = NULL;

    if (vap_keys_compare (vap_move_pattern (move->from, ours, (guint) domain),
                          vap_move_pattern (move->to, theirs, (guint) domain),
                          &key) == VAP_KEYS_DIFFER)
      return g_strdup_printf (
          _ ("queue %02x.%04x of the target has another master key than %02x.%04x here: "
             "%s"),
          theirs, (guint) domain, ours, (guint) domain, key);
  }
  return NULL;
}

/* Why an adapter of the target cannot stand for one of ours: a sentence to free, NULL
 * when it can.  VapMoveKeys are looked at last, so that they are the reason only when all
 * else fits. */
static char *
why_not (VapMove *move, guint ours, guint theirs, gboolean *by_keys)
{
  char *reason = wrong_kind (move, ours, theirs);

  *by_keys = FALSE;
  if (reason != NULL || fits_alone (move, ours, theirs, VAP_MOVE_KEYS_ASSUMED))
    return reason;
  if (!fits_alone (move, ours, theirs, VAP_MOVE_KEYS_IGNORED))
    return why_no_queues (move, theirs);
  reason = why_no_keys (move, ours, theirs);
  *by_keys = reason != NULL;
  return reason != NULL ? reason : why_no_queues (move, theirs);
}

static void
report_keys (const VapMove *move, guint ours, const char *reason)
{
  g_autofree char *subject = g_strdup_printf ("%02x", ours);

  vap_findings_take (
      move->findings, "move-key-differs", VAP_SEVERITY_ERROR, subject,
      g_strdup_printf (_ ("adapter %02x of guest '%s' has nowhere to go with its keys: "
                          "%s"),
                       ours, move->name, reason),
      g_strdup (_ ("load the same master keys on both sides, or move to a host that has "
                   "them; else the guest's secure keys are of no use there")));
}

/* The reason that says most: that of the adapter of the same number, but keys before all,
 * for there all else would fit.  FALSE when one of the target's fits by itself. */
static gboolean
report_adapter (VapMove *move, guint ours)
{
  const VapCard *own = move->own_cards[ours];
  g_autofree char *subject = g_strdup_printf ("%02x", ours);
  gboolean by_keys;
  g_autofree char *reason = why_not (move, ours, ours, &by_keys);

  if (reason == NULL)
    return FALSE;
  VAP_MASK_FOREACH (&move->others, theirs) {
    gboolean also_by_keys;
    g_autofree char *other = why_not (move, ours, (guint) theirs, &also_by_keys);

    if (other == NULL)
      return FALSE;
    if (also_by_keys && !by_keys) {
      g_free (reason);
      reason = g_steal_pointer (&other);
      by_keys = TRUE;
    }
  }
  if (by_keys) {
    report_keys (move, ours, reason);
    return TRUE;
  }
  vap_findings_take (
      move->findings, "move-no-matrix", VAP_SEVERITY_ERROR, subject,
      g_strdup_printf (
          _ ("nothing on the target can stand for adapter %02x (%s) of guest "
             "'%s': %s"),
          ours, own != NULL ? own->type : "?", move->name, reason),
      g_strdup (_ ("give queues of such an adapter to guests there with: virt-ap reserve "
                   "QUEUES --for guests")));
  return TRUE;
}

/* Each of its adapters has a place, but not all of them at the same time. */
static void
report_together (VapMove *move, gboolean complete)
{
  VapMoveMatch match;

  move->keys = VAP_MOVE_KEYS_IGNORED;
  if (complete &&
      vap_move_match (&move->plan->before, &move->others, vap_move_fits, move, &match))
    vap_findings_take (
        move->findings, "move-key-differs", VAP_SEVERITY_ERROR, move->name,
        g_strdup_printf (_ ("no adapters and domains of the target have all the master "
                            "keys of those of guest '%s' together"),
                         move->name),
        g_strdup (_ ("load the same master keys on both sides, or move to a host that "
                     "has them; else the guest's secure keys are of no use there")));
  else
    vap_findings_take (
        move->findings, "move-no-matrix", VAP_SEVERITY_ERROR, move->name,
        complete ? g_strdup_printf (_ ("nothing on the target can stand for all adapters "
                                       "and domains of guest '%s' together"),
                                    move->name)
                 : g_strdup_printf (_ ("nothing on the target was found to stand for all "
                                       "adapters and domains of guest '%s' together, but "
                                       "not all choices could be tried"),
                                    move->name),
        g_strdup (_ ("give queues of such an adapter to guests there with: virt-ap "
                     "reserve QUEUES --for guests")));
}

void
vap_move_report_no_matrix (VapMove *move, gboolean complete)
{
  gboolean any = FALSE;

  move->ready = NULL;
  VAP_MASK_FOREACH (&move->plan->before.adapters, ours)
    any |= report_adapter (move, (guint) ours);
  if (!any)
    report_together (move, complete);
}
