/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays a QEMU that is a program and no script, and notes in the file COUNTER, which stands
 * beside it, each time that it is asked.  Used by qemu-stored.c, which copies it. */
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
  char path[4096];
  int fd;

  if (argc < 1 || snprintf (path, sizeof path, "%s", argv[0]) >= (int)sizeof path
      || chdir (dirname (path)) != 0)
    return 1;
  fd = open ("counter", O_WRONLY | O_APPEND);
  if (fd < 0 || write (fd, "\n", 1) != 1)
    return 1;
  puts ("{\"QMP\":{\"version\":{\"qemu\":{\"micro\":22,\"minor\":2,\"major\":7},"
        "\"package\":\"\"},\"capabilities\":[]}}\n"
        "{\"return\":{},\"id\":\"capabilities\"}\n"
        "{\"return\":[{\"name\":\"ap\",\"type\":\"bool\"},{\"name\":\"apft\"}],"
        "\"id\":\"properties\"}");
  fflush (stdout);
  pause ();
  return 0;
}
