/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What reading a sysfs attribute costs: opens, reads and closes FILE again and
 * again and prints the fastest of many short rounds, that is one that nothing else on
 * the machine disturbed, in microseconds.  Run on the real sysfs and on the simulated
 * one; the ratio is what counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 50
#define READS 100

static double
microseconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

static int
read_once (const char *path)
{
  char buffer[4096];
  int fd = open (path, O_RDONLY);
  ssize_t n;

  if (fd < 0)
    return -1;
  while ((n = read (fd, buffer, sizeof buffer)) > 0)
    ;
  close (fd);
  return n < 0 ? -1 : 0;
}

int
main (int argc, char **argv)
{
  double fastest = 0;

  if (argc != 2) {
    fprintf (stderr, "usage: %s FILE\n", argv[0]);
    return 2;
  }

  for (int round = 0; round < ROUNDS; round++) {
    double start = microseconds ();

    for (int i = 0; i < READS; i++) {
      if (read_once (argv[1]) != 0) {
        fprintf (stderr, "%s: %s\n", argv[1], strerror (errno));
        return 1;
      }
    }
    start = (microseconds () - start) / READS;
    if (round == 0 || start < fastest)
      fastest = start;
  }

  printf ("%.3f\n", fastest);
  return 0;
}
