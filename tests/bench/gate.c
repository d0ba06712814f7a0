/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the gate costs: the same calls to the same daemon straight, through socat and
 * through the gate, alternating in one run.  The daemon answers at once (echo.c), so
 * that what is measured is the way and not libvirtd.
 *
 *   bench-gate GATE [--soak MESSAGES]
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "echo.h"

#define ROUNDS 20
#define SMALL_CALLS 2000
#define PIPELINED_CALLS 20000
#define BATCH 100
#define LARGE_REPLIES 5
#define CONNECTIONS 64

#define OPEN 1u
#define SMALL 1000u
#define SMALL_PAYLOAD 36u
#define SMALL_FRAME (VAP_RPC_HEADER_SIZE + SMALL_PAYLOAD)

typedef enum { DIRECT, SOCAT, GATE, N_WAYS } Way;

static const char *const way_names[N_WAYS] = { "direct", "socat", "gate" };

/* What is measured of one way, over all rounds. */
typedef struct {
  GArray *latency;   /* of a small call, µs */
  GArray *first;     /* from exec to the first reply, µs */
  GArray *pipelined; /* calls a second */
  GArray *large;     /* MB a second */
  guint rss;         /* the most, KiB */
} Figures;

typedef struct {
  const char *gate;
  char *path; /* the daemon's socket */
  char *root; /* an empty directory */
} Setup;

typedef struct {
  gint fd;
  pid_t pid; /* of what stands between, or 0 */
} Connection;

static double
microseconds (void)
{
  return (double) g_get_monotonic_time ();
}

static void
write_call (guint8 *frame, guint32 procedure, guint32 serial, guint32 length)
{
  const VapRpcHeader header = { length, VAP_RPC_REMOTE_PROGRAM, VAP_RPC_REMOTE_VERSION,
                                procedure, VAP_RPC_CALL, serial, VAP_RPC_OK };

  memset (frame, 0, length);
  vap_rpc_header_write (&header, frame);
}

static void
fail (const char *what)
{
  fprintf (stderr, "cannot measure: %s\n", what);
  exit (1);
}

static void
call (gint fd, guint32 procedure, guint32 serial)
{
  guint8 frame[SMALL_FRAME];

  write_call (frame, procedure, serial, sizeof frame);
  echo_write_all (fd, frame, sizeof frame);
  if (!echo_read_all (fd, frame, sizeof frame))
    fail ("the connection broke");
}

static gint
connect_to (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  gint fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  if (connect (fd, (struct sockaddr *) &address, sizeof address) != 0)
    fail ("the daemon does not listen");
  return fd;
}

static Connection
start_program (const Setup *setup, Way way)
{
  g_autofree char *target = g_strdup_printf ("UNIX-CONNECT:%s", setup->path);
  Connection connection;
  gint pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    fail ("no sockets");
  connection.pid = fork ();
  if (connection.pid == 0) {
    dup2 (pair[1], STDIN_FILENO);
    dup2 (pair[1], STDOUT_FILENO);
    if (way == SOCAT)
      execlp ("socat", "socat", "STDIO", target, NULL);
    else
      execl (setup->gate, "gate", "--socket", setup->path, "--root", setup->root, NULL);
    _exit (127);
  }
  close (pair[1]);
  connection.fd = pair[0];
  return connection;
}

static Connection
open_connection (const Setup *setup, Way way)
{
  Connection connection = { -1, 0 };

  if (way == DIRECT)
    connection.fd = connect_to (setup->path);
  else
    connection = start_program (setup, way);
  return connection;
}

static void
close_connection (Connection *connection)
{
  close (connection->fd);
  if (connection->pid != 0)
    waitpid (connection->pid, NULL, 0);
}

static guint
rss_of (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int) pid);
  g_autofree char *text = NULL;
  const char *line = NULL;

  if (pid != 0 && g_file_get_contents (path, &text, NULL, NULL))
    line = strstr (text, "VmRSS:");
  return line != NULL ? (guint) strtoul (line + strlen ("VmRSS:"), NULL, 10) : 0;
}

static void
add (GArray *values, double value)
{
  g_array_append_val (values, value);
}

static double
time_pipelined (gint fd)
{
  guint8 frames[BATCH * SMALL_FRAME];
  double start = microseconds ();

  for (guint i = 0; i < BATCH; i++)
    write_call (frames + i * SMALL_FRAME, SMALL, i, SMALL_FRAME);
  /* two batches are always on their way */
  echo_write_all (fd, frames, sizeof frames);
  for (guint i = 0; i < PIPELINED_CALLS / BATCH; i++) {
    guint8 replies[BATCH * SMALL_FRAME];

    if (i + 1 < PIPELINED_CALLS / BATCH)
      echo_write_all (fd, frames, sizeof frames);
    if (!echo_read_all (fd, replies, sizeof replies))
      fail ("the connection broke");
  }
  return PIPELINED_CALLS / (microseconds () - start) * 1e6;
}

static double
time_large (gint fd, guint8 *buffer)
{
  guint8 frame[VAP_RPC_HEADER_SIZE];
  double start = microseconds ();

  for (guint i = 0; i < LARGE_REPLIES; i++) {
    write_call (frame, ECHO_LARGE, i, sizeof frame);
    echo_write_all (fd, frame, sizeof frame);
    if (!echo_read_all (fd, buffer, ECHO_LARGE_REPLY))
      fail ("the connection broke");
  }
  return (double) LARGE_REPLIES * ECHO_LARGE_REPLY / (microseconds () - start);
}

static void
measure (const Setup *setup, Way way, Figures *figures, guint8 *buffer)
{
  double start = microseconds ();
  Connection connection = open_connection (setup, way);

  call (connection.fd, OPEN, 0);
  add (figures->first, microseconds () - start);
  for (guint i = 0; i < SMALL_CALLS; i++) {
    start = microseconds ();
    call (connection.fd, SMALL, i);
    add (figures->latency, microseconds () - start);
  }
  add (figures->pipelined, time_pipelined (connection.fd));
  add (figures->large, time_large (connection.fd, buffer));
  figures->rss = MAX (figures->rss, rss_of (connection.pid));
  close_connection (&connection);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  double left = *(const double *) a, right = *(const double *) b;

  return (left > right) - (left < right);
}

static double
quantile (GArray *values, double part)
{
  g_array_sort (values, compare);
  return g_array_index (values, double, (guint) (part * (values->len - 1)));
}

static void
print_row (const char *name, const char *unit, const double values[N_WAYS])
{
  printf ("%-28s", name);
  for (gint way = 0; way < N_WAYS; way++)
    printf ("%12.1f", values[way]);
  printf (" %-8s gate/socat %.2f\n", unit, values[GATE] / values[SOCAT]);
}

static void
print_figures (Figures figures[N_WAYS])
{
  static const struct {
    const char *name;
    const char *unit;
    gsize offset;
    double part;
  } rows[] = {
    { "small call, median", "us", G_STRUCT_OFFSET (Figures, latency), 0.5 },
    { "small call, p99", "us", G_STRUCT_OFFSET (Figures, latency), 0.99 },
    { "pipelined calls, median", "/s", G_STRUCT_OFFSET (Figures, pipelined), 0.5 },
    { "10 MB replies, median", "MB/s", G_STRUCT_OFFSET (Figures, large), 0.5 },
    { "exec to first reply, median", "us", G_STRUCT_OFFSET (Figures, first), 0.5 },
  };
  double values[N_WAYS];

  printf ("%-28s%12s%12s%12s\n", "", way_names[0], way_names[1], way_names[2]);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    for (gint way = 0; way < N_WAYS; way++) {
      GArray *of = G_STRUCT_MEMBER (GArray *, &figures[way], rows[i].offset);

      values[way] = quantile (of, rows[i].part);
    }
    print_row (rows[i].name, rows[i].unit, values);
  }
  for (gint way = 0; way < N_WAYS; way++)
    values[way] = figures[way].rss;
  print_row ("RSS", "KiB", values);
}

static GArray *
doubles (void)
{
  return g_array_new (FALSE, FALSE, sizeof (double));
}

static void
compare_ways (const Setup *setup)
{
  Figures figures[N_WAYS];
  g_autofree guint8 *buffer = g_malloc (ECHO_LARGE_REPLY);

  for (gint way = 0; way < N_WAYS; way++)
    figures[way] = (Figures) { doubles (), doubles (), doubles (), doubles (), 0 };
  for (gint round = 0; round < ROUNDS; round++)
    for (gint way = 0; way < N_WAYS; way++)
      measure (setup, (Way) way, &figures[way], buffer);
  print_figures (figures);
  for (gint way = 0; way < N_WAYS; way++) {
    g_array_unref (figures[way].latency);
    g_array_unref (figures[way].first);
    g_array_unref (figures[way].pipelined);
    g_array_unref (figures[way].large);
  }
}

/* One batch over each of the connections. */
static void
soak_once (const Connection connections[CONNECTIONS])
{
  guint8 frames[BATCH * SMALL_FRAME];

  for (guint i = 0; i < BATCH; i++)
    write_call (frames + i * SMALL_FRAME, SMALL, i, SMALL_FRAME);
  for (guint i = 0; i < CONNECTIONS; i++)
    echo_write_all (connections[i].fd, frames, sizeof frames);
  for (guint i = 0; i < CONNECTIONS; i++)
    if (!echo_read_all (connections[i].fd, frames, sizeof frames))
      fail ("a connection broke");
}

static guint
rss_of_all (const Connection connections[CONNECTIONS])
{
  guint sum = 0;

  for (guint i = 0; i < CONNECTIONS; i++)
    sum += rss_of (connections[i].pid);
  return sum;
}

/* A call and its reply are two messages that are relayed. */
static void
soak (const Setup *setup, guint64 n_messages)
{
  Connection connections[CONNECTIONS];
  guint64 turns = MAX (n_messages / (2 * BATCH * CONNECTIONS), 10);
  guint after_first_tenth = 0;
  double start = microseconds ();

  for (guint i = 0; i < CONNECTIONS; i++) {
    connections[i] = open_connection (setup, GATE);
    call (connections[i].fd, OPEN, 0);
  }
  for (guint64 turn = 0; turn < turns; turn++) {
    soak_once (connections);
    if (turn + 1 == turns / 10)
      after_first_tenth = rss_of_all (connections);
  }

  guint at_end = rss_of_all (connections);
  printf ("%" G_GUINT64_FORMAT " messages over %u connections in %.1f s: RSS of a gate "
          "%u KiB after the first tenth, %u KiB at the end, ratio %.3f\n",
          turns * 2 * BATCH * CONNECTIONS, CONNECTIONS, (microseconds () - start) / 1e6,
          after_first_tenth / CONNECTIONS, at_end / CONNECTIONS,
          (double) at_end / MAX (after_first_tenth, 1));
  for (guint i = 0; i < CONNECTIONS; i++)
    close_connection (&connections[i]);
}

static pid_t
start_daemon (const char *path)
{
  pid_t pid = fork ();

  if (pid == 0) {
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    echo_serve (path);
  }
  for (gint i = 0; i < 1000 && g_access (path, F_OK) != 0; i++)
    g_usleep (1000);
  g_usleep (10000);
  return pid;
}

int
main (int argc, char **argv)
{
  Setup setup = { 0 };
  g_autofree char *directory = NULL;
  g_autofree char *socat = g_find_program_in_path ("socat");

  if (argc != 2 && !(argc == 4 && g_str_equal (argv[2], "--soak"))) {
    fprintf (stderr, "usage: %s GATE [--soak MESSAGES]\n", argv[0]);
    return 2;
  }
  if (argc == 2 && socat == NULL) {
    puts ("cannot measure: there is no socat to compare with");
    return 77;
  }
  directory = g_dir_make_tmp ("virt-ap-XXXXXX", NULL);
  setup.gate = argv[1];
  setup.root = directory;
  setup.path = g_build_filename (directory, "sock", NULL);

  pid_t daemon = start_daemon (setup.path);
  if (argc == 4)
    soak (&setup, g_ascii_strtoull (argv[3], NULL, 10));
  else
    compare_ways (&setup);
  kill (daemon, SIGKILL);
  waitpid (daemon, NULL, 0);
  g_unlink (setup.path);
  g_rmdir (directory);
  g_free (setup.path);
  return 0;
}
