/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the programs are that virt-ap runs, each of which alone loads a large library.
 */
#include "config.h"

#include "program.h"

char *
program_find (const char *name, const char *built)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *dir = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *beside = NULL;

  if (dir != NULL)
    beside = built != NULL ? g_build_filename (dir, "..", built, NULL)
                           : g_build_filename (dir, name, NULL);
  if (beside != NULL && g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE) &&
      !g_file_test (beside, G_FILE_TEST_IS_DIR))
    return g_steal_pointer (&beside);
  return g_build_filename (VAP_DOORS_DIR, name, NULL);
}
