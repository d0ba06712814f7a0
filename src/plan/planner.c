/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vap_plan_make(): puts the problem, has it solved, and tells the answer in terms of
 * guests, devices and steps.
 */
#include "config.h"

#include "plan/plan-priv.h"
#include "plan/problem.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define SECONDS_DEFAULT 10.0

static VapMatrix
matrix_of_place (const VapNeed *need, const Place *place)
{
  VapMatrix matrix = { .adapters = bits_to_mask (&place->rows),
                       .domains = bits_to_mask (&place->columns) };

  matrix.control_domains = vap_need_control_domains (need, &matrix.domains);
  return matrix;
}

/* of the matrix's queues, those that the host has now */
static guint
count_reserved (const Problem *problem, const VapMatrix *matrix)
{
  guint count = 0;

  VAP_MASK_FOREACH (&matrix->domains, domain) {
    Bits rows = bits_of_mask (&matrix->adapters);
    Bits some = bits_and (&rows, &problem->reservable[domain]);

    count += bits_count (&some);
  }
  return count;
}

static char *
reason_met (const Problem *problem, const VapMatrix *matrix)
{
  guint reserved = count_reserved (problem, matrix);
  guint queues = vap_matrix_count_queues (matrix);
  guint adapters = vap_mask_count (&matrix->adapters);

  if (reserved == 0)
    return g_strdup_printf (_ ("queues: %u, on adapters: %u; all are free"), queues,
                            adapters);
  return g_strdup_printf (_ ("queues: %u, on adapters: %u; from the host: %u"), queues,
                          adapters, reserved);
}

static VapPlanGuest *
guest_new (const Wish *wish)
{
  VapPlanGuest *guest = g_new0 (VapPlanGuest, 1);

  guest->guest = g_strdup (wish->need->name);
  guest->has_before = wish->device != NULL;
  guest->before = wish->before;
  if (wish->device != NULL) {
    guest->is_active = wish->device->active;
    guest->is_defined = wish->device->definition != NULL;
  }
  return guest;
}

static void
add_kept (VapPlan *plan, const Wish *wish)
{
  VapPlanGuest *guest = guest_new (wish);

  guest->action = VAP_PLAN_KEEP;
  guest->uuid = g_strdup (wish->uuid);
  guest->matrix = wish->before;
  guest->reason = g_strdup (_ ("it has what it needs"));
  g_ptr_array_add (plan->guests, guest);
}

static void
add_placed (VapPlan *plan, const Problem *problem, const Wish *wish, const Place *place)
{
  VapPlanGuest *guest = guest_new (wish);

  guest->uuid = g_strdup (wish->uuid);
  guest->matrix = matrix_of_place (wish->need, place);
  guest->action = wish->device != NULL ? VAP_PLAN_CHANGE : VAP_PLAN_CREATE;
  if (wish->device != NULL && vap_matrix_equal (&guest->matrix, &guest->before))
    guest->action = VAP_PLAN_KEEP;
  guest->reason = reason_met (problem, &guest->matrix);
  g_ptr_array_add (plan->guests, guest);
}

static void
add_unmet (VapPlan *plan, const Wish *wish)
{
  VapPlanGuest *guest = guest_new (wish);

  guest->action = VAP_PLAN_UNMET;
  if (wish->device != NULL)
    guest->uuid = g_strdup (wish->uuid);
  guest->matrix = wish->before;
  guest->reason = g_strdup (wish->hopeless);
  g_ptr_array_add (plan->guests, guest);
}

static void
add_guests (VapPlan *plan, const Problem *problem, const Place *places)
{
  for (guint i = 0; i < problem->needs->guests->len; i++) {
    const Wish *wish = &problem->wishes[i];
    PlaceKind kind = wish->kept ? PLACE_STAY : places[wish->item].kind;

    if (kind == PLACE_STAY)
      add_kept (plan, wish);
    else if (kind == PLACE_NEW)
      add_placed (plan, problem, wish, &places[wish->item]);
    else
      add_unmet (plan, wish);
  }
}

static void
fill_reserve (VapPlan *plan, const Problem *problem, const Place *places,
              const Reserve *reserve)
{
  VapPlanReserve *out = &plan->reserve;

  for (guint c = 0; c < GRID; c++) {
    Bits taken = problem->hosts[c];

    if (problem->method == VAP_RESERVE_MASKS && !bits_test (&reserve->columns, c))
      taken = bits_and (&taken, &reserve->rows);
    if (problem->method == VAP_RESERVE_OVERRIDE) {
      taken = (Bits){ { 0 } };
      for (guint i = 0; i < problem->instance.n_items; i++) {
        Bits some = bits_and (&places[i].rows, &problem->reservable[c]);

        if (places[i].kind == PLACE_NEW && bits_test (&places[i].columns, c))
          taken = bits_or (&taken, &some);
      }
    }
    BITS_FOREACH (&taken, r)
    {
      vap_mask_set (&out->queues.domains[r], c);
      out->n_queues++;
    }
  }
  out->apmask = problem->host->apmask;
  out->aqmask = problem->host->aqmask;
  if (out->n_queues == 0)
    return;
  out->method = problem->method;
  if (problem->method == VAP_RESERVE_MASKS) {
    VapMask rows = bits_to_mask (&reserve->rows);
    VapMask columns = bits_to_mask (&reserve->columns);

    out->apmask = vap_mask_minus (&out->apmask, &rows);
    out->aqmask = vap_mask_minus (&out->aqmask, &columns);
  }
}

static VapMatrix
common (const VapMatrix *a, const VapMatrix *b)
{
  return (VapMatrix){
    .adapters = vap_mask_and (&a->adapters, &b->adapters),
    .domains = vap_mask_and (&a->domains, &b->domains),
    .control_domains = vap_mask_and (&a->control_domains, &b->control_domains),
  };
}

/* whether another guest gets a queue that this one has now */
static gboolean
is_wanted (const VapPlan *plan, guint index)
{
  const VapPlanGuest *guest = g_ptr_array_index (plan->guests, index);

  for (guint i = 0; i < plan->guests->len; i++) {
    const VapPlanGuest *other = g_ptr_array_index (plan->guests, i);

    if (i != index && other->action != VAP_PLAN_UNMET &&
        vap_matrix_overlap (&other->matrix, &guest->before, NULL))
      return TRUE;
  }
  return FALSE;
}

static void
add_step (VapPlan *plan, VapPlanStepKind kind, guint guest, const VapMatrix *matrix)
{
  VapPlanStep step = { .kind = kind, .guest = guest };

  if (matrix != NULL)
    step.matrix = *matrix;
  g_array_append_val (plan->steps, step);
}

/* who gives away does it first; then what is reserved can be had by everyone */
static void
add_steps (VapPlan *plan)
{
  for (guint i = 0; i < plan->guests->len; i++) {
    const VapPlanGuest *guest = g_ptr_array_index (plan->guests, i);

    if (guest->action == VAP_PLAN_CHANGE && is_wanted (plan, i)) {
      VapMatrix rest = common (&guest->before, &guest->matrix);

      add_step (plan, VAP_PLAN_STEP_SHRINK, i, &rest);
    }
  }
  if (plan->reserve.method != VAP_RESERVE_NONE)
    add_step (plan, VAP_PLAN_STEP_RESERVE, 0, NULL);
  for (guint i = 0; i < plan->guests->len; i++) {
    const VapPlanGuest *guest = g_ptr_array_index (plan->guests, i);

    if (guest->action == VAP_PLAN_CHANGE)
      add_step (plan, VAP_PLAN_STEP_CHANGE, i, &guest->matrix);
  }
  for (guint i = 0; i < plan->guests->len; i++) {
    const VapPlanGuest *guest = g_ptr_array_index (plan->guests, i);

    if (guest->action == VAP_PLAN_CREATE)
      add_step (plan, VAP_PLAN_STEP_CREATE, i, &guest->matrix);
  }
}

/* what is kept counts as met, and with its adapters */
static void
fill_scores (VapPlan *plan, const Problem *problem, const Score *score,
             const Score *bound)
{
  VapPlanScore kept = { 0 };

  for (guint i = 0; i < problem->needs->guests->len; i++) {
    const Wish *wish = &problem->wishes[i];

    if (!wish->kept)
      continue;
    kept.met++;
    kept.adapters += MIN (vap_mask_count (&wish->before.adapters),
                          vap_need_most_adapters (wish->need));
  }
  plan->score = (VapPlanScore){ kept.met + score->met, kept.adapters + score->spread,
                                score->changed, score->taken };
  plan->bound = (VapPlanScore){ kept.met + bound->met, kept.adapters + bound->spread,
                                bound->changed, bound->taken };
  plan->is_optimal = score_compare (score, bound) >= 0;
}

/* a need that is not met has its reason from the conflict it is in */
static void
fill_reasons (VapPlan *plan)
{
  for (guint i = 0; i < plan->guests->len; i++) {
    VapPlanGuest *guest = g_ptr_array_index (plan->guests, i);

    for (guint c = 0; guest->reason == NULL && c < plan->conflicts->len; c++) {
      const VapPlanConflict *conflict = g_ptr_array_index (plan->conflicts, c);

      if (g_strv_contains ((const char *const *) conflict->guests, guest->guest))
        guest->reason = g_strdup (conflict->reason);
    }
    if (guest->reason == NULL)
      guest->reason = g_strdup (_ ("no place was found for it beside the others"));
  }
}

static gboolean
check_host (const VapHost *host, GError **error)
{
  if (!host->has_ap_bus) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("this host has no AP bus"));
    return FALSE;
  }
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = g_ptr_array_index (host->devices, i);

    if (device->problem != NULL) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                   _ ("what device %s has is not known, so that no plan can keep out of "
                      "its way: %s"),
                   device->uuid, device->problem);
      return FALSE;
    }
  }
  return TRUE;
}

VapPlan *
vap_plan_make (const VapHost *host, const VapNeeds *needs, const VapPlanOptions *options,
               GError **error)
{
  static const VapPlanOptions defaults = { FALSE, 0 };
  g_autoptr (Problem) problem = NULL;
  g_autoptr (VapPlan) plan = NULL;
  g_autofree Place *places = NULL;
  Reserve reserve;
  Score score, bound;
  Work work;

  if (!check_host (host, error))
    return NULL;
  if (options == NULL)
    options = &defaults;
  work = work_for (options->seconds > 0 ? options->seconds : SECONDS_DEFAULT);
  /* some of it is for the reasons of what is not met */
  work.limit -= work.limit / 3;
  problem = problem_new (host, needs, options->rearrange);
  places = g_new0 (Place, MAX (problem->instance.n_items, 1));
  plan = vap_plan_new ();
  score = reserve_solve (problem, places, &reserve, &bound, &plan->is_stopped, &work);
  plan->apmask = host->apmask;
  plan->aqmask = host->aqmask;
  add_guests (plan, problem, places);
  fill_reserve (plan, problem, places, &reserve);
  add_steps (plan);
  fill_scores (plan, problem, &score, &bound);
  work.limit += work.limit / 2;
  if (score.met < problem->instance.n_items)
    conflicts_find (problem, places, plan, &work);
  plan->is_by_clock = work.by_clock;
  fill_reasons (plan);
  return g_steal_pointer (&plan);
}

gboolean
vap_plan_one (const VapHost *host, const VapNeed *need, VapMatrix *matrix, GError **error)
{
  g_autoptr (VapNeeds) needs = vap_needs_new ();
  g_autoptr (VapPlan) plan = NULL;
  const VapPlanGuest *guest;
  VapNeed *copy = vap_need_copy (need);

  g_ptr_array_add (needs->guests, copy);
  g_hash_table_add (needs->names, copy->name);
  /* nothing is taken from the host without being asked for */
  for (guint i = 0; i < VAP_MASK_BITS; i++)
    needs->keep.domains[i] = vap_mask_up_to (VAP_MASK_BITS - 1);
  plan = vap_plan_make (host, needs, NULL, error);
  if (plan == NULL)
    return FALSE;
  guest = g_ptr_array_index (plan->guests, 0);
  if (guest->action == VAP_PLAN_UNMET) {
    g_set_error_literal (error, VAP_ERROR, VAP_ERROR_FAILED, guest->reason);
    return FALSE;
  }
  *matrix = guest->matrix;
  return TRUE;
}
