/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tell-libvirt [--or-busy] URI OPERATION [NAME]: one change through a libvirt daemon, or
 * what guests it has.  Run by the steps of a transaction (change/) and for grants
 * (daemon/): a process of its own, as ask-libvirt is.  A document is read from standard
 * input; what libvirt objects is written to standard error.  With --or-busy a daemon that
 * has no time is left: then "busy" is all that is on standard output, and nothing was
 * done.
 */
#include "document-in.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  DONE = 0,
  REFUSED = 1,
  WRONG_USAGE = 2,
  NOT_THERE = 3,
  NO_CONNECTION = 4,
};

/*
 * Who runs this holds the lock of AP settings, and libvirtd has some twenty threads for
 * calls that change something.  All of them may be waiting for that lock, each for its
 * mdevctl; then a further call would wait for them, and they for us.  So a daemon that
 * does not answer a question of the same kind at once is left, and so is one that does
 * not come to an end.  Calls of high priority, as DOMAIN_DEFINE_XML is, have threads of
 * their own (libvirt src/remote/remote_protocol.x; src/rpc/virnetserver.c).
 */
enum {
  ANSWER_SECONDS = 3,
  DEVICE_SECONDS = 20,
  GUEST_SECONDS = 60,
};

/* The last thing that libvirt objected to: what is called to clean up afterwards makes
 * libvirt forget its own copy. */
static int last_code = VIR_ERR_OK;
static char last_message[4096] = "?";

static void
keep_error (void *user_data, virErrorPtr error)
{
  (void) user_data;
  last_code = error->code;
  snprintf (last_message, sizeof last_message, "%s",
            error->message != NULL ? error->message : "?");
}

static int
create_device (virConnectPtr connection, const char *document, const char *name)
{
  virNodeDevicePtr device = virNodeDeviceCreateXML (connection, document, 0);

  (void) name;
  if (device == NULL)
    return -1;
  virNodeDeviceFree (device);
  return 0;
}

static int
define_device (virConnectPtr connection, const char *document, const char *name)
{
  virNodeDevicePtr device = virNodeDeviceDefineXML (connection, document, 0);

  (void) name;
  if (device == NULL)
    return -1;
  virNodeDeviceFree (device);
  return 0;
}

/* with the device of that name */
static int
with_device (virConnectPtr connection, const char *name, int (*call) (virNodeDevicePtr))
{
  virNodeDevicePtr device = virNodeDeviceLookupByName (connection, name);
  int result;

  if (device == NULL)
    return -1;
  result = call (device);
  virNodeDeviceFree (device);
  return result;
}

static int
destroy_device (virConnectPtr connection, const char *document, const char *name)
{
  (void) document;
  return with_device (connection, name, virNodeDeviceDestroy);
}

static int
undefine (virNodeDevicePtr device)
{
  return virNodeDeviceUndefine (device, 0);
}

static int
undefine_device (virConnectPtr connection, const char *document, const char *name)
{
  (void) document;
  return with_device (connection, name, undefine);
}

static int
set_autostart (virNodeDevicePtr device)
{
  return virNodeDeviceSetAutostart (device, 1);
}

static int
autostart_device (virConnectPtr connection, const char *document, const char *name)
{
  (void) document;
  return with_device (connection, name, set_autostart);
}

static int
define_guest (virConnectPtr connection, const char *document, const char *name)
{
  virDomainPtr guest = virDomainDefineXML (connection, document);

  (void) name;
  if (guest == NULL)
    return -1;
  virDomainFree (guest);
  return 0;
}

static int
change_live (virConnectPtr connection, const char *document, const char *name,
             int (*call) (virDomainPtr, const char *, unsigned int))
{
  virDomainPtr guest = virDomainLookupByUUIDString (connection, name);
  int result;

  if (guest == NULL)
    return -1;
  result = call (guest, document, VIR_DOMAIN_AFFECT_LIVE);
  virDomainFree (guest);
  return result;
}

static int
attach_device (virConnectPtr connection, const char *document, const char *name)
{
  return change_live (connection, document, name, virDomainAttachDeviceFlags);
}

static int
detach_device (virConnectPtr connection, const char *document, const char *name)
{
  return change_live (connection, document, name, virDomainDetachDeviceFlags);
}

/* what is active has been started */
static int
start (virNodeDevicePtr device)
{
  return virNodeDeviceIsActive (device) == 1 ? 0 : virNodeDeviceCreate (device, 0);
}

static int
start_device (virConnectPtr connection, const char *document, const char *name)
{
  (void) document;
  return with_device (connection, name, start);
}

/* what is only defined is stopped */
static int
stop (virNodeDevicePtr device)
{
  return virNodeDeviceIsActive (device) == 0 ? 0 : virNodeDeviceDestroy (device);
}

static int
stop_device (virConnectPtr connection, const char *document, const char *name)
{
  (void) document;
  return with_device (connection, name, stop);
}

/* A guest that has gone since they were listed is left out. */
static void
print_guest (virDomainPtr guest, const char *state, unsigned int flags)
{
  char *document = virDomainGetXMLDesc (guest, flags);

  if (document != NULL)
    printf ("%s %zu\n%s", state, strlen (document), document);
  free (document);
}

/* For daemon/daemon.c: "running LENGTH" or "defined LENGTH" on a line, and so many bytes;
 * both for a guest that is both. */
static int
list_guests (virConnectPtr connection, const char *document, const char *name)
{
  virDomainPtr *guests = NULL;
  int count = virConnectListAllDomains (connection, &guests, 0);

  (void) document;
  (void) name;
  for (int i = 0; i < count; i++) {
    if (virDomainIsActive (guests[i]) == 1)
      print_guest (guests[i], "running", 0);
    if (virDomainIsPersistent (guests[i]) == 1)
      print_guest (guests[i], "defined", VIR_DOMAIN_XML_INACTIVE);
    virDomainFree (guests[i]);
  }
  free (guests);
  return count < 0 || fflush (stdout) != 0 ? -1 : 0;
}

static const struct {
  const char *name;
  int has_document;
  int has_name;
  int of_device;
  int (*call) (virConnectPtr connection, const char *document, const char *name);
} operations[] = {
  { "device-create", 1, 0, 1, create_device },
  { "device-define", 1, 0, 1, define_device },
  { "device-destroy", 0, 1, 1, destroy_device },
  { "device-undefine", 0, 1, 1, undefine_device },
  { "device-autostart", 0, 1, 1, autostart_device },
  { "device-start", 0, 1, 1, start_device },
  { "device-stop", 0, 1, 1, stop_device },
  { "guests", 0, 0, 0, list_guests },
  { "guest-define", 1, 0, 0, define_guest },
  { "guest-attach", 1, 1, 0, attach_device },
  { "guest-detach", 1, 1, 0, detach_device },
};

static int
fail (int status)
{
  fprintf (stderr, "%s\n", last_message);
  if (last_code == VIR_ERR_NO_NODE_DEVICE || last_code == VIR_ERR_NO_DOMAIN)
    return NOT_THERE;
  return status;
}

static void
give_up (int number)
{
  static const char text[] = "busy\n";

  (void) number;
  _exit (write (STDOUT_FILENO, text, sizeof text - 1) > 0 ? DONE : REFUSED);
}

/* Puts a question that has no high priority and changes nothing, and sets how long the
 * call itself may take. */
static int
is_free (virConnectPtr connection, size_t operation)
{
  int of_device = operations[operation].of_device;
  char *capabilities = of_device ? virConnectGetCapabilities (connection) : NULL;

  alarm (of_device ? DEVICE_SECONDS : GUEST_SECONDS);
  free (capabilities);
  return !of_device || capabilities != NULL;
}

static int
run (const char *uri, size_t operation, const char *name, int or_busy)
{
  char *document = operations[operation].has_document ? document_in () : NULL;
  virConnectPtr connection;
  int status = DONE;

  if (operations[operation].has_document && document == NULL) {
    fprintf (stderr, "standard input cannot be read, or is too large\n");
    return WRONG_USAGE;
  }
  connection = virConnectOpen (uri);
  if (connection == NULL) {
    status = fail (NO_CONNECTION);
  } else {
    if ((or_busy && !is_free (connection, operation)) ||
        operations[operation].call (connection, document, name) != 0)
      status = fail (virConnectIsAlive (connection) == 1 ? REFUSED : NO_CONNECTION);
    virConnectClose (connection);
  }
  free (document);
  return status;
}

int
main (int argc, char **argv)
{
  int or_busy = argc > 1 && strcmp (argv[1], "--or-busy") == 0;

  argc -= or_busy;
  argv += or_busy;
  for (size_t i = 0; argc >= 3 && i < sizeof operations / sizeof operations[0]; i++)
    if (strcmp (argv[2], operations[i].name) == 0 && argc == 3 + operations[i].has_name) {
      virSetErrorFunc (NULL, keep_error);
      signal (SIGALRM, give_up);
      alarm (or_busy ? ANSWER_SECONDS : 0);
      return run (argv[1], i, operations[i].has_name ? argv[3] : NULL, or_busy);
    }
  fprintf (stderr, "usage: tell-libvirt [--or-busy] URI OPERATION [NAME] [<DOCUMENT]\n");
  return WRONG_USAGE;
}
