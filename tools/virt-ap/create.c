/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `virt-ap create` and `virt-ap define`: make an AP matrix, active or stored or both, and
 * give it to a guest.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "apply/one.h"
#include "change.h"
#include "command.h"
#include "plan/profile.h"

/* The options as they were given. */
typedef struct {
  char *uuid;
  char *adapters;
  char *domains;
  char *control_domains;
  char *guest;
  char *profile;
  gboolean persistent;
  gboolean autostart;
  gboolean live;
  gboolean config;
} Wanted;

static void
wanted_clear (Wanted *wanted)
{
  g_free (wanted->uuid);
  g_free (wanted->adapters);
  g_free (wanted->domains);
  g_free (wanted->control_domains);
  g_free (wanted->guest);
  g_free (wanted->profile);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, wanted_clear)

static gboolean
parse_numbers (const char *command, const char *option, const char *text, VapMask *mask)
{
  g_autoptr (GError) error = NULL;

  if (text == NULL || vap_mask_parse_list (text, mask, &error))
    return TRUE;
  options_usage_error (command, "--%s: %s", option, error->message);
  return FALSE;
}

/* either the numbers, or a profile that says what they have to be like */
static gboolean
check_usage (const char *command, const Wanted *wanted)
{
  gboolean numbers = wanted->adapters != NULL || wanted->domains != NULL ||
                     wanted->control_domains != NULL;

  if (wanted->profile != NULL && numbers)
    options_usage_error (command, _ ("--profile finds adapters and domains; not both"));
  else if (wanted->profile == NULL &&
           (wanted->adapters == NULL || wanted->domains == NULL))
    options_usage_error (command,
                         _ ("--adapters and --domains are needed, or --profile"));
  else if (wanted->guest == NULL && (wanted->live || wanted->config))
    options_usage_error (command, _ ("--live and --config are about a guest: --guest"));
  else
    return TRUE;
  return FALSE;
}

static gboolean
parse_wanted (const char *command, const Wanted *wanted, VapNewDevice *device,
              char uuid[37])
{
  g_autofree char *random = g_uuid_string_random ();
  const char *text = wanted->uuid != NULL ? wanted->uuid : random;

  if (!vap_uuid_canonical_libvirt (text, uuid)) {
    options_usage_error (command, _ ("--uuid: '%s' is no UUID"), text);
    return FALSE;
  }
  if (!check_usage (command, wanted))
    return FALSE;
  device->uuid = uuid;
  device->guest = wanted->guest;
  device->guest_live = wanted->live;
  device->guest_stored = wanted->config;
  device->autostart = wanted->autostart;
  /* what a stored guest needs has to be stored itself */
  device->define = wanted->persistent || wanted->autostart ||
                   (wanted->guest != NULL && (wanted->config || !wanted->live));
  return parse_numbers (command, "adapters", wanted->adapters,
                        &device->matrix.adapters) &&
         parse_numbers (command, "domains", wanted->domains, &device->matrix.domains) &&
         parse_numbers (command, "control-domains", wanted->control_domains,
                        &device->matrix.control_domains);
}

typedef struct {
  VapNewDevice device;
  const char *profile; /* NULL when the matrix is given */
} Made;

/* (transfer full): what this profile needs, for the guest */
static VapNeed *
find_need (const Made *made, const VapHost *host, GError **error)
{
  g_autoptr (VapProfiles) profiles = vap_profiles_read (host->root, error);
  const VapHostGuest *guest = vap_host_find_guest (host, made->device.guest);
  const VapProfile *profile;
  VapNeed *need;

  if (profiles == NULL)
    return NULL;
  profile = vap_profiles_find (profiles, made->profile);
  if (profile == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("there is no profile '%s' in %s"),
                 made->profile, VAP_PROFILES_DIR);
    return NULL;
  }
  need = vap_need_copy (profile->need);
  if (guest != NULL) {
    g_free (need->name);
    need->name = g_strdup (guest->name);
  }
  return need;
}

static VapHost *
plan (VapTransaction *transaction, const VapHost *host, VapFindings *findings,
      gpointer user_data, GError **error)
{
  Made *made = user_data;
  g_autoptr (VapNeed) need = NULL;

  if (made->profile == NULL)
    return vap_devices_create (transaction, host, &made->device, findings, error);
  need = find_need (made, host, error);
  if (need == NULL)
    return NULL;
  return vap_apply_one (transaction, host, need, &made->device, findings, error);
}

static int
make (const char *root, char **argv, OptionsSpec *spec, gboolean start)
{
  g_auto (Options) options = { 0 };
  g_auto (ChangeOptions) change = { 0 };
  g_auto (Wanted) wanted = { .persistent = !start };
  const GOptionEntry entries[] = {
    { "adapters", 'a', 0, G_OPTION_ARG_STRING, &wanted.adapters,
      N_ ("The adapters: numbers and ranges, as 5,0x0a-0x0c"), N_ ("LIST") },
    { "domains", 'd', 0, G_OPTION_ARG_STRING, &wanted.domains, N_ ("The usage domains"),
      N_ ("LIST") },
    { "control-domains", 0, 0, G_OPTION_ARG_STRING, &wanted.control_domains,
      N_ ("The control domains"), N_ ("LIST") },
    { "profile", 0, 0, G_OPTION_ARG_STRING, &wanted.profile,
      N_ ("Choose queues as this profile needs them, free ones first"), N_ ("NAME") },
    { "uuid", 'u', 0, G_OPTION_ARG_STRING, &wanted.uuid,
      N_ ("The device's UUID, instead of a random one"), N_ ("UUID") },
    { "guest", 'g', 0, G_OPTION_ARG_STRING, &wanted.guest,
      N_ ("Give the device to this guest, with what it needs of its CPU"), N_ ("GUEST") },
    { "autostart", 0, 0, G_OPTION_ARG_NONE, &wanted.autostart,
      N_ ("Start it with the machine"), NULL },
    CHANGE_ENTRY_CONNECT (&change),
    CHANGE_ENTRIES (&change),
    /* the last, which define leaves out */
    { start ? "persistent" : NULL, 'p', 0, G_OPTION_ARG_NONE, &wanted.persistent,
      N_ ("Store it too, so that it can be started again"), NULL },
    { "live", 0, 0, G_OPTION_ARG_NONE, &wanted.live,
      N_ ("The guest gets it while it runs; without --live and --config both, as far as "
          "there are both"),
      NULL },
    { "config", 0, 0, G_OPTION_ARG_NONE, &wanted.config,
      N_ ("The guest gets it in its definition"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  Made made = { .device = { .start = start } };
  char uuid[37];
  g_auto (GStrv) copy = g_strdupv (argv);
  const ChangeSpec what = { .options = &options,
                            .change = &change,
                            .argv = copy,
                            .plan = plan,
                            .user_data = &made,
                            .device = uuid };
  int status;

  spec->entries = entries;
  if (!options_parse (&options, spec, root, argv, &status))
    return status;
  if (!parse_wanted (spec->name, &wanted, &made.device, uuid) ||
      !change_connect (&change, &made.device.connect))
    return STATUS_UNJUDGED;
  made.profile = wanted.profile;
  return change_run (&what);
}

int
command_create (const char *root, char **argv)
{
  OptionsSpec spec = {
    .name = "create",
    .description = _ ("Makes an AP matrix and starts it: all of it, or nothing."),
    .json = TRUE,
  };

  return make (root, argv, &spec, TRUE);
}

int
command_define (const char *root, char **argv)
{
  OptionsSpec spec = {
    .name = "define",
    .description = _ ("Stores the definition of an AP matrix, to be started later."),
    .json = TRUE,
  };

  return make (root, argv, &spec, FALSE);
}
