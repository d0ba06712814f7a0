/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trying everything: see brute.h. */
#include "brute.h"

#include <string.h>

#define MOST 6u /* adapters, domains, guests */

typedef struct {
  guint a, d; /* sets of positions in the lists of adapters and domains */
} Product;

typedef struct {
  const VapHost *host;
  const VapNeeds *needs;
  guint n, n_adapters, n_domains;
  guint8 adapters[MOST], domains[MOST];
  gboolean can[MOST][MOST];   /* guests can have it, perhaps after a reservation */
  gboolean host_has[MOST][MOST];
  gboolean kept_queue[MOST][MOST];
  gboolean fixed[MOST];       /* the guest keeps what it has */
  const VapHostDevice *device[MOST];
  Product old[MOST];
  gboolean good[MOST];
  Product now[MOST];
  gboolean met[MOST];
  gboolean moved[MOST];
  gboolean used[MOST][MOST];
  VapPlanScore best;
  gboolean found;
} Brute;

static guint
bits (guint set)
{
  return (guint)__builtin_popcount (set);
}

static const VapHostDevice *
device_of (const VapHost *host, const char *guest)
{
  char uuid[37];

  vap_plan_device_uuid (guest, 0, uuid);
  return vap_host_find_device (host, uuid);
}

static gboolean
card_would_do (const Brute *brute, const VapNeed *need, guint position)
{
  for (guint i = 0; i < brute->host->cards->len; i++) {
    const VapCard *card = brute->host->cards->pdata[i];

    if (card->id != brute->adapters[position])
      continue;
    if (card->hwtype < 10 || card->hwtype < need->min_hwtype || !card->config
        || card->checkstop)
      return FALSE;
    if (need->hwtypes != 0 && !(need->hwtypes >> (card->hwtype - 10) & 1))
      return FALSE;
    return need->modes == 0
           || ((need->modes & 1) && card->mode == VAP_CARD_MODE_ACCELERATOR)
           || ((need->modes & 2) && card->mode == VAP_CARD_MODE_CCA)
           || ((need->modes & 4) && card->mode == VAP_CARD_MODE_EP11);
  }
  return FALSE;
}

static guint
named (const guint8 *list, guint n, const VapMask *mask, gboolean *all)
{
  guint set = 0;

  for (guint i = 0; i < n; i++)
    set |= (guint)vap_mask_test (mask, list[i]) << i;
  *all = bits (set) == vap_mask_count (mask);
  return set;
}

/* whether the numbers are right; @exact: nothing superfluous either */
static gboolean
numbers_good (const Brute *brute, const VapNeed *need, Product p, gboolean exact)
{
  guint a = bits (p.a), d = bits (p.d);
  gboolean says_a = (need->said & VAP_NEED_ADAPTERS) != 0;
  gboolean says_d = (need->said & VAP_NEED_DOMAINS) != 0;
  gboolean all;

  if (a == 0 || d == 0 || a < need->spread || a * d < need->queues)
    return FALSE;
  if (says_a
      && (p.a != named (brute->adapters, brute->n_adapters, &need->adapters, &all)
          || !all))
    return FALSE;
  if (says_d
      && (p.d != named (brute->domains, brute->n_domains, &need->domains, &all) || !all))
    return FALSE;
  if (!exact)
    return TRUE;
  if (!says_d && d > 1 && a * (d - 1) >= need->queues)
    return FALSE;
  if (says_a)
    return TRUE;
  if (says_d)
    return a == need->spread || (a - 1) * d < need->queues;
  return a <= MAX (need->spread, need->queues);
}

static gboolean
cards_good (const Brute *brute, const VapNeed *need, guint a)
{
  for (guint i = 0; i < brute->n_adapters; i++)
    if ((a >> i & 1) && !card_would_do (brute, need, i))
      return FALSE;
  return TRUE;
}

static gboolean
says_away (const VapNeed *need, const char *other)
{
  return need->away != NULL
         && g_strv_contains ((const char *const *)need->away, other);
}

static const VapNeed *
need_of (const Brute *brute, guint i)
{
  return brute->needs->guests->pdata[i];
}

static guint
adapters_of_device (const Brute *brute, const VapHostDevice *device)
{
  gboolean all;

  return device == NULL ? 0
                        : named (brute->adapters, brute->n_adapters,
                                 &device->matrix.adapters, &all);
}

/* no adapter in common with those who must be avoided */
static gboolean
apart (const Brute *brute, guint i, guint a, guint up_to)
{
  const VapNeed *need = need_of (brute, i);

  for (guint j = 0; j < brute->n; j++) {
    if (j == i
        || (!says_away (need, need_of (brute, j)->name)
            && !says_away (need_of (brute, j), need->name)))
      continue;
    if (brute->fixed[j] && (a & brute->old[j].a))
      return FALSE;
    if (!brute->fixed[j] && j < up_to && (a & brute->now[j].a)
        && (says_away (need, need_of (brute, j)->name) || brute->met[j]))
      return FALSE;
  }
  /* guests that are in no need */
  for (guint k = 0; need->away != NULL && need->away[k] != NULL; k++) {
    gboolean listed = FALSE;

    for (guint j = 0; j < brute->n; j++)
      listed = listed || g_str_equal (need_of (brute, j)->name, need->away[k]);
    if (!listed && (a & adapters_of_device (brute, device_of (brute->host, need->away[k]))))
      return FALSE;
  }
  return TRUE;
}

static void
find_positions (Brute *brute)
{
  for (guint i = 0; i < brute->host->cards->len; i++)
    brute->adapters[brute->n_adapters++] = ((VapCard *)brute->host->cards->pdata[i])->id;
  VAP_MASK_FOREACH (&brute->host->usage_domains, domain)
    brute->domains[brute->n_domains++] = (guint8)domain;
}

static gboolean
belongs_to_moving (const Brute *brute, const VapHostDevice *device)
{
  for (guint i = 0; i < brute->n; i++)
    if (brute->device[i] == device && !brute->fixed[i])
      return TRUE;
  return FALSE;
}

static void
find_queues (Brute *brute)
{
  const VapHost *host = brute->host;

  for (guint i = 0; i < brute->n_adapters; i++)
    for (guint j = 0; j < brute->n_domains; j++) {
      VapQueue queue = { brute->adapters[i], brute->domains[j] };
      gboolean taken = FALSE;

      if (!vap_queue_set_test (&host->queues, queue))
        continue;
      for (guint k = 0; k < host->devices->len; k++) {
        const VapHostDevice *device = host->devices->pdata[k];

        taken = taken
                || (vap_matrix_has_queue (&device->matrix, queue)
                    && !belongs_to_moving (brute, device));
      }
      brute->kept_queue[i][j] = vap_queue_set_test (&brute->needs->keep, queue);
      if (host->override_in_use)
        brute->host_has[i][j] = !vap_queue_set_test (&host->vfio_bound, queue);
      else
        brute->host_has[i][j] = vap_mask_test (&host->apmask, queue.adapter)
                                && vap_mask_test (&host->aqmask, queue.domain);
      brute->can[i][j] = !taken
                         && (brute->host_has[i][j]
                                 ? !brute->kept_queue[i][j]
                                 : vap_queue_set_test (&host->vfio_bound, queue));
    }
}

static void
find_old (Brute *brute, gboolean rearrange)
{
  for (guint i = 0; i < brute->n; i++) {
    const VapNeed *need = need_of (brute, i);
    gboolean all;
    Product p;

    brute->device[i] = device_of (brute->host, need->name);
    if (brute->device[i] == NULL)
      continue;
    p.a = named (brute->adapters, brute->n_adapters, &brute->device[i]->matrix.adapters,
                 &all);
    p.d = named (brute->domains, brute->n_domains, &brute->device[i]->matrix.domains,
                 &all);
    brute->old[i] = p;
    brute->good[i] = numbers_good (brute, need, p, FALSE) && cards_good (brute, need, p.a);
    brute->fixed[i] = !rearrange && brute->good[i];
    for (guint k = 0; need->away != NULL && need->away[k] != NULL; k++)
      if (p.a & adapters_of_device (brute, device_of (brute->host, need->away[k])))
        brute->fixed[i] = FALSE;
    if (!rearrange)
      brute->good[i] = brute->fixed[i];
  }
}

/* the fewest queues that the host loses: each set of adapters and domains by masks */
static guint
fewest_taken (const Brute *brute)
{
  guint fewest = G_MAXUINT;

  for (guint r = 0; r < 1u << brute->n_adapters; r++)
    for (guint c = 0; c < 1u << brute->n_domains; c++) {
      gboolean good = TRUE;
      guint taken = 0;

      for (guint i = 0; i < brute->n_adapters; i++)
        for (guint j = 0; j < brute->n_domains; j++) {
          gboolean goes = (r >> i & 1) || (c >> j & 1);

          if (!brute->host_has[i][j])
            continue;
          taken += goes;
          good = good && !(goes && brute->kept_queue[i][j])
                 && (goes || !brute->used[i][j]);
        }
      if (good)
        fewest = MIN (fewest, taken);
    }
  return fewest;
}

static guint
count_taken (const Brute *brute)
{
  guint taken = 0;

  if (!brute->host->override_in_use)
    return fewest_taken (brute);
  for (guint i = 0; i < brute->n_adapters; i++)
    for (guint j = 0; j < brute->n_domains; j++)
      taken += brute->host_has[i][j] && brute->used[i][j];
  return taken;
}

static gboolean
better (const VapPlanScore *a, const VapPlanScore *b)
{
  if (a->met != b->met)
    return a->met > b->met;
  if (a->adapters != b->adapters)
    return a->adapters > b->adapters;
  if (a->changed != b->changed)
    return a->changed < b->changed;
  return a->taken < b->taken;
}

static void
weigh (Brute *brute)
{
  VapPlanScore score = { 0 };

  for (guint i = 0; i < brute->n; i++) {
    const VapNeed *need = need_of (brute, i);
    guint a = brute->fixed[i] ? brute->old[i].a : brute->now[i].a;
    guint most = MAX (need->spread, need->queues);

    if (!brute->fixed[i] && !brute->met[i])
      continue;
    if (need->said & VAP_NEED_ADAPTERS)
      most = vap_mask_count (&need->adapters);
    else if (need->said & VAP_NEED_DOMAINS)
      most = MAX (need->spread, (need->queues + vap_mask_count (&need->domains) - 1)
                                    / vap_mask_count (&need->domains));
    score.met++;
    score.adapters += MIN (bits (a), most);
    score.changed += brute->device[i] != NULL && brute->moved[i]
                     && (brute->old[i].a != brute->now[i].a
                         || brute->old[i].d != brute->now[i].d);
  }
  if (brute->found && score.met < brute->best.met)
    return;
  score.taken = 0;
  if (brute->found && !better (&score, &brute->best))
    return;
  score.taken = count_taken (brute);
  if (score.taken != G_MAXUINT && (!brute->found || better (&score, &brute->best))) {
    brute->best = score;
    brute->found = TRUE;
  }
}

static gboolean
use (Brute *brute, Product p, gboolean only_there)
{
  for (guint i = 0; i < brute->n_adapters; i++)
    for (guint j = 0; j < brute->n_domains; j++) {
      if (!(p.a >> i & 1) || !(p.d >> j & 1) || (only_there && !brute->can[i][j]))
        continue;
      if (!brute->can[i][j] || brute->used[i][j])
        return FALSE;
    }
  for (guint i = 0; i < brute->n_adapters; i++)
    for (guint j = 0; j < brute->n_domains; j++)
      if ((p.a >> i & 1) && (p.d >> j & 1) && brute->can[i][j])
        brute->used[i][j] = TRUE;
  return TRUE;
}

static void
unuse (Brute *brute, Product p)
{
  for (guint i = 0; i < brute->n_adapters; i++)
    for (guint j = 0; j < brute->n_domains; j++)
      if ((p.a >> i & 1) && (p.d >> j & 1))
        brute->used[i][j] = FALSE;
}

static void try_guest (Brute *brute, guint i);

/* a demand counts when the need that has it is met */
static gboolean
apart_as (const Brute *brute, guint i, guint a, gboolean met)
{
  if (met)
    return apart (brute, i, a, i);
  for (guint j = 0; j < i; j++)
    if (brute->met[j] && !brute->fixed[j] && (a & brute->now[j].a)
        && says_away (need_of (brute, j), need_of (brute, i)->name))
      return FALSE;
  return TRUE;
}

static void
try_with (Brute *brute, guint i, Product p, gboolean met, gboolean moved)
{
  if (!apart_as (brute, i, p.a, met) || !use (brute, p, !moved))
    return;
  brute->now[i] = p;
  brute->met[i] = met;
  brute->moved[i] = moved;
  try_guest (brute, i + 1);
  unuse (brute, p);
  brute->now[i] = (Product){ 0, 0 };
  brute->met[i] = brute->moved[i] = FALSE;
}

static void
try_guest (Brute *brute, guint i)
{
  if (i == brute->n) {
    weigh (brute);
    return;
  }
  if (brute->fixed[i]) {
    try_guest (brute, i + 1);
    return;
  }
  for (guint a = 1; a < 1u << brute->n_adapters; a++)
    for (guint d = 1; d < 1u << brute->n_domains; d++) {
      Product p = { a, d };

      if (numbers_good (brute, need_of (brute, i), p, TRUE)
          && cards_good (brute, need_of (brute, i), a))
        try_with (brute, i, p, TRUE, TRUE);
    }
  if (brute->device[i] != NULL && brute->good[i])
    try_with (brute, i, brute->old[i], TRUE, FALSE);
  if (brute->device[i] != NULL)
    try_with (brute, i, brute->old[i], FALSE, FALSE);
  else
    try_with (brute, i, (Product){ 0, 0 }, FALSE, FALSE);
}

VapPlanScore
brute_force (const VapHost *host, const VapNeeds *needs, gboolean rearrange)
{
  Brute *brute = g_new0 (Brute, 1);
  VapPlanScore best;

  brute->host = host;
  brute->needs = needs;
  brute->n = needs->guests->len;
  g_assert_cmpuint (brute->n, <=, MOST);
  find_positions (brute);
  find_old (brute, rearrange);
  find_queues (brute);
  try_guest (brute, 0);
  g_assert_true (brute->found);
  best = brute->best;
  g_free (brute);
  return best;
}

/* the host's by the masks, or by what is bound, after the plan */
static gboolean
is_hosts_after (const VapHost *host, const VapPlan *plan, VapQueue queue)
{
  if (host->override_in_use)
    return !vap_queue_set_test (&host->vfio_bound, queue)
           && !vap_queue_set_test (&plan->reserve.queues, queue);
  return vap_mask_test (&plan->reserve.apmask, queue.adapter)
         && vap_mask_test (&plan->reserve.aqmask, queue.domain);
}

static void
check_reserve (const VapHost *host, const VapNeeds *needs, const VapPlan *plan)
{
  guint taken = 0;

  for (guint a = 0; a < VAP_MASK_BITS; a++)
    VAP_MASK_FOREACH (&host->queues.domains[a], d) {
      VapQueue queue = { (guint8)a, (guint8)d };
      gboolean before = vap_host_queue_owner (host, queue) == VAP_OWNER_HOST;
      gboolean after = is_hosts_after (host, plan, queue);

      g_assert_false (after && !before);
      g_assert_false (before && !after && vap_queue_set_test (&needs->keep, queue));
      g_assert_true ((before && !after)
                     == vap_queue_set_test (&plan->reserve.queues, queue));
      taken += before && !after;
    }
  g_assert_cmpuint (taken, ==, plan->reserve.n_queues);
  g_assert_cmpuint (taken, ==, plan->score.taken);
}

static void
check_guest (const Brute *brute, const VapPlan *plan, guint i)
{
  const VapPlanGuest *guest = plan->guests->pdata[i];
  const VapNeed *need = need_of (brute, i);
  gboolean all_a, all_d;
  Product p = { named (brute->adapters, brute->n_adapters, &guest->matrix.adapters, &all_a),
                named (brute->domains, brute->n_domains, &guest->matrix.domains, &all_d) };

  g_assert_cmpstr (guest->guest, ==, need->name);
  g_assert_nonnull (guest->reason);
  if (guest->action == VAP_PLAN_UNMET) {
    g_assert_true (guest->has_before == (brute->device[i] != NULL));
    g_assert_true (vap_matrix_equal (&guest->matrix, &guest->before));
    return;
  }
  g_assert_true (all_a && all_d);
  g_assert_true (numbers_good (brute, need, p, guest->action == VAP_PLAN_CREATE));
  g_assert_true (cards_good (brute, need, p.a));
  for (guint a = 0; a < brute->n_adapters; a++)
    for (guint d = 0; d < brute->n_domains; d++)
      if ((p.a >> a & 1) && (p.d >> d & 1)) {
        VapQueue queue = { brute->adapters[a], brute->domains[d] };

        g_assert_true (vap_queue_set_test (&brute->host->queues, queue));
        g_assert_false (is_hosts_after (brute->host, plan, queue));
      }
  for (guint j = 0; j < plan->guests->len; j++) {
    const VapPlanGuest *other = plan->guests->pdata[j];

    if (j == i)
      continue;
    g_assert_false (vap_matrix_overlap (&guest->matrix, &other->matrix, NULL));
    if (says_away (need, other->guest))
      g_assert_false (
          vap_mask_intersects (&guest->matrix.adapters, &other->matrix.adapters));
  }
  for (guint k = 0; k < brute->host->devices->len; k++) {
    const VapHostDevice *device = brute->host->devices->pdata[k];

    if (!belongs_to_moving (brute, device) && device != brute->device[i])
      g_assert_false (vap_matrix_overlap (&guest->matrix, &device->matrix, NULL));
  }
}

void
check_plan (const VapHost *host, const VapNeeds *needs, const VapPlan *plan,
            gboolean rearrange)
{
  Brute *brute = g_new0 (Brute, 1);
  guint met = 0;

  brute->host = host;
  brute->needs = needs;
  brute->n = needs->guests->len;
  find_positions (brute);
  find_old (brute, rearrange);
  g_assert_cmpuint (plan->guests->len, ==, brute->n);
  for (guint i = 0; i < brute->n; i++) {
    const VapPlanGuest *guest = plan->guests->pdata[i];

    check_guest (brute, plan, i);
    met += guest->action != VAP_PLAN_UNMET;
    if (brute->fixed[i])
      g_assert_cmpint (guest->action, ==, VAP_PLAN_KEEP);
  }
  g_assert_cmpuint (met, ==, plan->score.met);
  check_reserve (host, needs, plan);
  g_free (brute);
}
