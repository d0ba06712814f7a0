/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * udev's events, from its netlink group: an event is a reason to look, and nothing in it
 * is believed. Source: systemd src/libsystemd/sd-device/device-monitor.c, struct
 * monitor_netlink_header; Linux lib/kobject_uevent.c
 */
#include "watch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UDEV_GROUP 2u
#define PREFIX "libudev"

/* Where the properties of a message are. */
typedef struct {
  char prefix[8]; /* "libudev" and NUL */
  guint32 magic;
  guint32 header_size;
  guint32 properties_offset;
  guint32 properties_length;
} Header;

/* of the AP bus; of mediated devices of any kind, since a removed one has no parent to
 * tell it by */
static const char *const wanted[] = { "SUBSYSTEM=ap", "SUBSYSTEM=mdev",
                                      "SUBSYSTEM=vfio_ap", "SUBSYSTEM=matrix" };

int
udev_open (void)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = UDEV_GROUP };
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                   NETLINK_KOBJECT_UEVENT);

  if (fd >= 0 && bind (fd, (struct sockaddr *) &address, sizeof address) != 0) {
    close (fd);
    return -1;
  }
  return fd;
}

static gboolean
is_wanted (const char *properties, gsize length)
{
  while (length > 0) {
    gsize n = strnlen (properties, length);

    if (n == length)
      return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS (wanted); i++) {
      if (strcmp (properties, wanted[i]) == 0)
        return TRUE;
    }
    properties += n + 1;
    length -= n + 1;
  }
  return FALSE;
}

static gboolean
concerns_ap (const char *message, gsize length)
{
  Header header;

  if (length < sizeof header)
    return FALSE;
  memcpy (&header, message, sizeof header);
  if (memcmp (header.prefix, PREFIX, sizeof header.prefix) != 0 ||
      header.properties_offset > length ||
      header.properties_length > length - header.properties_offset)
    return FALSE;
  return is_wanted (message + header.properties_offset, header.properties_length);
}

gboolean
udev_receive (int fd)
{
  char message[16384];
  gboolean any = FALSE;
  gssize n;

  while ((n = recv (fd, message, sizeof message, 0)) >= 0 || errno == EINTR)
    any = (n > 0 && concerns_ap (message, (gsize) n)) || any;
  return any || errno == ENOBUFS;
}
