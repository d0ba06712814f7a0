/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stepper [--all] [--watch FILE] [--look] POINT COMMAND…: runs a command and kills it with
 * SIGKILL at a system call, just before the kernel carries it out.  kill.py calls it.
 *
 * POINT is 0, to let it run to its end; N, for its Nth call; or P:K.W, for the Wth time it
 * waits after the Kth other call after it has started its Pth process: how often it has to
 * wait for a process differs from run to run.
 *
 * Counted and killed is the process itself; with --all also everything it starts, all at
 * once, as when the machine loses power.  Writes one line to descriptor 3: how many
 * system calls there were, the number of the first that made the lock (link(2)), the
 * last one's number in the architecture's table, and with --look how the outside
 * (outside.h) was at that call: 2 when there are processes that there were not at the
 * start, or were at the call before, 1 when it was not as one call earlier, else 0.
 *
 * --watch, in the lab, writes that for every call to FILE: "P:K.W NUMBER LOOK".  Only while
 * no other process runs the outside stays as it is while it is looked at, so then alone
 * it is.
 *
 * Exit status: the command's, or 137 when it was killed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "outside.h"

#define KILLED 137
#define TRACED_MAX 64
#define PROCESSES_MAX 512

enum { AS_BEFORE, CHANGED, ACCOMPANIED };

/* A call, by both ways to name it. */
typedef struct {
  long number;
  long started; /* processes before it */
  long since;   /* calls since the last of these, but for those that wait */
  long waits;   /* since the last of these calls; 0 for itself */
} Point;

/* What is outside at the start and as it was last looked at. */
typedef struct {
  long at_start[PROCESSES_MAX];
  long n_at_start;
  uint64_t digest;
  int known; /* digest is of the call before */
} Outside;

typedef struct {
  pid_t child;
  Point kill_at; /* all 0: nowhere */
  Point at;
  int starts; /* the call before started a process */
  FILE *watch; /* NULL without */
  int look;
  int looked;
  Outside outside;
  long lock_at;
  long last;
  int status;
  pid_t others[TRACED_MAX]; /* with --all; 0 is a free place */
} Run;

static void
die (const char *what)
{
  perror (what);
  exit (2);
}

static void
start (Run *run, char **argv, int all)
{
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC;
  int status;

  run->child = fork ();
  if (run->child < 0)
    die ("fork");
  if (run->child == 0) {
    fcntl (3, F_SETFD, FD_CLOEXEC); /* ours alone, so that it ends with us */
    if (ptrace (PTRACE_TRACEME, 0, NULL, NULL) < 0)
      die ("PTRACE_TRACEME");
    raise (SIGSTOP);
    execvp (argv[0], argv);
    die (argv[0]);
  }
  if (waitpid (run->child, &status, 0) < 0)
    die ("waitpid");
  if (all)
    options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
  if (ptrace (PTRACE_SETOPTIONS, run->child, NULL, options) < 0 ||
      ptrace (PTRACE_SYSCALL, run->child, NULL, 0) < 0)
    die ("ptrace");
}

static void
remember (Run *run, pid_t pid)
{
  int free_place = -1;

  for (int i = 0; i < TRACED_MAX; i++) {
    if (run->others[i] == pid)
      return;
    if (run->others[i] == 0 && free_place < 0)
      free_place = i;
  }
  if (free_place < 0)
    die ("too many processes");
  run->others[free_place] = pid;
}

static void
forget (Run *run, pid_t pid)
{
  for (int i = 0; i < TRACED_MAX; i++)
    if (run->others[i] == pid)
      run->others[i] = 0;
}

static int
is_accompanied (const Run *run)
{
  long now[PROCESSES_MAX];
  long n = outside_processes (now, PROCESSES_MAX);

  for (long i = 0; i < n; i++) {
    int known = now[i] == run->child;

    for (long k = 0; k < run->outside.n_at_start && !known; k++)
      known = run->outside.at_start[k] == now[i];
    if (!known)
      return 1;
  }
  return 0;
}

static int
look_outside (Run *run)
{
  Outside *outside = &run->outside;
  uint64_t before = outside->digest;
  int known = outside->known;

  outside->known = !is_accompanied (run);
  if (!outside->known)
    return ACCOMPANIED;
  outside->digest = outside_digest ();
  if (!known)
    return ACCOMPANIED; /* a call ago */
  return outside->digest == before ? AS_BEFORE : CHANGED;
}

static int
is_point (const Point *a, const Point *b)
{
  return b->number > 0 ? a->number == b->number
                       : a->started == b->started && a->since == b->since &&
                             a->waits == b->waits;
}

/* whether it can be the one before it */
static int
may_precede (const Point *a, const Point *b)
{
  if (b->number > 0)
    return a->number == b->number - 1;
  if (a->started != b->started)
    return 0;
  return b->waits > 0 ? a->since == b->since && a->waits == b->waits - 1
                      : a->since == b->since - 1;
}

static int
waits (long nr)
{
#ifdef SYS_poll
  if (nr == SYS_poll)
    return 1;
#endif
  return nr == SYS_ppoll || nr == SYS_wait4 || nr == SYS_waitid;
}

/* @nr may start a process, and not a thread of this one */
static int
starts_process (long nr)
{
#ifdef SYS_fork
  if (nr == SYS_fork)
    return 1;
#endif
#ifdef SYS_vfork
  if (nr == SYS_vfork)
    return 1;
#endif
#ifdef SYS_clone3
  if (nr == SYS_clone3)
    return 1;
#endif
  return nr == SYS_clone;
}

static void
count_call (Run *run, long nr)
{
  run->at.number++;
  run->at.started += run->starts;
  if (run->starts)
    run->at.since = run->at.waits = 0;
  run->at.waits = waits (nr) ? run->at.waits + 1 : 0;
  run->at.since += !waits (nr);
  run->starts = starts_process (nr);
  run->last = nr;
  if (run->lock_at != 0)
    return;
#ifdef SYS_link
  if (nr == SYS_link)
    run->lock_at = run->at.number;
#endif
  if (nr == SYS_linkat)
    run->lock_at = run->at.number;
}

/* whether it is the call at which to kill */
static int
take_call (Run *run, pid_t pid)
{
  struct __ptrace_syscall_info info;
  int here;

  memset (&info, 0, sizeof info);
  if (ptrace (PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0 ||
      info.op != PTRACE_SYSCALL_INFO_ENTRY)
    return 0;
  count_call (run, (long)info.entry.nr);
  here = is_point (&run->at, &run->kill_at);
  if (run->watch != NULL) {
    fprintf (run->watch, "%ld:%ld.%ld ", run->at.started, run->at.since, run->at.waits);
    fprintf (run->watch, "%ld %d\n", run->last, look_outside (run));
  } else if (run->look && (here || may_precede (&run->at, &run->kill_at))) {
    run->looked = look_outside (run);
  }
  return here;
}

static void
kill_all (Run *run)
{
  kill (run->child, SIGKILL);
  for (int i = 0; i < TRACED_MAX; i++)
    if (run->others[i] > 0)
      kill (run->others[i], SIGKILL);
}

/* the signal that a stop was for, 0 when the stop is ours */
static int
signal_of (const Run *run, pid_t pid, int status)
{
  int number = WSTOPSIG (status);

  if (status >> 16 != 0 || number == (SIGTRAP | 0x80))
    return 0;
  return number == SIGSTOP && pid != run->child ? 0 : number; /* a new process's first */
}

static void
follow (Run *run)
{
  int status;
  pid_t pid;

  while ((pid = waitpid (-1, &status, __WALL)) > 0) {
    if (!WIFSTOPPED (status)) {
      if (pid == run->child)
        run->status = status;
      forget (run, pid);
      continue;
    }
    if (pid != run->child)
      remember (run, pid);
    if (WSTOPSIG (status) == (SIGTRAP | 0x80) && take_call (run, pid)) {
      kill_all (run);
      continue;
    }
    /* it can have been killed meanwhile */
    ptrace (PTRACE_SYSCALL, pid, NULL, (long)signal_of (run, pid, status));
  }
}

static Point
parse_point (const char *text)
{
  Point point = { 0 };

  if (sscanf (text, "%ld:%ld.%ld", &point.started, &point.since, &point.waits) != 3)
    point = (Point){ .number = atol (text) };
  return point;
}

/* the options; the place of POINT among the arguments */
static int
parse_options (Run *run, int argc, char **argv, int *all)
{
  int i = 1;

  for (; i < argc && strncmp (argv[i], "--", 2) == 0; i++) {
    if (strcmp (argv[i], "--all") == 0)
      *all = 1;
    else if (strcmp (argv[i], "--look") == 0)
      run->look = 1;
    else if (strcmp (argv[i], "--watch") == 0 && i + 1 < argc)
      run->watch = fopen (argv[++i], "we");
    else
      return argc;
  }
  return i;
}

int
main (int argc, char **argv)
{
  static Run run;
  int all = 0;
  int point = parse_options (&run, argc, argv, &all);

  if (argc < point + 2) {
    fprintf (stderr,
             "usage: stepper [--all] [--watch FILE] [--look] POINT COMMAND...\n");
    return 2;
  }
  run.kill_at = parse_point (argv[point]);
  run.outside.n_at_start = outside_processes (run.outside.at_start, PROCESSES_MAX);
  start (&run, argv + point + 1, all);
  follow (&run);
  if (run.watch != NULL && fclose (run.watch) != 0)
    die ("--watch");
  dprintf (3, "%ld %ld %ld %d\n", run.at.number, run.lock_at, run.last, run.looked);
  return WIFEXITED (run.status) ? WEXITSTATUS (run.status) : KILLED;
}
