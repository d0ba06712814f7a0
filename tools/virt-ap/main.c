/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virt-ap, the command line: the table of subcommands, and what stands in front
 * of them.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "command.h"
#include "options.h"

typedef struct {
  const char *name;
  const char *summary;
  CommandFunc run;
} Command;

static const Command commands[] = {
  { "status", N_ ("show who holds which queue of this host"), command_status },
  { "check", N_ ("judge domain XML, node-device XML or mdevctl definitions"),
    command_check },
  { "check-move", N_ ("judge whether a guest can go to another host with its AP"),
    command_check_move },
  { "caps", N_ ("show which AP features a guest can have, and where one is lost"),
    command_caps },
  { "guest-view", N_ ("show what a guest will see of AP, and why not the rest"),
    command_guest_view },
  { "qemu-flags", N_ ("print a guest's AP arguments for QEMU"), command_qemu_flags },
  { "drift", N_ ("show where this host is not as it is stored"), command_drift },
  { "plot", N_ ("draw who holds which queue, as SVG or PNG"), command_plot },
  { "monitor", N_ ("print what changes on this host, as it comes"), command_monitor },
  { "fleet", N_ ("show the queues of many hosts in one table"), command_fleet },
  { "metrics", N_ ("print this host in numbers, for Prometheus"), command_metrics },
  { "import", N_ ("put a host's AP configuration back, as export saved it"),
    command_import },
  { "export", N_ ("print this host's AP configuration as one document"), command_export },
  { "log", N_ ("show what the gate, the callout and the hook decided"), command_log },
  { "reserve", N_ ("move queues between the host and guests"), command_reserve },
  { "create", N_ ("make an AP matrix and start it, for a guest too"), command_create },
  { "define", N_ ("store the definition of an AP matrix"), command_define },
  { "start", N_ ("start an AP matrix that is stored"), command_start },
  { "stop", N_ ("stop an AP matrix"), command_stop },
  { "remove", N_ ("stop an AP matrix and remove its definition"), command_remove },
  { "modify", N_ ("change the adapters and domains of an AP matrix"), command_modify },
  { "move", N_ ("move a guest to another host, and its crypto with it"), command_move },
  { "repair", N_ ("finish or undo a change that was interrupted"), command_repair },
  { "setup", N_ ("put the gate, the callout and the hook in place, or take them away"),
    command_setup },
  { "plan", N_ ("find matrices for what guests need, and what to reserve for them"),
    command_plan },
  { "profile", N_ ("show the profiles, named needs of guests"), command_profile },
  { "nova-provider", N_ ("print what this host can grant, for OpenStack Nova"),
    command_nova_provider },
  { "apply", N_ ("carry out a plan, all of it or nothing"), command_apply },
  { "explain", N_ ("explain a finding"), command_explain },
};

static const Command *
find_command (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (g_str_equal (commands[i].name, name))
      return &commands[i];
  }
  return NULL;
}

static int
show_help (void)
{
  g_auto (Output) output = { 0 };

  output_init (&output, COLOR_NEVER);
  output_add (&output,
              "%s\n  virt-ap [--root DIR] %s\n  virt-ap --help | --version\n\n%s\n",
              _ ("Usage:"), _ ("COMMAND [OPTION...] [ARGUMENT...]"), _ ("Commands:"));
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    output_add (&output, "  %-11s %s\n", commands[i].name, _ (commands[i].summary));
  output_add (&output, "\n%s\n  --root DIR  %s\n  -h, --help  %s\n  --version   %s\n\n",
              _ ("Options:"), _ ("look at /sys, /proc, /etc and /run below DIR"),
              _ ("show this help"), _ ("show the version"));
  output_add (&output, "%s\n",
              _ ("Exit status: 0 nothing refused, 1 refused, 2 could not judge.\n"
                 "'virt-ap COMMAND --help' tells a command's options."));
  return output_flush (&output, STATUS_GOOD);
}

static int
show_version (void)
{
  g_auto (Output) output = { 0 };

  output_init (&output, COLOR_NEVER);
  output_add (&output, "virt-ap %s\n", VAP_VERSION);
  return output_flush (&output, STATUS_GOOD);
}

static int
run_command (const char *root, char **argv)
{
  const Command *command;

  if (argv[0] == NULL)
    return options_usage_error (NULL, _ ("which command?"));
  command = find_command (argv[0]);
  if (command == NULL)
    return options_usage_error (NULL, _ ("there is no command '%s'"), argv[0]);
  return command->run (root, argv);
}

/* ./run says where the build tree is: its translations are nearer than installed ones */
static void
start_translations (void)
{
  const char *build = g_getenv ("VIRT_AP_BUILDDIR");
  g_autofree char *dir =
      build != NULL ? g_build_filename (build, "po", NULL) : g_strdup (VAP_LOCALE_DIR);

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, dir);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

int
main (int argc G_GNUC_UNUSED, char **argv)
{
  g_autofree char *root = NULL;
  gboolean help = FALSE, version = FALSE;
  const GOptionEntry entries[] = {
    { "root", 0, 0, G_OPTION_ARG_FILENAME, &root, NULL, NULL },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &help, NULL, NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) arguments = g_strdupv (argv);

  start_translations ();
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_strict_posix (context, TRUE);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse_strv (context, &arguments, &error))
    return options_usage_error (NULL, "%s", error->message);
  if (help)
    return show_help ();
  if (version)
    return show_version ();
  return run_command (root, arguments + 1);
}
