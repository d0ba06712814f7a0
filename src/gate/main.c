/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate: a filter between a libvirt client and the daemon, started by the client
 * through libvirt's ext transport with the connection as its standard input and
 * output.  What it has to say goes to the client as libvirt errors; only when the
 * stream itself is broken, to standard error, which libvirt shows its user.
 */
#include "config.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gi18n.h>

#include "config/settings.h"
#include "gate/backend.h"
#include "gate/opening.h"
#include "gate/procedures.h"
#include "gate/relay.h"
#include "gate/spawn.h"

typedef struct {
  char *root;
  char *socket;
  char *netcat;
  gboolean version;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->root);
  g_free (options->socket);
  g_free (options->netcat);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse_options (gint *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "root", 0, 0, G_OPTION_ARG_FILENAME, &options->root,
      N_ ("Judge by the host whose /sys, /proc and /etc are below DIR"), N_ ("DIR") },
    { "socket", 0, 0, G_OPTION_ARG_FILENAME, &options->socket,
      N_ ("Connect to the libvirt daemon that listens at PATH"), N_ ("PATH") },
    { "netcat", 'U', 0, G_OPTION_ARG_FILENAME, &options->netcat,
      N_ ("The same, but choose again where PATH is what libvirt guesses"), N_ ("PATH") },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version,
      N_ ("Print the version and exit"), NULL },
    { 0 },
  };
  g_autoptr (GOptionContext) context =
      g_option_context_new (_ ("- judge AP crypto on its way to libvirt"));

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_summary (
      context, _ ("Started by libvirt: qemu+ext:///system?command=/path/of/gate"));
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                 _ ("unexpected argument '%s'"), (*argv)[1]);
    return FALSE;
  }
  /* libvirt's client calls a netcat with the socket that it guesses */
  if (options->socket == NULL && options->netcat != NULL &&
      !vap_backend_is_guess (options->netcat))
    options->socket = g_strdup (options->netcat);
  if (options->root == NULL)
    options->root = g_strdup (secure_getenv ("VIRT_AP_ROOT"));
  return TRUE;
}

static gboolean
serve (const Options *options, GError **error)
{
  g_autofree char *configured = NULL;
  g_autoptr (GError) fault = NULL;
  g_auto (VapOpening) opening = {
    .client_in = STDIN_FILENO,
    .client_out = STDOUT_FILENO,
    .socket = options->socket,
    .daemon = -1,
  };
  VapFarewell farewell;
  VapSpawn spawn = { .root = options->root };
  VapFilter filter = {
    .wants = vap_procedures_judged,
    .concerns = vap_procedures_concerns,
    .closes = vap_procedures_close,
    .start_judge = vap_spawn_judge,
    .judge_lost = vap_spawn_record,
    .user_data = &spawn,
    .lends = TRUE,
  };

  if (options->socket == NULL && vap_config_socket (options->root, &configured, &fault))
    opening.socket = configured;
  opening.fault = fault;
  switch (vap_opening_run (&opening, error)) {
  case VAP_OPENING_FAILED:
    return FALSE;
  case VAP_OPENING_CLOSED:
    return TRUE;
  case VAP_OPENING_DONE:
    break;
  }
  spawn.uri = opening.uri;
  if (!vap_relay_run (opening.client_in, opening.client_out, opening.daemon,
                      opening.buffer + opening.start, opening.end - opening.start,
                      &filter, &farewell, error))
    return FALSE;
  if (farewell.length > 0)
    vap_spawn_farewell (opening.client_out, farewell.reply, farewell.length);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, VAP_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  signal (SIGPIPE, SIG_IGN);
  /* a judge that has ended need not be waited for */
  signal (SIGCHLD, SIG_IGN);

  if (!parse_options (&argc, &argv, &options, &error)) {
    fprintf (stderr, "virt-ap gate: %s\n", error->message);
    return 2;
  }
  if (options.version) {
    puts ("virt-ap gate " VAP_VERSION);
    return 0;
  }
  if (isatty (STDIN_FILENO)) {
    fputs (_ ("virt-ap gate: this program is started by libvirt, see virt-ap-gate(8)\n"),
           stderr);
    return 2;
  }
  if (!serve (&options, &error)) {
    fprintf (stderr, "virt-ap gate: %s\n", error->message);
    return 1;
  }
  return 0;
}
