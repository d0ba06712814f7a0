/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options that every subcommand has, and how all of them are read.
 */
#include "config.h"

#include "options.h"

#include <locale.h>

#include <glib/gi18n.h>

#include "command.h"

void
options_clear (Options *options)
{
  g_clear_pointer (&options->root, g_free);
  g_clear_pointer (&options->operands, g_strfreev);
}

int
options_usage_error (const char *command, const char *format, ...)
{
  va_list arguments;
  g_autofree char *message = NULL;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  report ("%s", message);
  if (command != NULL)
    report (_ ("'virt-ap %s --help' tells how it is used"), command);
  else
    report (_ ("'virt-ap --help' tells how it is used"));
  return STATUS_UNJUDGED;
}

static gboolean
parse_color (const char *word, ColorWhen *when)
{
  static const char *const words[] = { "auto", "always", "never" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (g_strcmp0 (word, words[i]) == 0) {
      *when = (ColorWhen) i;
      return TRUE;
    }
  }
  return FALSE;
}

static int
show_help (GOptionContext *context, const char *command)
{
  g_auto (Output) output = { 0 };
  g_autofree char *name = g_strconcat ("virt-ap ", command, NULL);
  g_autofree char *help = NULL;

  g_set_prgname (name);
  help = g_option_context_get_help (context, TRUE, NULL);
  output_init (&output, COLOR_NEVER);
  output_add (&output, "%s", help);
  return output_flush (&output, STATUS_GOOD);
}

gboolean
options_parse (Options *options, const OptionsSpec *spec, const char *root, char **argv,
               int *status)
{
  gboolean help = FALSE;
  g_autofree char *color = NULL;
  const GOptionEntry common[] = {
    { "root", 0, 0, G_OPTION_ARG_FILENAME, &options->root,
      N_ ("Look at /sys, /proc, /etc and /run below DIR"), N_ ("DIR") },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &help, N_ ("Show this help"), NULL },
    { "color", 0, 0, G_OPTION_ARG_STRING, &color, N_ ("Colours: auto, always or never"),
      N_ ("WHEN") },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->operands, NULL,
      spec->arguments },
    G_OPTION_ENTRY_NULL,
  };
  const GOptionEntry json[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, N_ ("Print JSON"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) arguments = g_strdupv (argv);

  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, spec->description);
  if (spec->entries != NULL)
    g_option_context_add_main_entries (context, spec->entries, NULL);
  if (spec->json)
    g_option_context_add_main_entries (context, json, NULL);
  g_option_context_add_main_entries (context, common, NULL);
  if (!g_option_context_parse_strv (context, &arguments, &error)) {
    *status = options_usage_error (spec->name, "%s", error->message);
    return FALSE;
  }
  if (help) {
    *status = show_help (context, spec->name);
    return FALSE;
  }
  /* what a program reads is the same in every language */
  if (options->json)
    setlocale (LC_MESSAGES, "C");
  if (color != NULL && !parse_color (color, &options->color)) {
    *status = options_usage_error (
        spec->name, _ ("--color takes auto, always or never, not '%s'"), color);
    return FALSE;
  }
  if (spec->arguments == NULL && options->operands != NULL) {
    *status = options_usage_error (spec->name, _ ("'%s' is one argument too many"),
                                   options->operands[0]);
    return FALSE;
  }
  if (options->operands == NULL)
    options->operands = g_new0 (char *, 1);
  if (options->root == NULL)
    options->root = g_strdup (root != NULL ? root : g_getenv ("VIRT_AP_ROOT"));
  return TRUE;
}
