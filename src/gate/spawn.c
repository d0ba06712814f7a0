/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts the judge's process: a plain fork of a small program, with nothing of the
 * gate's but standard error.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gate/spawn.h"

/* The judge of the same installation, or of the same build. */
static char *
judge_program (void)
{
  g_autofree char *gate = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *directory =
      gate != NULL ? g_path_get_dirname (gate) : g_strdup (VAP_DOORS_DIR);

  return g_build_filename (directory, "gate-judge", NULL);
}

/* In the child.  What stood there as 0 and 1 was the client's connection, which only
 * the gate may keep open. */
static G_NORETURN void
become_judge (const char *program, const VapSpawn *spawn, gint socket, pid_t gate)
{
  sigset_t none;

  signal (SIGCHLD, SIG_DFL);
  /* a signal that the judge can put off till it has kept its decision */
  signal (SIGTERM, SIG_DFL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  prctl (PR_SET_PDEATHSIG, SIGTERM);
  if (getppid () != gate || dup2 (socket, STDIN_FILENO) < 0 ||
      dup2 (STDERR_FILENO, STDOUT_FILENO) < 0)
    _exit (126);
  execl (program, program, "--root", spawn->root != NULL ? spawn->root : "", "--uri",
         spawn->uri != NULL ? spawn->uri : "", NULL);
  _exit (127);
}

void
vap_spawn_record (guint32 procedure, gboolean passed, gpointer spawn)
{
  const VapSpawn *with = spawn;
  g_autofree char *program = judge_program ();
  g_autofree char *number = g_strdup_printf ("%u", procedure);
  gint nowhere;

  if (fork () != 0)
    return;
  /* the client's connection is not this process's */
  nowhere = open ("/dev/null", O_RDWR);
  if (nowhere < 0 || dup2 (nowhere, STDIN_FILENO) < 0 ||
      dup2 (nowhere, STDOUT_FILENO) < 0)
    _exit (126);
  execl (program, program, "--root", with->root != NULL ? with->root : "",
         passed ? "--unkept" : "--lost", number, NULL);
  _exit (127);
}

gint
vap_spawn_judge (gpointer spawn)
{
  g_autofree char *program = judge_program ();
  pid_t gate = getpid ();
  gint pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    return -1;

  pid_t judge = fork ();
  if (judge == 0)
    become_judge (program, spawn, pair[1], gate);
  close (pair[1]);
  if (judge > 0)
    return pair[0];
  close (pair[0]);
  return -1;
}

/* So long who is waited for is waited for: it should not take a thousandth of that. */
#define FAREWELL_MS 1000

static gboolean
wait_for (gint fd, short events)
{
  struct pollfd look = { .fd = fd, .events = events };

  return poll (&look, 1, FAREWELL_MS) > 0;
}

/* So few bytes go whole or not at all. */
static void
send_reply (gint client, const guint8 *reply, gsize length)
{
  gssize sent = write (client, reply, length);

  if (sent < 0 && errno == EAGAIN && wait_for (client, POLLOUT))
    sent = write (client, reply, length);
  if (sent < 0)
    g_debug ("the client has gone before its last reply");
}

/* A process that has ended makes its descriptor readable when it can be waited for, not
 * before (pidfd_open(2)). */
void
vap_spawn_farewell (gint client, const guint8 *reply, gsize length)
{
  gint gate = (gint) syscall (SYS_pidfd_open, getpid (), 0);
  pid_t child = gate >= 0 ? fork () : -1;

  if (child > 0)
    return;
  if (child == 0 && !wait_for (gate, POLLIN))
    g_debug ("the gate has not ended");
  send_reply (client, reply, length);
  if (child == 0)
    _exit (0);
}
