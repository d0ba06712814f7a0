/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that keeps what it read judges as one that reads everything anew, whatever
 * happens to the host in between: random changes to a tree, some in one moment, some after
 * what there was has settled and is kept.  VIRT_AP_THOROUGH=1 makes many more.
 */
#include "judge/judge.h"
#include "keep/keep.h"
#include "keep/watch.h"
#include "tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* a file system whose changes are told; what is in /tmp may be of any kind */
#define PLACE "/dev/shm"
#define TEXT_MAX 16384u
#define ROUNDS 150u
#define ROUNDS_THOROUGH 5000u

/* what the process that keeps is to do; JUDGE and more: a question of judge() */
enum { LOOK_AHEAD, REST, JUDGE };
#define N_GUESTS 4u
#define N_DEVICES 2u
#define N_QUESTIONS (N_GUESTS * N_DEVICES * 2)

static const char *const uuids[] = {
  "62177883-f1bb-47f0-914d-32a22e3a8801",
  "62177883-f1bb-47f0-914d-32a22e3a8802",
  "62177883-f1bb-47f0-914d-32a22e3a8803",
};

static const char *
any_uuid (void)
{
  return uuids[g_test_rand_int_range (0, G_N_ELEMENTS (uuids))];
}

static gboolean
one_of (gint n)
{
  return g_test_rand_int_range (0, n) == 0;
}

/* NULL when there is nothing of that name */
static char *
removal (const char *root, const char *path)
{
  g_autofree char *full = g_strconcat (root, path, NULL);

  return g_file_test (full, G_FILE_TEST_EXISTS) ? g_strdup_printf ("remove %s\n", path)
                                                : NULL;
}

static char *
change_guest (const char *root)
{
  guint number = (guint)g_test_rand_int_range (1, 4);
  gboolean running = one_of (2);

  if (one_of (3)) {
    g_autofree char *path = g_strdup_printf ("/%s/libvirt/qemu/web%u.xml",
                                             running ? "run" : "etc", number);

    return removal (root, path);
  }
  /* two may have one UUID, and one another than before */
  return g_strdup_printf ("guest web%u uuid=11111111-2222-3333-4444-55555555555%d state=%s "
                          "devices=%s\n",
                          number, g_test_rand_int_range (0, 3),
                          running ? "running" : "defined", any_uuid ());
}

static char *
change_definition (const char *root)
{
  const char *uuid = any_uuid ();
  g_autofree char *path = g_strconcat ("/etc/mdevctl.d/matrix/", uuid, NULL);

  if (one_of (3))
    return removal (root, path);
  /* of one length, whatever the numbers are */
  return g_strdup_printf ("definition %s adapters=%u domains=4%u\n", uuid,
                          (guint)g_test_rand_int_range (4, 8),
                          (guint)g_test_rand_int_range (0, 8));
}

static char *
change_active (const char *root)
{
  const char *uuid = any_uuid ();
  g_autofree char *path = g_strconcat ("/sys/devices/vfio_ap/matrix/", uuid, NULL);

  if (one_of (2)) {
    g_autofree char *link = g_strconcat ("/sys/bus/mdev/devices/", uuid, NULL);
    g_autofree char *directory = removal (root, path);

    return directory != NULL ? g_strdup_printf ("%sremove %s\n", directory, link) : NULL;
  }
  return g_strdup_printf ("device %s adapters=%u domains=4%u\n", uuid,
                          (guint)g_test_rand_int_range (4, 8),
                          (guint)g_test_rand_int_range (0, 8));
}

#define CPUINFO "/proc/cpuinfo"
#define FEATURES "/sys/bus/ap/features"
#define UV "/sys/firmware/uv/query/feature_indications"

static char *
change_machine (const char *root)
{
  static const char *const lines[] = {
    "cpuinfo facilities=0,1,12,15,65\n", "cpuinfo facilities=0,1,12,15,66\n",
    "cpuinfo facilities=0,1,13,15,65\n", FEATURES " = APSC APXA\n",
    FEATURES " = APSC APSB\n",           FEATURES " = -\n",
    UV " = 0\n",                         UV " = x\n",
  };
  static const char *const paths[] = { CPUINFO, FEATURES, UV };

  if (one_of (4))
    return removal (root, paths[g_test_rand_int_range (0, G_N_ELEMENTS (paths))]);
  return g_strdup (lines[g_test_rand_int_range (0, G_N_ELEMENTS (lines))]);
}

/* A file, or a directory with all in it, aside, or back, or each in the other's place:
 * nothing in it has changed then. */
static char *
change_place (const char *root)
{
  static const char *const patterns[] = {
    "/etc/mdevctl.d",         "/etc/mdevctl.d/matrix",        "/etc/mdevctl.d/matrix/%s",
    "/sys/bus/ap",            "/sys/devices/vfio_ap/matrix",  CPUINFO,
    "/etc/libvirt",           "/sys/devices/vfio_ap/matrix/%s/ap_config",
  };
  guint which = (guint)g_test_rand_int_range (0, G_N_ELEMENTS (patterns));
  g_auto (GStrv) parts = g_strsplit (patterns[which], "%s", 2);
  g_autofree char *path = g_strconcat (root, parts[0], parts[1] != NULL ? uuids[0] : "",
                                       parts[1], NULL);
  g_autofree char *aside = g_strdup_printf ("%s/aside%u", root, which);

  /* else one of the two is not there, or neither */
  if (renameat2 (AT_FDCWD, path, AT_FDCWD, aside, RENAME_EXCHANGE) != 0
      && rename (path, aside) != 0 && rename (aside, path) != 0)
    g_test_message ("there is no %s", path);
  return NULL;
}

/* to another definition, which is not followed */
static char *
change_link (const char *root)
{
  g_autofree char *path = g_strconcat ("/etc/mdevctl.d/matrix/", uuids[0], NULL);
  g_autofree char *removed = removal (root, path);

  return removed != NULL ? g_strdup_printf ("%s%s -> %s\n", removed, path, uuids[1])
                         : NULL;
}

/* Another figure in the place of one, in the file as it is: no more than its times tell. */
static char *
change_in_place (const char *root)
{
  static const char *const patterns[] = {
    "/etc/libvirt/qemu/web1.xml",  "/run/libvirt/qemu/web1.xml",
    "/etc/mdevctl.d/matrix/%s",    "/sys/devices/vfio_ap/matrix/%s/ap_config",
    CPUINFO,
  };
  const char *pattern = patterns[g_test_rand_int_range (0, G_N_ELEMENTS (patterns))];
  g_auto (GStrv) parts = g_strsplit (pattern, "%s", 2);
  g_autofree char *path = g_strconcat (root, parts[0], parts[1] != NULL ? any_uuid () : "",
                                       parts[1], NULL);
  g_autofree char *text = NULL;
  gint fd = open (path, O_RDWR | O_CLOEXEC);
  gsize length, at;

  if (fd < 0)
    return NULL;
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  at = (gsize)g_test_rand_int_range (0, (gint)length);
  at += strcspn (text + at, "04567");
  if (at < length) {
    text[at] = "04567"[g_test_rand_int_range (0, 5)];
    g_assert_cmpint (pwrite (fd, text + at, 1, (off_t)at), ==, 1);
  }
  close (fd);
  return NULL;
}

static void
change (const char *root)
{
  static char *(*const changes[]) (const char *root)
      = { change_guest,   change_definition, change_active, change_machine,
          change_in_place, change_place,     change_link };
  g_autofree char *text
      = changes[g_test_rand_int_range (0, G_N_ELEMENTS (changes))](root);

  if (text != NULL)
    vap_test_tree_make_text (text, root);
}

/* Everything that is found about a guest that is to be defined: one that is new, or one
 * that may be there already, of the same UUID or of another; with one device or another;
 * for which the host is looked at as far as it has to do with the device, or wholly. */
static char *
judge (const char *root, guint which)
{
  static const char *const guests[N_GUESTS] = {
    "<name>new</name>",
    "<name>web1</name><uuid>11111111-2222-3333-4444-555555555550</uuid>",
    "<name>web2</name><uuid>11111111-2222-3333-4444-555555555551</uuid>",
    "<name>web3</name>",
  };
  guint mend = which / N_GUESTS / N_DEVICES > 0 ? VAP_MEND_DEVICES : 0;
  g_autofree char *xml = g_strdup_printf (
      "<domain type='kvm'>%s<os><type arch='s390x'>hvm</type></os>"
      "<cpu mode='custom'><model>gen16a</model><feature name='ap'/><feature name='apft'/>"
      "<feature name='apqci'/></cpu><devices><hostdev mode='subsystem' type='mdev' "
      "model='vfio-ap'><source><address uuid='%s'/></source></hostdev></devices></domain>",
      guests[which % N_GUESTS], uuids[which / N_GUESTS % N_DEVICES]);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) verdict = vap_judge_mended_xml (root, xml, strlen (xml), mend,
                                                         VAP_ACTION_DEFINE, &error);

  return verdict != NULL ? vap_findings_to_text (verdict->findings, VAP_SEVERITY_NOTE)
                         : g_strdup (error->message);
}

/* The process that keeps: a verdict for each byte; it looks ahead or rests when it
 * likes, even while something changes. */
static int
keep_and_judge (gint fd, const char *root)
{
  char byte;

  vap_keep_files ();
  while (read (fd, &byte, 1) == 1) {
    g_autofree char *text = NULL;

    if (byte == LOOK_AHEAD) {
      vap_host_look_ahead (root);
      continue;
    }
    if (byte == REST) {
      vap_watch_rest ();
      continue;
    }
    text = judge (root, (guint)byte - JUDGE);
    if (send (fd, text, strlen (text) + 1, 0) < 0)
      return 1;
  }
  return 0;
}

/* what is found, which must be what the process that keeps finds */
static char *
ask_both (gint fd, const char *root, guint which)
{
  char kept[TEXT_MAX] = "";
  char *fresh;

  g_assert_cmpint (write (fd, (char[]){ (char)(JUDGE + which) }, 1), ==, 1);
  g_assert_cmpint (recv (fd, kept, sizeof kept - 1, 0), >, 0);
  fresh = judge (root, which);
  g_assert_cmpstr (kept, ==, fresh);
  return fresh;
}

/* Till all is kept, and what the answer stands on besides. */
static void
settle (gint fd, const char *root, guint which)
{
  g_usleep (130 * 1000);
  for (guint i = 0; i < 3; i++)
    g_free (ask_both (fd, root, which));
}

static void
test_same (void)
{
  g_autofree char *root = g_strdup (PLACE "/virt-ap-kept-XXXXXX");
  guint rounds = g_getenv ("VIRT_AP_THOROUGH") != NULL ? ROUNDS_THOROUGH : ROUNDS;
  guint different = 0;
  char *last[N_QUESTIONS] = { NULL };
  gint pair[2];
  pid_t child;

  if (g_mkdtemp (root) == NULL) {
    g_test_skip ("no " PLACE " to write in");
    return;
  }
  vap_test_tree_make_text ("cpuinfo\nap-bus cards=04:13:4,05:13:4,06:13:4,07:13:4 "
                           "udoms=40-47 apmask=0x0\n",
                           root);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET, 0, pair), ==, 0);
  child = fork ();
  if (child == 0) {
    close (pair[0]);
    _exit (keep_and_judge (pair[1], root));
  }
  close (pair[1]);
  for (guint i = 0; i < rounds; i++) {
    guint which = (guint)g_test_rand_int_range (0, N_QUESTIONS);
    g_autofree char *fresh = NULL;

    if (one_of (6))
      settle (pair[0], root, which);

    for (gint n = g_test_rand_int_range (0, 3); n > 0; n--) {
      change (root);
      if (one_of (3))
        g_assert_cmpint (write (pair[0], (char[]){ LOOK_AHEAD }, 1), ==, 1);
    }
    if (one_of (20))
      g_assert_cmpint (write (pair[0], (char[]){ REST }, 1), ==, 1);
    fresh = ask_both (pair[0], root, which);
    different += last[which] != NULL && strcmp (fresh, last[which]) != 0;
    g_free (last[which]);
    last[which] = g_steal_pointer (&fresh);
  }
  for (guint i = 0; i < N_QUESTIONS; i++)
    g_free (last[i]);
  close (pair[0]);
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  /* the changes do change what is found */
  g_assert_cmpuint (different, >, rounds / 10);
  vap_test_tree_remove (g_steal_pointer (&root));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/judge/kept", test_same);
  return g_test_run ();
}
