/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The events that the simulated host sends, as a listener gets them, in a network
 * namespace of its own.
 */
#include "tools/virt-ap-lab/udev.h"

#include <linux/netlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static guint32
word_at (const guint8 *message, gsize offset)
{
  guint32 word;

  memcpy (&word, message + offset, sizeof word);
  return word;
}

static void
test_message (void)
{
  static const char *const properties[]
    = { "ACTION=add", "DEVPATH=/devices/x", "SUBSYSTEM=mdev", "DEVTYPE=ap_queue", NULL };
  static const char expected[]
    = "ACTION=add\0DEVPATH=/devices/x\0SUBSYSTEM=mdev\0DEVTYPE=ap_queue\0SEQNUM=1\0"
      "USEC_INITIALIZED=";
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 2 };
  g_autoptr (GError) error = NULL;
  g_autoptr (LabUdev) udev = NULL;
  guint8 message[1024];
  ssize_t length;
  int listener;

  if (unshare (CLONE_NEWNET) != 0) {
    g_test_skip ("no network namespace to be had");
    return;
  }
  listener = socket (AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
  g_assert_cmpint (bind (listener, (struct sockaddr *) &address, sizeof address), ==, 0);
  udev = lab_udev_new (&error);
  g_assert_no_error (error);
  lab_udev_send (udev, properties);
  length = recv (listener, message, sizeof message, MSG_DONTWAIT);
  close (listener);

  g_assert_cmpint (length, >, 40);
  g_assert_cmpmem (message, 8, "libudev", 8);
  g_assert_cmphex (word_at (message, 8), ==, GUINT32_TO_BE (0xfeedcafe));
  g_assert_cmpuint (word_at (message, 12), ==, 40);
  g_assert_cmpuint (word_at (message, 16), ==, 40);
  g_assert_cmpuint (word_at (message, 20), ==, (guint32) length - 40);
#if G_BYTE_ORDER == G_LITTLE_ENDIAN /* the hash hangs on it; these by another program */
  g_assert_cmphex (word_at (message, 24), ==, GUINT32_TO_BE (0xbb5211c7));
  g_assert_cmphex (word_at (message, 28), ==, GUINT32_TO_BE (0x704b18d2));
#endif
  g_assert_cmpmem (message + 40, sizeof expected - 1, expected, sizeof expected - 1);
  g_assert_cmpuint (message[length - 1], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/udev/message", test_message);
  return g_test_run ();
}
