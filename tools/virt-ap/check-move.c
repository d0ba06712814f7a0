/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap check-move`: whether a guest can go to another host with its crypto.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "check/move.h"
#include "command.h"
#include "findings.h"
#include "json.h"
#include "move-side.h"
#include "operand.h"
#include "options.h"
#include "text.h"

static void
add_text (Output *output, const char *guest, const VapMovePlan *plan,
          const VapFindings *findings)
{
  g_autofree char *name = text_escape (guest);

  findings_add_text (output, "", findings);
  if (vap_findings_refuse (findings)) {
    output_add (output, _ ("Guest '%s' cannot go there.\n"), name);
  } else if (!plan->wanted) {
    output_add (output, _ ("Guest '%s' has no crypto device, and can go there.\n"), name);
  } else {
    g_autofree char *adapters = text_ranges (&plan->matrix.adapters, 2);
    g_autofree char *domains = text_ranges (&plan->matrix.domains, 4);

    output_add (output,
                _ ("Guest '%s' can go there, and gets adapters %s, domains %s.\n"), name,
                adapters, domains);
    if (plan->device != NULL)
      output_add (output, _ ("Device %s there has them and is free.\n"), plan->device);
  }
}

static void
add_json (Output *output, const char *guest, const char *target, const VapMovePlan *plan,
          const VapFindings *findings)
{
  g_autoptr (VapJson) json = vap_json_new ();

  vap_json_begin_object (json);
  json_add_string (json, "guest", guest);
  json_add_string (json, "target", target);
  json_add_bool (json, "possible", !vap_findings_refuse (findings));
  json_add_matrix (json, "before", plan->wanted ? &plan->before : NULL);
  json_add_matrix (json, "matrix", plan->wanted ? &plan->matrix : NULL);
  json_add_string (json, "device", plan->device);
  vap_json_name (json, "findings");
  vap_json_begin_array (json);
  findings_add_json (json, NULL, findings);
  vap_json_end_array (json);
  vap_json_end_object (json);
  output_json (output, json);
}

static gboolean
read_sides (const Options *options, const char *target, const MoveWishes *wishes,
            MoveSide *from, MoveSide *to, GError **error)
{
  from->host = vap_host_read (options->root, error);
  if (from->host == NULL || !move_side_read_keys (from, wishes->keys, error))
    return FALSE;
  to->host = move_target_read (target, error);
  return to->host != NULL && move_side_read_keys (to, wishes->target_keys, error);
}

static int
show (const Options *options, const char *there, const MoveWishes *wishes)
{
  g_auto (MoveSide) from = { NULL, NULL, NULL };
  g_auto (MoveSide) to = { NULL, NULL, NULL };
  g_auto (GuestOperand) operand = { 0 };
  g_auto (Output) output = { 0 };
  g_autoptr (VapFindings) findings = NULL;
  g_autoptr (GError) error = NULL;
  VapMovePlan plan;

  if (!read_sides (options, there, wishes, &from, &to, &error) ||
      !guest_operand_read (&operand, from.host, options->operands[0], &error)) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  const VapMoveSide source = move_side_facts (&from);
  const VapMoveSide target = move_side_facts (&to);

  findings =
      vap_check_move (&source, &target, operand.guest, move_wishes_flags (wishes), &plan);
  output_init (&output, options->color);
  if (options->json)
    add_json (&output, operand.name, there, &plan, findings);
  else
    add_text (&output, operand.name, &plan, findings);
  return output_flush (&output,
                       vap_findings_refuse (findings) ? STATUS_REFUSED : STATUS_GOOD);
}

int
command_check_move (const char *root, char **argv)
{
  g_auto (MoveWishes) wishes = { 0 };
  g_autofree char *to = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_STRING, &to,
      N_ ("Where it is to go: a document of virt-ap export, or a URI"), N_ ("TARGET") },
    MOVE_ENTRIES (&wishes),
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "check-move",
    .arguments = _ ("GUEST"),
    .description = _ (
        "Judges whether a guest can go to another host with its crypto: CPU features,\n"
        "a matrix that can stand for its own, master keys, control domains."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (options.operands[0] == NULL || options.operands[1] != NULL)
    return options_usage_error ("check-move", _ ("it takes one GUEST"));
  if (to == NULL)
    return options_usage_error ("check-move", _ ("it takes --to TARGET"));
  return show (&options, to, &wishes);
}
