/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that keeps files is given the same snapshot again as long as nothing has
 * changed that it stands on; its guests are always those there are.  Which one it was
 * given is told by a mark.
 */
#include "support.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* a file system whose changes are told; what is in /tmp may be of any kind */
#define PLACE "/dev/shm"
#define MARK "marked"
#define HOST                                                                             \
  "cpuinfo\n" Z16 "\n"                                                                   \
  "device " A_UUID " adapters=5 domains=4\n"                                             \
  "definition " A_UUID " adapters=5 domains=4\n"                                         \
  "guest web uuid=11111111-2222-3333-4444-555555555550 devices=" A_UUID "\n"
#define DEFINITION "/etc/mdevctl.d/matrix/" A_UUID

static const char *const one[] = { A_UUID, NULL };
static const char *const other[] = { B_UUID, NULL };
static const VapScope scope = {
  .facts = VAP_FACTS_FEATURES | VAP_FACTS_DEVICES | VAP_FACTS_GUESTS,
  .devices = one,
};

typedef struct {
  char *root;
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->root = g_strdup (PLACE "/virt-ap-known-XXXXXX");
  g_assert_nonnull (g_mkdtemp (fixture->root));
  vap_test_tree_make_text (HOST, fixture->root);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  vap_test_tree_remove (fixture->root);
}

static VapHost *
read_scope (const Fixture *fixture, const VapScope *wanted)
{
  g_autoptr (GError) error = NULL;
  VapHost *host = vap_host_read_scope (fixture->root, wanted, &error);

  g_assert_no_error (error);
  return host;
}

static gboolean
is_marked (const VapHost *host)
{
  return g_strcmp0 (host->machine, MARK) == 0;
}

static gboolean
gives_marked (const Fixture *fixture, const VapScope *wanted)
{
  g_autoptr (VapHost) host = read_scope (fixture, wanted);

  return is_marked (host);
}

/* Till a snapshot is given again, once nothing has changed for a while. */
static void
mark (const Fixture *fixture, const VapScope *wanted)
{
  for (guint i = 0; i < 200; i++) {
    g_autoptr (VapHost) host = read_scope (fixture, wanted);

    if (is_marked (host))
      return;
    g_free (host->machine);
    host->machine = g_strdup (MARK);
    g_usleep (10 * 1000);
  }
  g_error ("none was given again");
}

static void
change (const Fixture *fixture, const char *text)
{
  vap_test_tree_make_text (text, fixture->root);
}

static void
test_nothing_changed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapHost) host = NULL;

  mark (fixture, &scope);
  host = read_scope (fixture, &scope);
  g_assert_true (is_marked (host));
  g_assert_true (vap_host_find_device (host, A_UUID)->active);
  g_assert_nonnull (vap_host_find_device (host, A_UUID)->definition);
  g_assert_true (vap_host_has_feature (host, VAP_FEATURE_APQI));
  g_assert_cmpuint (host->guests->len, ==, 1);
}

static void
test_changed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const changes[] = {
    "definition " A_UUID " adapters=6 domains=4\n",
    "definition " B_UUID " adapters=6 domains=4\n",
    "remove " DEFINITION "\n",
    "definition " A_UUID " adapters=5 domains=4\n",
    "device " A_UUID " adapters=6 domains=4\n",
    "remove /sys/devices/vfio_ap/matrix/" A_UUID "\n",
    "device " A_UUID " adapters=5 domains=4\n",
    "/sys/bus/ap/features = APSC APSB\n",
    "/sys/firmware/uv/query/feature_indications = 0\n",
    "remove /sys/firmware/uv/query/feature_indications\n",
    "cpuinfo facilities=0,1,12\n",
    "remove /proc/cpuinfo\n",
    "cpuinfo\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++) {
    mark (fixture, &scope);
    g_test_message ("%s", changes[i]);
    change (fixture, changes[i]);
    g_assert_false (gives_marked (fixture, &scope));
  }
}

/* what was asked for otherwise is another, and one does not take the other's place */
static void
test_asked_otherwise (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  VapScope less = scope, of_other = scope, of_all = scope;

  less.facts = VAP_FACTS_FEATURES;
  of_other.devices = other;
  of_all.devices = NULL;
  change (fixture, "definition " B_UUID " adapters=6 domains=4\n");
  mark (fixture, &scope);
  g_assert_false (gives_marked (fixture, &less));
  g_assert_false (gives_marked (fixture, &of_other));
  g_assert_false (gives_marked (fixture, &of_all));
  mark (fixture, &of_other);
  g_assert_true (gives_marked (fixture, &scope));
  g_assert_true (gives_marked (fixture, &of_other));
}

/* one that somebody has yet is nobody else's */
static void
test_two_at_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapHost) first = NULL;
  g_autoptr (VapHost) second = NULL;

  mark (fixture, &scope);
  first = read_scope (fixture, &scope);
  second = read_scope (fixture, &scope);
  g_assert_true (is_marked (first));
  g_assert_false (is_marked (second));
}

/* the devices of one that is expected are not those of the one it was made from */
static void
test_expected (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapHost) host = NULL;

  mark (fixture, &scope);
  host = read_scope (fixture, &scope);
  vap_host_unref (vap_host_with_device (host, A_UUID, NULL, NULL));
  g_assert_nonnull (vap_host_find_device (host, A_UUID));
  g_clear_pointer (&host, vap_host_unref);
  host = read_scope (fixture, &scope);
  g_assert_true (is_marked (host));
  g_assert_nonnull (vap_host_find_device (host, A_UUID));
}

static void
test_guests (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (VapHost) host = NULL;

  mark (fixture, &scope);
  change (fixture, "guest db uuid=11111111-2222-3333-4444-555555555551\n");
  host = read_scope (fixture, &scope);
  g_assert_true (is_marked (host));
  g_assert_cmpuint (host->guests->len, ==, 2);
  g_clear_pointer (&host, vap_host_unref);
  /* what cannot be read of guests is told as long as it is so */
  change (fixture, "/etc/libvirt/qemu/bad.xml = <domain\n");
  for (guint i = 0; i < 2; i++) {
    host = read_scope (fixture, &scope);
    g_assert_true (is_marked (host));
    g_assert_true (host->guests_incomplete);
    g_assert_cmpuint (count_problems (host, "bad.xml"), ==, 1);
    g_assert_cmpuint (host->guests->len, ==, 2);
    g_clear_pointer (&host, vap_host_unref);
  }
  change (fixture, "remove /etc/libvirt/qemu/bad.xml\n");
  host = read_scope (fixture, &scope);
  g_assert_true (is_marked (host));
  g_assert_false (host->guests_incomplete);
  g_assert_cmpuint (host->problems->len, ==, 0);
  g_assert_cmpuint (host->guests->len, ==, 2);
}

/* one with a problem of its own is read each time */
static void
test_problem (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  change (fixture, "/etc/mdevctl.d/matrix/name = {}\n");
  g_usleep (200 * 1000);
  for (guint i = 0; i < 4; i++) {
    g_autoptr (VapHost) host = read_scope (fixture, &scope);

    g_assert_cmpuint (count_problems (host, "is no UUID"), ==, 1);
    g_assert_null (host->known);
  }
}

/* Of what is listed each time, or only found to be there, there is no evidence: the bus,
 * with its queues and without, and in place of a kernel's features. */
static void
test_bus (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const struct {
    const char *change;
    guint facts;
  } cases[] = {
    { "", VAP_FACTS_BUS },
    { "remove /sys/bus/ap/devices\n/sys/bus/ap/devices/\n", VAP_FACTS_BUS },
    { "remove /sys/bus/ap/features\n", VAP_FACTS_FEATURES },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    const VapScope wanted = { .facts = cases[i].facts };

    change (fixture, cases[i].change);
    g_usleep (200 * 1000);
    for (guint n = 0; n < 3; n++) {
      g_autoptr (VapHost) host = read_scope (fixture, &wanted);

      g_assert_true (host->has_ap_bus);
      g_assert_null (host->known);
    }
  }
}

static void
test_root_gone (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *aside = g_strconcat (fixture->root, "-aside", NULL);
  g_autoptr (GError) error = NULL;

  mark (fixture, &scope);
  g_assert_cmpint (g_rename (fixture->root, aside), ==, 0);
  g_assert_null (vap_host_read_scope (fixture->root, &scope, &error));
  g_assert_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE);
  g_assert_cmpint (g_rename (aside, fixture->root), ==, 0);
  g_assert_true (gives_marked (fixture, &scope));
}

/* as many as are asked for in turn are not kept without end, and are right */
static void
test_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_usleep (200 * 1000);
  for (guint i = 0; i < 3 * 40; i++) {
    g_autofree char *uuid = g_strdup_printf ("62177883-f1bb-47f0-914d-%012u", i % 40);
    const char *const devices[] = { uuid, A_UUID, NULL };
    const VapScope wanted = { .facts = scope.facts, .devices = devices };
    g_autoptr (VapHost) host = read_scope (fixture, &wanted);

    g_assert_false (is_marked (host));
    g_assert_cmpuint (host->devices->len, ==, 1);
    g_free (host->machine);
    host->machine = g_strdup (MARK);
  }
}

static gboolean
run (const char *command)
{
  return system (command) == 0;
}

/* A real attribute of sysfs stands for the AP bus's: a network device's alias, which can
 * be any text.  77 where that cannot be had. */
static int
read_attribute (const Fixture *fixture, const char *at)
{
  g_autofree char *features = g_strconcat (fixture->root, "/sys/bus/ap/features", NULL);
  g_autofree char *alias = g_strconcat (at, "/class/net/vapknown/ifalias", NULL);

  if (unshare (CLONE_NEWNET | CLONE_NEWNS) != 0
      || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("sysfs", at, "sysfs", 0, NULL) != 0
      || !run ("ip link add vapknown type veth 2>/dev/null")
      || !run ("ip link set vapknown alias 'APSC APXA'")
      || mount (alias, features, NULL, MS_BIND, NULL) != 0)
    return 77;
  mark (fixture, &scope);
  if (!gives_marked (fixture, &scope))
    return 1;
  if (!run ("ip link set vapknown alias 'APSC RC8A'") || gives_marked (fixture, &scope))
    return 2;
  mark (fixture, &scope);
  /* the device is gone, and with it what is shown */
  if (!run ("ip link del vapknown") || gives_marked (fixture, &scope))
    return 3;
  return 0;
}

static void
test_attribute (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *at = g_dir_make_tmp ("virt-ap-known-XXXXXX", NULL);
  pid_t child = fork ();
  int status;

  if (child == 0)
    _exit (read_attribute (fixture, at));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_rmdir (at);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == 77)
    g_test_skip ("cannot make a network device of its own (not root?)");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* who keeps nothing is given no snapshot again */
static void
test_not_asked (void)
{
  Fixture fixture;

  set_up (&fixture, NULL);
  g_usleep (200 * 1000);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (VapHost) host = read_scope (&fixture, &scope);

    g_assert_null (host->known);
  }
  tear_down (&fixture, NULL);
}

#define ADD(name, function)                                                              \
  g_test_add ("/known/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_not_asked ();
  vap_keep_files ();
  ADD ("nothing-changed", test_nothing_changed);
  ADD ("changed", test_changed);
  ADD ("asked-otherwise", test_asked_otherwise);
  ADD ("two-at-once", test_two_at_once);
  ADD ("expected", test_expected);
  ADD ("guests", test_guests);
  ADD ("problem", test_problem);
  ADD ("bus", test_bus);
  ADD ("root-gone", test_root_gone);
  ADD ("many", test_many);
  ADD ("attribute", test_attribute);
  return g_test_run ();
}
