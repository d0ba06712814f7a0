/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The documents that `virt-ap check` takes: read with a limit, told apart by how
 * they begin.
 */
#include "config.h"

#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "guest/guest.h"

static gboolean
read_limited (int fd, GString *text, gsize limit)
{
  char buffer[16384];

  while (text->len <= limit) {
    gssize count = read (fd, buffer, sizeof buffer);

    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return count == 0;
    g_string_append_len (text, buffer, count);
  }
  return TRUE;
}

char *
document_read (const char *file, gsize *length, GError **error)
{
  gboolean is_stdin = g_str_equal (file, "-");
  int fd = is_stdin ? STDIN_FILENO : g_open (file, O_RDONLY | O_CLOEXEC, 0);
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean read_all = fd >= 0 && read_limited (fd, text, VAP_XML_MAX);
  int read_errno = errno;

  if (fd >= 0 && !is_stdin)
    close (fd);
  if (!read_all) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, _ ("it cannot be read: %s"),
                 g_strerror (read_errno));
    return NULL;
  }
  if (text->len > VAP_XML_MAX) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE,
                 _ ("it has more than %u bytes, which libvirt would not take either"),
                 VAP_XML_MAX);
    return NULL;
  }
  *length = text->len;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* what may stand in front of the first element: what begins so is passed over up
 * to its end */
static const struct {
  const char *begin, *end;
} prolog[] = {
  { "\xef\xbb\xbf", "\xef\xbb\xbf" }, /* a byte order mark */
  { "<!--", "-->" },
  { "<?", "?>" },
  { "<!", ">" },
  { "]", ">" }, /* the end of a document type's declarations */
};

/* the end of what begins at @text and may stand in front of the first element:
 * @text itself where nothing of the kind does, NULL when it never ends */
static const char *
skip_one (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (prolog); i++) {
    const char *end;

    if (!g_str_has_prefix (text, prolog[i].begin))
      continue;
    end = strstr (text, prolog[i].end);
    return end != NULL ? end + strlen (prolog[i].end) : NULL;
  }
  return text;
}

static const char *
skip_prolog (const char *text)
{
  const char *start;

  do {
    start = text + strspn (text, " \t\r\n");
    text = skip_one (start);
  } while (text != NULL && text != start);
  return text;
}

DocumentKind
document_kind (const char *text)
{
  static const struct {
    const char *element;
    DocumentKind kind;
  } elements[] = {
    { "domain", DOCUMENT_DOMAIN },
    { "domstatus", DOCUMENT_DOMAIN },
    { "domainsnapshot", DOCUMENT_DOMAIN },
    { "device", DOCUMENT_NODE_DEVICE },
  };
  const char *start = skip_prolog (text);
  gsize length;

  if (start == NULL)
    return DOCUMENT_UNKNOWN;
  if (*start == '{' || *start == '[')
    return DOCUMENT_MDEVCTL;
  if (*start != '<')
    return DOCUMENT_UNKNOWN;
  length = strcspn (start + 1, " \t\r\n/>");
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    if (strlen (elements[i].element) == length &&
        strncmp (elements[i].element, start + 1, length) == 0)
      return elements[i].kind;
  }
  return DOCUMENT_UNKNOWN;
}
