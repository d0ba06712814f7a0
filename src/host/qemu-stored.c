/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's answers in files, so that not each connection of a client asks again, which
 * takes longer than everything else that a definition costs.  libvirt has its answers so
 * too
 * (/var/cache/libvirt/qemu/capabilities).  For the processes that keep answers, see
 * qemu-kept.c.
 *
 * Of a binary there is one file: lines that name the file format, the binary, what tells
 * it from any other, its version, and then a property each.  Whatever is wrong with it,
 * QEMU is asked, and it is written anew.  Only programs in ELF have one: a script may run
 * another program tomorrow.
 */
#include "config.h"

#include "host/priv.h"
#include "keep/keep.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* gone with the next start of the system, when nobody need tidy up */
#define ROOTS "/run/virt-ap/qemu"

#define FORMAT "virt-ap qemu 1"

/* A client may name any emulator: beyond so many all are forgotten. */
#define FILES_MAX 32u

enum { LINE_FORMAT, LINE_BINARY, LINE_IDENTITY, LINE_VERSION, LINES_HEAD };

static char *
directory_of_user (void)
{
  return geteuid () == 0
             ? g_strdup (ROOTS)
             : g_build_filename (g_get_user_cache_dir (), "virt-ap", "qemu", NULL);
}

static char *
path_of (const char *directory, const char *binary)
{
  g_autofree char *name = g_compute_checksum_for_string (G_CHECKSUM_SHA256, binary, -1);

  return g_build_filename (directory, name, NULL);
}

/* what others could write in says nothing */
static gboolean
is_own (const char *directory)
{
  struct stat status;

  return lstat (directory, &status) == 0 && S_ISDIR (status.st_mode) &&
         status.st_uid == geteuid () && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static char *
identity_line (const VapIdentity *identity)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT
                          " %" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT ".%09ld",
                          (guint64) identity->device, (guint64) identity->inode,
                          (gint64) identity->size, (gint64) identity->modified.tv_sec,
                          identity->modified.tv_nsec, (gint64) identity->changed.tv_sec,
                          identity->changed.tv_nsec);
}

/* a last line that was not ended is none of a whole file */
static VapQemu *
read_lines (char **lines, const char *binary, const VapIdentity *identity)
{
  g_autofree char *expected = identity_line (identity);
  guint n = g_strv_length (lines);

  if (n < LINES_HEAD + 1 || *lines[n - 1] != '\0' ||
      strcmp (lines[LINE_FORMAT], FORMAT) != 0 ||
      strcmp (lines[LINE_BINARY], binary) != 0 ||
      strcmp (lines[LINE_IDENTITY], expected) != 0)
    return NULL;
  g_clear_pointer (&lines[n - 1], g_free);
  return vap_qemu_new (binary, lines[LINE_VERSION],
                       (const char *const *) lines + LINES_HEAD);
}

VapQemu *
vap_qemu_find_stored (const char *binary, const VapIdentity *identity)
{
  g_autofree char *directory = directory_of_user ();
  g_autofree char *path = path_of (directory, binary);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gsize length;

  if (!is_own (directory) ||
      vap_file_read ("", path, VAP_FILE_MAX, &text, &length, NULL) != VAP_READ_DONE ||
      strlen (text) != length || !g_utf8_validate_len (text, length, NULL))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  return read_lines (lines, binary, identity);
}

static gboolean
is_elf (const char *binary)
{
  gint fd = open (binary, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  char magic[SELFMAG];
  gboolean elf;

  if (fd < 0)
    return FALSE;
  elf = read (fd, magic, sizeof magic) == sizeof magic &&
        memcmp (magic, ELFMAG, SELFMAG) == 0;
  close (fd);
  return elf;
}

static void
make_room (const char *directory)
{
  g_autoptr (GPtrArray) names = NULL;

  if (vap_dir_names ("", directory, &names, NULL) != VAP_READ_DONE ||
      names->len < FILES_MAX)
    return;
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *path = g_build_filename (directory, names->pdata[i], NULL);

    if (g_unlink (path) != 0)
      g_debug ("'%s' cannot be removed", path);
  }
}

/* sorted, so that the same answer is the same file */
static GString *
lines_of (const VapQemu *answer, const VapIdentity *identity)
{
  g_autofree char *line = identity_line (identity);
  g_autoptr (GList) names = g_hash_table_get_keys (answer->properties);
  GString *text = g_string_new (NULL);

  g_string_printf (text, "%s\n%s\n%s\n%s\n", FORMAT, answer->binary, line,
                   answer->version);
  names = g_list_sort (names, (GCompareFunc) strcmp);
  for (const GList *at = names; at != NULL; at = at->next)
    g_string_append_printf (text, "%s\n", (const char *) at->data);
  return text;
}

void
vap_qemu_store (const VapQemu *answer, const VapIdentity *identity)
{
  g_autofree char *directory = directory_of_user ();
  g_autofree char *path = path_of (directory, answer->binary);
  g_autoptr (GString) text = NULL;
  g_autoptr (GError) error = NULL;

  if (strchr (answer->binary, '\n') != NULL || !is_elf (answer->binary) ||
      g_mkdir_with_parents (directory, 0755) != 0 || !is_own (directory))
    return;
  make_room (directory);
  text = lines_of (answer, identity);
  /* by another file that is renamed: who reads finds one answer or the other */
  if (!g_file_set_contents_full (path, text->str, (gssize) text->len,
                                 G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error))
    g_debug ("%s", error->message);
}
