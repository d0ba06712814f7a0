/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order in which a matrix is sought for a guest; see choice.h.
 *
 * A record that its guest has released may be given to another at once when nothing else
 * is left: Placement has room for the other only because the first gave its own back, and
 * a guest that is merely rebooted keeps its allocation, so that no other comes for it.
 */
#include "config.h"

#include "grant/choice.h"

#include <string.h>

/* What a process that has ended had asked of libvirt may come about so long after. */
#define LATE_SECONDS 5

gboolean
vap_grant_is_held (const VapGrant *grant, GPtrArray *guests)
{
  const VapDaemonGuest *guest = vap_daemon_find_guest (guests, grant->guest_uuid);

  return guest != NULL && vap_daemon_guest_has (guest, grant->device);
}

/* Of a guest that was undefined nothing can be told from the process that had it defined.
 */
gint64
vap_grant_patience (const VapGrant *grant, gint64 keep)
{
  return grant->abandoned && !grant->released ? MIN (keep, LATE_SECONDS) : keep;
}

gboolean
vap_grant_is_stale (const VapGrant *grant, GPtrArray *guests, gint64 now, gint64 keep)
{
  /* a clock that was set back must not keep anything for ever */
  gint64 age = now >= grant->touched ? now - grant->touched : keep;

  return age >= vap_grant_patience (grant, keep) && !vap_grant_is_held (grant, guests);
}

/* whether it may be taken away from its guest */
static gboolean
is_left_behind (const VapGrant *grant, const VapGrantQuestion *question)
{
  if (vap_grant_is_held (grant, question->guests))
    return FALSE;
  return grant->released ||
         vap_grant_is_stale (grant, question->guests, question->now, question->keep);
}

static const VapGrant *
find_in (GPtrArray *grants, const char *device)
{
  for (guint i = 0; i < grants->len; i++) {
    const VapGrant *grant = grants->pdata[i];

    if (g_str_equal (grant->device, device))
      return grant;
  }
  return NULL;
}

static const VapGrant *
find_grant (const VapGrantQuestion *question, const char *device)
{
  return find_in (question->grants, device);
}

/* @except: (nullable): a guest's UUID */
static gboolean
is_used (GPtrArray *guests, const char *device, const char *except)
{
  for (guint i = 0; i < guests->len; i++) {
    const VapDaemonGuest *guest = guests->pdata[i];

    if (g_strcmp0 (guest->uuid, except) != 0 && vap_daemon_guest_has (guest, device))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_used_by_another (const VapGrantQuestion *question, const char *device)
{
  return is_used (question->guests, device, question->guest_uuid);
}

gboolean
vap_grant_is_lost (const char *device, GPtrArray *grants, GPtrArray *guests)
{
  return vap_uuid_is_granted (device) && find_in (grants, device) == NULL &&
         !is_used (guests, device, NULL);
}

static gboolean
is_ours (const VapGrantQuestion *question, const VapGrant *grant)
{
  return g_str_equal (grant->guest_uuid, question->guest_uuid);
}

static gboolean
accepts (const VapGrantQuestion *question, const VapHostDevice *device)
{
  const VapMatrix *matrix = device->active ? &device->matrix : &device->defined_matrix;
  const VapMatrix passed = vap_host_filter_matrix (question->host, matrix);

  return device->problem == NULL && !device->truncated &&
         question->need.accepts (question->host, &passed, question->need.need);
}

static gboolean
use (const VapHostDevice *device, VapGrantChoice *choice)
{
  choice->kind = VAP_GRANT_USE;
  choice->matrix = device->active ? device->matrix : device->defined_matrix;
  g_strlcpy (choice->device, device->uuid, sizeof choice->device);
  return TRUE;
}

/* a device that our guest has a claim to */
static gboolean
try_own (const VapGrantQuestion *question, const char *uuid, VapGrantChoice *choice)
{
  const VapHostDevice *device = vap_host_find_device (question->host, uuid);
  const VapGrant *grant = find_grant (question, uuid);

  if (device == NULL || is_used_by_another (question, uuid) ||
      (grant != NULL && !is_ours (question, grant)) || !accepts (question, device))
    return FALSE;
  return use (device, choice);
}

static gboolean
choose_own (const VapGrantQuestion *question, VapGrantChoice *choice)
{
  for (guint i = 0; i < question->grants->len; i++) {
    const VapGrant *grant = question->grants->pdata[i];

    if (is_ours (question, grant) &&
        g_str_equal (grant->profile, question->need.profile) &&
        try_own (question, grant->device, choice))
      return TRUE;
  }
  /* one that it was granted for another profile is given back instead */
  for (guint i = 0; question->own[i] != NULL; i++)
    if (find_grant (question, question->own[i]) == NULL &&
        try_own (question, question->own[i], choice))
      return TRUE;
  return FALSE;
}

/* The one with the fewest queues more than are needed, and among these the first. */
static gboolean
choose_prepared (const VapGrantQuestion *question, VapGrantChoice *choice)
{
  const VapHostDevice *best = NULL;
  guint best_count = 0;

  for (guint i = 0; i < question->host->devices->len; i++) {
    const VapHostDevice *device = question->host->devices->pdata[i];
    guint count = vap_matrix_count_queues (device->active ? &device->matrix
                                                          : &device->defined_matrix);

    if (find_grant (question, device->uuid) != NULL ||
        vap_uuid_is_granted (device->uuid) ||
        vap_host_holder (question->host, device->uuid, question->guest_uuid, NULL) !=
            NULL ||
        is_used_by_another (question, device->uuid) || !accepts (question, device))
      continue;
    if (best == NULL || count < best_count) {
      best = device;
      best_count = count;
    }
  }
  return best != NULL && use (best, choice);
}

/* A new device's UUID: that of one which went, if Nova remembers it, else any. */
static void
name_device (const VapGrantQuestion *question, char uuid[37])
{
  for (guint i = 0; i < question->grants->len; i++) {
    const VapGrant *grant = question->grants->pdata[i];

    if (is_ours (question, grant) && vap_uuid_is_granted (grant->device) &&
        g_strv_contains (question->own, grant->device) &&
        vap_host_find_device (question->host, grant->device) == NULL) {
      g_strlcpy (uuid, grant->device, 37);
      return;
    }
  }
  vap_uuid_name_granted (uuid);
}

static gboolean
choose_new (const VapGrantQuestion *question, VapGrantChoice *choice, GError **error)
{
  if (!question->need.plan (question->host, question->need.need, &choice->matrix, error))
    return FALSE;
  choice->kind = VAP_GRANT_MAKE;
  name_device (question, choice->device);
  return TRUE;
}

/* The longest untouched first; a prepared one only if it would do, since its queues stay
 * in it. */
static gboolean
choose_left_behind (const VapGrantQuestion *question, VapGrantChoice *choice)
{
  for (guint i = 0; i < question->grants->len; i++) {
    const VapGrant *grant = question->grants->pdata[i];
    const VapHostDevice *device = vap_host_find_device (question->host, grant->device);

    if (!is_left_behind (grant, question) || is_used_by_another (question, grant->device))
      continue;
    if (!vap_uuid_is_granted (grant->device) &&
        (device == NULL || !accepts (question, device)))
      continue;
    choice->kind = VAP_GRANT_RECLAIM;
    choice->grant = grant;
    return TRUE;
  }
  return FALSE;
}

static gboolean
choose_lost (const VapGrantQuestion *question, VapGrantChoice *choice)
{
  for (guint i = 0; i < question->host->devices->len; i++) {
    const VapHostDevice *device = question->host->devices->pdata[i];

    if (vap_grant_is_lost (device->uuid, question->grants, question->guests)) {
      choice->kind = VAP_GRANT_DROP;
      g_strlcpy (choice->device, device->uuid, sizeof choice->device);
      return TRUE;
    }
  }
  return FALSE;
}

gboolean
vap_grant_choose (const VapGrantQuestion *question, VapGrantChoice *choice,
                  GError **error)
{
  g_autoptr (GError) reason = NULL;

  memset (choice, 0, sizeof *choice);
  if (choose_own (question, choice) || choose_prepared (question, choice) ||
      choose_new (question, choice, &reason) || choose_lost (question, choice) ||
      choose_left_behind (question, choice))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}
