/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The beginning of a connection: a client on a socket pair, a daemon that listens on
 * a socket in a temporary directory and answers from a script; and the choice of the
 * socket.
 */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <libvirt/virterror.h>

#include "gate/backend.h"
#include "gate/opening.h"
#include "rpc/open.h"
#include "rpc/reply.h"
#include "wire.h"

#define OPEN_SYSTEM "\0\0\0\x01\0\0\0\x0eqemu:///system\0\0\0\0\0"

typedef struct {
  char *directory;
  char *path;
  gint listener;
  gint client[2]; /* the test's end, the gate's end */
  gint accepted;  /* the daemon's end of the gate's connection */
  VapOpening opening;
  VapOpeningResult result;
  GError *error;
  GThread *thread;
} Fixture;

static gpointer
run_opening (gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->result = vap_opening_run (&fixture->opening, &fixture->error);
  if (fixture->result != VAP_OPENING_DONE)
    shutdown (fixture->client[1], SHUT_RDWR);
  return NULL;
}

static void
fixture_start (Fixture *fixture, gboolean listening)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  memset (fixture, 0, sizeof *fixture);
  fixture->accepted = -1;
  fixture->directory = g_dir_make_tmp ("virt-ap-XXXXXX", NULL);
  g_assert_nonnull (fixture->directory);
  fixture->path = g_build_filename (fixture->directory, "sock", NULL);
  g_strlcpy (address.sun_path, fixture->path, sizeof address.sun_path);
  fixture->listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (
      bind (fixture->listener, (struct sockaddr *) &address, sizeof address));
  if (listening)
    g_assert_no_errno (listen (fixture->listener, 1));

  wire_pair (fixture->client);
  fixture->opening.client_in = fixture->opening.client_out = fixture->client[1];
  fixture->opening.socket = fixture->path;
  fixture->thread = g_thread_new ("opening", run_opening, fixture);
}

static void
fixture_stop (Fixture *fixture, VapOpeningResult result)
{
  g_thread_join (fixture->thread);
  g_assert_cmpint (fixture->result, ==, result);
  g_assert_true ((result == VAP_OPENING_FAILED) == (fixture->error != NULL));
  g_clear_error (&fixture->error);
  vap_opening_clear (&fixture->opening);
  close (fixture->client[0]);
  close (fixture->client[1]);
  close (fixture->listener);
  if (fixture->accepted >= 0)
    close (fixture->accepted);
  g_unlink (fixture->path);
  g_rmdir (fixture->directory);
  g_free (fixture->path);
  g_free (fixture->directory);
}

static void
send_frame (gint fd, guint32 procedure, guint32 type, guint32 serial, const void *payload,
            gsize length)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  wire_append (frame, procedure, type, serial, payload, length);
  wire_write (fd, frame->data, frame->len);
}

static void
expect_reply (gint fd, guint32 procedure, guint32 serial, const void *payload,
              gsize length)
{
  VapRpcHeader header;
  g_autofree guint8 *frame = wire_read_frame (fd, &header);

  g_assert_cmpint (header.type, ==, VAP_RPC_REPLY);
  g_assert_cmpint (header.procedure, ==, procedure);
  g_assert_cmpint (header.serial, ==, serial);
  g_assert_cmpint (header.status, ==, VAP_RPC_OK);
  g_assert_cmpmem (frame + VAP_RPC_HEADER_SIZE, header.length - VAP_RPC_HEADER_SIZE,
                   payload, length);
}

static void
expect_error (gint fd, guint32 serial, guint32 code)
{
  VapRpcHeader header;
  g_autofree guint8 *frame = wire_read_frame (fd, &header);

  g_assert_cmpint (header.type, ==, VAP_RPC_REPLY);
  g_assert_cmpint (header.procedure, ==, VAP_RPC_PROC_CONNECT_OPEN);
  g_assert_cmpint (header.serial, ==, serial);
  g_assert_cmpint (header.status, ==, VAP_RPC_ERROR);
  g_assert_cmpint (vap_rpc_read_word (frame + VAP_RPC_HEADER_SIZE), ==, code);
}

/* what a client of libvirt says before CONNECT_OPEN, which gets serial 2 */
static void
client_begins (Fixture *fixture)
{
  gint fd = fixture->client[0];

  send_frame (fd, VAP_RPC_PROC_AUTH_LIST, VAP_RPC_CALL, 0, NULL, 0);
  expect_reply (fd, VAP_RPC_PROC_AUTH_LIST, 0, "\0\0\0\x01\0\0\0\0", 8);
  send_frame (fd, VAP_RPC_PROC_CONNECT_SUPPORTS_FEATURE, VAP_RPC_CALL, 1, "\0\0\0\x0a",
              4);
  expect_reply (fd, VAP_RPC_PROC_CONNECT_SUPPORTS_FEATURE, 1, "\0\0\0\x01", 4);
  send_frame (fd, VAP_RPC_PROC_CONNECT_OPEN, VAP_RPC_CALL, 2, OPEN_SYSTEM,
              sizeof OPEN_SYSTEM - 1);
}

/* the daemon gets @procedure and answers with these words */
static void
daemon_answers (Fixture *fixture, guint32 procedure, const void *payload, gsize length)
{
  VapRpcHeader header;
  g_autofree guint8 *frame = NULL;

  if (fixture->accepted < 0)
    fixture->accepted = accept (fixture->listener, NULL, NULL);
  frame = wire_read_frame (fixture->accepted, &header);
  g_assert_cmpint (header.procedure, ==, procedure);
  g_assert_cmpint (header.type, ==, VAP_RPC_CALL);
  send_frame (fixture->accepted, procedure, VAP_RPC_REPLY, header.serial, payload,
              length);
}

static void
expect_begun (Fixture *fixture, guint32 procedure)
{
  VapRpcHeader header;

  g_thread_join (g_thread_ref (fixture->thread));
  g_assert_cmpint (fixture->opening.end - fixture->opening.start, >=,
                   VAP_RPC_HEADER_SIZE);
  vap_rpc_header_read (fixture->opening.buffer + fixture->opening.start, &header);
  g_assert_cmpint (header.procedure, ==, procedure);
}

static void
test_without_password (void)
{
  Fixture fixture;

  fixture_start (&fixture, TRUE);
  client_begins (&fixture);
  daemon_answers (&fixture, VAP_RPC_PROC_AUTH_LIST, "\0\0\0\x01\0\0\0\0", 8);
  /* what is not the answer does not matter */
  send_frame (fixture.accepted, 1, VAP_RPC_MESSAGE, 0, "ping", 4);
  daemon_answers (&fixture, VAP_RPC_PROC_CONNECT_SUPPORTS_FEATURE, "\0\0\0\x01", 4);
  expect_begun (&fixture, VAP_RPC_PROC_CONNECT_OPEN);
  fixture_stop (&fixture, VAP_OPENING_DONE);
}

static void
test_polkit (void)
{
  Fixture fixture;

  fixture_start (&fixture, TRUE);
  client_begins (&fixture);
  daemon_answers (&fixture, VAP_RPC_PROC_AUTH_LIST, "\0\0\0\x01\0\0\0\x02", 8);
  daemon_answers (&fixture, VAP_RPC_PROC_AUTH_POLKIT, "\0\0\0\x01", 4);
  daemon_answers (&fixture, VAP_RPC_PROC_CONNECT_SUPPORTS_FEATURE, "\0\0\0\x01", 4);
  expect_begun (&fixture, VAP_RPC_PROC_CONNECT_OPEN);
  fixture_stop (&fixture, VAP_OPENING_DONE);
}

/* The daemon's own error reaches the client, as the answer to its own call. */
static void
test_polkit_refuses (void)
{
  const VapRpcError refused = { VIR_ERR_AUTH_FAILED, VIR_FROM_POLKIT, VIR_ERR_ERROR,
                                "authentication failed: no" };
  VapRpcHeader header;
  Fixture fixture;
  gsize length;

  fixture_start (&fixture, TRUE);
  client_begins (&fixture);
  daemon_answers (&fixture, VAP_RPC_PROC_AUTH_LIST, "\0\0\0\x01\0\0\0\x02", 8);
  g_autofree guint8 *call = wire_read_frame (fixture.accepted, &header);
  g_autofree guint8 *reply = vap_rpc_error_reply (&header, &refused, &length);
  wire_write (fixture.accepted, reply, length);
  expect_error (fixture.client[0], 2, VIR_ERR_AUTH_FAILED);
  g_assert_no_errno (shutdown (fixture.client[0], SHUT_WR));
  fixture_stop (&fixture, VAP_OPENING_CLOSED);
}

static void
test_sasl (void)
{
  Fixture fixture;

  fixture_start (&fixture, TRUE);
  client_begins (&fixture);
  daemon_answers (&fixture, VAP_RPC_PROC_AUTH_LIST, "\0\0\0\x01\0\0\0\x01", 8);
  expect_error (fixture.client[0], 2, VIR_ERR_AUTH_UNAVAILABLE);
  g_assert_no_errno (shutdown (fixture.client[0], SHUT_WR));
  fixture_stop (&fixture, VAP_OPENING_CLOSED);
}

/* Answers that make no sense, and none at all. */
static void
test_bad_daemon (void)
{
  static const struct {
    const char *bytes;
    gsize length;
  } answers[] = {
    { "", 0 },
    { "\0\0\0\0", 4 },
    { "\0\0\0\x1b", 4 },
    { "\x80\0\0\0 the length of this is too much", 36 },
    { "\0\0\0\x1c\x20\0\x80\x86\0\0\0\x01\0\0\0\x42\0\0\0\x01\0\0\0\0\0\0\0\0", 28 },
    { "\0\0\0\x20\x20\0\x80\x86\0\0\0\x01\0\0\0\x42\0\0\0\x01\0\0\0\0\0\0\0\0"
      "\xff\xff\xff\xff",
      32 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    Fixture fixture;

    fixture_start (&fixture, TRUE);
    client_begins (&fixture);
    fixture.accepted = accept (fixture.listener, NULL, NULL);
    VapRpcHeader header;
    g_autofree guint8 *call = wire_read_frame (fixture.accepted, &header);
    wire_write (fixture.accepted, answers[i].bytes, answers[i].length);
    g_assert_no_errno (shutdown (fixture.accepted, SHUT_WR));
    expect_error (fixture.client[0], 2, VIR_ERR_RPC);
    g_assert_no_errno (shutdown (fixture.client[0], SHUT_WR));
    fixture_stop (&fixture, VAP_OPENING_CLOSED);
  }
}

static void
test_no_daemon (void)
{
  Fixture fixture;

  fixture_start (&fixture, FALSE);
  client_begins (&fixture);
  expect_error (fixture.client[0], 2, VIR_ERR_SYSTEM_ERROR);
  g_assert_no_errno (shutdown (fixture.client[0], SHUT_WR));
  fixture_stop (&fixture, VAP_OPENING_CLOSED);
}

/* A client that does not begin as libvirt's is relayed from its first byte. */
static void
test_other_client (void)
{
  Fixture fixture;

  fixture_start (&fixture, TRUE);
  send_frame (fixture.client[0], VAP_RPC_PROC_CONNECT_OPEN, VAP_RPC_CALL, 0, OPEN_SYSTEM,
              sizeof OPEN_SYSTEM - 1);
  expect_begun (&fixture, VAP_RPC_PROC_CONNECT_OPEN);
  fixture_stop (&fixture, VAP_OPENING_DONE);

  fixture_start (&fixture, TRUE);
  send_frame (fixture.client[0], 4711, VAP_RPC_STREAM, 0, "what?", 4);
  expect_begun (&fixture, 4711);
  fixture_stop (&fixture, VAP_OPENING_DONE);

  /* a feature that only the daemon knows about */
  fixture_start (&fixture, TRUE);
  send_frame (fixture.client[0], VAP_RPC_PROC_CONNECT_SUPPORTS_FEATURE, VAP_RPC_CALL, 0,
              "\0\0\0\x0b", 4);
  expect_begun (&fixture, VAP_RPC_PROC_CONNECT_SUPPORTS_FEATURE);
  fixture_stop (&fixture, VAP_OPENING_DONE);
}

/* A CONNECT_OPEN whose string lies is the daemon's to answer. */
static void
test_lying_open (void)
{
  Fixture fixture;

  fixture_start (&fixture, TRUE);
  send_frame (fixture.client[0], VAP_RPC_PROC_CONNECT_OPEN, VAP_RPC_CALL, 0,
              "\0\0\0\x01\xff\xff\xff\xf0qemu", 12);
  expect_begun (&fixture, VAP_RPC_PROC_CONNECT_OPEN);
  fixture_stop (&fixture, VAP_OPENING_DONE);
}

static void
test_client_goes (void)
{
  g_autoptr (GByteArray) said = g_byte_array_new ();
  Fixture fixture;

  wire_append (said, VAP_RPC_PROC_CONNECT_SUPPORTS_FEATURE, VAP_RPC_CALL, 0, "\0\0\0\x0a",
               4);
  for (guint length = 0; length < said->len; length++) {
    fixture_start (&fixture, TRUE);
    wire_write (fixture.client[0], said->data, length);
    g_assert_no_errno (shutdown (fixture.client[0], SHUT_WR));
    fixture_stop (&fixture, VAP_OPENING_CLOSED);
  }

  /* while the daemon thinks */
  fixture_start (&fixture, TRUE);
  client_begins (&fixture);
  fixture.accepted = accept (fixture.listener, NULL, NULL);
  shutdown (fixture.client[0], SHUT_RDWR);
  fixture_stop (&fixture, VAP_OPENING_CLOSED);
}

static void
test_hostile (void)
{
  static const char *const lengths[] = { "\0\0\0\0", "\0\0\0\x03", "\0\0\0\x1b",
                                         "\x80\0\0\0" };

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++) {
    Fixture fixture;

    fixture_start (&fixture, TRUE);
    wire_write (fixture.client[0], lengths[i], 4);
    fixture_stop (&fixture, VAP_OPENING_FAILED);
  }
}

/* who has a session here; root has none */
static uid_t
session_user (void)
{
  return geteuid () != 0 ? geteuid () : 4711;
}

/* The choice of remote_sockets.c.  Only the driver "modular" has a daemon of its own,
 * and only for users. */
static void
test_socket (void)
{
  static const struct {
    const char *uri;
    gboolean read_only;
    gboolean root;
    const char *directory; /* NULL: the user's */
    const char *name;
  } cases[] = {
    { "none:///system", FALSE, TRUE, "/run", "libvirt-sock" },
    { "none:///system", TRUE, TRUE, "/run", "libvirt-sock-ro" },
    { "none:///system", FALSE, FALSE, "/run", "libvirt-sock" },
    { "none:///session", FALSE, TRUE, "/run", "libvirt-sock" },
    { "none:///session", FALSE, FALSE, NULL, "libvirt-sock" },
    { "none:///session", TRUE, FALSE, NULL, "libvirt-sock" },
    { "none:///session?a=b", FALSE, FALSE, NULL, "libvirt-sock" },
    { "test+none:///x", FALSE, FALSE, NULL, "libvirt-sock" },
    { "modular:///session", FALSE, FALSE, NULL, "virtmodulard-sock" },
    { "modular:///system", FALSE, FALSE, "/run", "libvirt-sock" },
    { "", FALSE, FALSE, "/run", "libvirt-sock" },
    { NULL, FALSE, FALSE, "/run", "libvirt-sock" },
    { "\xff\xfe:///session", FALSE, FALSE, "/run", "libvirt-sock" },
    { "none+none:///session/more", FALSE, FALSE, "/run", "libvirt-sock" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    const char *directory =
        cases[i].directory != NULL ? cases[i].directory : g_getenv ("XDG_RUNTIME_DIR");
    g_autofree char *expected =
        g_build_filename (directory, "libvirt", cases[i].name, NULL);
    g_auto (VapBackend) backend = { 0 };

    vap_backend_choose (&backend, cases[i].uri, cases[i].read_only,
                        cases[i].root ? 0 : session_user ());
    g_assert_cmpstr (backend.path, ==, expected);
    /* only a user's own daemon is started */
    g_assert_true ((cases[i].directory == NULL) == (backend.directory != NULL));
    g_assert_true (cases[i].directory == NULL || backend.daemon == NULL);
  }
}

/* an environment that another user left is not followed */
static void
test_other_users_environment (void)
{
  g_auto (VapBackend) backend = { 0 };

  vap_backend_choose (&backend, "none:///session", FALSE, session_user () + 1);
  g_assert_false (g_str_has_prefix (backend.path, g_getenv ("XDG_RUNTIME_DIR")));
}

static void
test_guess (void)
{
  g_assert_true (vap_backend_is_guess ("/var/run/libvirt/libvirt-sock"));
  g_assert_true (vap_backend_is_guess ("/var/run/libvirt/libvirt-sock-ro"));
  g_assert_true (vap_backend_is_guess ("/run/user/1000/libvirt/libvirt-sock"));
  g_assert_false (vap_backend_is_guess ("/var/run/libvirt/virtqemud-sock"));
  g_assert_false (vap_backend_is_guess ("/tmp/libvirt-sock"));
}

static void
test_long_path (void)
{
  g_autofree char *path = g_strnfill (200, 'x');
  g_autoptr (GError) error = NULL;

  const VapBackend backend = { .path = path };

  g_assert_cmpint (vap_backend_connect (&backend, &error), ==, -1);
  g_assert_nonnull (strstr (error->message, path));
}

int
main (int argc, char **argv)
{
  g_autofree char *directory = g_dir_make_tmp ("virt-ap-XXXXXX", NULL);
  g_autofree char *libvirt = g_build_filename (directory, "libvirt", NULL);
  g_autofree char *socket = g_build_filename (libvirt, "virtmodulard-sock", NULL);

  signal (SIGPIPE, SIG_IGN);
  /* GLib reads it once, so it is set before anything else */
  g_setenv ("XDG_RUNTIME_DIR", directory, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_assert_no_errno (g_mkdir (libvirt, 0700));
  if (geteuid () == 0)
    g_assert_no_errno (chown (directory, session_user (), (gid_t) -1));
  g_assert_true (g_file_set_contents (socket, "", 0, NULL));

  g_test_add_func ("/opening/without-password", test_without_password);
  g_test_add_func ("/opening/polkit", test_polkit);
  g_test_add_func ("/opening/polkit-refuses", test_polkit_refuses);
  g_test_add_func ("/opening/sasl", test_sasl);
  g_test_add_func ("/opening/bad-daemon", test_bad_daemon);
  g_test_add_func ("/opening/no-daemon", test_no_daemon);
  g_test_add_func ("/opening/other-client", test_other_client);
  g_test_add_func ("/opening/lying-open", test_lying_open);
  g_test_add_func ("/opening/client-goes", test_client_goes);
  g_test_add_func ("/opening/hostile", test_hostile);
  g_test_add_func ("/opening/socket", test_socket);
  g_test_add_func ("/opening/other-users-environment", test_other_users_environment);
  g_test_add_func ("/opening/guess", test_guess);
  g_test_add_func ("/opening/long-path", test_long_path);

  gint status = g_test_run ();
  g_unlink (socket);
  g_rmdir (libvirt);
  g_rmdir (directory);
  return status;
}
