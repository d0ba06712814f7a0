/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the model's fuzzer on random input, for compilers without libFuzzer and for the
 * tests.  Prints TAP: a point, with the number of operations.
 *
 *   fuzz-model [SECONDS [SEED]]     two seconds and a seed of its own by default
 */
#include "fuzz.h"

#include <stdio.h>

/* at most so many operations on one host */
#define LONGEST 1024

int
main (int argc, char **argv)
{
  double seconds = argc > 1 ? g_ascii_strtod (argv[1], NULL) : 2;
  guint32 seed = argc > 2 ? (guint32) g_ascii_strtoull (argv[2], NULL, 10)
                          : g_random_int ();
  gint64 end = g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  guint8 bytes[1 + 4 * LONGEST];

  printf ("1..1\n# seed %" G_GUINT32_FORMAT "\n", seed);
  fflush (stdout);
  do {
    gsize length = 1 + 4 * (gsize) g_rand_int_range (random, 1, LONGEST + 1);

    for (gsize i = 0; i < length; i++)
      bytes[i] = (guint8) g_rand_int (random);
    LLVMFuzzerTestOneInput (bytes, length);
  } while (g_get_monotonic_time () < end);
  printf ("ok 1 - the model keeps its rules over %" G_GUINT64_FORMAT " operations\n",
          fuzz_operations);
  return 0;
}
