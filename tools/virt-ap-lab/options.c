/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of virt-ap-lab, called by main().
 */
#include "config.h"
#include "options.h"

#include "labs.h"

#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  char *machine;
  char *kernel;
  char *adapters;
  char *usage_domains;
  char *control_domains;
  char *keep;
  gboolean libvirt;
  gboolean version;
} RawOptions;

static void
raw_options_clear (RawOptions *raw)
{
  g_free (raw->machine);
  g_free (raw->kernel);
  g_free (raw->adapters);
  g_free (raw->usage_domains);
  g_free (raw->control_domains);
  g_free (raw->keep);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RawOptions, raw_options_clear)

/* In a build tree the programs are where meson puts them: ./run says where it is. */
static char *
find_door (const char *name)
{
  const char *build = g_getenv ("VIRT_AP_BUILDDIR");

  return build == NULL ? g_build_filename (VAP_DOORS_DIR, name, NULL)
                       : g_build_filename (build, "src", name, name, NULL);
}

static char *
find_emulator (void)
{
  const char *name = "lab-qemu-system-s390x";
  const char *build = g_getenv ("VIRT_AP_BUILDDIR");

  return build == NULL ? g_build_filename (VAP_DOORS_DIR, name, NULL)
                       : g_build_filename (build, "tools", "virt-ap-lab", name, NULL);
}

static char *
find_share (void)
{
  const char *source = g_getenv ("VIRT_AP_SRCDIR");

  return source == NULL ? g_strdup (VAP_DATA_DIR)
                        : g_build_filename (source, "tools", "virt-ap-lab", NULL);
}

/* a file, or else the name of a machine that comes with the lab */
static LabMachine *
load_machine (const char *name, const char *share, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".machine", NULL);
  g_autofree char *shipped = g_build_filename (share, "machines", file, NULL);

  if (strchr (name, G_DIR_SEPARATOR) == NULL && !g_file_test (name, G_FILE_TEST_EXISTS) &&
      g_file_test (shipped, G_FILE_TEST_EXISTS))
    return lab_machine_load (shipped, error);
  return lab_machine_load (name, error);
}

static gboolean
apply_list (LabMachine *machine, const char *option, const char *text,
            gboolean (*set) (LabMachine *, const char *, GError **), GError **error)
{
  if (text == NULL || set (machine, text, error))
    return TRUE;
  g_prefix_error (error, "%s: ", option);
  return FALSE;
}

static LabMachine *
build_machine (const RawOptions *raw, const char *share, GError **error)
{
  g_autoptr (LabMachine) machine = raw->machine == NULL
                                       ? lab_machine_new_default ()
                                       : load_machine (raw->machine, share, error);

  if (machine == NULL ||
      !apply_list (machine, "--kernel", raw->kernel, lab_machine_set_kernel, error) ||
      !apply_list (machine, "--adapters", raw->adapters, lab_machine_set_cards, error) ||
      !apply_list (machine, "--usage-domains", raw->usage_domains,
                   lab_machine_set_usage_domains, error) ||
      !apply_list (machine, "--control-domains", raw->control_domains,
                   lab_machine_set_control_domains, error) ||
      !lab_machine_validate (machine, error))
    return NULL;
  return g_steal_pointer (&machine);
}

char **
lab_options_find_command (int argc, char **argv)
{
  const char *shell = g_getenv ("SHELL");
  const char *const alone[] = { shell != NULL && *shell != '\0' ? shell : "/bin/sh",
                                NULL };

  if (argc > 1 && strcmp (argv[1], "--") == 0)
    return argc > 2 ? g_strdupv (argv + 2) : g_strdupv ((char **) alone);
  return argc > 1 ? g_strdupv (argv + 1) : g_strdupv ((char **) alone);
}

/* leaves in @argv the program's name and COMMAND */
static gboolean
parse_raw (RawOptions *raw, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "adapters", 0, 0, G_OPTION_ARG_STRING, &raw->adapters,
      N_ ("adapters, each ID:HWTYPE:MODE, as in 05:13:4,06:13:2"), N_ ("LIST") },
    { "usage-domains", 0, 0, G_OPTION_ARG_STRING, &raw->usage_domains,
      N_ ("usage domains, and control domains unless these are given"), N_ ("LIST") },
    { "control-domains", 0, 0, G_OPTION_ARG_STRING, &raw->control_domains,
      N_ ("control domains"), N_ ("LIST") },
    { "machine", 0, 0, G_OPTION_ARG_FILENAME, &raw->machine,
      N_ ("a machine file, or the name of a machine that comes with the lab"),
      N_ ("FILE") },
    { "kernel", 0, 0, G_OPTION_ARG_STRING, &raw->kernel,
      N_ ("the Linux drivers to play: 7.2, 6.12 or 6.1"), N_ ("VERSION") },
    { "libvirt", 0, 0, G_OPTION_ARG_NONE, &raw->libvirt,
      N_ ("run libvirtd inside; virsh goes through the gate"), NULL },
    { "keep", 0, 0, G_OPTION_ARG_STRING, &raw->keep,
      N_ ("keep the lab running in the background, without COMMAND"), N_ ("NAME") },
    { "version", 0, 0, G_OPTION_ARG_NONE, &raw->version, N_ ("print the version"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("[--] [COMMAND…]"));

  g_option_context_set_summary (
      context, _ ("Runs COMMAND, by default a shell, on a simulated IBM Z host."));
  g_option_context_set_description (
      context, _ ("A lab that --keep keeps:\n"
                  "  virt-ap-lab enter NAME [--] [COMMAND…]  run COMMAND in it\n"
                  "  virt-ap-lab list                        all of them\n"
                  "  virt-ap-lab stop NAME                   end it"));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_strict_posix (context, TRUE);
  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
validate_keep (const RawOptions *raw, int argc, GError **error)
{
  if (raw->keep == NULL)
    return TRUE;
  if (!lab_kept_name_is_valid (raw->keep)) {
    g_set_error (
        error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        _ ("--keep: '%s' is no name for a lab: letters, digits and hyphens, 32 at "
           "most, no hyphen first"),
        raw->keep);
    return FALSE;
  }
  if (argc > 1) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 _ ("--keep takes no COMMAND; run it by virt-ap-lab enter %s"),
                 raw->keep);
    return FALSE;
  }
  return TRUE;
}

static char *
make_uri (const char *gate)
{
  g_autofree char *escaped = g_uri_escape_string (gate, "/", FALSE);

  return g_strconcat ("qemu+ext:///system?command=", escaped, NULL);
}

LabOptions *
lab_options_parse (int argc, char **argv, GError **error)
{
  g_auto (RawOptions) raw = { 0 };
  g_autoptr (LabOptions) options = g_new0 (LabOptions, 1);

  if (!parse_raw (&raw, &argc, &argv, error))
    return NULL;
  if (raw.version) {
    g_print ("virt-ap-lab %s\n", VAP_VERSION);
    return NULL;
  }
  if (!validate_keep (&raw, argc, error))
    return NULL;
  options->share = find_share ();
  options->machine = build_machine (&raw, options->share, error);
  if (options->machine == NULL)
    return NULL;
  options->libvirt = raw.libvirt;
  options->keep = g_steal_pointer (&raw.keep);
  options->command = lab_options_find_command (argc, argv);
  options->directory = g_get_current_dir ();
  options->gate = find_door ("gate");
  options->callout = find_door ("callout");
  options->hook = find_door ("hook");
  options->emulator = find_emulator ();
  options->uri = make_uri (options->gate);
  return g_steal_pointer (&options);
}

void
lab_options_free (LabOptions *options)
{
  if (options == NULL)
    return;
  lab_machine_free (options->machine);
  g_strfreev (options->command);
  g_free (options->uri);
  g_free (options->keep);
  g_free (options->directory);
  g_free (options->gate);
  g_free (options->callout);
  g_free (options->hook);
  g_free (options->emulator);
  g_free (options->share);
  g_free (options);
}
