/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * move-libvirt URI OPERATION NAME [KEY=VALUE…]: where a guest runs, its crypto device
 * unplugged and plugged, and the guest moved between two libvirt daemons.  Run by the
 * steps of virt-ap move (change/move-libvirt.c): a process of its own, as ask-libvirt is.
 * A document is read from standard input, answers go to standard output, what libvirt
 * objects to standard error.  Each operation is whole in itself: who runs it may be
 * killed, and looks afterwards what has come about.
 */
#include <arpa/inet.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DONE = 0, REFUSED = 1, WRONG_USAGE = 2 };

/* a domain XML is at most 4 MiB on its way to libvirt (remote_protocol.x) */
#define DOCUMENT_MAX (4u * 1024 * 1024)

/* a daemon on another machine that is silent for so long is gone */
#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT 3

/* between two looks at what is under way */
#define LOOK_MS 100
#define PROGRESS_MS 500

/* discard; for reach(), which sends nothing there */
#define ANY_PORT "9"

/* The last thing that libvirt objected to: what is called to clean up afterwards makes
 * libvirt forget its own copy. */
static int last_code = VIR_ERR_OK;
static char last_message[4096] = "?";

typedef struct {
  virConnectPtr connection;
  const char *name; /* of the guest (its UUID) or node device */
  char **words;     /* KEY=VALUE… */
  int n_words;
} Call;

static void
keep_error (void *user_data, virErrorPtr error)
{
  (void) user_data;
  last_code = error->code;
  snprintf (last_message, sizeof last_message, "%s",
            error->message != NULL ? error->message : "?");
}

static int
fail (const char *sentence)
{
  snprintf (last_message, sizeof last_message, "%s", sentence);
  return -1;
}

/* NULL when it is not among the words */
static const char *
word (const Call *call, const char *key)
{
  size_t length = strlen (key);

  for (int i = 0; i < call->n_words; i++)
    if (strncmp (call->words[i], key, length) == 0 && call->words[i][length] == '=')
      return call->words[i] + length + 1;
  return NULL;
}

static unsigned int
number (const Call *call, const char *key)
{
  const char *text = word (call, key);

  return text != NULL ? (unsigned int) strtoul (text, NULL, 10) : 0;
}

/* (transfer full): all of standard input, NULL when it is too much or unreadable */
static char *
read_document (void)
{
  char *text = malloc (DOCUMENT_MAX + 1);
  size_t length;

  if (text == NULL)
    return NULL;
  length = fread (text, 1, DOCUMENT_MAX + 1, stdin);
  if (ferror (stdin) || length > DOCUMENT_MAX) {
    free (text);
    return NULL;
  }
  text[length] = '\0';
  return text;
}

static long long
now_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (long long) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static virDomainPtr
find_guest (const Call *call)
{
  return virDomainLookupByUUIDString (call->connection, call->name);
}

/* with the guest of that UUID */
static int
with_guest (const Call *call, int (*function) (virDomainPtr))
{
  virDomainPtr guest = find_guest (call);
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
  const char *name = word (call, "name");
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
  virDomainPtr guest = find_guest (call);
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
  virDomainPtr guest = find_guest (call);
  char *document = read_document ();
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
  long long end = now_ms () + seconds * 1000ll;
  int found;

  while ((found = has_device (guest, uuid)) == 1) {
    if (now_ms () >= end)
      return fail ("the guest does not let go of the device");
    usleep (LOOK_MS * 1000);
  }
  return found;
}

static int
detach (const Call *call)
{
  const char *uuid = word (call, "device");
  virDomainPtr guest = find_guest (call);
  char *document = read_document ();
  int result = -1;

  if (guest != NULL && document != NULL && uuid != NULL)
    result = virDomainDetachDeviceFlags (guest, document, VIR_DOMAIN_AFFECT_LIVE);
  if (result == 0)
    result = wait_until_gone (guest, uuid, number (call, "seconds"));
  if (guest != NULL)
    virDomainFree (guest);
  free (document);
  return result;
}

/* A migration under way, in a thread of its own. */
typedef struct {
  virDomainPtr guest;
  virConnectPtr other; /* NULL: the daemon itself connects to @uri */
  const char *uri;
  virTypedParameterPtr parameters;
  int n_parameters;
  unsigned int flags;
  int result;
  volatile int ended;
} Migration;

static void *
migrate_thread (void *data)
{
  Migration *migration = data;
  virDomainPtr there = NULL;

  if (migration->other == NULL) {
    migration->result =
        virDomainMigrateToURI3 (migration->guest, migration->uri, migration->parameters,
                                (unsigned int) migration->n_parameters, migration->flags);
  } else {
    there = virDomainMigrate3 (migration->guest, migration->other, migration->parameters,
                               (unsigned int) migration->n_parameters, migration->flags);
    migration->result = there != NULL ? 0 : -1;
  }
  if (there != NULL)
    virDomainFree (there);
  __atomic_store_n (&migration->ended, 1, __ATOMIC_RELEASE);
  return NULL;
}

/* libvirt's own thread of a connection must run, for keepalive */
static void *
event_thread (void *data)
{
  (void) data;
  while (virEventRunDefaultImpl () == 0)
    continue;
  return NULL;
}

static void
print_progress (virDomainPtr guest)
{
  virDomainJobInfo info;

  if (virDomainGetJobInfo (guest, &info) != 0 || info.dataTotal == 0)
    return;
  printf ("progress %llu %llu\n", info.dataRemaining >> 10, info.dataTotal >> 10);
  fflush (stdout);
}

/* virt-ap has been asked to end */
static volatile sig_atomic_t is_interrupted;

static void
interrupt (int number)
{
  (void) number;
  is_interrupted = 1;
}

/* Ends it when its time is over, or when it is interrupted; it is told why then, whatever
 * libvirt says of it. */
static int
watch (Migration *migration, unsigned int seconds)
{
  long long end = now_ms () + seconds * 1000ll;
  long long next = now_ms () + PROGRESS_MS;
  const char *why = NULL;

  while (!__atomic_load_n (&migration->ended, __ATOMIC_ACQUIRE)) {
    usleep (10000);
    if (why == NULL && is_interrupted)
      why = "the migration was interrupted";
    else if (why == NULL && seconds > 0 && now_ms () >= end)
      why = "the migration was not over in time, and was ended";
    else if (now_ms () < next)
      continue;
    if (why != NULL)
      virDomainAbortJob (migration->guest);
    print_progress (migration->guest);
    next = now_ms () + PROGRESS_MS;
  }
  return why != NULL && migration->result != 0 ? fail (why) : migration->result;
}

/* tcp:// with the address of this machine that HOST is reached from; 0 when there is
 * none.  Nothing is sent. */
static int
reach (const char *host, char *uri, size_t size)
{
  const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
  struct sockaddr_storage own;
  socklen_t length = sizeof own;
  struct addrinfo *found = NULL;
  char address[INET6_ADDRSTRLEN];
  int fd, result = 0;

  if (host == NULL || getaddrinfo (host, ANY_PORT, &hints, &found) != 0)
    return 0;
  fd = socket (found->ai_family, found->ai_socktype, found->ai_protocol);
  if (fd >= 0 && connect (fd, found->ai_addr, found->ai_addrlen) == 0 &&
      getsockname (fd, (struct sockaddr *) &own, &length) == 0 &&
      getnameinfo ((struct sockaddr *) &own, length, address, sizeof address, NULL, 0,
                   NI_NUMERICHOST) == 0)
    result = snprintf (uri, size, own.ss_family == AF_INET6 ? "tcp://[%s]" : "tcp://%s",
                       address) > 0;
  if (fd >= 0)
    close (fd);
  freeaddrinfo (found);
  return result;
}

static void
add_parameters (Migration *migration, const Call *call, const char *document)
{
  int most = 0;
  char own[128];
  const char *uri = word (call, "migrate-uri");

  if (uri == NULL && reach (word (call, "reach"), own, sizeof own))
    uri = own;
  if (uri != NULL)
    virTypedParamsAddString (&migration->parameters, &migration->n_parameters, &most,
                             VIR_MIGRATE_PARAM_URI, uri);
  if (number (call, "bandwidth") > 0)
    virTypedParamsAddULLong (&migration->parameters, &migration->n_parameters, &most,
                             VIR_MIGRATE_PARAM_BANDWIDTH, number (call, "bandwidth"));
  if (*document != '\0')
    virTypedParamsAddString (&migration->parameters, &migration->n_parameters, &most,
                             VIR_MIGRATE_PARAM_PERSIST_XML, document);
}

static unsigned int
find_flags (const Call *call, virDomainPtr guest)
{
  unsigned int flags = VIR_MIGRATE_ABORT_ON_ERROR;

  flags |= virDomainIsActive (guest) == 1 ? VIR_MIGRATE_LIVE : VIR_MIGRATE_OFFLINE;
  if (virDomainIsPersistent (guest) == 1)
    flags |= VIR_MIGRATE_PERSIST_DEST | VIR_MIGRATE_UNDEFINE_SOURCE;
  if (word (call, "unsafe") != NULL)
    flags |= VIR_MIGRATE_UNSAFE;
  if (word (call, "direct") == NULL)
    flags |= VIR_MIGRATE_PEER2PEER;
  return flags;
}

static int
run_migration (Migration *migration, const Call *call)
{
  pthread_t thread;
  int result;

  signal (SIGTERM, interrupt);
  if (migration->other != NULL) {
    virConnectSetKeepAlive (call->connection, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    virConnectSetKeepAlive (migration->other, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
  }
  if (pthread_create (&thread, NULL, migrate_thread, migration) != 0)
    return fail ("no thread");
  result = watch (migration, number (call, "seconds"));
  pthread_join (thread, NULL);
  return result;
}

/* With to=URI; the guest's stored definition there is read from standard input, nothing
 * for the one it has.  Peer to peer the source's daemon goes on by itself when this
 * process ends; "direct" takes no connection from there, but through this process. */
static int
migrate (const Call *call)
{
  Migration migration = { .uri = word (call, "to"), .guest = find_guest (call) };
  char *document = read_document ();
  int result = -1;

  if (migration.guest == NULL || document == NULL || migration.uri == NULL) {
    free (document);
    return -1;
  }
  if (word (call, "direct") != NULL)
    migration.other = virConnectOpen (migration.uri);
  if (migration.other != NULL || word (call, "direct") == NULL) {
    migration.flags = find_flags (call, migration.guest);
    add_parameters (&migration, call, document);
    result = run_migration (&migration, call);
    virTypedParamsFree (migration.parameters, migration.n_parameters);
  }
  if (migration.other != NULL)
    virConnectClose (migration.other);
  virDomainFree (migration.guest);
  free (document);
  return result;
}

static const struct {
  const char *name;
  int (*call) (const Call *call);
} operations[] = {
  { "guest", show_guest },
  { "guest-stored", show_stored },
  { "guest-attach", attach },
  { "guest-detach", detach },
  { "guest-migrate", migrate },
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
