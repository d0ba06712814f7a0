/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of records: their text, the places they go to, many writers, a full disk, and
 * how they are found again. */
#include "audit/reader.h"
#include "audit/writer.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "json/json.h"
#include "keep/keep.h"

#define NOBODY 65534

static const VapAuditFilter everything;

/* A root directory, removed with all that is in it. */
typedef char Tree;

static void
tree_free (Tree *root)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", root);

  g_assert_cmpint (system (command), ==, 0);
  g_free (root);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Tree, tree_free)

static Tree *
tree_new (const char *directory)
{
  char *root = g_dir_make_tmp ("virt-ap-audit-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (root, directory, NULL);

  g_assert_cmpint (g_mkdir_with_parents (path, 0755), ==, 0);
  g_assert_cmpint (chmod (root, 0755), ==, 0);
  return root;
}

static char *
read_log (const char *root)
{
  g_autofree char *path = g_build_filename (root, "var/log/virt-ap/audit.log", NULL);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

static VapRecord
record_of (const VapFindings *findings)
{
  return (VapRecord){
    .door = VAP_DOOR_GATE,
    .call = "DOMAIN_CREATE",
    .guest = "web1",
    .decision = VAP_DECISION_REFUSED,
    .findings = findings,
  };
}

static VapFindings *
findings_new (guint n, const char *subject)
{
  VapFindings *findings = vap_findings_new ();

  for (guint i = 0; i < n; i++)
    vap_findings_take (findings, i + 1 < n ? "apqi-off" : "ap-off",
                       i + 1 < n ? VAP_SEVERITY_NOTE : VAP_SEVERITY_ERROR, subject,
                       g_strdup_printf ("message %u of %s", i, subject),
                       g_strdup ("mend it"));
  return findings;
}

static json_t *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  json_t *json = vap_json_parse (text, strlen (text), VAP_JSON_MAX, &error);

  g_assert_no_error (error);
  return json;
}

static void
test_text (void)
{
  g_autoptr (VapFindings) findings = findings_new (2, "web1");
  VapRecord record = record_of (findings);
  g_autofree char *text = vap_record_to_json (&record, 1795503474000042, 65536);
  g_autofree char *message = vap_record_to_message (&record);
  json_auto_t *json = parse (text);
  const json_t *first = json_array_get (json_object_get (json, "findings"), 0);

  g_assert_true (g_str_has_prefix (text, "{\"time\":\"2026-11-24T06:57:54.000042Z\","));
  g_assert_cmpstr (json_string_value (json_object_get (json, "verdict")), ==, "refused");
  g_assert_cmpint (json_integer_value (json_object_get (json, "uid")), ==, getuid ());
  g_assert_true (json_is_false (json_object_get (json, "passed")));
  g_assert_cmpstr (json_string_value (json_object_get (first, "id")), ==, "ap-off");
  g_assert_cmpstr (json_string_value (json_object_get (first, "hint")), ==, "mend it");
  g_assert_null (json_object_get (json, "device"));
  g_assert_cmpstr (message, ==,
                   "gate DOMAIN_CREATE: refused guest=web1 note[apqi-off] error[ap-off]");
}

/* names that anybody may choose: no line of their own, no rubbish, no megabytes */
static void
test_hostile_text (void)
{
  g_autofree char *huge = g_strnfill (100000, 'x');
  g_autofree char *many = g_strnfill (3000, '\xc3');
  const char *const names[] = { "a\nb", "\xff\xfe", "\"}", huge, many, "{\"time\":\"x" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (VapFindings) findings = findings_new (200, names[i]);
    VapRecord record = record_of (findings);

    record.guest = names[i];
    for (gsize max = 4096; max <= 65536; max *= 16) {
      g_autofree char *text = vap_record_to_json (&record, 0, max);
      g_autofree char *message = vap_record_to_message (&record);
      json_auto_t *json = parse (text);
      const json_t *kept = json_object_get (json, "findings");

      g_assert_cmpuint (strlen (text), <=, max);
      g_assert_null (strchr (text, '\n'));
      g_assert_null (strchr (message, '\n'));
      g_assert_cmpuint (strlen (message), <, 10000);
      g_assert_true (g_utf8_validate (message, -1, NULL));
      g_assert_cmpuint (json_array_size (kept) + json_integer_value (json_object_get (
                                                     json, "left_out")),
                        ==, 200);
      /* what is left out is not the error */
      if (json_array_size (kept) > 0)
        g_assert_cmpstr (json_string_value (
                             json_object_get (json_array_get (kept, 0), "id")),
                         ==, "ap-off");
    }
  }
}

static void
test_file (void)
{
  g_autoptr (Tree) root = tree_new ("var/log");
  VapRecord record = record_of (NULL);
  g_autofree char *text = NULL;
  g_autoptr (VapAuditReading) reading = NULL;

  g_assert_true (vap_audit_write (root, NULL, &record));
  record.guest = "web2";
  g_assert_true (vap_audit_write (root, NULL, &record));
  text = read_log (root);
  g_assert_true (g_str_has_suffix (text, "\n"));
  reading = vap_audit_read (root, NULL, &everything);
  g_assert_cmpuint (reading->records->len, ==, 2);
  g_assert_cmpuint (reading->problems->len, ==, 0);
}

/* where nothing may be written, nothing is, and nobody is the worse for it */
static void
test_nowhere (void)
{
  g_autoptr (Tree) root = tree_new ("etc");
  g_autoptr (VapConfig) config = vap_config_new ();
  VapRecord record = record_of (NULL);
  g_autofree char *log = g_build_filename (root, "var", NULL);

  g_assert_false (vap_audit_write (root, NULL, &record) && getuid () == 0);
  g_assert_false (g_file_test (log, G_FILE_TEST_EXISTS));
  config->audit_to = VAP_AUDIT_NONE;
  g_assert_false (vap_audit_write (root, config, &record));
}

/* what lies in the file's place is not written to: a link, a FIFO, a directory */
static void
test_not_a_file (void)
{
  g_autoptr (Tree) root = tree_new ("var/log/virt-ap");
  g_autoptr (VapConfig) config = vap_config_new ();
  g_autofree char *path = g_build_filename (root, "var/log/virt-ap/audit.log", NULL);
  g_autofree char *target = g_build_filename (root, "target", NULL);
  VapRecord record = record_of (NULL);

  config->audit_to = VAP_AUDIT_FILE;
  g_unsetenv ("XDG_STATE_HOME");
  g_setenv ("HOME", "/no/home", TRUE);
  g_assert_true (g_file_set_contents (target, "", 0, NULL));
  g_assert_cmpint (symlink (target, path), ==, 0);
  g_assert_false (vap_audit_write (root, config, &record) && getuid () == 0);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  g_assert_false (vap_audit_write (root, config, &record) && getuid () == 0);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_assert_false (vap_audit_write (root, config, &record) && getuid () == 0);
}

static gint
listen_datagram (const char *root, const char *name)
{
  g_autofree char *path = g_strconcat (root, name, NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  struct timeval patience = { .tv_sec = 20 };
  gint fd = socket (AF_UNIX, SOCK_DGRAM, 0);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0755), ==, 0);
  g_assert_cmpuint (strlen (path), <, sizeof address.sun_path);
  strcpy (address.sun_path, path);
  g_assert_cmpint (bind (fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience),
                   ==, 0);
  return fd;
}

static void
assert_datagram (gint fd, const char *begins, const char *has)
{
  char text[65536];
  gssize length = recv (fd, text, sizeof text - 1, 0);

  g_assert_cmpint (length, >, 0);
  text[length] = '\0';
  if (!g_str_has_prefix (text, begins) || strstr (text, has) == NULL)
    g_error ("%s", text);
}

/* the journal before syslog before the file; the next when one takes nothing */
static void
test_sockets (void)
{
  g_autoptr (Tree) root = tree_new ("var/log");
  g_autoptr (VapConfig) config = vap_config_new ();
  gint syslog = listen_datagram (root, "/dev/log");
  gint journal = listen_datagram (root, "/run/systemd/journal/socket");
  VapRecord record = record_of (NULL);

  g_assert_true (vap_audit_write (root, NULL, &record));
  assert_datagram (journal,
                   "MESSAGE=gate DOMAIN_CREATE: refused guest=web1\nPRIORITY=4\n"
                   "SYSLOG_IDENTIFIER=virt-ap-gate\nMESSAGE_ID=",
                   "\nVIRT_AP_VERDICT=refused\nVIRT_AP_RECORD={\"time\":\"");
  config->audit_to = VAP_AUDIT_SYSLOG;
  g_assert_true (vap_audit_write (root, config, &record));
  assert_datagram (syslog, "<28>virt-ap-gate[", "]: {\"time\":\"");
  close (journal); /* its socket's name is still there, and nobody listens */
  g_assert_true (vap_audit_write (root, NULL, &record));
  assert_datagram (syslog, "<28>virt-ap-gate[", "\"guest\":\"web1\"");
  close (syslog);
  g_assert_true (vap_audit_write (root, NULL, &record));
  g_autofree char *text = read_log (root);
  g_assert_nonnull (text);
}

/* a journal that reads nothing is waited for no longer than a moment */
static void
test_deaf_journal (void)
{
  g_autoptr (Tree) root = tree_new ("var/log");
  gint journal = listen_datagram (root, "/run/systemd/journal/socket");
  VapRecord record = record_of (NULL);
  g_autofree char *text = NULL;
  guint sent = 0;

  while (sent < 10000 && (text = read_log (root)) == NULL) {
    g_assert_true (vap_audit_write (root, NULL, &record));
    sent++;
  }
  g_assert_nonnull (text);
  close (journal);
}

/* Who keeps files has one connection for many records, and finds it dead: last, since
 * nobody stops keeping files. */
static void
test_kept_connection (void)
{
  g_autoptr (Tree) root = tree_new ("var/log");
  g_autofree char *name = g_strconcat (root, "/run/systemd/journal/socket", NULL);
  gint journal = listen_datagram (root, "/run/systemd/journal/socket");
  VapRecord record = record_of (NULL);

  vap_keep_files ();
  g_assert_true (vap_audit_write (root, NULL, &record));
  assert_datagram (journal, "MESSAGE=gate DOMAIN_CREATE", "refused");
  g_assert_cmpint (g_unlink (name), ==, 0);
  g_assert_true (vap_audit_write (root, NULL, &record));
  assert_datagram (journal, "MESSAGE=gate DOMAIN_CREATE", "refused");

  close (journal);
  journal = listen_datagram (root, "/run/systemd/journal/socket");
  g_assert_true (vap_audit_write (root, NULL, &record));
  assert_datagram (journal, "MESSAGE=gate DOMAIN_CREATE", "refused");
  g_assert_null (read_log (root));

  close (journal);
  g_assert_true (vap_audit_write (root, NULL, &record));
  g_autofree char *text = read_log (root);
  g_assert_nonnull (text);
}

/* @n processes of which each writes @each records */
static void
write_in_parallel (const char *root, guint n, guint each)
{
  for (guint i = 0; i < n; i++)
    if (fork () == 0) {
      g_autoptr (VapFindings) findings = findings_new (20, "subject");
      VapRecord record = record_of (findings);
      g_autofree char *name = g_strdup_printf ("guest-%u", i);

      record.guest = name;
      for (guint j = 0; j < each; j++)
        if (!vap_audit_write (root, NULL, &record))
          _exit (1);
      _exit (0);
    }
  for (guint i = 0; i < n; i++) {
    gint status;

    g_assert_cmpint (wait (&status), >, 0);
    g_assert_cmpint (status, ==, 0);
  }
}

static void
test_many_writers (void)
{
  const guint each = g_getenv ("VIRT_AP_THOROUGH") != NULL ? 2000 : 50;
  g_autoptr (Tree) root = tree_new ("var/log");
  VapAuditFilter one = { .guest = "guest-3" };
  g_autoptr (VapAuditReading) all = NULL;
  g_autoptr (VapAuditReading) some = NULL;

  write_in_parallel (root, 16, each);
  all = vap_audit_read (root, NULL, &everything);
  g_assert_cmpuint (all->records->len, ==, 16 * each);
  some = vap_audit_read (root, NULL, &one);
  g_assert_cmpuint (some->records->len, ==, each);
}

/* The file cannot grow beyond a limit: as on a full disk a write is cut, then fails.
 * Who writes learns no more than that, and what was written before and later is read. */
static void
test_full_disk (void)
{
  g_autoptr (Tree) root = tree_new ("var/log");
  VapRecord record = record_of (NULL);
  pid_t child;
  gint status;
  g_autoptr (VapAuditReading) reading = NULL;

  g_assert_true (vap_audit_write (root, NULL, &record));
  child = fork ();
  if (child == 0) {
    struct rlimit limit = { 300, 300 };

    signal (SIGXFSZ, SIG_IGN);
    g_setenv ("HOME", "/no/home", TRUE);
    g_unsetenv ("XDG_STATE_HOME");
    if (setrlimit (RLIMIT_FSIZE, &limit) != 0)
      _exit (2);
    for (guint i = 0; i < 3; i++)
      if (vap_audit_write (root, NULL, &record) && getuid () == 0)
        _exit (1);
    _exit (0);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  g_assert_true (vap_audit_write (root, NULL, &record));
  reading = vap_audit_read (root, NULL, &everything);
  g_assert_cmpuint (reading->records->len, ==, 2);
}

/* nobody has a place of his own, and the file of the system is not his */
static void
test_nobody (void)
{
  g_autoptr (Tree) root = tree_new ("var/log");
  g_autofree char *home = g_build_filename (root, "home", NULL);
  g_autofree char *own
      = g_build_filename (root, "home/.local/state/virt-ap/audit.log", NULL);
  VapRecord record = record_of (NULL);
  pid_t child;
  gint status;

  if (getuid () != 0) {
    g_test_skip ("this is not root");
    return;
  }
  g_assert_cmpint (g_mkdir (home, 0755), ==, 0);
  g_assert_cmpint (chown (home, NOBODY, NOBODY), ==, 0);
  child = fork ();
  if (child == 0) {
    g_setenv ("HOME", "/home", TRUE);
    g_unsetenv ("XDG_STATE_HOME");
    if (setresuid (NOBODY, NOBODY, NOBODY) != 0)
      _exit (2);
    if (!vap_audit_write (root, NULL, &record))
      _exit (1);
    g_autoptr (VapAuditReading) reading = vap_audit_read (root, NULL, &everything);
    _exit (reading->records->len == 1 ? 0 : 3);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  g_assert_true (g_file_test (own, G_FILE_TEST_IS_REGULAR));
  g_assert_cmpint (g_mkdir (home, 0755), ==, -1);
  g_autofree char *system_log = read_log (root);
  g_assert_null (system_log);
}

static void
write_lines (const char *root, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (root, name, NULL);
  g_autofree char *directory = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

#define LINE(time, door, guest, verdict)                                                  \
  "{\"time\":\"" time "\",\"door\":\"" door "\",\"call\":\"x\",\"uid\":0,\"guest\":\"" guest   \
  "\",\"verdict\":\"" verdict "\",\"passed\":true,\"findings\":[]}"

/* all files, by time; what is no record is passed over, what was cut too */
static void
test_reader (void)
{
  g_autoptr (Tree) root = tree_new ("var/log");
  const VapAuditFilter filters[] = {
    { 0 },
    { .since = "2026-01-03" },
    { .door = "hook" },
    { .guest = "b", .verdict = "refused" },
    { .guest = "d" },
  };
  const char *const found[] = { "abcc", "cc", "b", "b", "" };

  write_lines (root, "var/log/virt-ap/audit.log",
               LINE ("2026-01-03", "gate", "c", "accepted") "\n"
               "{\"time\":\"2026-01-01\",\"door\":\"ga" LINE ("2026-01-04", "gate", "c",
                                                             "warned") "\n"
               "\n{\"time\":\"2026-01-01\"}\n{\"time\":3}\nrubbish\n\xff\n"
               "{\"time\":\"2026-01-01\",\"door\":[],\"call\":\"x\"}\n");
  write_lines (root, "var/log/virt-ap/audit.log.1",
               LINE ("2026-01-01", "gate", "a", "refused") "\n");
  write_lines (root, "var/log/syslog",
               "Jan  2 host cron: hello\nJan  2 host virt-ap-hook[1]: " LINE (
                   "2026-01-02", "hook", "b", "refused"));

  for (guint i = 0; i < G_N_ELEMENTS (filters); i++) {
    g_autoptr (VapAuditReading) reading = vap_audit_read (root, NULL, &filters[i]);
    g_autoptr (GString) guests = g_string_new (NULL);

    for (guint j = 0; j < reading->records->len; j++)
      g_string_append (guests, json_string_value (json_object_get (
                                   reading->records->pdata[j], "guest")));
    g_assert_cmpstr (guests->str, ==, found[i]);
    g_assert_cmpuint (reading->problems->len, ==, 0);
  }
}

static void
write_journalctl (const char *root, const char *script)
{
  g_autofree char *bin = g_build_filename (root, "bin", NULL);
  g_autofree char *program = g_build_filename (bin, "journalctl", NULL);
  g_autofree char *path = g_strdup_printf ("%s:/usr/bin:/bin", bin);

  g_mkdir_with_parents (bin, 0755);
  g_assert_true (g_file_set_contents (program, script, -1, NULL));
  g_assert_cmpint (chmod (program, 0755), ==, 0);
  g_setenv ("PATH", path, TRUE);
}

/* a journalctl that is played: the journal knows better who wrote */
static void
test_journal (void)
{
  g_autoptr (Tree) root = tree_new ("run/systemd/journal/socket");
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  VapAuditFilter filter = { .since = "2026-01-01T10:00:00.000000Z" };
  g_autoptr (VapAuditReading) reading = NULL;
  g_autoptr (VapAuditReading) failed = NULL;
  const json_t *record;

  write_journalctl (
      root, "#!/bin/sh\n"
            "case \"$*\" in *'--since=2026-01-01 10:00:00 UTC'*) ;; *) exit 1;; esac\n"
            "cat <<'E'\n"
            "{\"VIRT_AP_RECORD\":\"{\\\"time\\\":\\\"2026-01-02\\\",\\\"door\\\":\\\"gate\\\","
            "\\\"call\\\":\\\"x\\\",\\\"uid\\\":0,\\\"user\\\":\\\"root\\\",\\\"verdict\\\":"
            "\\\"refused\\\",\\\"passed\\\":false,\\\"findings\\\":[]}\",\"_UID\":\"1000\"}\n"
            "{\"VIRT_AP_RECORD\":[1,2]}\n{\"MESSAGE\":\"x\"}\nE\n");
  reading = vap_audit_read (root, NULL, &filter);
  write_journalctl (root, "#!/bin/sh\necho no journal >&2; exit 1\n");
  failed = vap_audit_read (root, NULL, &everything);
  g_setenv ("PATH", path, TRUE);

  g_assert_cmpuint (reading->problems->len, ==, 0);
  g_assert_cmpuint (reading->records->len, ==, 1);
  record = reading->records->pdata[0];
  g_assert_cmpint (json_integer_value (json_object_get (record, "uid")), ==, 1000);
  g_assert_null (json_object_get (record, "user"));
  g_assert_cmpuint (failed->problems->len, ==, 1);
  g_assert_nonnull (strstr (failed->problems->pdata[0], "no journal"));
}

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "C", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/audit/text", test_text);
  g_test_add_func ("/audit/hostile-text", test_hostile_text);
  g_test_add_func ("/audit/file", test_file);
  g_test_add_func ("/audit/nowhere", test_nowhere);
  g_test_add_func ("/audit/not-a-file", test_not_a_file);
  g_test_add_func ("/audit/sockets", test_sockets);
  g_test_add_func ("/audit/deaf-journal", test_deaf_journal);
  g_test_add_func ("/audit/many-writers", test_many_writers);
  g_test_add_func ("/audit/full-disk", test_full_disk);
  g_test_add_func ("/audit/nobody", test_nobody);
  g_test_add_func ("/audit/reader", test_reader);
  g_test_add_func ("/audit/journal", test_journal);
  g_test_add_func ("/audit/kept-connection", test_kept_connection);
  return g_test_run ();
}
