/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What mdevctl asks: the callout's command line, and the answers there are.
 * Source: mdevctl src/callouts.rs (invoke_script()), mdevctl(8), EVENT SCRIPTS
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* The exit statuses of a callout.  "Could not judge" is a no here, because 2 makes
 * mdevctl go on without us. */
enum {
  CALL_YES = 0,
  CALL_NO = 1,
  CALL_NOT_MY_TYPE = 2,
};

typedef struct {
  const char *type;
  const char *event;
  const char *action;
  const char *state;
  const char *given_uuid;
  const char *parent;
  const char *root; /* the option --root, NULL without it */
  gboolean help;
  gboolean version;
  char uuid[37]; /* canonical */
  pid_t mdevctl; /* our parent process */
} Call;

/**
 * call_parse:
 *
 * @call is filled as far as the command line goes, also when it is wrong: a device
 * type that is not ours is none of our business, whatever stands beside it.
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED for the first thing that is wrong
 */
gboolean call_parse (int argc, char **argv, Call *call,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
