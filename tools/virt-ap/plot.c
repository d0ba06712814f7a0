/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap plot`: the picture of the host as a file.  The program draw-host draws it.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "command.h"
#include "options.h"
#include "program.h"
#include "run/run.h"

#define PROGRAM "draw-host"
#define PATIENCE_MS 60000u

static int
draw (const char *root, const char *file)
{
  g_autofree char *program = program_find (PROGRAM, "draw-host/" PROGRAM);
  const char *const arguments[] = { program, root != NULL ? root : "", file, NULL };
  g_auto (VapRun) run = { 0 };
  g_autoptr (GError) error = NULL;

  if (!g_file_test (program, G_FILE_TEST_IS_EXECUTABLE)) {
    report (_ ("this virt-ap was built without cairo, which draws the picture"));
    return STATUS_UNJUDGED;
  }
  if (!vap_run (arguments, NULL, 0, PATIENCE_MS, &run, &error)) {
    report ("%s", error->message);
    return STATUS_UNJUDGED;
  }
  if (vap_run_was_good (&run))
    return STATUS_GOOD;
  report ("%s", *run.complaint != '\0' ? run.complaint : _ ("it could not be drawn"));
  return STATUS_UNJUDGED;
}

int
command_plot (const char *root, char **argv)
{
  g_autofree char *file = NULL;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &file,
      N_ ("The file, whose name ends in .svg or .png"), N_ ("FILE") },
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "plot",
    .description = _ ("Draws who holds which queue, as a picture for a document or a "
                      "ticket."),
    .entries = entries,
  };
  g_auto (Options) options = { 0 };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  if (file == NULL)
    return options_usage_error (spec.name, _ ("into which file? Give it with -o"));
  if (!g_str_has_suffix (file, ".svg") && !g_str_has_suffix (file, ".png"))
    return options_usage_error (
        spec.name, _ ("the name of '%s' ends neither in .svg nor in .png"), file);
  return draw (options.root, file);
}
