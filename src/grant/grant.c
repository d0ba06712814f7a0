/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What choice.c chose is done here, and recorded before it is done; see grant.h. */
#include "config.h"

#include "grant/grant.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "grant/maker.h"
#include "grant/need.h"
#include "guest/nova.h"

/* Each clearing away removes a record, so there is an end; this is for the case that
 * others make new ones all the time. */
#define TURNS_MAX 1000u

G_DEFINE_QUARK (vap - grant - error - quark, vap_grant_error)

/* What is done under the lock, which a daemon that is at work keeps, too: else what was
 * asked of it might come true after another has decided. */
typedef struct {
  const VapGrantPlace *place;
  VapDaemon daemon;
} Work;

static gboolean
work_open (Work *work, const VapGrantPlace *place, GError **error)
{
  work->place = place;
  work->daemon.uri = place->uri;
  work->daemon.kept = vap_grants_lock (place->root, error);
  return work->daemon.kept >= 0;
}

static void
work_clear (Work *work)
{
  if (work->place != NULL && work->daemon.kept >= 0)
    close (work->daemon.kept);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

/* Everything that one decision looks at, read together. */
typedef struct {
  VapHost *host;
  GPtrArray *guests;
  GPtrArray *grants;
} Facts;

static void
facts_clear (Facts *facts)
{
  g_clear_pointer (&facts->host, vap_host_unref);
  g_clear_pointer (&facts->guests, g_ptr_array_unref);
  g_clear_pointer (&facts->grants, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Facts, facts_clear)

static gint64
now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static gboolean
read_facts (const Work *work, Facts *facts, GError **error)
{
  facts->guests = vap_daemon_guests (&work->daemon, error);
  if (facts->guests == NULL)
    return FALSE;
  facts->grants = vap_grants_read (work->place->root, error);
  if (facts->grants == NULL)
    return FALSE;
  facts->host = vap_host_read (work->place->root, error);
  return facts->host != NULL;
}

/* The matrix goes before its record: what is there without one would be lost. */
static gboolean
clear_away (const Work *work, const VapGrant *grant, GError **error)
{
  if (vap_uuid_is_granted (grant->device) &&
      !vap_daemon_drop_device (&work->daemon, grant->device, error))
    return FALSE;
  return vap_grants_remove (work->place->root, grant, error);
}

static VapGrant *
grant_of (const VapNovaGuest *instance, const char *profile, const VapGrantChoice *choice)
{
  VapGrant *grant = vap_grant_new (instance->guest->uuid, choice->device);

  grant->guest = g_strdup (instance->guest->name);
  grant->profile = g_strdup (profile);
  grant->touched = now ();
  grant->maker = vap_maker_self ();
  return grant;
}

/* What the guest was granted for another profile, or has lost, is left behind. */
static gboolean
release_others (const char *root, GPtrArray *grants, const char *guest_uuid,
                const char *device, gboolean *released, GError **error)
{
  for (guint i = 0; i < grants->len; i++) {
    VapGrant *grant = grants->pdata[i];

    if (!g_str_equal (grant->guest_uuid, guest_uuid) ||
        g_strcmp0 (grant->device, device) == 0)
      continue;
    if (released != NULL)
      *released = TRUE;
    if (grant->released)
      continue;
    grant->released = TRUE;
    grant->touched = now ();
    if (!vap_grants_write (root, grant, error))
      return FALSE;
  }
  return TRUE;
}

/* Recorded first: a matrix that is made and not recorded would be lost when this
 * process ends between the two.  What could not be made whole is left to the sweep. */
static gboolean
carry_out (const Work *work, const VapNovaGuest *instance, const char *profile,
           const VapGrantChoice *choice, GError **error)
{
  g_autoptr (VapGrant) grant = grant_of (instance, profile, choice);
  const char *root = work->place->root;
  gboolean there;
  g_autoptr (GError) reason = NULL;

  if (!vap_grants_write (root, grant, error))
    return FALSE;
  if (choice->kind == VAP_GRANT_USE)
    there = vap_daemon_start_device (&work->daemon, choice->device, error);
  else
    there =
        vap_daemon_make_device (&work->daemon, choice->device, &choice->matrix, error);
  if (there)
    return TRUE;
  grant->released = TRUE;
  if (!vap_grants_write (root, grant, &reason))
    g_info ("%s", reason->message);
  return FALSE;
}

/* The devices that the new definition names, and the one of our own metadata. */
static const char **
own_devices (const VapNovaGuest *instance)
{
  GPtrArray *uuids = g_ptr_array_new ();

  if (instance->granted_device != NULL)
    g_ptr_array_add (uuids, instance->granted_device);
  for (guint i = 0; i < instance->guest->devices->len; i++) {
    const VapGuestDevice *device = instance->guest->devices->pdata[i];

    if (device->uuid != NULL)
      g_ptr_array_add (uuids, device->uuid);
  }
  g_ptr_array_add (uuids, NULL);
  return (const char **) g_ptr_array_free (uuids, FALSE);
}

/* Those of its devices that are AP matrices, or were: a definition that Nova kept may
 * name one that is gone. */
static const char **
superseded (const Facts *facts, const VapNovaGuest *instance)
{
  GPtrArray *uuids = g_ptr_array_new ();

  for (guint i = 0; i < instance->guest->devices->len; i++) {
    const VapGuestDevice *device = instance->guest->devices->pdata[i];

    if (device->uuid != NULL && (vap_host_is_matrix (facts->host, device) ||
                                 !vap_host_has_other_mdev (facts->host, device->uuid)))
      g_ptr_array_add (uuids, device->uuid);
  }
  g_ptr_array_add (uuids, NULL);
  return (const char **) g_ptr_array_free (uuids, FALSE);
}

/* One turn: TRUE with @done FALSE when something was cleared away first. */
static gboolean
take_turn (const Work *work, const VapNovaGuest *instance, const VapGrantNeed *need,
           const char *xml, gsize length, char **rewritten, gboolean *done,
           GError **error)
{
  g_autofree const char **own = own_devices (instance);
  g_autofree const char **dropped = NULL;
  g_auto (Facts) facts = { NULL, NULL, NULL };
  VapGrantChoice choice;

  if (!read_facts (work, &facts, error))
    return FALSE;
  const VapGrantQuestion question = {
    facts.host, facts.guests, facts.grants, instance->guest->uuid,
    own,        *need,        now (),       work->place->config->grant_keep,
  };
  if (!vap_grant_choose (&question, &choice, error))
    return FALSE;
  *done = choice.kind == VAP_GRANT_USE || choice.kind == VAP_GRANT_MAKE;
  if (choice.kind == VAP_GRANT_RECLAIM)
    return clear_away (work, choice.grant, error);
  if (choice.kind == VAP_GRANT_DROP)
    return vap_daemon_drop_device (&work->daemon, choice.device, error);
  if (!carry_out (work, instance, need->profile, &choice, error) ||
      !release_others (work->place->root, facts.grants, instance->guest->uuid,
                       choice.device, NULL, error))
    return FALSE;
  dropped = superseded (&facts, instance);
  *rewritten =
      vap_rewrite_grant (xml, length, need->profile, choice.device, dropped, error);
  return *rewritten != NULL;
}

static gboolean
grant (const VapGrantPlace *place, const VapNovaGuest *instance, const char *profile,
       const char *xml, gsize length, char **rewritten, GError **error)
{
  g_autoptr (VapProfiles) profiles = NULL;
  g_auto (Work) work = { 0 };
  VapGrantNeed need;
  gboolean done = FALSE;

  if (!vap_grant_need_find (place->root, profile, &profiles, &need, error))
    return FALSE;
  if (!work_open (&work, place, error))
    return FALSE;
  for (guint turn = 0; !done; turn++) {
    if (turn == TURNS_MAX) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                   _ ("there is no end of grants that were left behind"));
      return FALSE;
    }
    if (!take_turn (&work, instance, &need, xml, length, rewritten, &done, error))
      return FALSE;
  }
  return TRUE;
}

static const char *
profile_of (const VapGrantPlace *place, const VapNovaGuest *instance)
{
  if (instance->profile != NULL || instance->flavor == NULL)
    return instance->profile;
  return g_hash_table_lookup (place->config->nova, instance->flavor);
}

static gboolean
grant_to_instance (const VapGrantPlace *place, const VapNovaGuest *instance,
                   const char *xml, gsize length, char **rewritten, char **note,
                   GError **error)
{
  const char *profile = profile_of (place, instance);
  const char *name = instance->guest->name != NULL ? instance->guest->name : "";
  g_autoptr (GError) reason = NULL;

  if (profile == NULL && place->fault == NULL)
    return TRUE;
  if (place->fault != NULL)
    reason = g_error_copy (place->fault);
  else if (instance->guest->uuid == NULL)
    reason = g_error_new (VAP_ERROR, VAP_ERROR_MALFORMED,
                          _ ("it has no UUID that a grant could be kept under"));
  else if (grant (place, instance, profile, xml, length, rewritten, &reason))
    *note =
        g_strdup_printf (_ ("guest '%s': granted crypto of profile '%s'"), name, profile);
  if (reason == NULL)
    return TRUE;
  if (profile != NULL)
    g_set_error (error, VAP_GRANT_ERROR, 0,
                 _ ("guest '%s' cannot be granted crypto of profile '%s': %s"), name,
                 profile, reason->message);
  else
    g_set_error (error, VAP_GRANT_ERROR, 0,
                 _ ("it is not known whether guest '%s' is to get crypto: %s"), name,
                 reason->message);
  return FALSE;
}

/* What is no domain XML at all is the judge's to tell. */
gboolean
vap_grant_to_guest (const VapGrantPlace *place, const char *xml, gsize length,
                    char **rewritten, char **note, GError **error)
{
  g_autoptr (VapNovaGuest) instance = NULL;
  g_autoptr (GError) reason = NULL;

  *rewritten = NULL;
  *note = NULL;
  if (g_strstr_len (xml, (gssize) length, VAP_NOVA_NAMESPACE) == NULL)
    return TRUE;
  if (!vap_nova_guest_parse (xml, length, &instance, &reason)) {
    g_set_error_literal (error, VAP_GRANT_ERROR, 0, reason->message);
    return FALSE;
  }
  return instance == NULL ||
         grant_to_instance (place, instance, xml, length, rewritten, note, error);
}

gboolean
vap_grant_release (const char *root, const char *guest_uuid, gboolean *released,
                   GError **error)
{
  g_autoptr (GPtrArray) grants = NULL;
  const VapGrantPlace place = { root, NULL, NULL, NULL };
  g_auto (Work) work = { 0 };

  *released = FALSE;
  grants = vap_grants_read (root, error);
  if (grants == NULL)
    return FALSE;
  /* most guests have none, and most users may not write there */
  if (grants->len == 0)
    return TRUE;
  if (!work_open (&work, &place, error))
    return FALSE;
  g_clear_pointer (&grants, g_ptr_array_unref);
  grants = vap_grants_read (root, error);
  return grants != NULL &&
         release_others (root, grants, guest_uuid, NULL, released, error);
}

/* @seconds: the time till this one may go, if that is earlier */
static gboolean
sweep_one (const Work *work, const VapGrant *grant, GPtrArray *guests, guint *seconds,
           GError **error)
{
  gint64 keep = work->place->config->grant_keep;
  gint64 left = vap_grant_patience (grant, keep) - (now () - grant->touched);

  if (vap_grant_is_held (grant, guests))
    return TRUE;
  if (vap_grant_is_stale (grant, guests, now (), keep))
    return clear_away (work, grant, error);
  if (*seconds == 0 || left < *seconds)
    *seconds = (guint) MAX (left, 1);
  return TRUE;
}

/* A matrix that was made for a grant whose record is gone, and that no guest has. */
static gboolean
sweep_lost (const Work *work, const Facts *facts, GError **error)
{
  for (guint i = 0; i < facts->host->devices->len; i++) {
    const VapHostDevice *device = facts->host->devices->pdata[i];

    if (vap_grant_is_lost (device->uuid, facts->grants, facts->guests) &&
        !vap_daemon_drop_device (&work->daemon, device->uuid, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
vap_grant_sweep (const VapGrantPlace *place, guint *seconds, GError **error)
{
  g_auto (Facts) facts = { NULL, NULL, NULL };
  g_auto (Work) work = { 0 };

  *seconds = 0;
  if (!work_open (&work, place, error) || !read_facts (&work, &facts, error) ||
      !sweep_lost (&work, &facts, error))
    return FALSE;
  /* one that cannot be taken away is in no other's way; the first reason is told */
  for (guint i = 0; i < facts.grants->len; i++) {
    g_autoptr (GError) reason = NULL;

    if (!sweep_one (&work, facts.grants->pdata[i], facts.guests, seconds, &reason) &&
        (error == NULL || *error == NULL))
      g_propagate_error (error, g_steal_pointer (&reason));
  }
  return error == NULL || *error == NULL;
}
