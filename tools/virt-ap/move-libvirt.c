/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * move-libvirt URI OPERATION NAME [KEY=VALUE…]: where a guest runs, its crypto device
 * unplugged and plugged, and the guest moved between two libvirt daemons.  Run by the
 * steps of virt-ap move (change/move-libvirt.c): a process of its own, as ask-libvirt is.
 * A document is read from standard input, answers go to standard output, what libvirt
 * objects to standard error.  Each operation is whole in itself: who runs it may be
 * killed, and looks afterwards what has come about.
 */
#include "document-in.h"
#include "move-libvirt.h"

#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DONE = 0, REFUSED = 1, WRONG_USAGE = 2 };

/* between two looks at what is under way */
#define LOOK_MS 100

/* The last thing that libvirt objected to: what is called to clean up afterwards makes
 * libvirt forget its own copy. */
static int last_code = VIR_ERR_OK;
static char last_message[4096] = "?";

_Thread_local int call_is_aside;

static void
keep_error (void *user_data, virErrorPtr error)
{
  (void) user_data;
  if (call_is_aside)
    return;
  last_code = error->code;
  snprintf (last_message, sizeof last_message, "%s",
            error->message != NULL ? error->message : "?");
}

int
call_fail (const char *sentence)
{
  snprintf (last_message, sizeof last_message, "%s", sentence);
  return -1;
}

const char *
call_word (const Call *call, const char *key)
{
  size_t length = strlen (key);

  for (int i = 0; i < call->n_words; i++)
    if (strncmp (call->words[i], key, length) == 0 && call->words[i][length] == '=')
      return call->words[i] + length + 1;
  return NULL;
}

unsigned int
call_number (const Call *call, const char *key)
{
  const char *text = call_word (call, key);

  return text != NULL ? (unsigned int) strtoul (text, NULL, 10) : 0;
}

long long
call_now_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (long long) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

virDomainPtr
call_guest (const Call *call)
{
  return virDomainLookupByUUIDString (call->connection, call->name);
}

/* with the guest of that UUID */
static int
with_guest (const Call *call, int (*function) (virDomainPtr))
{
  virDomainPtr guest = call_guest (call);
  int result;

  if (guest == NULL)
    return -1;
  result = function (guest);
  virDomainFree (guest);
  return result;
}

/* One word for what counts in a move.  A guest that waits has been handed over, or has
 * not been yet (qemuMigrationSrcPerform(), qemuProcessLaunch()). */
static const char *
state_word (virDomainPtr guest)
{
  int state = VIR_DOMAIN_NOSTATE;
  int reason = 0;

  if (virDomainIsActive (guest) != 1)
    return "off";
  if (virDomainGetState (guest, &state, &reason, 0) != 0)
    return "unknown";
  if (state != VIR_DOMAIN_PAUSED)
    return "running";
  switch (reason) {
  case VIR_DOMAIN_PAUSED_MIGRATION:
  case VIR_DOMAIN_PAUSED_STARTING_UP:
  case VIR_DOMAIN_PAUSED_POSTCOPY_FAILED:
    return "waiting";
  default:
    return "paused";
  }
}

static int
has_job (virDomainPtr guest)
{
  virDomainJobInfo info;

  return virDomainGetJobInfo (guest, &info) == 0 && info.type != VIR_DOMAIN_JOB_NONE;
}

/* another guest of that name, so that this one cannot come here */
static int
has_namesake (const Call *call)
{
  const char *name = call_word (call, "name");
  virDomainPtr other =
      name != NULL ? virDomainLookupByName (call->connection, name) : NULL;

  if (other != NULL)
    virDomainFree (other);
  return other != NULL;
}

/* "STATE PERSISTENT JOB" on a line, then its XML as it runs; "none" and "namesake" are
 * states too */
static int
show_guest (const Call *call)
{
  virDomainPtr guest = call_guest (call);
  const char *state;
  char *xml = NULL;

  if (guest == NULL && last_code != VIR_ERR_NO_DOMAIN)
    return -1;
  if (guest == NULL)
    return puts (has_namesake (call) ? "namesake 0 0" : "none 0 0") < 0 ? -1 : 0;
  state = state_word (guest);
  printf ("%s %d %d\n", state, virDomainIsPersistent (guest) == 1, has_job (guest));
  if (strcmp (state, "off") != 0)
    xml = virDomainGetXMLDesc (guest, 0);
  if (xml != NULL)
    fputs (xml, stdout);
  free (xml);
  virDomainFree (guest);
  return 0;
}

static int
print_stored (virDomainPtr guest)
{
  char *xml = virDomainGetXMLDesc (
      guest, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_MIGRATABLE);

  if (xml == NULL)
    return -1;
  fputs (xml, stdout);
  free (xml);
  return 0;
}

static int
show_stored (const Call *call)
{
  return with_guest (call, print_stored);
}

static int
resume_guest (const Call *call)
{
  return with_guest (call, virDomainResume);
}

static int
destroy_guest (const Call *call)
{
  return with_guest (call, virDomainDestroy);
}

static int
undefine_guest (const Call *call)
{
  return with_guest (call, virDomainUndefine);
}

static int
abort_job (const Call *call)
{
  return with_guest (call, virDomainAbortJob);
}

/* "ACTIVE PERSISTENT" on a line, then its XML */
static int
show_device (const Call *call)
{
  virNodeDevicePtr device = virNodeDeviceLookupByName (call->connection, call->name);
  char *xml;

  if (device == NULL && last_code != VIR_ERR_NO_NODE_DEVICE)
    return -1;
  if (device == NULL)
    return puts ("0 0") < 0 ? -1 : 0;
  xml = virNodeDeviceGetXMLDesc (device, 0);
  printf ("%d %d\n%s", virNodeDeviceIsActive (device) == 1,
          virNodeDeviceIsPersistent (device) == 1, xml != NULL ? xml : "");
  free (xml);
  virNodeDeviceFree (device);
  return 0;
}

/* The text of the first <name> below <driver>; libvirt prints a node device without
 * quoting anything there. */
static void
print_driver (const char *name, const char *xml)
{
  static const char begin[] = "<name>";
  const char *driver = xml != NULL ? strstr (xml, "<driver>") : NULL;
  const char *text = driver != NULL ? strstr (driver, begin) : NULL;

  if (text == NULL)
    return;
  text += strlen (begin);
  printf ("%s %.*s\n", name, (int) strcspn (text, "<"), text);
}

/* "ap_05_0047 DRIVER" on a line for each of the words, a queue's node device, that is
 * there and has a driver */
static int
show_drivers (const Call *call)
{
  for (int i = 0; i < call->n_words; i++) {
    virNodeDevicePtr device =
        virNodeDeviceLookupByName (call->connection, call->words[i]);
    char *xml = device != NULL ? virNodeDeviceGetXMLDesc (device, 0) : NULL;

    print_driver (call->words[i], xml);
    free (xml);
    if (device != NULL)
      virNodeDeviceFree (device);
    else if (last_code != VIR_ERR_NO_NODE_DEVICE)
      return -1;
  }
  return 0;
}

static int
attach (const Call *call)
{
  virDomainPtr guest = call_guest (call);
  char *document = document_in ();
  int result = -1;

  if (guest != NULL && document != NULL)
    result = virDomainAttachDeviceFlags (guest, document, VIR_DOMAIN_AFFECT_LIVE);
  if (guest != NULL)
    virDomainFree (guest);
  free (document);
  return result;
}

/* whether the guest, as it runs, has the device; -1 when libvirt does not say */
static int
has_device (virDomainPtr guest, const char *uuid)
{
  char *xml = virDomainGetXMLDesc (guest, 0);
  char address[64];
  int found;

  if (xml == NULL)
    return -1;
  snprintf (address, sizeof address, "<address uuid='%s'/>", uuid);
  found = strstr (xml, address) != NULL;
  free (xml);
  return found;
}

/* libvirt returns when QEMU has been asked; the guest has let go when the device is gone
 * from its XML (virDomainDetachDeviceFlags()) */
static int
wait_until_gone (virDomainPtr guest, const char *uuid, unsigned int seconds)
{
  long long end = call_now_ms () + seconds * 1000ll;
  int found;

  while ((found = has_device (guest, uuid)) == 1) {
    if (call_now_ms () >= end)
      return call_fail ("the guest does not let go of the device");
    usleep (LOOK_MS * 1000);
  }
  return found;
}

static int
detach (const Call *call)
{
  const char *uuid = call_word (call, "device");
  virDomainPtr guest = call_guest (call);
  char *document = document_in ();
  int result = -1;

  if (guest != NULL && document != NULL && uuid != NULL)
    result = virDomainDetachDeviceFlags (guest, document, VIR_DOMAIN_AFFECT_LIVE);
  if (result == 0)
    result = wait_until_gone (guest, uuid, call_number (call, "seconds"));
  if (guest != NULL)
    virDomainFree (guest);
  free (document);
  return result;
}

/* libvirt's own thread of a connection must run, for keepalive */
static void *
event_thread (void *data)
{
  (void) data;
  call_is_aside = 1;
  while (virEventRunDefaultImpl () == 0)
    continue;
  return NULL;
}

static const struct {
  const char *name;
  int (*call) (const Call *call);
} operations[] = {
  { "guest", show_guest },
  { "guest-stored", show_stored },
  { "guest-attach", attach },
  { "guest-detach", detach },
  { "guest-migrate", call_migrate },
  { "guest-resume", resume_guest },
  { "guest-destroy", destroy_guest },
  { "guest-undefine", undefine_guest },
  { "guest-abort", abort_job },
  { "device", show_device },
  { "drivers", show_drivers },
};

static int
run (const char *uri, size_t operation, Call *call)
{
  pthread_t thread;
  int status = DONE;

  virSetErrorFunc (NULL, keep_error);
  if (virEventRegisterDefaultImpl () != 0 ||
      pthread_create (&thread, NULL, event_thread, NULL) != 0)
    return REFUSED;
  call->connection = virConnectOpen (uri);
  if (call->connection == NULL || operations[operation].call (call) != 0 ||
      fflush (stdout) != 0) {
    fprintf (stderr, "%s\n", last_message);
    status = REFUSED;
  }
  if (call->connection != NULL)
    virConnectClose (call->connection);
  return status;
}

int
main (int argc, char **argv)
{
  Call call = { .n_words = argc - 4 };

  for (size_t i = 0; argc >= 4 && i < sizeof operations / sizeof operations[0]; i++)
    if (strcmp (argv[2], operations[i].name) == 0) {
      call.name = argv[3];
      call.words = argv + 4;
      return run (argv[1], i, &call);
    }
  fprintf (stderr, "usage: move-libvirt URI OPERATION NAME [KEY=VALUE…] [<DOCUMENT]\n");
  return WRONG_USAGE;
}
