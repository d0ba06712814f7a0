/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virt-ap-lab: runs a command on a simulated IBM Z host.
 *
 * This process stays on the real host.  It makes the lab's process 1 (init.c) in a
 * new PID namespace, passes signals on to it, and ends as it ended.  Everything
 * of the lab is held by namespaces alone, so nothing has to be cleaned up: when
 * process 1 is gone, and it is killed when this process is, the kernel takes the rest.
 */
#include "config.h"
#include "enter.h"
#include "keep.h"
#include "message.h"
#include "outside.h"

#include <glib/gi18n.h>
#include <libintl.h>
#include <locale.h>
#include <string.h>

int
main (int argc, char **argv)
{
  g_autoptr (LabOptions) options = NULL;
  g_autoptr (GError) error = NULL;
  const LabSubcommand *subcommand;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, VAP_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  subcommand = argc > 1 ? lab_subcommand_find (argv[1]) : NULL;
  if (subcommand != NULL)
    return subcommand->run (argc - 1, argv + 1);
  options = lab_options_parse (argc, argv, &error);
  if (options == NULL && error == NULL)
    return 0;
  if (options == NULL || !lab_check_requirements (&error)) {
    lab_message ("%s", error->message);
    return LAB_EXIT_FAILED;
  }
  if (options->keep != NULL)
    return lab_keep (options);
  lab_run (options, NULL);
}
