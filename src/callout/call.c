/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the callout's command line; see call.h. */
#include "config.h"

#include "callout/call.h"

#include <getopt.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "guest/device.h"

static const struct {
  const char *option;
  gsize offset;
} needed[] = {
  { "-t", G_STRUCT_OFFSET (Call, type) },       { "-e", G_STRUCT_OFFSET (Call, event) },
  { "-a", G_STRUCT_OFFSET (Call, action) },     { "-s", G_STRUCT_OFFSET (Call, state) },
  { "-u", G_STRUCT_OFFSET (Call, given_uuid) }, { "-p", G_STRUCT_OFFSET (Call, parent) },
};

static const struct option long_options[] = {
  { "root", required_argument, NULL, 'r' },
  { "help", no_argument, NULL, 'h' },
  { "version", no_argument, NULL, 'V' },
  { NULL, 0, NULL, 0 },
};

/* only the first of several faults is told; all of the command line is read */
static void
fault (GError **first, const char *format, const char *what)
{
  if (!*first)
    g_set_error (first, VAP_ERROR, VAP_ERROR_MALFORMED, format, what);
}

static void
take_value (Call *call, gsize offset, const char *option, GError **first)
{
  const char **field = &G_STRUCT_MEMBER (const char *, call, offset);

  if (*field)
    fault (first, _ ("The option '%s' is there twice"), option);
  else
    *field = optarg;
}

static void
take_option (Call *call, int letter, char **argv, GError **first)
{
  for (gsize i = 0; i < G_N_ELEMENTS (needed); i++)
    if (letter == needed[i].option[1]) {
      take_value (call, needed[i].offset, needed[i].option, first);
      return;
    }
  if (letter == 'r')
    take_value (call, G_STRUCT_OFFSET (Call, root), "--root", first);
  else if (letter == 'h')
    call->help = TRUE;
  else if (letter == 'V')
    call->version = TRUE;
  else if (letter == ':')
    fault (first, _ ("The option '%s' needs a value"), argv[optind - 1]);
  else
    fault (first, _ ("The option '%s' is unknown"), argv[optind - 1]);
}

static void
check_values (Call *call, GError **first)
{
  static const char *const states[] = { "none", "success", "failure", NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (needed); i++)
    if (!G_STRUCT_MEMBER (const char *, call, needed[i].offset))
      fault (first, _ ("The option '%s' is missing"), needed[i].option);
  if (call->state && !g_strv_contains (states, call->state))
    fault (first, _ ("The state '%s' is none of none, success, failure"), call->state);
  if (call->given_uuid && !vap_uuid_canonical (call->given_uuid, call->uuid))
    fault (first, _ ("'%s' is not a UUID"), call->given_uuid);
}

gboolean
call_parse (int argc, char **argv, Call *call, GError **error)
{
  GError *first = NULL;
  int letter;

  *call = (Call){ .mdevctl = getppid () };
  opterr = 0;
  while ((letter = getopt_long (argc, argv, ":t:e:a:s:u:p:h", long_options, NULL)) != -1)
    take_option (call, letter, argv, &first);
  if (optind < argc)
    fault (&first, _ ("The argument '%s' is one too many"), argv[optind]);
  if (!call->help && !call->version)
    check_values (call, &first);
  if (!first)
    return TRUE;
  g_propagate_error (error, first);
  return FALSE;
}
