/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap start`, `stop` and `remove`: what is done to an AP matrix as a whole.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "change.h"
#include "change/devices.h"
#include "command.h"

typedef struct {
  const char *name; /* as the user wrote it */
  const char *connect;
  char uuid[37]; /* once it is found */
} Verb;

static const VapHostDevice *
find (const VapHost *host, Verb *verb, GError **error)
{
  const VapHostDevice *device = vap_devices_find (host, verb->name, error);

  if (device != NULL)
    g_strlcpy (verb->uuid, device->uuid, sizeof verb->uuid);
  return device;
}

static VapHost *
plan_start (VapTransaction *transaction, const VapHost *host, VapFindings *findings,
            gpointer user_data, GError **error)
{
  Verb *verb = user_data;

  if (find (host, verb, error) == NULL)
    return NULL;
  return vap_devices_start (transaction, host, verb->uuid, verb->connect, findings,
                            error);
}

static VapHost *
plan_stop (VapTransaction *transaction, const VapHost *host, VapFindings *findings,
           gpointer user_data, GError **error)
{
  Verb *verb = user_data;

  if (find (host, verb, error) == NULL)
    return NULL;
  return vap_devices_stop (transaction, host, verb->uuid, FALSE, verb->connect, findings,
                           error);
}

static VapHost *
plan_remove (VapTransaction *transaction, const VapHost *host, VapFindings *findings,
             gpointer user_data, GError **error)
{
  Verb *verb = user_data;

  if (find (host, verb, error) == NULL)
    return NULL;
  return vap_devices_stop (transaction, host, verb->uuid, TRUE, verb->connect, findings,
                           error);
}

static int
run (const char *root, char **argv, OptionsSpec *spec, ChangePlanFunc plan)
{
  g_auto (Options) options = { 0 };
  g_auto (ChangeOptions) change = { 0 };
  const GOptionEntry entries[] = {
    CHANGE_ENTRY_CONNECT (&change),
    CHANGE_ENTRIES (&change),
    G_OPTION_ENTRY_NULL,
  };
  g_auto (GStrv) copy = g_strdupv (argv);
  Verb verb = { 0 };
  const ChangeSpec what = { .options = &options,
                            .change = &change,
                            .argv = copy,
                            .plan = plan,
                            .user_data = &verb,
                            .device = verb.uuid };
  int status;

  spec->arguments = _ ("DEVICE");
  spec->json = TRUE;
  spec->entries = entries;
  if (!options_parse (&options, spec, root, argv, &status))
    return status;
  if (g_strv_length (options.operands) != 1)
    return options_usage_error (spec->name, _ ("it takes one device"));
  verb.name = options.operands[0];
  if (!change_connect (&change, &verb.connect))
    return STATUS_UNJUDGED;
  return change_run (&what);
}

int
command_start (const char *root, char **argv)
{
  OptionsSpec spec = {
    .name = "start",
    .description = _ ("Starts an AP matrix that is stored. DEVICE is its UUID, libvirt's "
                      "name of it, or\na guest that has one."),
  };

  return run (root, argv, &spec, plan_start);
}

int
command_stop (const char *root, char **argv)
{
  OptionsSpec spec = {
    .name = "stop",
    .description =
        _ ("Stops an AP matrix. DEVICE is its UUID, libvirt's name of it, or a "
           "guest that has\none."),
  };

  return run (root, argv, &spec, plan_stop);
}

int
command_remove (const char *root, char **argv)
{
  OptionsSpec spec = {
    .name = "remove",
    .description =
        _ ("Stops an AP matrix and removes its definition. DEVICE is its UUID, "
           "libvirt's name\nof it, or a guest that has one."),
  };

  return run (root, argv, &spec, plan_remove);
}
