/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All guests of a host, for a process that keeps files (keep/keep.h): their directories
 * are watched, and a file is read again when it has changed.  With hundreds of guests
 * even a look at each file takes longer than everything else that a judge does.
 */
#include "config.h"

#include "host/guests.h"
#include "keep/keep.h"
#include "keep/watch.h"

#include <string.h>

/* The guests of a directory, by the names of their files, as they were last read.
 * @root: NULL as long as nothing is known
 * @watch: NULL when the directory was not there
 * @late: set of the names of files that have changed since they were read */
typedef struct {
  const char *dir;
  gboolean running;
  char *root;
  VapWatch *watch;
  GTree *guests;
  GHashTable *late;
} Shelf;

/* @guests: of both, NULL when it has to be made anew
 * @lent: so many hosts have it; then nothing in it may change */
static struct {
  Shelf shelves[2];
  GPtrArray *guests;
  guint lent;
} known = { { { .dir = VAP_GUESTS_DEFINED },
              { .dir = VAP_GUESTS_RUNNING, .running = TRUE } },
            NULL,
            0 };

static void
forget_list (void)
{
  g_clear_pointer (&known.guests, g_ptr_array_unref);
  known.lent = 0;
}

static void
shelf_clear (Shelf *shelf)
{
  g_clear_pointer (&shelf->root, g_free);
  g_clear_pointer (&shelf->watch, vap_watch_free);
  g_clear_pointer (&shelf->guests, g_tree_unref);
  g_clear_pointer (&shelf->late, g_hash_table_unref);
}

/* (nullable): where the list has @guest */
static VapGuest **
find_place (const VapGuest *guest, gboolean running)
{
  for (guint i = 0; known.guests != NULL && i < known.guests->len; i++) {
    VapGuest **place = vap_host_guest_place (known.guests->pdata[i], running);

    if (*place == guest)
      return place;
  }
  return NULL;
}

/* One that is only defined anew takes the other's place, so that not all of the list has
 * to be made again. */
static void
replace_in_list (const VapGuest *before, VapGuest *after, gboolean running)
{
  gboolean same = before != NULL && after != NULL && before->name != NULL &&
                  before->uuid != NULL && g_strcmp0 (before->name, after->name) == 0 &&
                  g_strcmp0 (before->uuid, after->uuid) == 0;
  VapGuest **place = same && known.lent == 0 ? find_place (before, running) : NULL;

  if (place == NULL) {
    forget_list ();
    return;
  }
  vap_guest_unref (*place);
  *place = vap_guest_ref (after);
}

/* FALSE when it cannot be told what is there */
static gboolean
shelf_read (Shelf *shelf, const char *name)
{
  g_autofree char *path = g_build_filename (shelf->dir, name, NULL);
  VapReadStatus status;
  VapGuest *guest;

  if (!vap_guest_is_file (name))
    return TRUE;
  guest = vap_guest_read (shelf->root, path, &status, NULL);
  replace_in_list (g_tree_lookup (shelf->guests, name), guest, shelf->running);
  if (guest != NULL)
    g_tree_replace (shelf->guests, g_strdup (name), guest);
  else
    g_tree_remove (shelf->guests, name);
  return status <= VAP_READ_ABSENT;
}

static gboolean
shelf_read_all (Shelf *shelf, const GPtrArray *names)
{
  for (guint i = 0; i < names->len; i++)
    if (!shelf_read (shelf, names->pdata[i]))
      return FALSE;
  return TRUE;
}

/* Reads what has changed, but the file @replaced, which is read when somebody wants it.
 */
static gboolean
shelf_read_late (Shelf *shelf, const char *replaced)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, shelf->late);
  while (g_hash_table_iter_next (&iter, &name, NULL)) {
    if (g_strcmp0 (name, replaced) == 0)
      continue;
    if (!shelf_read (shelf, name))
      return FALSE;
    g_hash_table_iter_remove (&iter);
  }
  return TRUE;
}

/* The definition that another replaces may stay as it was when it was read, if then it
 * was this guest's, with which nothing of its own interferes. */
static void
shelf_leave_out (Shelf *shelf, const VapGuest *defines, const char *replaced)
{
  const VapGuest *guest = g_tree_lookup (shelf->guests, replaced);

  if (guest == NULL ||
      (guest->uuid != NULL && g_ascii_strcasecmp (guest->uuid, defines->uuid) == 0))
    return;
  g_tree_remove (shelf->guests, replaced);
  g_hash_table_add (shelf->late, g_strdup (replaced));
  forget_list ();
}

static gint
compare_keys (gconstpointer a, gconstpointer b, G_GNUC_UNUSED gpointer user_data)
{
  return strcmp (a, b);
}

/* FALSE when changes would not be told, or something could not be read or understood */
static gboolean
shelf_fill (Shelf *shelf, const char *root)
{
  g_autofree char *path = g_strconcat (root, shelf->dir, NULL);
  g_autoptr (GPtrArray) names = NULL;
  VapReadStatus status;

  shelf_clear (shelf);
  forget_list ();
  shelf->root = g_strdup (root);
  shelf->guests =
      g_tree_new_full (compare_keys, NULL, g_free, (GDestroyNotify) vap_guest_unref);
  shelf->late = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  shelf->watch = vap_watch_new (path, VAP_GUEST_SUFFIX);
  status = vap_dir_names (root, shelf->dir, &names, NULL);
  return shelf->watch != NULL ? status == VAP_READ_DONE && shelf_read_all (shelf, names)
                              : status == VAP_READ_ABSENT;
}

/* FALSE when what is known may be old */
static gboolean
shelf_catch_up (Shelf *shelf, const char *root, const char *replaced)
{
  if (shelf->root == NULL || strcmp (shelf->root, root) != 0)
    return FALSE;
  if (shelf->watch == NULL)
    return vap_dir_find (root, shelf->dir, NULL) == VAP_READ_ABSENT;
  return vap_watch_take (shelf->watch, shelf->late) && shelf_read_late (shelf, replaced);
}

/* FALSE when they cannot be known */
static gboolean
catch_up (const char *root, const VapGuest *defines)
{
  g_autofree char *replaced = vap_guest_replaced_file (defines);
  gboolean known_all = vap_keep_is_on ();

  vap_watch_look ();
  for (guint i = 0; i < G_N_ELEMENTS (known.shelves) && known_all; i++) {
    Shelf *shelf = &known.shelves[i];
    const char *but = shelf->running ? NULL : replaced;

    known_all = shelf_catch_up (shelf, root, but) || shelf_fill (shelf, root);
    if (!known_all)
      shelf_clear (shelf);
    else if (but != NULL)
      shelf_leave_out (shelf, defines, but);
  }
  return known_all;
}

static gboolean
add_from_shelf (gpointer name, gpointer guest, gpointer user_data)
{
  const gpointer *to = user_data;
  const Shelf *shelf = to[0];

  vap_guest_list_add (to[1], name, vap_guest_ref (guest), shelf->running);
  return FALSE;
}

static void
add_known (const VapGuestList *list)
{
  for (guint i = 0; i < G_N_ELEMENTS (known.shelves); i++) {
    gpointer to[] = { &known.shelves[i], (gpointer) list };

    g_tree_foreach (known.shelves[i].guests, add_from_shelf, to);
  }
}

gboolean
vap_host_take_known_guests (VapHost *host, const VapGuest *defines)
{
  if ((host->facts & VAP_FACTS_GUESTS) != VAP_FACTS_GUESTS ||
      !catch_up (host->root, defines))
    return FALSE;
  if (known.guests == NULL) {
    vap_guest_list_make (host, add_known, NULL);
    known.guests = g_ptr_array_ref (host->guests);
  } else {
    g_ptr_array_unref (host->guests);
    host->guests = g_ptr_array_ref (known.guests);
  }
  host->guests_lent = TRUE;
  known.lent++;
  return TRUE;
}

void
vap_host_clear_guests (VapHost *host)
{
  if (host->guests_lent && host->guests == known.guests)
    known.lent--;
  host->guests_lent = FALSE;
  host->guests_incomplete = FALSE;
  g_clear_pointer (&host->guests, g_ptr_array_unref);
}

void
vap_host_look_ahead (const char *root)
{
  g_autoptr (VapHost) host = vap_host_new (root);

  host->facts = VAP_FACTS_GUESTS;
  if (!vap_host_take_known_guests (host, NULL))
    g_debug ("the guests of '%s' are read each time", host->root);
}
