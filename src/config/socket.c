/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one setting of the gate's relay; see settings.h. */
#include "config.h"

#include "config/settings.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ap/error.h"
#include "config/place.h"

/* the value of [gate] socket= in @text, and the line that it is on */
static char *
find_socket (const char *text, gsize length, guint *line_number)
{
  g_autofree char *copy = g_strndup (text, length);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);
  gboolean in_gate = FALSE;

  for (guint i = 0; lines[i] != NULL; i++) {
    char *line = g_strstrip (lines[i]);
    char *equals = strchr (line, '=');

    if (*line == '[') {
      in_gate = g_str_equal (line, "[gate]");
    } else if (in_gate && equals != NULL && *line != '#') {
      *equals = '\0';
      if (!g_str_equal (g_strchomp (line), "socket"))
        continue;
      *line_number = i + 1;
      return g_strdup (g_strstrip (equals + 1));
    }
  }
  return NULL;
}

static gboolean
read_socket (const char *path, gboolean own, char **socket, GError **error)
{
  g_autofree char *text = NULL;
  g_autofree char *note = NULL;
  g_autofree char *value = NULL;
  gsize length;
  guint line;

  if (path == NULL)
    return TRUE;
  if (!vap_config_load (path, own, &text, &length, &note, error))
    return FALSE;
  value = text != NULL ? find_socket (text, length, &line) : NULL;
  if (value == NULL)
    return TRUE;
  if (!g_path_is_absolute (value)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, "%s:%u: [gate] socket: %s", path,
                 line, _ ("takes a path that begins with /"));
    return FALSE;
  }
  g_free (*socket);
  *socket = g_steal_pointer (&value);
  return TRUE;
}

gboolean
vap_config_socket (const char *root, char **socket, GError **error)
{
  g_autofree char *system = vap_config_system_path (root);
  g_autofree char *user = vap_config_user_path (root);

  *socket = NULL;
  if (read_socket (system, FALSE, socket, error) &&
      read_socket (user, TRUE, socket, error))
    return TRUE;
  g_clear_pointer (socket, g_free);
  return FALSE;
}
