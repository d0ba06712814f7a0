/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events in libudev's message format, by netlink, as systemd-udevd sends them after
 * its rules have run.  Source: systemd src/libsystemd/sd-device/device-monitor.c,
 * struct monitor_netlink_header and device_monitor_send_device().
 */
#include "udev.h"

#include <gio/gio.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* the multicast group of udev's events; group 1 is the kernel's */
#define GROUP_UDEV 2u

#define HEADER_SIZE 40u
#define MAGIC 0xfeedcafeu

struct _LabUdev {
  int socket;
  guint64 sequence;
};

/* MurmurHash2 with seed 0, which listeners filter by.  It takes words in the machine's
 * own order: both ends are on the same machine (systemd src/basic/MurmurHash2.c). */
static guint32
murmur_hash (const char *text)
{
  const guint32 m = 0x5bd1e995u;
  const guint8 *bytes = (const guint8 *) text;
  gsize length = strlen (text);
  guint32 hash = (guint32) length;

  for (; length >= 4; bytes += 4, length -= 4) {
    guint32 word;

    memcpy (&word, bytes, sizeof word);
    word *= m;
    word ^= word >> 24;
    word *= m;
    hash = (hash * m) ^ word;
  }
  if (length >= 3)
    hash ^= (guint32) bytes[2] << 16;
  if (length >= 2)
    hash ^= (guint32) bytes[1] << 8;
  if (length >= 1)
    hash = (hash ^ bytes[0]) * m;
  hash ^= hash >> 13;
  hash *= m;
  hash ^= hash >> 15;
  return hash;
}

static void
append_word (GByteArray *message, guint32 word)
{
  guint8 bytes[4];

  memcpy (bytes, &word, sizeof bytes);
  g_byte_array_append (message, bytes, sizeof bytes);
}

/* the hash of a property's value, 0 without it, in network order */
static guint32
hash_property (const char *const *properties, const char *key)
{
  gsize length = strlen (key);

  for (; *properties; properties++) {
    if (strncmp (*properties, key, length) == 0 && (*properties)[length] == '=')
      return GUINT32_TO_BE (murmur_hash (*properties + length + 1));
  }
  return 0;
}

static void
append_string (GByteArray *message, const char *text)
{
  g_byte_array_append (message, (const guint8 *) text, (guint) strlen (text) + 1);
}

static GByteArray *
make_message (LabUdev *udev, const char *const *properties)
{
  GByteArray *message = g_byte_array_new ();
  g_autoptr (GByteArray) strings = g_byte_array_new ();
  g_autofree char *sequence =
      g_strdup_printf ("SEQNUM=%" G_GUINT64_FORMAT, ++udev->sequence);
  g_autofree char *usec =
      g_strdup_printf ("USEC_INITIALIZED=%" G_GINT64_FORMAT, g_get_monotonic_time ());

  for (guint i = 0; properties[i]; i++)
    append_string (strings, properties[i]);
  append_string (strings, sequence);
  append_string (strings, usec);

  g_byte_array_append (message, (const guint8 *) "libudev", 8);
  append_word (message, GUINT32_TO_BE (MAGIC));
  append_word (message, HEADER_SIZE);
  append_word (message, HEADER_SIZE); /* where the properties begin */
  append_word (message, strings->len);
  append_word (message, hash_property (properties, "SUBSYSTEM"));
  append_word (message, hash_property (properties, "DEVTYPE"));
  append_word (message, 0); /* bloom filter of tags: none, two words */
  append_word (message, 0);
  g_byte_array_append (message, strings->data, strings->len);
  return message;
}

LabUdev *
lab_udev_new (GError **error)
{
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
  LabUdev *udev;

  if (fd < 0) {
    int code = errno;

    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                 "cannot open a socket for udev events: %s", g_strerror (code));
    return NULL;
  }
  udev = g_new0 (LabUdev, 1);
  udev->socket = fd;
  return udev;
}

void
lab_udev_free (LabUdev *udev)
{
  if (!udev)
    return;
  close (udev->socket);
  g_free (udev);
}

void
lab_udev_send (LabUdev *udev, const char *const *properties)
{
  g_autoptr (GByteArray) message = make_message (udev, properties);
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = GROUP_UDEV };

  /* nobody listening is ECONNREFUSED: nothing to do about either */
  (void) !sendto (udev->socket, message->data, message->len, 0,
                  (struct sockaddr *) &address, sizeof address);
}
