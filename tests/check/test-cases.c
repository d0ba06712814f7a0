/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs every directory below cases/ (see cases/README) as a test of its own, and
 * holds cases and catalogue to each other.
 */
#include "ap/pattern.h"
#include "change/reserve.h"
#include "check/drift.h"
#include "check/move.h"
#include "host/document.h"
#include "judge/judge.h"
#include "tree.h"

#include <glib/gstdio.h>
#include <string.h>

static char *
read_optional (const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  char *text = NULL;

  if (g_file_get_contents (path, &text, NULL, NULL))
    g_strchomp (text);
  return text;
}

/* One directory, and the host of those without a host.tree: made once, for making
 * one takes longer than all the rest. */
typedef struct {
  const char *dir;
  const char *default_root;
} Case;

static VapQemu *
qemu_of_case (const char *dir)
{
  const char *shared = g_test_get_dir (G_TEST_DIST);
  g_autofree char *text = read_optional (dir, "qemu");
  g_auto (GStrv) names = NULL;

  if (text == NULL)
    text = read_optional (shared, "default.qemu");
  g_assert_nonnull (text);
  if (g_str_equal (text, "none"))
    return NULL;

  names = g_strsplit_set (text, " \n", -1);
  return vap_qemu_new ("/usr/bin/qemu-system-s390x", "7.2.22",
                       (const char *const *)names);
}

/* a problem with what was not looked at is not told */
static void
forget_others (VapFindings *findings, const VapHost *host)
{
  for (guint i = findings->list->len; i-- > 0;) {
    const VapFinding *finding = findings->list->pdata[i];

    if (g_str_equal (finding->info->id, "host-incomplete")
        && !g_ptr_array_find_with_equal_func (host->problems, finding->message,
                                              g_str_equal, NULL))
      g_ptr_array_remove_index (findings->list, i);
  }
}

/* The rules look at no more of the host than their table says, and of the devices only
 * at those of the guest. */
static void
assert_scope_suffices (const char *root, const VapQemu *qemu, const VapGuest *guest,
                       VapAction action)
{
  g_autoptr (VapHost) whole = vap_host_read (root, NULL);
  g_autoptr (VapHost) part = NULL;
  g_autoptr (VapFindings) by_whole = vap_check_guest (whole, qemu, guest, action);
  g_autoptr (VapFindings) by_part = NULL;
  g_autoptr (GPtrArray) devices = g_ptr_array_new ();
  g_autofree char *expected = NULL, *text = NULL;

  for (guint i = 0; i < guest->devices->len; i++) {
    const VapGuestDevice *device = guest->devices->pdata[i];

    if (device->uuid != NULL)
      g_ptr_array_add (devices, device->uuid);
  }
  g_ptr_array_add (devices, NULL);
  const VapScope scope = { .facts = vap_check_guest_facts (guest),
                           .devices = (const char *const *)devices->pdata };
  part = vap_host_read_scope (root, &scope, NULL);
  g_assert_nonnull (part);
  by_part = vap_check_guest (part, qemu, guest, action);
  forget_others (by_whole, part);
  expected = vap_findings_to_text (by_whole, VAP_SEVERITY_NOTE);
  text = vap_findings_to_text (by_part, VAP_SEVERITY_NOTE);
  g_assert_cmpstr (text, ==, expected);
}

static VapFindings *
judge_guest (const char *dir, const char *root, const char *xml, VapAction action,
             GError **error)
{
  g_autoptr (VapHost) host = vap_host_read (root, error);
  g_autoptr (VapGuest) guest = vap_guest_parse (xml, strlen (xml), error);
  g_autoptr (VapQemu) qemu = qemu_of_case (dir);

  if (host == NULL || guest == NULL)
    return NULL;
  assert_scope_suffices (root, qemu, guest, action);
  return vap_check_guest (host, qemu, guest, action);
}

static VapFindings *
judge_attach (const char *dir, const char *root, const char *xml, GError **error)
{
  g_autofree char *whom = read_optional (dir, "attach-to");
  g_autoptr (VapVerdict) verdict = NULL;
  g_auto (GStrv) words = NULL;

  g_assert_nonnull (whom);
  words = g_strsplit (whom, " ", 2);
  verdict = vap_judge_attach_xml (root, words[0], words[1], xml, strlen (xml), error);
  return verdict != NULL ? g_steal_pointer (&verdict->findings) : NULL;
}

static VapFindings *
judge_drift (const char *root, GError **error)
{
  g_autoptr (VapHost) host = vap_host_read (root, error);

  return host != NULL ? vap_check_drift (host) : NULL;
}

static VapAction
action_of_name (const char *name)
{
  static const char *const names[] = {
    [VAP_ACTION_DEFINE] = "define",
    [VAP_ACTION_START] = "start",
    [VAP_ACTION_MODIFY] = "modify",
    [VAP_ACTION_MODIFY_LIVE] = "modify-live",
  };

  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (name, names[i]))
      return (VapAction)i;
  g_assert_null (name);
  return VAP_ACTION_DEFINE;
}

/* what becomes of the guests when the host becomes that of after.tree */
static VapFindings *
judge_change (const char *dir, const char *root, const char *uuid, GError **error)
{
  g_autofree char *tree = g_build_filename (dir, "after.tree", NULL);
  g_autoptr (VapTestTree) after_root = g_dir_make_tmp ("virt-ap-case-XXXXXX", NULL);
  g_autoptr (VapHost) before = vap_host_read (root, error);
  g_autoptr (VapHost) after = NULL;

  vap_test_tree_make (tree, after_root);
  after = vap_host_read (after_root, error);
  if (before == NULL || after == NULL)
    return NULL;
  return vap_check_device_change (before, after, uuid);
}

/* whether the guest that the file plug names may get the device it names while it runs;
 * with "live" besides it must */
static VapFindings *
judge_plug (const char *dir, const char *root, const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  g_autoptr (VapHost) host = vap_host_read (root, error);
  g_autoptr (VapQemu) qemu = qemu_of_case (dir);
  const VapHostGuest *guest;
  gboolean possible;

  if (host == NULL)
    return NULL;
  guest = vap_host_find_guest (host, words[0]);
  g_assert_nonnull (guest);
  g_assert_nonnull (guest->running);
  return vap_check_plug (host, qemu, guest, words[1], g_strcmp0 (words[2], "live") == 0,
                         &possible);
}

/* the keys in a file of lines "QUEUE LINE; LINE…" */
static VapPatterns *
patterns_of_case (const char *dir, const char *name)
{
  g_autofree char *text = read_optional (dir, name);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);
  VapPatterns *patterns = vap_patterns_new ();

  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
    VapQueue queue;

    lines[i][7] = '\0';
    g_assert_true (vap_queue_parse (lines[i], &queue));
    vap_patterns_set (patterns, queue, g_strdelimit (lines[i] + 8, ";", '\n'));
  }
  return patterns;
}

/* the file "flags" of a move: options of virt-ap check-move */
static VapMoveFlags
move_flags_of_case (const char *dir)
{
  g_autofree char *text = read_optional (dir, "flags");

  return (text != NULL && strstr (text, "--keep-domains") ? VAP_MOVE_KEEP_DOMAINS : 0)
         | (text != NULL && strstr (text, "--assume-keys") ? VAP_MOVE_ASSUME_KEYS : 0);
}

/* whether the guest can go to the host of to.tree */
static VapFindings *
judge_move (const char *dir, const char *root, const char *xml, GError **error)
{
  g_autofree char *tree = g_build_filename (dir, "to.tree", NULL);
  g_autoptr (VapTestTree) to_root = g_dir_make_tmp ("virt-ap-case-XXXXXX", NULL);
  g_autoptr (VapHost) from = vap_host_read (root, error);
  g_autoptr (VapGuest) guest = vap_guest_parse (xml, strlen (xml), error);
  g_autoptr (VapPatterns) keys = patterns_of_case (dir, "keys");
  g_autoptr (VapPatterns) to_keys = patterns_of_case (dir, "to-keys");
  g_autoptr (VapQemu) qemu = qemu_of_case (dir);
  g_autoptr (VapHost) to = NULL;
  VapMovePlan plan;

  vap_test_tree_make (tree, to_root);
  to = vap_host_read (to_root, error);
  if (from == NULL || guest == NULL || to == NULL)
    return NULL;
  const VapMoveSide source = { from, keys, NULL };
  const VapMoveSide target = { to, to_keys, qemu };
  return vap_check_move (&source, &target, guest, move_flags_of_case (dir), &plan);
}

/* "guests 05.0004 06.*", "host persistent *.*" */
static VapFindings *
judge_reserve (const char *root, const char *question, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (question, " \n", -1);
  g_autofree VapQueueSet *queues = g_new0 (VapQueueSet, 1);
  g_autoptr (VapHost) host = vap_host_read (root, error);
  g_autoptr (VapReserve) reserve = NULL;
  g_autoptr (VapFindings) findings = vap_findings_new ();
  VapReserveFlags flags = VAP_RESERVE_PLAIN;

  if (host == NULL)
    return NULL;
  for (guint i = 1; words[i] != NULL && *words[i] != '\0'; i++) {
    if (g_str_equal (words[i], "persistent"))
      flags |= VAP_RESERVE_PERSISTENT;
    else if (!vap_queue_set_add_pattern (words[i], &host->adapters, &host->usage_domains,
                                         queues, error))
      return NULL;
  }
  reserve = vap_reserve_plan (host, queues, g_str_equal (words[0], "host"), flags,
                              findings, error);
  return reserve != NULL ? g_steal_pointer (&findings) : NULL;
}

/* puts the question of a case; exactly one of its files says which */
static VapFindings *
judge_case (const char *dir, const char *root, GError **error)
{
  g_autofree char *guest = read_optional (dir, "guest.xml");
  g_autofree char *attach = read_optional (dir, "attach.xml");
  g_autofree char *device = read_optional (dir, "device.xml");
  g_autofree char *json = read_optional (dir, "device.json");
  g_autofree char *uuid = read_optional (dir, "uuid");
  g_autofree char *drift = read_optional (dir, "drift");
  g_autofree char *plug = read_optional (dir, "plug");
  g_autofree char *move = read_optional (dir, "move.xml");
  g_autofree char *after = read_optional (dir, "after.tree");
  g_autofree char *reserve = read_optional (dir, "reserve");
  g_autofree char *action_name = read_optional (dir, "action");
  VapAction action = action_of_name (action_name);
  g_autoptr (VapVerdict) verdict = NULL;

  g_assert_cmpint ((guest != NULL) + (attach != NULL) + (device != NULL) +
                       (json != NULL) + (drift != NULL) + (after != NULL) +
                       (move != NULL) + (plug != NULL) + (reserve != NULL),
                   ==, 1);
  if (drift != NULL)
    return judge_drift (root, error);
  if (plug != NULL)
    return judge_plug (dir, root, plug, error);
  if (move != NULL)
    return judge_move (dir, root, move, error);
  if (after != NULL)
    return judge_change (dir, root, uuid, error);
  if (reserve != NULL)
    return judge_reserve (root, reserve, error);
  if (guest != NULL)
    return judge_guest (dir, root, guest, action, error);
  if (attach != NULL)
    return judge_attach (dir, root, attach, error);
  if (device != NULL)
    verdict = vap_judge_device_xml (root, device, strlen (device), action, error);
  else
    verdict = vap_judge_mdevctl (root, json, strlen (json), uuid, VAP_DEVICE_PARENT,
                                 action, error);
  return verdict != NULL ? g_steal_pointer (&verdict->findings) : NULL;
}

static char *
without_root (const char *text, const char *root)
{
  g_auto (GStrv) parts = g_strsplit (text, root, -1);

  return g_strjoinv ("", parts);
}

/* A saved document is judged as its host is.  What could not be read is told in the
 * words of that time, with its root. */
static void
assert_document_judged (const char *dir, const char *root, const char *expected)
{
  g_autofree char *moves = read_optional (dir, "reserve");
  g_autoptr (VapHost) host = vap_host_read (root, NULL);
  g_autofree char *json = vap_host_to_json (host, NULL);
  g_autofree char *file = g_build_filename (root, "host.json", NULL);
  g_autofree char *raw = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VapFindings) findings = NULL;

  if (moves != NULL) /* these look at the host itself besides */
    return;
  g_assert_true (g_file_set_contents (file, json, -1, NULL));
  findings = judge_case (dir, file, &error);
  g_assert_no_error (error);
  raw = vap_findings_to_text (findings, VAP_SEVERITY_NOTE);
  text = without_root (raw, root);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_case (gconstpointer data)
{
  const Case *this_case = data;
  g_autofree char *tree = g_build_filename (this_case->dir, "host.tree", NULL);
  g_autofree char *expected_path = g_build_filename (this_case->dir, "expected", NULL);
  g_autofree char *expected = NULL;
  g_autofree char *raw = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VapFindings) findings = NULL;
  g_autoptr (VapTestTree) own_root = NULL;
  const char *root = this_case->default_root;

  if (g_file_test (tree, G_FILE_TEST_EXISTS)) {
    root = own_root = g_dir_make_tmp ("virt-ap-case-XXXXXX", NULL);
    vap_test_tree_make (tree, root);
  }
  findings = judge_case (this_case->dir, root, &error);
  g_assert_no_error (error);
  raw = vap_findings_to_text (findings, VAP_SEVERITY_NOTE);
  text = without_root (raw, root);

  if (g_getenv ("VIRT_AP_UPDATE") != NULL)
    g_assert_true (g_file_set_contents (expected_path, text, -1, NULL));
  g_assert_true (g_file_get_contents (expected_path, &expected, NULL, NULL));
  g_assert_cmpstr (text, ==, expected);
  assert_document_judged (this_case->dir, root, expected);
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* the directories of all cases, in the order of their names */
static GPtrArray *
list_cases (void)
{
  g_autofree char *cases = g_test_build_filename (G_TEST_DIST, "cases", NULL);
  g_autoptr (GDir) dir = g_dir_open (cases, 0, NULL);
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (cases, name, NULL);

    if (g_file_test (path, G_FILE_TEST_IS_DIR))
      g_ptr_array_add (paths, g_steal_pointer (&path));
  }
  g_ptr_array_sort (paths, compare_paths);
  return paths;
}

static gboolean
has_finding (const char *dir, const char *id)
{
  g_autofree char *expected = read_optional (dir, "expected");
  g_autofree char *mark = g_strdup_printf ("[%s]: ", id);

  return expected != NULL && strstr (expected, mark) != NULL;
}

static void
test_every_id_has_cases (gconstpointer data)
{
  const GPtrArray *cases = data;

  for (const VapFindingInfo *info = vap_finding_catalogue (); info->id != NULL; info++) {
    g_autofree char *comes = g_strconcat (info->id, "--", NULL);
    g_autofree char *comes_not = g_strconcat (info->id, "--not-", NULL);
    guint with = 0, without = 0;

    for (guint i = 0; i < cases->len; i++) {
      const char *dir = cases->pdata[i];
      g_autofree char *name = g_path_get_basename (dir);

      if (g_str_has_prefix (name, comes_not))
        without += !has_finding (dir, info->id);
      else if (g_str_has_prefix (name, comes))
        with += has_finding (dir, info->id);
    }
    if (with == 0 || without == 0) {
      g_test_message ("%s: %u cases with it, %u without", info->id, with, without);
      g_test_fail ();
    }
  }
}

/* a case's name begins with an id of the catalogue, and says what the case does */
static void
test_every_case_has_its_id (gconstpointer data)
{
  const GPtrArray *cases = data;

  for (guint i = 0; i < cases->len; i++) {
    const char *dir = cases->pdata[i];
    g_autofree char *name = g_path_get_basename (dir);
    g_auto (GStrv) parts = g_strsplit (name, "--", 2);
    gboolean comes = parts[1] != NULL && !g_str_has_prefix (parts[1], "not-");

    if (vap_finding_info (parts[0]) == NULL || has_finding (dir, parts[0]) != comes) {
      g_test_message ("%s is not named for what it shows", name);
      g_test_fail ();
    }
  }
}

static void
test_every_example_is_real (gconstpointer data)
{
  const GPtrArray *cases = data;

  for (const VapFindingInfo *info = vap_finding_catalogue (); info->id != NULL; info++) {
    gboolean found = FALSE;

    for (guint i = 0; i < cases->len && !found; i++) {
      g_autofree char *expected = read_optional (cases->pdata[i], "expected");
      g_auto (GStrv) lines = g_strsplit (expected != NULL ? expected : "", "\n", -1);

      found = g_strv_contains ((const char *const *)lines, info->example);
    }
    if (!found) {
      g_test_message ("no case says: %s", info->example);
      g_test_fail ();
    }
  }
}

static char *
make_default_host (void)
{
  g_autofree char *tree = g_test_build_filename (G_TEST_DIST, "default.tree", NULL);
  char *root = g_dir_make_tmp ("virt-ap-case-XXXXXX", NULL);

  vap_test_tree_make (tree, root);
  return root;
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) cases = NULL;
  g_autoptr (VapTestTree) default_root = NULL;

  g_setenv ("LC_ALL", "C", TRUE);
  g_test_init (&argc, &argv, NULL);
  cases = list_cases ();
  default_root = make_default_host ();
  for (guint i = 0; i < cases->len; i++) {
    g_autofree char *name = g_path_get_basename (cases->pdata[i]);
    g_autofree char *path = g_strconcat ("/check/cases/", name, NULL);
    Case *this_case = g_new (Case, 1);

    *this_case = (Case){ .dir = cases->pdata[i], .default_root = default_root };
    g_test_add_data_func_full (path, this_case, test_case, g_free);
  }
  g_test_add_data_func ("/check/catalogue/ids", cases, test_every_id_has_cases);
  g_test_add_data_func ("/check/catalogue/names", cases, test_every_case_has_its_id);
  g_test_add_data_func ("/check/catalogue/examples", cases, test_every_example_is_real);
  return g_test_run ();
}
