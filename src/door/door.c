/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The frame of the callout and of the hook; see door.h. */
#include "config.h"

#include "door/door.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "ap/error.h"

/* SIGTRAP and SIGABRT are how GLib ends a program that runs out of memory. */
static const int deadly[] = { SIGSEGV, SIGBUS,  SIGFPE, SIGILL,  SIGSYS, SIGTRAP,
                              SIGABRT, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGALRM };

/* Else the first file opened would become what the program reads from or writes to. */
static void
fill_standard_descriptors (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && open ("/dev/null", O_RDWR) < 0)
      _exit (EXIT_FAILURE);
}

static void
catch_signals (void (*last_words) (int signal_number))
{
  static char stack[64 * 1024]; /* for when the crash is an overflow of the stack */
  stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
  struct sigaction action = { .sa_handler = last_words, .sa_flags = SA_ONSTACK };

  sigaltstack (&alternate, NULL);
  sigfillset (&action.sa_mask);
  for (gsize i = 0; i < G_N_ELEMENTS (deadly); i++)
    sigaction (deadly[i], &action, NULL);
  signal (SIGPIPE, SIG_IGN);
}

void
door_open (void (*last_words) (int signal_number))
{
  fill_standard_descriptors ();
  catch_signals (last_words);
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, VAP_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

char *
door_read_all (gsize max, gsize *length, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  char part[8192];

  for (;;) {
    gssize n = read (STDIN_FILENO, part, sizeof part);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                   _ ("Cannot read standard input: %s"), g_strerror (errno));
      return NULL;
    }
    if (n == 0)
      break;
    g_byte_array_append (bytes, (const guint8 *) part, (guint) n);
    if (bytes->len > max) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE,
                   _ ("Standard input has more than %zu bytes"), max);
      return NULL;
    }
  }
  *length = bytes->len;
  g_byte_array_append (bytes, (const guint8 *) "", 1);
  return (char *) g_byte_array_free (g_steal_pointer (&bytes), FALSE);
}

const char *
door_root (const char *option)
{
  const char *environment = secure_getenv ("VIRT_AP_ROOT");

  if (option)
    return option;
  return environment ? environment : "";
}
