/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a command on a simulated host that has nothing but /sys and udev events: in
 * mount and network namespaces of its own.  recordings.py uses it.
 *
 *   lab-serve KERNEL CARDS USAGE-DOMAINS CONTROL-DOMAINS COMMAND [ARGUMENT…]
 *
 * Exit status: COMMAND's; 77 where namespaces or FUSE cannot be had; 2 for anything
 * else that went wrong.
 */
#include "virt-ap-lab/fs.h"
#include "virt-ap-lab/udev.h"
#include "ap/pqap.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_TROUBLE = 2, EXIT_SKIP = 77 };

static void
send_event (const char *const *properties, gpointer user_data)
{
  lab_udev_send (user_data, properties);
}

static void
report_ready (gpointer user_data)
{
  if (write (GPOINTER_TO_INT (user_data), "", 1) != 1)
    _exit (EXIT_TROUBLE);
}

static LabKernel
parse_kernel (const char *text)
{
  if (strcmp (text, "6.1") == 0)
    return LAB_KERNEL_6_1;
  return strcmp (text, "6.12") == 0 ? LAB_KERNEL_6_12 : LAB_KERNEL_7_2;
}

static LabMachine *
make_machine (char **argv, GError **error)
{
  g_autoptr (LabMachine) machine = lab_machine_new_default ();

  machine->kernel = parse_kernel (argv[1]);
  machine->qci = VAP_QCI_APSC | VAP_QCI_APXA;
  g_clear_pointer (&machine->cards, g_array_unref);
  if (!lab_machine_parse_cards (argv[2], &machine->cards, error)
      || !lab_machine_parse_domains (argv[3], &machine->usage_domains, error)
      || !lab_machine_parse_domains (argv[4], &machine->control_domains, error))
    return NULL;
  return g_steal_pointer (&machine);
}

/* the process that serves /sys until its parent ends */
static int
serve (const LabMachine *machine, int ready)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LabUdev) udev = lab_udev_new (&error);
  g_autoptr (LabModel) model = NULL;

  prctl (PR_SET_PDEATHSIG, SIGTERM);
  if (udev) {
    model = lab_model_new (machine, send_event, NULL, udev);
    if (lab_fs_serve (model, "/sys", report_ready, GINT_TO_POINTER (ready), &error))
      return EXIT_SUCCESS;
  }
  fprintf (stderr, "%s\n", error->message);
  return EXIT_SKIP;
}

static int
run (char **argv)
{
  int status;
  pid_t pid = fork ();

  if (pid == 0) {
    execvp (argv[0], argv);
    perror (argv[0]);
    _exit (EXIT_TROUBLE);
  }
  if (pid < 0 || waitpid (pid, &status, 0) != pid)
    return EXIT_TROUBLE;
  return WIFEXITED (status) ? WEXITSTATUS (status) : EXIT_TROUBLE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LabMachine) machine = NULL;
  int ready[2], status = EXIT_SKIP;
  char byte;
  pid_t server;

  if (argc < 6)
    return EXIT_TROUBLE;
  machine = make_machine (argv, &error);
  if (!machine) {
    fprintf (stderr, "%s\n", error->message);
    return EXIT_TROUBLE;
  }
  if (unshare (CLONE_NEWNS | CLONE_NEWNET) != 0
      || mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
    perror ("cannot make namespaces");
    return EXIT_SKIP;
  }
  if (pipe (ready) != 0 || (server = fork ()) < 0)
    return EXIT_TROUBLE;
  if (server == 0) {
    close (ready[0]);
    return serve (machine, ready[1]);
  }
  close (ready[1]);
  if (read (ready[0], &byte, 1) == 1)
    status = run (argv + 5);
  kill (server, SIGTERM);
  waitpid (server, NULL, 0);
  return status;
}
