/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap modify`: changes the adapters and domains of an AP matrix, also under a guest
 * that runs with it.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "change.h"
#include "change/devices.h"
#include "command.h"

typedef struct {
  const char *name; /* as the user wrote it */
  const char *connect;
  VapDeviceChange change;
  char uuid[37]; /* once it is found */
} Modify;

static VapHost *
plan (VapTransaction *transaction, const VapHost *host, VapFindings *findings,
      gpointer user_data, GError **error)
{
  Modify *modify = user_data;
  const VapHostDevice *device = vap_devices_find (host, modify->name, error);

  if (device == NULL)
    return NULL;
  g_strlcpy (modify->uuid, device->uuid, sizeof modify->uuid);
  modify->change.uuid = modify->uuid;
  return vap_devices_modify (transaction, host, &modify->change, modify->connect,
                             findings, error);
}

/* so that what is no list of numbers is told as a mistake of usage */
static gboolean
check_list (const char *option, const char *text)
{
  VapMask any = { 0 };
  g_autoptr (GError) error = NULL;

  if (text == NULL || vap_mask_change (&any, text, &error))
    return TRUE;
  options_usage_error ("modify", "--%s: %s", option, error->message);
  return FALSE;
}

static gboolean
check_usage (const Options *options, const VapDeviceChange *change)
{
  if (g_strv_length (options->operands) != 1) {
    options_usage_error ("modify", _ ("it takes one device"));
    return FALSE;
  }
  if (change->adapters == NULL && change->domains == NULL &&
      change->control_domains == NULL) {
    options_usage_error ("modify", _ ("which adapters or domains?"));
    return FALSE;
  }
  return check_list ("adapters", change->adapters) &&
         check_list ("domains", change->domains) &&
         check_list ("control-domains", change->control_domains);
}

int
command_modify (const char *root, char **argv)
{
  g_auto (Options) options = { 0 };
  g_auto (ChangeOptions) change = { 0 };
  g_autofree char *adapters = NULL;
  g_autofree char *domains = NULL;
  g_autofree char *control_domains = NULL;
  Modify modify = { 0 };
  const GOptionEntry entries[] = {
    { "adapters", 'a', 0, G_OPTION_ARG_STRING, &adapters,
      N_ ("Adapters to add and to take, as +7,-5, or all of them, as 6,7"),
      N_ ("CHANGES") },
    { "domains", 'd', 0, G_OPTION_ARG_STRING, &domains, N_ ("Usage domains, likewise"),
      N_ ("CHANGES") },
    { "control-domains", 0, 0, G_OPTION_ARG_STRING, &control_domains,
      N_ ("Control domains, likewise"), N_ ("CHANGES") },
    { "live", 0, 0, G_OPTION_ARG_NONE, &modify.change.live,
      N_ ("Change the active device"), NULL },
    { "config", 0, 0, G_OPTION_ARG_NONE, &modify.change.stored,
      N_ ("Change its definition"), NULL },
    CHANGE_ENTRY_CONNECT (&change),
    CHANGE_ENTRIES (&change),
    G_OPTION_ENTRY_NULL,
  };
  const OptionsSpec spec = {
    .name = "modify",
    .arguments = _ ("DEVICE"),
    .description = _ ("Changes the adapters and domains of an AP matrix, and with them "
                      "those of a guest that\nruns with it. Without --live and --config "
                      "it is both, as far as there are both."),
    .json = TRUE,
    .entries = entries,
  };
  g_auto (GStrv) copy = g_strdupv (argv);
  const ChangeSpec what = { .options = &options,
                            .change = &change,
                            .argv = copy,
                            .plan = plan,
                            .user_data = &modify,
                            .device = modify.uuid };
  int status;

  if (!options_parse (&options, &spec, root, argv, &status))
    return status;
  modify.change.adapters = adapters;
  modify.change.domains = domains;
  modify.change.control_domains = control_domains;
  if (!check_usage (&options, &modify.change) ||
      !change_connect (&change, &modify.connect))
    return STATUS_UNJUDGED;
  modify.name = options.operands[0];
  return change_run (&what);
}
