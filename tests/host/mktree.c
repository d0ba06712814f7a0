/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mktree DESCRIPTION DIR: a described host for scripts; the format is in tree.h. */
#include "tree.h"

int
main (int argc, char **argv)
{
  if (argc != 3) {
    g_printerr ("usage: mktree DESCRIPTION DIR\n");
    return 2;
  }
  vap_test_tree_make (argv[1], argv[2]);
  return 0;
}
