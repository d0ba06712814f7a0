/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds the tree of a described host; the format is in tree.h. */
#include "tree.h"

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

#include "tree-priv.h"

void
tree_fail (const Tree *tree, const char *reason, const char *what)
{
  g_error ("%s:%u: %s: %s", tree->name, tree->line, reason, what);
}

static char *
tree_path (const Tree *tree, const char *path)
{
  g_autofree char *full = g_build_filename (tree->dir, path, NULL);
  g_autofree char *parent = g_path_get_dirname (full);

  if (strstr (path, "..") != NULL)
    tree_fail (tree, "a path must stay in the tree", path);
  if (g_mkdir_with_parents (parent, 0755) != 0)
    tree_fail (tree, g_strerror (errno), parent);
  return g_steal_pointer (&full);
}

void
tree_remove (const char *path)
{
  GDir *dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    dir = g_dir_open (path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    tree_remove (child);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_remove (path);
}

void
tree_file (const Tree *tree, const char *path, const char *content)
{
  g_autofree char *full = tree_path (tree, path);
  g_autoptr (GError) error = NULL;

  g_unlink (full);
  if (!g_file_set_contents_full (full, content, -1, G_FILE_SET_CONTENTS_NONE, 0644,
                                 &error))
    tree_fail (tree, error->message, path);
}

void
tree_line (const Tree *tree, const char *path, const char *text)
{
  g_autofree char *content = g_strconcat (text, *text != '\0' ? "\n" : "", NULL);

  tree_file (tree, path, content);
}

void
tree_link (const Tree *tree, const char *path, const char *target)
{
  g_autofree char *quick = g_build_filename (tree->dir, path, NULL);
  g_autofree char *full = NULL;

  /* most of a tree's thousands of links are new, in a directory that is there */
  if (symlink (target, quick) == 0)
    return;
  full = tree_path (tree, path);
  g_unlink (full);
  if (symlink (target, full) != 0)
    tree_fail (tree, g_strerror (errno), path);
}

void
tree_dir (const Tree *tree, const char *path)
{
  g_autofree char *full = tree_path (tree, path);

  if (g_mkdir_with_parents (full, 0755) != 0)
    tree_fail (tree, g_strerror (errno), path);
}

/* the lines up to @word, which must come */
static void
read_here_document (Tree *tree, const char *path, const char *word, char **lines)
{
  g_autoptr (GString) content = g_string_new (NULL);

  for (;;) {
    const char *line = lines[tree->line];

    if (line == NULL)
      tree_fail (tree, "the end of the file came before", word);
    tree->line++;
    if (g_str_equal (line, word))
      break;
    g_string_append_printf (content, "%s\n", line);
  }
  tree_file (tree, path, content->str);
}

/* what stands behind the first two words of @line */
static const char *
third_word_on (const char *line)
{
  for (guint i = 0; i < 2; i++) {
    line += strcspn (line, " \t");
    line += strspn (line, " \t");
  }
  return line;
}

static void
read_line (Tree *tree, const char *line, char **lines)
{
  g_auto (GStrv) words = g_strsplit_set (line, " \t", 3);
  const char *path = words[0];
  const char *operator= words[1] != NULL ? words[1] : "";
  const char *rest = third_word_on (line);

  if (tree_macro (tree, line))
    return;
  if (g_str_equal (path, "remove")) {
    g_autofree char *full = tree_path (tree, operator);

    tree_remove (full);
  } else if (g_str_equal (operator, "<<")) {
    read_here_document (tree, path, rest, lines);
  } else if (g_str_equal (operator, "->")) {
    tree_link (tree, path, rest);
  } else if (g_str_equal (operator, "=")) {
    tree_line (tree, path, rest);
  } else if (g_str_has_suffix (line, "/")) {
    tree_dir (tree, path);
  } else {
    tree_fail (tree, "not understood", line);
  }
}

static void
make (Tree *tree, const char *description)
{
  g_auto (GStrv) lines = g_strsplit (description, "\n", -1);

  if (g_mkdir_with_parents (tree->dir, 0755) != 0)
    tree_fail (tree, g_strerror (errno), tree->dir);
  while (lines[tree->line] != NULL) {
    g_autofree char *line = g_strstrip (g_strdup (lines[tree->line++]));

    if (*line != '\0' && *line != '#')
      read_line (tree, line, lines);
  }
}

void
vap_test_tree_make (const char *description_file, const char *dir)
{
  g_autofree char *description = NULL;
  g_autoptr (GError) error = NULL;
  Tree tree = { .name = description_file, .dir = dir };

  if (!g_file_get_contents (description_file, &description, NULL, &error))
    g_error ("%s", error->message);
  make (&tree, description);
}

void
vap_test_tree_make_text (const char *description, const char *dir)
{
  Tree tree = { .name = "description", .dir = dir };

  make (&tree, description);
}

char *
vap_test_tree_new (const char *description)
{
  g_autoptr (GError) error = NULL;
  char *dir = g_dir_make_tmp ("virt-ap-host-XXXXXX", &error);

  if (dir == NULL)
    g_error ("%s", error->message);
  vap_test_tree_make_text (description, dir);
  return dir;
}

void
vap_test_tree_remove (char *dir)
{
  tree_remove (dir);
  g_free (dir);
}
