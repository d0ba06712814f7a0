/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of virt-ap.conf: what it sets, whose file counts, and how its faults are named. */
#include "config/settings.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/error.h"

#define NOBODY 65534

static gboolean
knows (const char *id)
{
  return g_str_equal (id, "apqi-off") || g_str_equal (id, "device-in-use");
}

static gboolean
merge (VapConfig *config, const char *text, GError **error)
{
  return vap_config_merge (config, "F", text, strlen (text), knows, error);
}

static void
test_defaults (void)
{
  g_autoptr (VapConfig) config = vap_config_new ();

  for (guint door = 0; door < VAP_N_DOORS; door++)
    g_assert_cmpint (vap_config_finding (config, door, "apqi-off"), ==, VAP_ENFORCE);
  g_assert_false (config->complete);
  g_assert_false (config->remap);
  g_assert_null (config->socket);
  g_assert_cmpint (config->audit_to, ==, VAP_AUDIT_AUTO);
}

static void
test_everything (void)
{
  g_autoptr (VapConfig) config = vap_config_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (merge (config,
                        "# a comment\n"
                        "[gate]\r\n"
                        "policy = warn\n"
                        "complete=yes\n"
                        "\tsocket=/run/a socket \n"
                        "\n"
                        "[callout]\npolicy=off\n"
                        "[hook]\npolicy=enforce\nremap=yes\n"
                        "[findings]\napqi-off=off\n"
                        "[gate-findings]\ndevice-in-use=enforce\n"
                        "[audit]\nto=file\nfile=/a\n"
                        "[nova]\nm1.large crypto=payments\n[gate]\n",
                        &error));
  g_assert_no_error (error);
  g_assert_cmpint (config->policy[VAP_DOOR_GATE], ==, VAP_WARN);
  g_assert_true (config->complete);
  g_assert_true (config->remap);
  g_assert_cmpstr (config->socket, ==, "/run/a socket");
  g_assert_cmpint (config->audit_to, ==, VAP_AUDIT_FILE);
  g_assert_cmpstr (config->audit_file, ==, "/a");
  g_assert_cmpstr (g_hash_table_lookup (config->nova, "m1.large crypto"), ==, "payments");
}

/* the finding at the door, the finding, the door; and nothing at a door that is off */
static void
test_most_special (void)
{
  g_autoptr (VapConfig) config = vap_config_new ();

  g_assert_true (merge (config,
                        "[gate]\npolicy=warn\n[callout]\npolicy=off\n"
                        "[findings]\napqi-off=off\ndevice-in-use=enforce\n"
                        "[gate-findings]\napqi-off=enforce\n"
                        "[callout-findings]\napqi-off=enforce\n",
                        NULL));
  g_assert_cmpint (vap_config_finding (config, VAP_DOOR_GATE, "apqi-off"), ==,
                   VAP_ENFORCE);
  g_assert_cmpint (vap_config_finding (config, VAP_DOOR_GATE, "device-in-use"), ==,
                   VAP_ENFORCE);
  g_assert_cmpint (vap_config_finding (config, VAP_DOOR_GATE, "other"), ==, VAP_WARN);
  g_assert_cmpint (vap_config_finding (config, VAP_DOOR_HOOK, "apqi-off"), ==, VAP_OFF);
  g_assert_cmpint (vap_config_finding (config, VAP_DOOR_HOOK, "other"), ==, VAP_ENFORCE);
  g_assert_cmpint (vap_config_finding (config, VAP_DOOR_CALLOUT, "apqi-off"), ==,
                   VAP_OFF);
}

static void
test_over (void)
{
  g_autoptr (VapConfig) config = vap_config_new ();

  g_assert_true (
      merge (config, "[gate]\ncomplete=yes\nsocket=/a\n[nova]\na=b\nc=d\n", NULL));
  g_assert_true (merge (config, "[gate]\nsocket=/b\n[nova]\na=e\n", NULL));
  g_assert_true (config->complete);
  g_assert_cmpstr (config->socket, ==, "/b");
  g_assert_cmpstr (g_hash_table_lookup (config->nova, "a"), ==, "e");
  g_assert_cmpstr (g_hash_table_lookup (config->nova, "c"), ==, "d");
}

static void
test_faults (void)
{
  static const struct {
    const char *text;
    const char *message; /* its beginning */
  } faults[] = {
    { "[gate]\npolcy=warn\n", "F:2: [gate] polcy: this group has no such key" },
    { "[gat]\npolicy=warn\n", "F:2: [gat] policy: there is no such group" },
    { "\n[gate]\npolicy=Warn\n",
      "F:3: [gate] policy: 'Warn' is none of its values, which are: enforce, warn, off" },
    { "[gate]\npolicy=\n", "F:2: [gate] policy: '' is none of its values" },
    { "[gate]\ncomplete=true\n",
      "F:2: [gate] complete: 'true' is none of its values, which are: no, yes" },
    { "[gate]\nsocket=run/sock\n", "F:2: [gate] socket: takes a path that begins" },
    { "[findings]\nno-such=off\n", "F:2: [findings] no-such: there is no finding" },
    { "[hook-findings]\napqi-off=no\n", "F:2: [hook-findings] apqi-off: 'no' is none" },
    { "[hook]\nremap=yes\nremap=yes\n", "F:3: [hook] remap: is there twice" },
    { "[hook]\nremap=yes\n[gate]\n[hook]\nremap=no\n",
      "F:5: [hook] remap: is there twice" },
    { "policy=warn\n", "F:1: policy: there is no [GROUP] line above it" },
    { "[gate]\npolicy\n", "F:2: 'policy' is neither KEY=VALUE" },
    { "[gate]\n=warn\n", "F:2: '=warn' is neither KEY=VALUE" },
    { "[gate\n", "F:1: a group is written [NAME]" },
    { "[]\n", "F:1: a group is written [NAME]" },
    { "[gate] # x\n", "F:1: a group is written [NAME]" },
    { "#\n[gate]\n\xff\n", "F:3: is not UTF-8" },
    { "[nova]\nm1=\n", "F:2: [nova] m1: takes the name of a profile" },
    { "[audit]\nto=disk\n", "F:2: [audit] to: 'disk' is none of its values" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autoptr (VapConfig) config = vap_config_new ();
    g_autoptr (GError) error = NULL;

    g_assert_false (merge (config, faults[i].text, &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    if (!g_str_has_prefix (error->message, faults[i].message))
      g_error ("%s: %s", faults[i].message, error->message);
  }
}

/* a NUL would end what is compared, and not what is read */
static void
test_nul (void)
{
  g_autoptr (VapConfig) config = vap_config_new ();
  g_autoptr (GError) error = NULL;
  const char text[] = "[gate]\npolicy=off\0x\n";

  g_assert_false (
      vap_config_merge (config, "F", text, sizeof text - 1, knows, &error));
  g_assert_cmpstr (error->message, ==, "F:2: is not UTF-8");
}

/* A root directory with the system's file and, below it, nobody's. */
typedef struct {
  char *root;
  char *system;
  char *user;
} Tree;

static void
write_file (const char *path, const char *text, guint owner, guint mode)
{
  g_autofree char *directory = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (chmod (path, mode), ==, 0);
  if (getuid () == 0)
    g_assert_cmpint (chown (path, owner, owner), ==, 0);
}

static Tree
tree_new (void)
{
  Tree tree = { .root = g_dir_make_tmp ("virt-ap-config-XXXXXX", NULL) };

  g_assert_cmpint (chmod (tree.root, 0755), ==, 0);
  tree.system = g_build_filename (tree.root, "etc/virt-ap/virt-ap.conf", NULL);
  tree.user = g_build_filename (tree.root, "home/virt-ap/virt-ap.conf", NULL);
  return tree;
}

static void
tree_free (Tree *tree)
{
  const char *const files[] = { "etc/virt-ap/virt-ap.conf", "etc/virt-ap", "etc",
                                "home/virt-ap/virt-ap.conf", "home/virt-ap", "home",
                                "" };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *path = g_build_filename (tree->root, files[i], NULL);

    g_remove (path);
  }
  g_assert_false (g_file_test (tree->root, G_FILE_TEST_EXISTS));
  g_free (tree->root);
  g_free (tree->system);
  g_free (tree->user);
}

/* what @check says as nobody, in a process of its own; XDG_CONFIG_HOME is /home */
static gboolean
as_nobody (gboolean (*check) (const Tree *tree), const Tree *tree)
{
  pid_t child = fork ();
  gint status;

  if (child == 0) {
    g_setenv ("XDG_CONFIG_HOME", "/home", TRUE);
    if (getuid () == 0 && setresuid (NOBODY, NOBODY, NOBODY) != 0)
      _exit (2);
    _exit (check (tree) ? 0 : 1);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) < 2);
  return WEXITSTATUS (status) == 0;
}

static gboolean
user_counts (const Tree *tree)
{
  g_autoptr (VapConfig) config = vap_config_read (tree->root, knows, NULL);
  g_autofree char *socket = NULL;

  return config != NULL && config->policy[VAP_DOOR_GATE] == VAP_WARN &&
         config->complete && config->files->len == 2 && config->notes->len == 0 &&
         vap_config_socket (tree->root, &socket, NULL) &&
         g_strcmp0 (socket, "/user") == 0;
}

static gboolean
user_is_passed_over (const Tree *tree)
{
  g_autoptr (VapConfig) config = vap_config_read (tree->root, knows, NULL);
  g_autofree char *socket = NULL;

  return config != NULL && config->policy[VAP_DOOR_GATE] == VAP_ENFORCE &&
         config->files->len == 1 && config->notes->len == 1 &&
         strstr (config->notes->pdata[0], tree->user) != NULL &&
         vap_config_socket (tree->root, &socket, NULL) &&
         g_strcmp0 (socket, "/system") == 0;
}

static void
test_user (void)
{
  Tree tree = tree_new ();
  const char *system = "[gate]\ncomplete=yes\nsocket=/system\n";
  const char *user = "[gate]\npolicy=warn\nsocket=/user\n";

  write_file (tree.system, system, 0, 0644);
  write_file (tree.user, user, NOBODY, 0600);
  g_assert_true (as_nobody (user_counts, &tree));
  write_file (tree.user, user, NOBODY, 0666);
  g_assert_true (as_nobody (user_is_passed_over, &tree));
  if (getuid () == 0) {
    write_file (tree.user, user, 1, 0644);
    g_assert_true (as_nobody (user_is_passed_over, &tree));
  }
  tree_free (&tree);
}

/* root reads nobody's file, whatever its environment says */
static void
test_root (void)
{
  Tree tree = tree_new ();
  g_autoptr (VapConfig) config = NULL;
  g_autofree char *socket = NULL;

  if (getuid () != 0) {
    tree_free (&tree);
    g_test_skip ("this is not root");
    return;
  }
  write_file (tree.user, "[gate]\npolicy=off\nsocket=/user\n", 0, 0644);
  g_setenv ("XDG_CONFIG_HOME", "/home", TRUE);
  config = vap_config_read (tree.root, knows, NULL);
  g_unsetenv ("XDG_CONFIG_HOME");
  g_assert_cmpint (config->policy[VAP_DOOR_GATE], ==, VAP_ENFORCE);
  g_assert_cmpuint (config->files->len, ==, 0);
  g_assert_true (vap_config_socket (tree.root, &socket, NULL));
  g_assert_null (socket);
  tree_free (&tree);
}

static void
assert_unreadable (const Tree *tree, VapError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (vap_config_read (tree->root, knows, &error));
  g_assert_error (error, VAP_ERROR, (gint) code);
  g_assert_nonnull (strstr (error->message, tree->system));
  g_assert_nonnull (strstr (error->message, message));
}

static void
test_unreadable (void)
{
  Tree tree = tree_new ();
  g_autofree char *large = g_strnfill (300 * 1024, '#');
  g_autoptr (VapConfig) config = vap_config_read (tree.root, knows, NULL);

  g_assert_nonnull (config); /* no file at all */
  write_file (tree.system, large, 0, 0644);
  assert_unreadable (&tree, VAP_ERROR_TOO_LARGE, "262144");
  write_file (tree.system, "[gate]\npolicy=on\n", 0, 0644);
  assert_unreadable (&tree, VAP_ERROR_MALFORMED, ":2: [gate] policy: ");
  g_remove (tree.system);
  g_assert_cmpint (mkfifo (tree.system, 0644), ==, 0);
  assert_unreadable (&tree, VAP_ERROR_UNREADABLE, "no regular file");
  tree_free (&tree);
}

/* the relay looks at its own line, and at no other's faults */
static void
test_socket (void)
{
  static const struct {
    const char *text;
    const char *socket;
    const char *message;
  } cases[] = {
    { "[gate]\n socket = /a b \n", "/a b", NULL },
    { "[hook]\nsocket=/x\n[gate]\n#socket=/y\nrubbish\n", NULL, NULL },
    { "rubbish\n[gate]\nsocket=/z", "/z", NULL },
    { "[gate]\n\nsocket=z", NULL, ":3: [gate] socket: takes a path" },
    { "[gate]\nsockets=/z", NULL, NULL },
  };
  Tree tree = tree_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *socket = NULL;
    g_autoptr (GError) error = NULL;

    write_file (tree.system, cases[i].text, 0, 0644);
    g_assert_cmpint (vap_config_socket (tree.root, &socket, &error), ==,
                     cases[i].message == NULL);
    g_assert_cmpstr (socket, ==, cases[i].socket);
    if (cases[i].message != NULL)
      g_assert_nonnull (strstr (error->message, cases[i].message));
  }
  tree_free (&tree);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/defaults", test_defaults);
  g_test_add_func ("/config/everything", test_everything);
  g_test_add_func ("/config/most-special", test_most_special);
  g_test_add_func ("/config/over", test_over);
  g_test_add_func ("/config/faults", test_faults);
  g_test_add_func ("/config/nul", test_nul);
  g_test_add_func ("/config/user", test_user);
  g_test_add_func ("/config/root", test_root);
  g_test_add_func ("/config/unreadable", test_unreadable);
  g_test_add_func ("/config/socket", test_socket);
  return g_test_run ();
}
