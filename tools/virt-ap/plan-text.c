/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan for people: the picture of the host as it will be, who gets what, the steps,
 * and why not the rest.
 */
#include "config.h"

#include "plan.h"

#include <glib/gi18n.h>

#include "picture.h"
#include "text.h"

static void
add_title (Output *output, const char *title)
{
  output_add (output, "\n");
  output_styled (output, STYLE_TITLE, title);
  output_add (output, "\n");
}

static void
add_summary (Output *output, const VapPlan *plan)
{
  const VapPlanScore *score = &plan->score;
  const VapPlanScore *bound = &plan->bound;
  gboolean all = score->met == plan->guests->len;
  g_autofree char *met =
      g_strdup_printf (_ ("needs met: %u of %u"), score->met, plan->guests->len);

  output_styled (output, all ? STYLE_GOOD : STYLE_BAD, met);
  output_add (output,
              _ (", adapters: %u, devices changed: %u, queues taken from the host: %u\n"),
              score->adapters, score->changed, score->taken);
  if (plan->is_optimal)
    output_wrapped (output, 0, _ ("No plan is better: that is proven."));
  else if (score->met < bound->met)
    output_add (output,
                _ ("More than %u needs cannot be met; that fewer must be left "
                   "unmet is not proven.\n"),
                bound->met);
  else if (score->adapters < bound->adapters)
    output_add (output,
                _ ("More than %u adapters are not possible; that fewer must do "
                   "is not proven.\n"),
                bound->adapters);
  else
    output_add (output,
                _ ("With fewer than %u devices changed and %u queues taken it is not "
                   "possible; that it takes more is not proven.\n"),
                bound->changed, bound->taken);
  if (plan->is_by_clock)
    output_wrapped (output, 0,
                    _ ("The clock ended it before all was tried, since this machine is "
                       "slow or busy: the next time it may come out differently."));
  else if (plan->is_stopped)
    output_wrapped (output, 0, _ ("To try all would have been too much work."));
}

static void
add_picture (Output *output, const VapHost *host, const VapPlan *plan)
{
  g_autoptr (VapHost) expected = vap_plan_expected (host, plan);
  g_autoptr (QueueMap) map = queue_map_new (expected);

  add_title (output, _ ("Queues, as they will be"));
  picture_draw (output, map);
}

static const char *
action_text (VapPlanAction action)
{
  static const char *const texts[] = {
    [VAP_PLAN_KEEP] = N_ ("stays as it is"),
    [VAP_PLAN_CREATE] = N_ ("new"),
    [VAP_PLAN_CHANGE] = N_ ("changes"),
    [VAP_PLAN_UNMET] = N_ ("not met"),
  };

  return _ (texts[action]);
}

static void
add_matrix (Output *output, const char *what, const VapMatrix *matrix)
{
  g_autofree char *adapters = text_ranges (&matrix->adapters, 2);
  g_autofree char *domains = text_ranges (&matrix->domains, 4);
  g_autofree char *line = NULL;

  /* Translators: %s is "has" or "gets" */
  line = g_strdup_printf (_ ("%s adapters %s, domains %s"), what, adapters, domains);
  output_add (output, "      ");
  output_wrapped (output, 6, line);
}

/* the mark in the picture is that of the guest's device */
static void
add_guest (Output *output, const QueueMap *map, const VapPlanGuest *guest)
{
  g_autofree char *name = text_escape (guest->guest);
  g_autofree char *mark = g_strdup ("-");
  Style style = STYLE_DIM;

  for (guint i = 0; i < map->host->devices->len && guest->uuid != NULL; i++) {
    const VapHostDevice *device = g_ptr_array_index (map->host->devices, i);

    if (!g_str_equal (device->uuid, guest->uuid))
      continue;
    g_free (mark);
    mark = picture_device_mark (output, map, i);
    style = picture_device_style (map, i);
  }
  output_add (output, "  ");
  output_styled (output, style, mark);
  output_add (output, "   %s: ", name);
  output_styled (output,
                 guest->action == VAP_PLAN_UNMET    ? STYLE_BAD
                 : guest->action == VAP_PLAN_CHANGE ? STYLE_CAUTION
                                                    : STYLE_GOOD,
                 action_text (guest->action));
  output_add (output, "\n");
  if (guest->action == VAP_PLAN_CHANGE)
    add_matrix (output, _ ("has"), &guest->before);
  if (guest->action == VAP_PLAN_UNMET && guest->has_before)
    add_matrix (output, _ ("keeps"), &guest->before);
  if (guest->action != VAP_PLAN_UNMET)
    add_matrix (output, guest->action == VAP_PLAN_KEEP ? _ ("has") : _ ("gets"),
                &guest->matrix);
  output_add (output, "      ");
  output_wrapped (output, 6, guest->reason);
}

static void
add_guests (Output *output, const VapHost *host, const VapPlan *plan)
{
  g_autoptr (VapHost) expected = vap_plan_expected (host, plan);
  g_autoptr (QueueMap) map = queue_map_new (expected);

  add_title (output, _ ("Guests"));
  for (guint i = 0; i < plan->guests->len; i++)
    add_guest (output, map, g_ptr_array_index (plan->guests, i));
}

static void
add_reserve (Output *output, const VapPlan *plan)
{
  const VapPlanReserve *reserve = &plan->reserve;
  VapMask adapters = vap_mask_minus (&plan->apmask, &reserve->apmask);
  VapMask domains = vap_mask_minus (&plan->aqmask, &reserve->aqmask);
  g_autofree char *adapter_list = text_ranges (&adapters, 2);
  g_autofree char *domain_list = text_ranges (&domains, 4);
  g_autofree char *line = NULL;

  if (reserve->method == VAP_RESERVE_OVERRIDE)
    line = g_strdup_printf (_ ("reserve for guests, by driver_override: %u queues"),
                            reserve->n_queues);
  else
    line = g_strdup_printf (_ ("reserve for guests, by the masks: adapters %s, domains "
                               "%s (queues that the host loses: %u)"),
                            adapter_list, domain_list, reserve->n_queues);
  output_wrapped (output, 5, line);
}

static void
add_steps (Output *output, const VapPlan *plan)
{
  static const char *const texts[] = {
    [VAP_PLAN_STEP_SHRINK] = N_ ("take from %s what others get"),
    [VAP_PLAN_STEP_RESERVE] = NULL,
    [VAP_PLAN_STEP_CHANGE] = N_ ("change the matrix of %s"),
    [VAP_PLAN_STEP_CREATE] = N_ ("create the device of %s"),
  };

  add_title (output, _ ("Steps"));
  if (plan->steps->len == 0)
    output_add (output, "  %s\n", _ ("none: nothing changes"));
  for (guint i = 0; i < plan->steps->len; i++) {
    const VapPlanStep *step = &g_array_index (plan->steps, VapPlanStep, i);
    const VapPlanGuest *guest = g_ptr_array_index (plan->guests, step->guest);
    g_autofree char *name = text_escape (guest->guest);
    g_autofree char *line = NULL;

    output_add (output, "%3u. ", i + 1);
    if (step->kind == VAP_PLAN_STEP_RESERVE) {
      add_reserve (output, plan);
      continue;
    }
    line = g_strdup_printf (_ (texts[step->kind]), name);
    output_wrapped (output, 5, line);
  }
}

static void
add_conflicts (Output *output, const VapPlan *plan)
{
  if (plan->conflicts->len == 0)
    return;
  add_title (output, _ ("What cannot be met together"));
  for (guint i = 0; i < plan->conflicts->len; i++) {
    const VapPlanConflict *conflict = g_ptr_array_index (plan->conflicts, i);
    g_autofree char *names = g_strjoinv (", ", conflict->guests);
    g_autofree char *shown = text_escape (names);

    output_add (output, "  ");
    output_wrapped (output, 2, shown);
    output_add (output, "      ");
    output_wrapped (output, 6, conflict->reason);
    if (conflict->is_smallest && g_strv_length (conflict->guests) > 1)
      output_add (output, "      %s\n",
                  _ ("Fewer of these needs are never in conflict."));
  }
}

void
plan_add_text (Output *output, const VapHost *host, const VapPlan *plan)
{
  add_summary (output, plan);
  add_picture (output, host, plan);
  add_guests (output, host, plan);
  add_steps (output, plan);
  add_conflicts (output, plan);
}
