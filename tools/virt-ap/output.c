/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes to standard output: gathered, then written whole with its errors
 * seen; plain or coloured, UTF-8 or ASCII, as wide as the terminal.
 */
#include "config.h"

#include "output.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "text.h"

#define WIDTH_MIN 40u
#define WIDTH_MAX 1000u

/* ECMA-48 SGR parameters; red, yellow and green mean something, so they are not
 * in the palette. */
static const char *const sgr[STYLE_PALETTE + N_PALETTE] = {
  [STYLE_TITLE] = "1",          [STYLE_DIM] = "2",
  [STYLE_GOOD] = "32",          [STYLE_CAUTION] = "33",
  [STYLE_BAD] = "31",           [STYLE_PALETTE] = "1;36",
  [STYLE_PALETTE + 1] = "1;35", [STYLE_PALETTE + 2] = "1;34",
  [STYLE_PALETTE + 3] = "36",   [STYLE_PALETTE + 4] = "35",
  [STYLE_PALETTE + 5] = "34",
};

/* NO_COLOR: https://no-color.org, "when present and not an empty string" */
static gboolean
wants_color (ColorWhen when)
{
  const char *no_color = g_getenv ("NO_COLOR");
  const char *term = g_getenv ("TERM");

  if (when != COLOR_AUTO)
    return when == COLOR_ALWAYS;
  if (no_color != NULL && no_color[0] != '\0')
    return FALSE;
  if (term == NULL || g_str_equal (term, "") || g_str_equal (term, "dumb"))
    return FALSE;
  return isatty (STDOUT_FILENO) == 1;
}

static guint
find_width (void)
{
  const char *columns = g_getenv ("COLUMNS");
  guint64 width = 0;
  struct winsize size;

  if (columns != NULL &&
      g_ascii_string_to_unsigned (columns, 10, 1, G_MAXUINT16, &width, NULL))
    return CLAMP ((guint) width, WIDTH_MIN, WIDTH_MAX);
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return CLAMP (size.ws_col, WIDTH_MIN, WIDTH_MAX);
  return 80;
}

void
output_init (Output *output, ColorWhen when)
{
  output->text = g_string_new (NULL);
  output->color = wants_color (when);
  output->utf8 = g_get_charset (NULL);
  output->width = find_width ();
}

void
output_clear (Output *output)
{
  if (output->text != NULL)
    g_string_free (g_steal_pointer (&output->text), TRUE);
}

void
output_add (Output *output, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_string_append_vprintf (output->text, format, arguments);
  va_end (arguments);
}

void
output_styled (Output *output, Style style, const char *text)
{
  if (output->color && sgr[style] != NULL)
    g_string_append_printf (output->text, "\033[%sm%s\033[0m", sgr[style], text);
  else
    g_string_append (output->text, text);
}

void
output_wrapped (Output *output, guint column, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  gsize at = column;

  for (guint i = 0; words[i] != NULL; i++) {
    gsize length = (gsize) g_utf8_strlen (words[i], -1);

    if (length == 0)
      continue;
    if (at > column && at + 1 + length > output->width) {
      output_add (output, "\n%*s", (int) column, "");
      at = column;
    }
    output_add (output, at > column ? " %s" : "%s", words[i]);
    at += length + (at > column);
  }
  g_string_append_c (output->text, '\n');
}

void
output_json (Output *output, const VapJson *json)
{
  g_autofree char *text = vap_json_to_text (json, TRUE);

  g_string_append (output->text, text);
  g_string_append_c (output->text, '\n');
  output->utf8 = TRUE;
}

static gboolean
write_all (int fd, const char *text, gsize length)
{
  while (length > 0) {
    gssize written = write (fd, text, length);

    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return FALSE;
    text += written;
    length -= (gsize) written;
  }
  return TRUE;
}

int
output_flush (Output *output, int status)
{
  g_autofree char *ascii = output->utf8 ? NULL : g_str_to_ascii (output->text->str, "C");
  const char *text = ascii != NULL ? ascii : output->text->str;

  if (!write_all (STDOUT_FILENO, text, strlen (text))) {
    report (_ ("cannot write to standard output: %s"), g_strerror (errno));
    status = STATUS_UNJUDGED;
  }
  g_string_truncate (output->text, 0);
  return status;
}

int
output_save (Output *output, const char *file, int status)
{
  g_autoptr (GError) error = NULL;

  if (file == NULL || g_str_equal (file, "-"))
    return output_flush (output, status);
  if (!g_file_set_contents_full (
          file, output->text->str, (gssize) output->text->len,
          G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644, &error)) {
    report ("%s", error->message);
    status = STATUS_UNJUDGED;
  }
  g_string_truncate (output->text, 0);
  return status;
}

void
report (const char *format, ...)
{
  va_list arguments;
  g_autofree char *message = NULL;
  g_autofree char *escaped = NULL;
  g_autofree char *line = NULL;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  escaped = text_escape (g_strchomp (message));
  line = g_strconcat ("virt-ap: ", escaped, "\n", NULL);
  if (!g_get_charset (NULL)) {
    g_autofree char *ascii = g_str_to_ascii (line, "C");

    write_all (STDERR_FILENO, ascii, strlen (ascii));
    return;
  }
  write_all (STDERR_FILENO, line, strlen (line));
}
