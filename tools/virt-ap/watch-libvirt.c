/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch-libvirt URI: writes a byte to standard output when it is connected to a libvirt
 * daemon, and one for each event of a guest or a node device; ends when the daemon or
 * standard input does.  Run by virt-ap monitor: a process of its own, as ask-libvirt is.
 */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <unistd.h>

/* a daemon that is silent for so long is gone */
#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT 3

static int is_over;

static void
tell (void)
{
  if (write (STDOUT_FILENO, ".", 1) != 1)
    is_over = 1;
}

static int
on_guest (virConnectPtr connection, virDomainPtr guest, int event, int detail, void *data)
{
  (void) connection, (void) guest, (void) event, (void) detail, (void) data;
  tell ();
  return 0;
}

static void
on_guest_device (virConnectPtr connection, virDomainPtr guest, const char *alias,
                 void *data)
{
  (void) connection, (void) guest, (void) alias, (void) data;
  tell ();
}

static void
on_device (virConnectPtr connection, virNodeDevicePtr device, int event, int detail,
           void *data)
{
  (void) connection, (void) device, (void) event, (void) detail, (void) data;
  tell ();
}

static void
on_device_update (virConnectPtr connection, virNodeDevicePtr device, void *data)
{
  (void) connection, (void) device, (void) data;
  tell ();
}

static void
on_close (virConnectPtr connection, int reason, void *data)
{
  (void) connection, (void) reason, (void) data;
  is_over = 1;
}

/* nothing is ever sent: it is readable when it has ended */
static void
on_input (int watch, int fd, int events, void *data)
{
  (void) watch, (void) fd, (void) events, (void) data;
  is_over = 1;
}

static void
ignore_error (void *data, virErrorPtr error)
{
  (void) data, (void) error;
}

/* a daemon without one of the drivers has the events of the other */
static void
follow (virConnectPtr connection)
{
  virConnectDomainEventRegisterAny (connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                    VIR_DOMAIN_EVENT_CALLBACK (on_guest), NULL, NULL);
  virConnectDomainEventRegisterAny (connection, NULL, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
                                    VIR_DOMAIN_EVENT_CALLBACK (on_guest_device), NULL,
                                    NULL);
  virConnectDomainEventRegisterAny (connection, NULL, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                                    VIR_DOMAIN_EVENT_CALLBACK (on_guest_device), NULL,
                                    NULL);
  virConnectNodeDeviceEventRegisterAny (
      connection, NULL, VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE,
      VIR_NODE_DEVICE_EVENT_CALLBACK (on_device), NULL, NULL);
  virConnectNodeDeviceEventRegisterAny (connection, NULL, VIR_NODE_DEVICE_EVENT_ID_UPDATE,
                                        VIR_NODE_DEVICE_EVENT_CALLBACK (on_device_update),
                                        NULL, NULL);
}

int
main (int argc, char **argv)
{
  virConnectPtr connection;

  if (argc != 2) {
    fprintf (stderr, "usage: watch-libvirt URI\n");
    return 2;
  }
  virSetErrorFunc (NULL, ignore_error);
  if (virEventRegisterDefaultImpl () != 0)
    return 1;
  connection = virConnectOpenReadOnly (argv[1]);
  if (connection == NULL)
    return 1;
  virConnectRegisterCloseCallback (connection, on_close, NULL, NULL);
  virConnectSetKeepAlive (connection, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
  virEventAddHandle (STDIN_FILENO, VIR_EVENT_HANDLE_READABLE | VIR_EVENT_HANDLE_HANGUP,
                     on_input, NULL, NULL);
  follow (connection);
  tell ();
  while (!is_over && virEventRunDefaultImpl () == 0)
    continue;
  virConnectUnregisterCloseCallback (connection, on_close);
  virConnectClose (connection);
  return 0;
}
