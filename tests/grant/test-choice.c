/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which matrix a guest is granted, over long random lives of many guests: spawned, rebooted,
 * rescued, resized, deleted, lost by a crash in the middle of a define, while time goes on.
 * As Placement does, no more guests are asked for than there is room for.  No queue is
 * ever granted twice, no guest is refused or loses its matrix by a reboot, and when all
 * are gone every queue is free.  VIRT_AP_THOROUGH=1 for longer lives.
 */
#include <string.h>

#include "config/settings.h"
#include "grant/choice.h"

/* the simulated host: one adapter, so many domains, and one matrix prepared */
#define DOMAINS 12u
#define SMALL 2u
#define LARGE 3u
#define PREPARED "62177883-f1bb-47f0-914d-32a22e3a8801"
#define GUESTS 8u

typedef struct {
  char uuid[37];
  gboolean wanted; /* Placement has an allocation for it */
  gboolean defined;
  guint queues;
  char device[37]; /* that it is defined with */
} Guest;

typedef struct {
  VapHost host;
  GPtrArray *grants;
  Guest guests[GUESTS];
  gint64 now;
} World;

typedef struct {
  guint queues;
  gboolean only_here; /* nothing can be planned */
} Need;

static void
device_free (VapHostDevice *device)
{
  g_free (device->uuid);
  g_free (device);
}

static void
add_device (World *world, const char *uuid, const VapMatrix *matrix)
{
  VapHostDevice *device = g_new0 (VapHostDevice, 1);

  device->uuid = g_strdup (uuid);
  device->active = TRUE;
  device->matrix = *matrix;
  g_ptr_array_add (world->host.devices, device);
}

static VapMatrix
matrix_of (guint first, guint count)
{
  VapMatrix matrix = { 0 };

  vap_mask_set (&matrix.adapters, 5);
  for (guint i = 0; i < count; i++)
    vap_mask_set (&matrix.domains, first + i);
  return matrix;
}

static void
world_init (World *world)
{
  VapMatrix prepared = matrix_of (0, SMALL);

  memset (world, 0, sizeof *world);
  world->now = 1000000;
  world->host.root = g_strdup ("");
  world->host.devices = g_ptr_array_new_with_free_func ((GDestroyNotify) device_free);
  world->host.guests = g_ptr_array_new ();
  vap_mask_set (&world->host.adapters, 5);
  world->host.usage_domains = vap_mask_up_to (DOMAINS - 1);
  world->host.vfio_bound.domains[5] = world->host.usage_domains;
  world->host.queues = world->host.vfio_bound;
  world->grants = g_ptr_array_new_with_free_func ((GDestroyNotify) vap_grant_free);
  add_device (world, PREPARED, &prepared);
  for (guint i = 0; i < GUESTS; i++)
    g_snprintf (world->guests[i].uuid, sizeof world->guests[i].uuid,
                "00000000-0000-4000-8000-%012u", i);
}

static void
world_clear (World *world)
{
  g_free (world->host.root);
  g_ptr_array_unref (world->host.devices);
  g_ptr_array_unref (world->host.guests);
  g_ptr_array_unref (world->grants);
}

static gboolean
accepts (G_GNUC_UNUSED const VapHost *host, const VapMatrix *matrix, gconstpointer need)
{
  return vap_matrix_count_queues (matrix) >= ((const Need *) need)->queues;
}

/* the lowest free domains, wherever they are */
static gboolean
plan (const VapHost *host, gconstpointer need, VapMatrix *matrix, GError **error)
{
  const Need *wanted = need;
  VapMask used = { 0 };
  guint left = wanted->queues;

  memset (matrix, 0, sizeof *matrix);
  vap_mask_set (&matrix->adapters, 5);
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];

    used = vap_mask_or (&used, &device->matrix.domains);
  }
  for (guint domain = 0; domain < DOMAINS && left > 0; domain++)
    if (!vap_mask_test (&used, domain)) {
      vap_mask_set (&matrix->domains, domain);
      left--;
    }
  if (left == 0 && !wanted->only_here)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, "no room");
  return FALSE;
}

/* what libvirt would list */
static GPtrArray *
guests_of (const World *world)
{
  g_autoptr (GString) list = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  GPtrArray *guests;

  for (guint i = 0; i < GUESTS; i++) {
    const Guest *guest = &world->guests[i];
    g_autofree char *xml = g_strdup_printf (
        "<domain><name>g%u</name><uuid>%s</uuid><devices><hostdev mode='subsystem' "
        "type='mdev' model='vfio-ap'><source><address uuid='%s'/></source></hostdev>"
        "</devices></domain>",
        i, guest->uuid, guest->device);

    if (guest->defined)
      g_string_append_printf (list, "defined %zu\n%s", strlen (xml), xml);
  }
  guests = vap_daemon_parse_guests (list->str, list->len, &error);
  g_assert_no_error (error);
  return guests;
}

static void
remove_device (World *world, const char *uuid)
{
  for (guint i = 0; i < world->host.devices->len; i++) {
    const VapHostDevice *device = world->host.devices->pdata[i];

    if (strcmp (device->uuid, uuid) == 0)
      g_ptr_array_remove_index (world->host.devices, i--);
  }
}

/* The executor's part, as grant.c does it. */
static void
clear_away (World *world, const VapGrant *grant)
{
  if (vap_uuid_is_granted (grant->device))
    remove_device (world, grant->device);
  g_ptr_array_remove (world->grants, (gpointer) grant);
}

static void
put_record (World *world, const Guest *guest, const char *profile,
            const VapGrantChoice *choice)
{
  VapGrant *grant = NULL;

  for (guint i = 0; i < world->grants->len; i++) {
    VapGrant *old = world->grants->pdata[i];

    if (strcmp (old->guest_uuid, guest->uuid) != 0)
      g_assert_cmpstr (old->device, !=, choice->device);
    else if (strcmp (old->device, choice->device) == 0)
      grant = old;
    else if (!old->released) {
      old->released = TRUE;
      old->touched = world->now;
    }
  }
  if (grant == NULL) {
    grant = vap_grant_new (guest->uuid, choice->device);
    g_ptr_array_add (world->grants, grant);
  }
  g_free (grant->profile);
  grant->profile = g_strdup (profile);
  grant->released = grant->abandoned = FALSE;
  grant->touched = world->now;
}

static gboolean
grant_once (World *world, Guest *guest, const char *const *own, const Need *need,
            char uuid[37], gboolean *again)
{
  const char *profile = need->queues == SMALL ? "small" : "large";
  g_autoptr (GPtrArray) guests = guests_of (world);
  const VapGrantQuestion question = {
    &world->host, guests,     world->grants, guest->uuid, own,
    { profile, accepts, plan, need }, world->now, VAP_GRANT_KEEP_SECONDS,
  };
  g_autoptr (GError) error = NULL;
  VapGrantChoice choice;

  *again = FALSE;
  if (!vap_grant_choose (&question, &choice, &error)) {
    g_assert_error (error, VAP_ERROR, VAP_ERROR_FAILED);
    return FALSE;
  }
  if (choice.kind == VAP_GRANT_RECLAIM) {
    clear_away (world, choice.grant);
    *again = TRUE;
    return TRUE;
  }
  if (choice.kind == VAP_GRANT_DROP) {
    g_assert_true (vap_uuid_is_granted (choice.device));
    remove_device (world, choice.device);
    *again = TRUE;
    return TRUE;
  }
  if (choice.kind == VAP_GRANT_MAKE)
    add_device (world, choice.device, &choice.matrix);
  put_record (world, guest, profile, &choice);
  memcpy (uuid, choice.device, 37);
  return TRUE;
}

static gboolean
grant (World *world, Guest *guest, const char *remembered, const Need *need,
       char uuid[37])
{
  const char *const own[] = { remembered, NULL };
  gboolean again = TRUE;

  while (again)
    if (!grant_once (world, guest, own, need, uuid, &again))
      return FALSE;
  return TRUE;
}

static void
release (World *world, const Guest *guest)
{
  for (guint i = 0; i < world->grants->len; i++) {
    VapGrant *grant = world->grants->pdata[i];

    if (strcmp (grant->guest_uuid, guest->uuid) == 0 && !grant->released) {
      grant->released = TRUE;
      grant->touched = world->now;
    }
  }
}

/* the process that made its grants has ended */
static void
abandon (World *world, const Guest *guest)
{
  for (guint i = 0; i < world->grants->len; i++) {
    VapGrant *grant = world->grants->pdata[i];

    if (strcmp (grant->guest_uuid, guest->uuid) == 0)
      grant->abandoned = TRUE;
  }
}

static void
sweep (World *world)
{
  g_autoptr (GPtrArray) guests = guests_of (world);

  for (guint i = 0; i < world->grants->len; i++) {
    const VapGrant *grant = world->grants->pdata[i];

    if (vap_grant_is_stale (grant, guests, world->now, VAP_GRANT_KEEP_SECONDS)) {
      clear_away (world, grant);
      i--;
    }
  }
  for (guint i = 0; i < world->host.devices->len; i++) {
    const VapHostDevice *device = world->host.devices->pdata[i];

    if (vap_grant_is_lost (device->uuid, world->grants, guests))
      g_ptr_array_remove_index (world->host.devices, i--);
  }
}

static void
assert_sound (const World *world)
{
  VapMask used = { 0 };

  for (guint i = 0; i < world->host.devices->len; i++) {
    const VapHostDevice *device = world->host.devices->pdata[i];

    g_assert_false (vap_mask_intersects (&used, &device->matrix.domains));
    used = vap_mask_or (&used, &device->matrix.domains);
  }
  for (guint i = 0; i < GUESTS; i++)
    for (guint j = i + 1; j < GUESTS; j++)
      if (world->guests[i].defined && world->guests[j].defined)
        g_assert_cmpstr (world->guests[i].device, !=, world->guests[j].device);
}

/* What Placement has given away: its inventory is what fits at the worst, the prepared
 * matrix counted as a small one. */
static guint
allocated (const World *world)
{
  guint sum = 0;

  for (guint i = 0; i < GUESTS; i++)
    if (world->guests[i].wanted)
      sum += world->guests[i].queues;
  return sum;
}

static void
spawn (World *world, Guest *guest, guint queues, gboolean crashes)
{
  const Need need = { queues, FALSE };

  /* a large one may not use what is prepared */
  if (guest->wanted || guest->defined || allocated (world) + queues > DOMAINS - SMALL)
    return;
  guest->queues = queues;
  g_assert_true (grant (world, guest, NULL, &need, guest->device));
  guest->defined = guest->wanted = !crashes;
}

static gboolean
is_recorded (const World *world, const char *device)
{
  for (guint i = 0; i < world->grants->len; i++) {
    const VapGrant *grant = world->grants->pdata[i];

    if (strcmp (grant->device, device) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Nova remembers the device, or we do; when both have forgotten it, another will do. */
static void
reboot (World *world, Guest *guest)
{
  const Need need = { guest->queues, FALSE };
  gboolean remembers = g_test_rand_bit ();
  gboolean known = remembers || is_recorded (world, guest->device);
  char device[37];

  if (!guest->defined)
    return;
  release (world, guest);
  guest->defined = FALSE;
  world->now += g_test_rand_int_range (0, 20);
  g_assert_true (grant (world, guest, remembers ? guest->device : NULL, &need, device));
  if (known)
    g_assert_cmpstr (device, ==, guest->device);
  memcpy (guest->device, device, sizeof device);
  guest->defined = TRUE;
}

/* on the same host: defined anew under another flavor, while the old one is there */
static void
resize (World *world, Guest *guest)
{
  const Need need = { SMALL + LARGE - guest->queues, FALSE };
  char device[37];

  /* without a record a large matrix is kept for a small need */
  if (!guest->defined || !is_recorded (world, guest->device) ||
      allocated (world) + MAX (SMALL, LARGE) > DOMAINS - SMALL)
    return;
  g_assert_true (grant (world, guest, guest->device, &need, device));
  guest->queues = need.queues;
  memcpy (guest->device, device, sizeof device);
}

static void
delete (World *world, Guest *guest)
{
  release (world, guest);
  guest->defined = guest->wanted = FALSE;
}

static void
live_on (World *world)
{
  Guest *guest = &world->guests[g_test_rand_int_range (0, GUESTS)];

  switch (g_test_rand_int_range (0, 8)) {
  case 0:
  case 1:
    spawn (world, guest, g_test_rand_bit () ? SMALL : LARGE, FALSE);
    break;
  case 2:
    spawn (world, guest, SMALL, TRUE);
    /* the compute that crashed comes back, and what it began is soon over */
    abandon (world, guest);
    world->now += 5;
    break;
  case 3:
    reboot (world, guest);
    break;
  case 4:
    resize (world, guest);
    break;
  case 5:
    delete (world, guest);
    break;
  case 6:
    if (world->grants->len > 0)
      g_ptr_array_remove_index (world->grants,
                                g_test_rand_int_range (0, (gint) world->grants->len));
    break;
  default:
    world->now += g_test_rand_int_range (0, 100);
    if (g_test_rand_bit ())
      sweep (world);
  }
  assert_sound (world);
}

static void
test_lives (void)
{
  guint lives = g_getenv ("VIRT_AP_THOROUGH") != NULL ? 2000 : 100;

  for (guint life = 0; life < lives; life++) {
    World world;

    world_init (&world);
    for (guint i = 0; i < 100; i++)
      live_on (&world);
    for (guint i = 0; i < GUESTS; i++)
      delete (&world, &world.guests[i]);
    world.now += VAP_GRANT_KEEP_SECONDS;
    sweep (&world);
    g_assert_cmpuint (world.grants->len, ==, 0);
    g_assert_cmpuint (world.host.devices->len, ==, 1);
    world_clear (&world);
  }
}

static void
test_prepared_first (void)
{
  const Need need = { SMALL, FALSE };
  World world;
  char device[37];

  world_init (&world);
  g_assert_true (grant (&world, &world.guests[0], NULL, &need, device));
  g_assert_cmpstr (device, ==, PREPARED);
  world_clear (&world);
}

/* A device that another guest has in libvirt is never granted, whatever a definition
 * says. */
static void
test_not_anothers (void)
{
  const Need need = { SMALL, TRUE };
  World world;
  char device[37];

  world_init (&world);
  g_strlcpy (world.guests[1].device, PREPARED, 37);
  world.guests[1].defined = TRUE;
  g_assert_false (grant (&world, &world.guests[0], PREPARED, &need, device));
  world_clear (&world);
}

/* One that is granted and whose guest is not defined yet is not taken by the next. */
static void
test_in_flight (void)
{
  const Need need = { SMALL, TRUE };
  World world;
  char device[37];

  world_init (&world);
  g_assert_true (grant (&world, &world.guests[0], NULL, &need, device));
  g_assert_false (grant (&world, &world.guests[1], NULL, &need, device));
  world.now += VAP_GRANT_KEEP_SECONDS;
  g_assert_true (grant (&world, &world.guests[1], NULL, &need, device));
  world_clear (&world);
}

/* A matrix that was made, and whose record is gone, is in nobody's way. */
static void
test_lost (void)
{
  const Need need = { SMALL, FALSE };
  const VapMatrix rest = matrix_of (SMALL, DOMAINS - SMALL);
  World world;
  char device[37], lost[37];

  world_init (&world);
  vap_uuid_name_granted (lost);
  add_device (&world, lost, &rest);
  g_assert_true (grant (&world, &world.guests[0], NULL, &need, device));
  g_assert_cmpstr (device, ==, PREPARED);
  g_assert_cmpuint (world.host.devices->len, ==, 2);
  g_assert_true (grant (&world, &world.guests[1], NULL, &need, device));
  g_assert_null (vap_host_find_device (&world.host, lost));
  world_clear (&world);
}

/* A device that went while its guest was defined comes back under its UUID. */
static void
test_device_gone (void)
{
  const Need need = { LARGE, FALSE };
  World world;
  char first[37], second[37];

  world_init (&world);
  g_assert_true (grant (&world, &world.guests[0], NULL, &need, first));
  remove_device (&world, first);
  g_assert_true (grant (&world, &world.guests[0], first, &need, second));
  g_assert_cmpstr (first, ==, second);
  world_clear (&world);
}

static void
test_clock_set_back (void)
{
  const Need need = { SMALL, TRUE };
  World world;
  char device[37];

  world_init (&world);
  g_assert_true (grant (&world, &world.guests[0], NULL, &need, device));
  world.now -= 10000;
  g_assert_true (grant (&world, &world.guests[1], NULL, &need, device));
  world_clear (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/grant/choice/prepared-first", test_prepared_first);
  g_test_add_func ("/grant/choice/not-anothers", test_not_anothers);
  g_test_add_func ("/grant/choice/in-flight", test_in_flight);
  g_test_add_func ("/grant/choice/device-gone", test_device_gone);
  g_test_add_func ("/grant/choice/lost", test_lost);
  g_test_add_func ("/grant/choice/clock-set-back", test_clock_set_back);
  g_test_add_func ("/grant/choice/lives", test_lives);
  return g_test_run ();
}
