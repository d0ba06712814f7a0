/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which hosts `virt-ap fleet` asks: an operand is one, or a file with one a line.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ap/error.h"
#include "fleet.h"

/* a list of hosts is a text that someone keeps */
#define LIST_MAX (4u * 1024 * 1024)

void
fleet_host_free (FleetHost *host)
{
  g_free (host->name);
  g_free (host->where);
  g_free (host->problem);
  g_free (host->time);
  g_free (host->machine);
  g_clear_pointer (&host->types, g_ptr_array_unref);
  g_free (host);
}

static void
add_host (GPtrArray *hosts, const char *name, FleetSource source, const char *where)
{
  FleetHost *host = g_new0 (FleetHost, 1);

  host->name = g_strdup (name);
  host->source = source;
  host->where = g_strdup (where);
  g_ptr_array_add (hosts, host);
}

/* "lpar7" of "/srv/hosts/lpar7.json", "lpar7" of "qemu+ssh://root@lpar7:22/system" */
static char *
name_of (const char *where)
{
  const char *authority = strstr (where, "://");
  g_autofree char *base = NULL;

  if (authority != NULL) {
    const char *host = authority + strlen ("://");
    const char *end = host + strcspn (host, "/?");
    const char *at = memchr (host, '@', (gsize) (end - host));

    host = at != NULL ? at + 1 : host;
    end = host + strcspn (host, "/?:");
    return end > host ? g_strndup (host, (gsize) (end - host)) : g_strdup (where);
  }
  base = g_path_get_basename (where);
  if (g_str_has_suffix (base, ".json"))
    base[strlen (base) - strlen (".json")] = '\0';
  return g_steal_pointer (&base);
}

/* what stands behind a name in a list; a file's name is relative to the list's */
static void
add_source (GPtrArray *hosts, const char *name, const char *text, const char *list)
{
  if (*text == '!') {
    add_host (hosts, name, FLEET_COMMAND, text + 1 + strspn (text + 1, " \t"));
  } else if (strstr (text, "://") != NULL) {
    add_host (hosts, name, FLEET_LIBVIRT, text);
  } else {
    g_autofree char *dir = g_path_get_dirname (list);
    g_autofree char *path =
        g_path_is_absolute (text) ? g_strdup (text) : g_build_filename (dir, text, NULL);

    add_host (hosts, name, FLEET_DOCUMENT, path);
  }
}

/* NAME SOURCE, or SOURCE alone */
static gboolean
read_line (GPtrArray *hosts, const char *line, const char *list, guint number,
           GError **error)
{
  gsize length = strcspn (line, " \t");
  const char *rest = line + length + strspn (line + length, " \t");
  g_autofree char *first = g_strndup (line, length);

  if (*line == '!') {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("%s line %u: a command needs a name in front of it"), list, number);
    return FALSE;
  }
  if (*rest == '\0') {
    g_autofree char *name = name_of (first);

    add_source (hosts, name, first, list);
    return TRUE;
  }
  if (*rest != '!' && strpbrk (rest, " \t") != NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("%s line %u: it should be a name, and a file, a URI, or '!' and a "
                    "command"),
                 list, number);
    return FALSE;
  }
  add_source (hosts, first, rest, list);
  return TRUE;
}

static gboolean
read_list (GPtrArray *hosts, const char *list, const char *text, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++) {
    const char *line = g_strstrip (lines[i]);

    if (*line != '\0' && *line != '#' && !read_line (hosts, line, list, i + 1, error))
      return FALSE;
  }
  return TRUE;
}

/* a document begins with a brace, whatever white space comes before */
static gboolean
is_document (const char *text)
{
  return text[strspn (text, " \t\r\n")] == '{';
}

gboolean
fleet_read_operand (GPtrArray *hosts, const char *text, GError **error)
{
  g_autofree char *name = name_of (text);
  g_autofree char *content = NULL;
  gsize length = 0;

  if (strstr (text, "://") != NULL) {
    add_host (hosts, name, FLEET_LIBVIRT, text);
    return TRUE;
  }
  if (g_file_test (text, G_FILE_TEST_IS_DIR)) {
    add_host (hosts, name, FLEET_DOCUMENT, text);
    return TRUE;
  }
  if (!g_file_get_contents (text, &content, &length, error))
    return FALSE;
  if (is_document (content)) {
    add_host (hosts, name, FLEET_DOCUMENT, text);
    return TRUE;
  }
  if (length > LIST_MAX || !g_utf8_validate_len (content, length, NULL)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' is neither a host document nor a list of hosts"), text);
    return FALSE;
  }
  return read_list (hosts, text, content, error);
}
