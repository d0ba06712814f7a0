/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stepper [--all] [--list FILE] [--look] POINT COMMAND…: runs a command and kills it with
 * SIGKILL at a system call, just before the kernel carries it out.  kill.py calls it.
 *
 * POINT is 0, to let it run to its end; N, for its Nth call; or M:K.W.  How many calls a
 * command makes differs from run to run: it waits more often or less, its heap has to
 * grow or not, and where it looks through /proc others have more files open.  What it
 * changes, it changes each time in the same order.  So M:K.W counts from there: after its
 * Mth call that changes something, its Kth other, and after this its Wth that waits or
 * asks for memory.
 *
 * Counted and killed is the process itself; with --all also everything it starts, all at
 * once, as when the machine loses power.  Writes one line to descriptor 3: how many
 * system calls there were, the number of the first that made the lock (link(2)), the
 * last one's number in the architecture's table, and with --look how the outside
 * (outside.h) was at that call: 2 when there are processes that there were not at the
 * start, or were at the call before, 1 when it was not as one call earlier, else 0.  Only
 * while no other process runs the outside stays as it is while it is looked at, so then
 * alone it is.  That needs the lab.
 *
 * --list writes each call to FILE, "M:K.W NUMBER LOOK"; with --look it is looked at each.
 *
 * Exit status: the command's, or 137 when it was killed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
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
  long changes; /* calls before it that change something */
  long since;   /* since the last of these, but for those of its own matters */
  long own;     /* of its own matters since the last of these calls; 0 for itself */
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
  int is_change; /* the call at this point */
  FILE *list;    /* NULL without */
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
    personality (ADDR_NO_RANDOMIZE); /* its heap grows at the same calls each time */
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
  return b->number > 0
             ? a->number == b->number
             : a->changes == b->changes && a->since == b->since && a->own == b->own;
}

/* whether the call can be the one before it */
static int
may_precede (const Run *run, const Point *point)
{
  const Point *at = &run->at;

  if (point->number > 0)
    return at->number == point->number - 1;
  if (point->since + point->own == 1)
    return run->is_change && at->changes == point->changes - 1;
  if (at->changes != point->changes)
    return 0;
  return point->own > 0 ? at->since == point->since && at->own == point->own - 1
                        : at->since == point->since - 1;
}

/* what it does for itself: to wait and to have memory; an architecture has not all */
static const long own_calls[] = {
  SYS_ppoll, SYS_wait4,    SYS_waitid, SYS_futex,   SYS_brk,
  SYS_mmap,  SYS_mprotect, SYS_munmap, SYS_madvise, SYS_mremap,
#ifdef SYS_poll
  SYS_poll,
#endif
};

/* what can change something outside; what starts a process does */
static const long changing_calls[] = {
  SYS_write,   SYS_pwrite64, SYS_writev,    SYS_fsync,   SYS_fdatasync, SYS_ftruncate,
  SYS_fchmod,  SYS_fchown,   SYS_renameat2, SYS_linkat,  SYS_symlinkat, SYS_unlinkat,
  SYS_mkdirat, SYS_flock,    SYS_sendto,    SYS_sendmsg, SYS_clone,
#ifdef SYS_clone3
  SYS_clone3,
#endif
#ifdef SYS_fork
  SYS_fork,    SYS_vfork,
#endif
#ifdef SYS_rename
  SYS_rename,  SYS_link,     SYS_symlink,   SYS_unlink,  SYS_mkdir,     SYS_rmdir,
#endif
};

static const long linking_calls[] = {
  SYS_linkat,
#ifdef SYS_link
  SYS_link,
#endif
};

static int
is_among (const long *calls, size_t n, long nr)
{
  for (size_t i = 0; i < n; i++)
    if (calls[i] == nr)
      return 1;
  return 0;
}

#define IS_AMONG(calls, nr) is_among (calls, sizeof (calls) / sizeof (calls)[0], nr)

static int
is_change (long nr, const uint64_t *args)
{
  if (nr == SYS_openat)
    return (args[2] & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
#ifdef SYS_open
  if (nr == SYS_open)
    return (args[1] & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
#endif
  return IS_AMONG (changing_calls, nr);
}

static void
count_call (Run *run, long nr, const uint64_t *args)
{
  Point *at = &run->at;

  at->number++;
  if (run->is_change) {
    at->changes++;
    at->since = at->own = 0;
  }
  if (IS_AMONG (own_calls, nr)) {
    at->own++;
  } else {
    at->since++;
    at->own = 0;
  }
  run->is_change = is_change (nr, args);
  run->last = nr;
  if (run->lock_at == 0 && IS_AMONG (linking_calls, nr))
    run->lock_at = at->number;
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
  count_call (run, (long) info.entry.nr, info.entry.args);
  here = is_point (&run->at, &run->kill_at);
  if (run->look && (run->list != NULL || here || may_precede (run, &run->kill_at)))
    run->looked = look_outside (run);
  if (run->list != NULL) {
    fprintf (run->list, "%ld:%ld.%ld ", run->at.changes, run->at.since, run->at.own);
    fprintf (run->list, "%ld %d\n", run->last, run->looked);
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
    ptrace (PTRACE_SYSCALL, pid, NULL, (long) signal_of (run, pid, status));
  }
}

static Point
parse_point (const char *text)
{
  Point point = { 0 };

  if (sscanf (text, "%ld:%ld.%ld", &point.changes, &point.since, &point.own) != 3)
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
    else if (strcmp (argv[i], "--list") == 0 && i + 1 < argc)
      run->list = fopen (argv[++i], "we");
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
    fprintf (stderr, "usage: stepper [--all] [--list FILE] [--look] POINT COMMAND...\n");
    return 2;
  }
  run.kill_at = parse_point (argv[point]);
  run.outside.n_at_start = outside_processes (run.outside.at_start, PROCESSES_MAX);
  start (&run, argv + point + 1, all);
  follow (&run);
  if (run.list != NULL && fclose (run.list) != 0)
    die ("--list");
  dprintf (3, "%ld %ld %ld %d\n", run.at.number, run.lock_at, run.last, run.looked);
  return WIFEXITED (run.status) ? WEXITSTATUS (run.status) : KILLED;
}
