/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "message.h"

#include <errno.h>
#include <unistd.h>

void
lab_message (const char *format, ...)
{
  g_autoptr (GString) line = g_string_new ("virt-ap-lab: ");
  va_list arguments;
  ssize_t written;

  va_start (arguments, format);
  g_string_append_vprintf (line, format, arguments);
  va_end (arguments);
  g_string_append_c (line, '\n');
  written = write (STDERR_FILENO, line->str, line->len);
  (void) written; /* there is nobody left to tell */
}

void
lab_set_errno_error (GError **error, const char *format, ...)
{
  int code = errno;
  g_autofree char *what = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", what,
               g_strerror (code));
}
