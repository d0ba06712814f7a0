/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap guest-view`: what a Linux guest will see of AP, and why not the rest.
 */
#include "config.h"

#include "guest-view.h"

#include <glib/gi18n.h>

#include "ap/pqap.h"
#include "command.h"
#include "options.h"
#include "text.h"

#define COLUMN 22

/* the function that names no queue */
#define FC_QCI 4u

/* the untranslated words are operand->state */
static const char *
state_text (const char *state)
{
  if (g_str_equal (state, "running"))
    return _ ("running");
  return g_str_equal (state, "defined") ? _ ("defined") : _ ("from a file");
}

/* "adapters 05, 06, domains 0047" */
static char *
matrix_text (const VapMatrix *matrix)
{
  g_autofree char *adapters = text_ranges (&matrix->adapters, 2);
  g_autofree char *domains = text_ranges (&matrix->domains, 4);

  return g_strdup_printf (_ ("adapters %s, domains %s"), adapters, domains);
}

static void
add_line (Output *output, const char *title, Style style, const char *text)
{
  g_autofree char *escaped = text_escape (text);
  guint length = (guint) g_utf8_strlen (title, -1);

  output_styled (output, STYLE_TITLE, title);
  output_add (output, "%*s", (int) MAX (COLUMN - (int) length, 1), "");
  if (style == STYLE_PLAIN)
    output_wrapped (output, COLUMN, escaped);
  else {
    output_styled (output, style, escaped);
    output_add (output, "\n");
  }
}

static void
add_device (Output *output, const VapGuestView *view)
{
  g_autofree char *text = NULL;

  if (view->device_uuid == NULL) {
    add_line (output, _ ("device"), STYLE_CAUTION,
              _ ("none: the guest has no AP matrix"));
    return;
  }
  if (view->device == NULL)
    text = g_strdup_printf (_ ("%s, which this host does not have"), view->device_uuid);
  else if (view->device->active)
    text = g_strdup_printf (_ ("%s, active"), view->device_uuid);
  else
    text = g_strdup_printf (_ ("%s, not active: as it would be started now"),
                            view->device_uuid);
  add_line (output, _ ("device"), view->device != NULL ? STYLE_PLAIN : STYLE_BAD, text);
  if (view->device != NULL && view->device->problem != NULL)
    add_line (output, "", STYLE_CAUTION, view->device->problem);
}

static void
add_features (Output *output, const VapGuestView *view)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint id = 0; id < VAP_N_FEATURES; id++) {
    if (view->features[id])
      g_string_append_printf (names, "%s%s", names->len > 0 ? " " : "",
                              vap_feature_get ((VapFeatureId) id)->name);
  }
  add_line (output, _ ("CPU features"), STYLE_PLAIN, names->len > 0 ? names->str : "-");
}

static void
add_queues (Output *output, const VapGuestView *view)
{
  guint count = vap_matrix_count_queues (&view->usable);
  g_autofree char *matrix = matrix_text (&view->usable);
  g_autofree char *text =
      count > 0 ? g_strdup_printf ("%u: %s", count, matrix) : g_strdup (_ ("none"));
  g_autofree char *control = text_ranges (&view->usable.control_domains, 4);
  g_autofree char *deconfigured = text_ranges (&view->deconfigured, 2);

  add_line (output, _ ("queues"), count > 0 ? STYLE_PLAIN : STYLE_BAD, text);
  if (!vap_mask_is_empty (&view->deconfigured)) {
    g_autofree char *dead = g_strdup_printf (
        _ ("the adapters %s are deconfigured or checkstopped and do no work"),
        deconfigured);

    add_line (output, "", STYLE_CAUTION, dead);
  }
  add_line (output, _ ("control domains"), STYLE_PLAIN, control);
  if (count > 0)
    add_line (output, _ ("interrupts"), STYLE_PLAIN,
              view->interrupts ? _ ("yes") : _ ("no, the guest polls its queues"));
}

static void
add_loss (Output *output, const VapViewLoss *loss)
{
  g_autofree char *matrix = matrix_text (&loss->queues);

  output_add (output, "  %u: %s\n     ", vap_matrix_count_queues (&loss->queues), matrix);
  output_wrapped (output, 5, _ (vap_view_reason_to_string (loss->reason)));
  if (loss->reason == VAP_VIEW_ADAPTER_FILTERED) {
    g_autofree char *unbound = text_ranges (&loss->unbound, 4);
    g_autofree char *text =
        g_strdup_printf (_ ("not bound here: the queues of the domains %s"), unbound);

    output_add (output, "     ");
    output_wrapped (output, 5, text);
  }
}

/* for the driver's answer and the machine's, whose queue it is decides */
static const char *
queue_text (const GuestViewShown *shown, const VapPqapCall *call, VapPqapOutcome outcome)
{
  if (outcome != VAP_PQAP_INTERPRETED && outcome != VAP_PQAP_DRIVER)
    return NULL;
  if (call->fc == FC_QCI)
    return NULL;
  if (vap_matrix_has_queue (&shown->view->passed, call->queue))
    return _ ("the guest has this queue");
  return _ ("the guest does not have this queue: response code 01, condition code 3");
}

static void
add_call (Output *output, const GuestViewShown *shown, const VapPqapCall *call)
{
  const VapPqapDecision *decision = vap_pqap_decide (&shown->view->pqap, call);
  const char *queue = queue_text (shown, call, decision->outcome);
  const VapPqapFunction *function = vap_pqap_function_find (call->fc);
  char name[VAP_QUEUE_TEXT_SIZE];
  g_autofree char *title = NULL;

  vap_queue_format (call->queue, name);
  title = g_strdup_printf ("PQAP(%s%s) %s", function != NULL ? function->name : "?",
                           call->t_bit ? ",T" : "", call->fc == FC_QCI ? "" : name);
  add_line (output, title, STYLE_PLAIN,
            _ (vap_pqap_outcome_to_string (decision->outcome)));
  output_add (output, "%*s", COLUMN, "");
  output_wrapped (output, COLUMN, _ (decision->reason));
  if (queue != NULL) {
    output_add (output, "%*s", COLUMN, "");
    output_wrapped (output, COLUMN, queue);
  }
}

static void
add_text (Output *output, const GuestViewShown *shown)
{
  const VapGuestView *view = shown->view;
  g_autofree char *guest = g_strdup_printf ("%s, %s", shown->operand->name,
                                            state_text (shown->operand->state));

  add_line (output, _ ("guest"), STYLE_PLAIN, guest);
  add_device (output, view);
  add_features (output, view);
  add_queues (output, view);
  if (view->losses->len > 0) {
    output_add (output, "\n");
    output_styled (output, STYLE_TITLE,
                   _ ("Queues of the device that the guest does not have"));
    output_add (output, "\n");
  }
  for (guint i = 0; i < view->losses->len; i++)
    add_loss (output, &g_array_index (view->losses, VapViewLoss, i));
  if (shown->calls->len > 0)
    output_add (output, "\n");
  for (guint i = 0; i < shown->calls->len; i++)
    add_call (output, shown, &g_array_index (shown->calls, VapPqapCall, i));
}

static gboolean
parse_calls (char **texts, GArray *calls)
{
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++) {
    g_autoptr (GError) error = NULL;
    VapPqapCall call;

    if (!vap_pqap_call_parse (texts[i], &call, &error)) {
      options_usage_error ("guest-view", "--pqap: %s", error->message);
      return FALSE;
    }
    g_array_append_val (calls, call);
  }
  return TRUE;
}

static int
show (const Options *options, GArray *calls)
{
  g_auto (Output) output = { 0 };
  g_auto (GuestOperand) operand = { 0 };
  g_autoptr (VapGuestView) view = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) host = vap_host_read (options->root, &error);
  GuestViewShown shown = { .operand = &operand, .calls = calls };

  if (host == NULL ||
      !guest_operand_read (&operand, host, options->operands[0], &error)) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  shown.view = view = vap_guest_view_new (host, operand.guest);
  output_init (&output, options->color);
  if (options->json)
    guest_view_add_json (&output, &shown);
  else
    add_text (&output, &shown);
  return output_flush (&output, STATUS_GOOD);
}

int
command_guest_view (const char *root, char **argv)
{
  g_auto (GStrv) pqap = NULL;
  g_autoptr (GArray) calls = g_array_new (FALSE, FALSE, sizeof (VapPqapCall));
  const GOptionEntry entries[] = {
    { "pqap", 0, 0, G_OPTION_ARG_STRING_ARRAY, &pqap,
      N_ ("Tell what becomes of this PQAP in the guest"), N_ ("CALL") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "guest-view",
    .arguments = _ ("GUEST|FILE"),
    .description = _ ("Shows what a Linux guest will see of AP, and why not the rest."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (g_strv_length (options.operands) != 1)
    return options_usage_error (spec.name, _ ("it takes one guest or file"));
  if (!parse_calls (pqap, calls))
    return STATUS_UNJUDGED;
  return show (&options, calls);
}
