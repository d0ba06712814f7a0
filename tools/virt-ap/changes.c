/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What changed between two snapshots of a host: cards, queues, devices, guests.
 */
#include "config.h"

#include "changes.h"

#include <glib/gi18n.h>

#include "queues.h"

void
host_change_free (HostChange *change)
{
  g_free (change->name);
  g_free (change->message);
  g_free (change);
}

/* takes @message */
static void
add (GPtrArray *changes, const char *object, const char *change, const char *name,
     char *message)
{
  HostChange *entry = g_new (HostChange, 1);

  *entry = (HostChange){ object, change, g_strdup (name), message };
  g_ptr_array_add (changes, entry);
}

static const VapCard *
find_card (const VapHost *host, guint8 id)
{
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = host->cards->pdata[i];

    if (card->id == id)
      return card;
  }
  return NULL;
}

static void
compare_card (GPtrArray *changes, const char *name, const VapCard *before,
              const VapCard *after)
{
  if (before->config != after->config)
    add (changes, "card", after->config ? "configured" : "deconfigured", name,
         g_strdup_printf (after->config ? _ ("adapter %s is configured")
                                        : _ ("adapter %s is deconfigured"),
                          name));
  if (before->checkstop != after->checkstop)
    add (changes, "card", after->checkstop ? "checkstop" : "checkstop-ended", name,
         g_strdup_printf (after->checkstop ? _ ("adapter %s is checkstopped")
                                           : _ ("adapter %s is no longer checkstopped"),
                          name));
  if (before->online != after->online)
    add (changes, "card", after->online ? "online" : "offline", name,
         g_strdup_printf (after->online ? _ ("adapter %s is online")
                                        : _ ("adapter %s is offline"),
                          name));
}

static void
compare_cards (GPtrArray *changes, const VapHost *before, const VapHost *after)
{
  for (guint id = 0; id < VAP_MASK_BITS; id++) {
    const VapCard *old = find_card (before, (guint8) id);
    const VapCard *new = find_card (after, (guint8) id);
    g_autofree char *name = g_strdup_printf ("%02x", id);

    if (old == NULL && new != NULL)
      add (changes, "card", "added", name,
           g_strdup_printf (_ ("adapter %s (%s) has come"), name,
                            new->type != NULL ? new->type : "?"));
    else if (old != NULL && new == NULL)
      add (changes, "card", "removed", name,
           g_strdup_printf (_ ("adapter %s has gone"), name));
    else if (old != NULL)
      compare_card (changes, name, old, new);
  }
}

/* How many queues went from one state to another, and the first of them. */
typedef struct {
  guint count;
  VapQueue first;
} Moved;

static void
compare_queues (GPtrArray *changes, const VapHost *before, const VapHost *after)
{
  g_autoptr (QueueMap) old = queue_map_new (before);
  g_autoptr (QueueMap) new = queue_map_new (after);
  Moved moved[N_QUEUE_STATES][N_QUEUE_STATES] = { 0 };

  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    for (guint domain = 0; domain < VAP_MASK_BITS; domain++) {
      Moved *entry =
          &moved[old->cells[adapter][domain].state][new->cells[adapter][domain].state];

      if (entry->count++ == 0)
        entry->first = (VapQueue){ (guint8) adapter, (guint8) domain };
    }
  }
  for (guint from = 0; from < N_QUEUE_STATES; from++) {
    for (guint to = 0; to < N_QUEUE_STATES; to++) {
      const Moved *entry = &moved[from][to];
      char queue[VAP_QUEUE_TEXT_SIZE];

      if (from == to || entry->count == 0)
        continue;
      vap_queue_format (entry->first, queue);
      add (changes, "queues", "moved", queue,
           /* Translators: "queues (4, the first 05.0004): the host's, now free for
              guests" */
           g_strdup_printf (_ ("queues (%u, the first %s): %s, now %s"), entry->count,
                            queue, queue_state_text ((QueueState) from),
                            queue_state_text ((QueueState) to)));
    }
  }
}

static void
compare_definition (GPtrArray *changes, const VapHostDevice *old,
                    const VapHostDevice *new, const char *uuid)
{
  gboolean was = old != NULL && old->definition != NULL;
  gboolean is = new != NULL &&new->definition != NULL;

  if (!was && is)
    add (changes, "device", "defined", uuid,
         g_strdup_printf (_ ("device %s is defined"), uuid));
  else if (was && !is)
    add (changes, "device", "undefined", uuid,
         g_strdup_printf (_ ("device %s is no longer defined"), uuid));
  else if (is && (!vap_matrix_equal (&old->defined_matrix, &new->defined_matrix) ||
                  old->definition->autostart != new->definition->autostart))
    add (changes, "device", "redefined", uuid,
         g_strdup_printf (_ ("device %s is defined in another way"), uuid));
}

/* @old, @new: (nullable), of one UUID */
static void
compare_device (GPtrArray *changes, const VapHostDevice *old, const VapHostDevice *new)
{
  const char *uuid = new != NULL ? new->uuid : old->uuid;
  gboolean was = old != NULL && old->active;
  gboolean is = new != NULL &&new->active;

  compare_definition (changes, old, new, uuid);
  if (!was && is)
    add (changes, "device", "started", uuid,
         g_strdup_printf (_ ("device %s is active (queues: %u)"), uuid,
                          vap_matrix_count_queues (&new->matrix)));
  else if (was && !is)
    add (changes, "device", "stopped", uuid,
         g_strdup_printf (_ ("device %s is no longer active"), uuid));
  else if (is && !vap_matrix_equal (&old->matrix, &new->matrix))
    add (changes, "device", "changed", uuid,
         g_strdup_printf (_ ("device %s has another matrix (queues: %u)"), uuid,
                          vap_matrix_count_queues (&new->matrix)));
}

static void
compare_devices (GPtrArray *changes, const VapHost *before, const VapHost *after)
{
  for (guint i = 0; i < before->devices->len; i++) {
    const VapHostDevice *old = before->devices->pdata[i];

    compare_device (changes, old, vap_host_find_device (after, old->uuid));
  }
  for (guint i = 0; i < after->devices->len; i++) {
    const VapHostDevice *new = after->devices->pdata[i];

    if (vap_host_find_device (before, new->uuid) == NULL)
      compare_device (changes, NULL, new);
  }
}

/* the UUID of a guest's first AP matrix, NULL without one; @guest: (nullable) */
static const char *
matrix_of (const VapHost *host, const VapGuest *guest)
{
  for (guint i = 0; guest != NULL && i < guest->devices->len; i++) {
    const VapGuestDevice *device = guest->devices->pdata[i];

    if (vap_host_is_matrix (host, device))
      return device->uuid;
  }
  return NULL;
}

static void
compare_running (GPtrArray *changes, const char *name, const char *old, const char *new)
{
  if (g_strcmp0 (old, new) == 0)
    return;
  if (new != NULL)
    add (changes, "guest", "attached", name,
         g_strdup_printf (_ ("guest '%s' has device %s now"), name, new));
  else
    add (changes, "guest", "detached", name,
         g_strdup_printf (_ ("guest '%s' no longer has device %s"), name, old));
}

/* @old, @new: (nullable), of one guest */
static void
compare_guest (GPtrArray *changes, const VapHost *before, const VapHost *after,
               const VapHostGuest *old, const VapHostGuest *new)
{
  const char *name = new != NULL ? new->name : old->name;
  gboolean ran = old != NULL && old->running != NULL;
  gboolean runs = new != NULL &&new->running != NULL;
  gboolean was = old != NULL && old->defined != NULL;
  gboolean is = new != NULL &&new->defined != NULL;

  if (was != is)
    add (changes, "guest", is ? "defined" : "undefined", name,
         g_strdup_printf (is ? _ ("guest '%s' is defined")
                             : _ ("guest '%s' is no longer defined"),
                          name));
  else if (is && g_strcmp0 (matrix_of (before, old->defined),
                            matrix_of (after, new->defined)) != 0)
    add (changes, "guest", "redefined", name,
         g_strdup_printf (_ ("guest '%s' is defined with another device"), name));
  if (ran != runs)
    add (changes, "guest", runs ? "started" : "stopped", name,
         g_strdup_printf (runs ? _ ("guest '%s' runs") : _ ("guest '%s' has ended"),
                          name));
  else if (runs)
    compare_running (changes, name, matrix_of (before, old->running),
                     matrix_of (after, new->running));
}

static const VapHostGuest *
same_guest (const VapHost *host, const VapHostGuest *guest)
{
  return vap_host_find_guest (host, guest->uuid != NULL ? guest->uuid : guest->name);
}

static void
compare_guests (GPtrArray *changes, const VapHost *before, const VapHost *after)
{
  for (guint i = 0; i < before->guests->len; i++) {
    const VapHostGuest *old = before->guests->pdata[i];

    compare_guest (changes, before, after, old, same_guest (after, old));
  }
  for (guint i = 0; i < after->guests->len; i++) {
    const VapHostGuest *new = after->guests->pdata[i];

    if (same_guest (before, new) == NULL)
      compare_guest (changes, before, after, NULL, new);
  }
}

GPtrArray *
host_changes_new (const VapHost *before, const VapHost *after)
{
  GPtrArray *changes = g_ptr_array_new_with_free_func ((GDestroyNotify) host_change_free);

  compare_cards (changes, before, after);
  compare_queues (changes, before, after);
  compare_devices (changes, before, after);
  compare_guests (changes, before, after);
  return changes;
}

static gboolean
is_same (gconstpointer a, gconstpointer b)
{
  const VapFinding *first = a;
  const VapFinding *second = b;

  return first->info == second->info &&
         g_strcmp0 (first->subject, second->subject) == 0 &&
         g_strcmp0 (first->message, second->message) == 0;
}

GPtrArray *
findings_without (const VapFindings *these, const VapFindings *others)
{
  GPtrArray *rest = g_ptr_array_new ();

  for (guint i = 0; i < these->list->len; i++) {
    gpointer finding = these->list->pdata[i];

    if (others == NULL ||
        !g_ptr_array_find_with_equal_func (others->list, finding, is_same, NULL))
      g_ptr_array_add (rest, finding);
  }
  return rest;
}
