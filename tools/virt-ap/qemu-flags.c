/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap qemu-flags`: a guest's AP arguments for those who run QEMU themselves.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "command.h"
#include "host/document.h"
#include "host/qemu-flags.h"
#include "json.h"
#include "operand.h"
#include "options.h"

/* FALSE after telling why not */
static gboolean
add_devices (GPtrArray *arguments, const VapHost *host, const GuestOperand *operand,
             VapSyntax syntax)
{
  guint index = 0;

  for (guint i = 0; i < operand->guest->devices->len; i++) {
    const VapGuestDevice *device = g_ptr_array_index (operand->guest->devices, i);
    char uuid[37];

    if (!vap_host_is_matrix (host, device))
      continue;
    if (device->uuid == NULL || !vap_uuid_canonical (device->uuid, uuid)) {
      report (_ ("an AP matrix of guest '%s' has no valid UUID"), operand->name);
      return FALSE;
    }
    g_ptr_array_add (arguments, g_strdup ("-device"));
    g_ptr_array_add (arguments, vap_qemu_device_argument (uuid, index++, syntax));
  }
  return TRUE;
}

static gboolean
report_missing (const GPtrArray *missing, const VapQemu *qemu,
                const GuestOperand *operand)
{
  for (guint i = 0; i < missing->len; i++)
    report (_ ("QEMU %s (%s) has no CPU feature '%s', which guest '%s' requires"),
            qemu->version, qemu->binary, (const char *) g_ptr_array_index (missing, i),
            operand->name);
  return missing->len > 0;
}

static gboolean
parse_syntax (const char *word, const VapQemu *qemu, VapSyntax *syntax)
{
  if (word == NULL)
    *syntax = vap_qemu_syntax (qemu);
  else if (g_str_equal (word, "json"))
    *syntax = VAP_SYNTAX_JSON;
  else if (g_str_equal (word, "old"))
    *syntax = VAP_SYNTAX_OLD;
  else
    return FALSE;
  return TRUE;
}

/* a word that no shell reads otherwise stays as it is */
static char *
quote (const char *word)
{
  if (*word != '\0' &&
      word[strspn (word, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_=,./:+@")] == '\0')
    return g_strdup (word);
  return g_shell_quote (word);
}

static void
add_text (Output *output, const GPtrArray *arguments)
{
  for (guint i = 0; i + 1 < arguments->len; i += 2) {
    g_autofree char *value = quote (g_ptr_array_index (arguments, i + 1));

    output_add (output, "%s %s\n", (const char *) g_ptr_array_index (arguments, i),
                value);
  }
}

static void
add_json (Output *output, const GPtrArray *arguments, const VapQemu *qemu)
{
  g_autoptr (VapJson) json = vap_json_new ();

  vap_json_begin_object (json);
  vap_json_name (json, "qemu");
  vap_json_begin_object (json);
  json_add_string (json, "binary", qemu->binary);
  json_add_string (json, "version", qemu->version);
  vap_json_end_object (json);
  vap_json_name (json, "arguments");
  vap_json_begin_array (json);
  for (guint i = 0; i < arguments->len; i++)
    vap_json_string (json, g_ptr_array_index (arguments, i));
  vap_json_end_array (json);
  vap_json_end_object (json);
  output_json (output, json);
}

static int
print_flags (const Options *options, const VapHost *host, const GuestOperand *operand,
             const VapQemu *qemu, VapSyntax syntax)
{
  g_auto (Output) output = { 0 };
  g_autoptr (GPtrArray) arguments = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();

  g_ptr_array_add (arguments, g_strdup ("-cpu"));
  g_ptr_array_add (arguments,
                   vap_qemu_cpu_argument (qemu, host, operand->guest, missing));
  if (report_missing (missing, qemu, operand))
    return STATUS_REFUSED;
  if (!add_devices (arguments, host, operand, syntax))
    return STATUS_UNJUDGED;
  output_init (&output, options->color);
  if (options->json)
    add_json (&output, arguments, qemu);
  else
    add_text (&output, arguments);
  return output_flush (&output, STATUS_GOOD);
}

/* a saved host's emulator is not to be asked here any more */
static VapQemu *
ask_qemu (const VapHost *host, const char *binary, const char *emulator, GError **error)
{
  if (binary == NULL && host->record != NULL && host->record->qemu != NULL)
    return vap_qemu_ref (host->record->qemu);
  return vap_qemu_ask (binary != NULL ? binary : emulator, error);
}

static int
answer (const Options *options, const char *binary, const char *word)
{
  g_auto (GuestOperand) operand = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) host = vap_host_read (options->root, &error);
  g_autoptr (VapQemu) qemu = NULL;
  VapSyntax syntax;

  if (host != NULL && guest_operand_read (&operand, host, options->operands[0], &error))
    qemu = ask_qemu (host, binary, operand.guest->emulator, &error);
  if (qemu == NULL) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  if (!parse_syntax (word, qemu, &syntax))
    return options_usage_error ("qemu-flags", _ ("--syntax takes json or old, not '%s'"),
                                word);
  return print_flags (options, host, &operand, qemu, syntax);
}

int
command_qemu_flags (const char *root, char **argv)
{
  g_autofree char *binary = NULL;
  g_autofree char *syntax = NULL;
  const GOptionEntry entries[] = {
    { "qemu", 0, 0, G_OPTION_ARG_FILENAME, &binary,
      N_ ("Ask this QEMU instead of the guest's"), N_ ("BINARY") },
    { "syntax", 0, 0, G_OPTION_ARG_STRING, &syntax,
      N_ ("Of -device: json or old; default: what the QEMU takes"), N_ ("WHICH") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "qemu-flags",
    .arguments = _ ("GUEST|FILE"),
    .description = _ ("Prints a guest's AP arguments for those who run QEMU themselves."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (g_strv_length (options.operands) != 1)
    return options_usage_error (spec.name, _ ("it takes one guest or file"));
  return answer (&options, binary, syntax);
}
