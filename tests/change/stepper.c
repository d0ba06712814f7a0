/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stepper [--all] N COMMAND…: runs a command and kills it with SIGKILL at its Nth system
 * call, just before the kernel carries it out; N 0 lets it run to its end.  kill.py
 * calls it.
 *
 * Counted and killed is the process itself; with --all also everything it starts, all at
 * once, as when the machine loses power.  Writes one line to descriptor 3: how many
 * system calls there were, the number of the first that made the lock (link(2)), and the
 * last one's number in the architecture's table.
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

#define KILLED 137
#define TRACED_MAX 64

typedef struct {
  pid_t child;
  long kill_at;
  long count;
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

/* whether it is the call at which to kill */
static int
take_call (Run *run, pid_t pid)
{
  struct __ptrace_syscall_info info;

  memset (&info, 0, sizeof info);
  if (ptrace (PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0 ||
      info.op != PTRACE_SYSCALL_INFO_ENTRY)
    return 0;
  run->count++;
  run->last = (long)info.entry.nr;
#ifdef SYS_link
  if (info.entry.nr == SYS_link && run->lock_at == 0)
    run->lock_at = run->count;
#endif
  if (info.entry.nr == SYS_linkat && run->lock_at == 0)
    run->lock_at = run->count;
  return run->count == run->kill_at;
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

int
main (int argc, char **argv)
{
  Run run = { 0 };
  int all = argc > 1 && strcmp (argv[1], "--all") == 0;

  argv += 1 + all;
  if (argc < 3 + all) {
    fprintf (stderr, "usage: stepper [--all] N COMMAND...\n");
    return 2;
  }
  run.kill_at = atol (argv[0]);
  start (&run, argv + 1, all);
  follow (&run);
  dprintf (3, "%ld %ld %ld\n", run.count, run.lock_at, run.last);
  return WIFEXITED (run.status) ? WEXITSTATUS (run.status) : KILLED;
}
