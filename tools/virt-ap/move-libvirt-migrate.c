/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * move-libvirt's operation guest-migrate: has libvirt migrate a guest, tells how far it
 * is, and ends it when its time is over or when it is interrupted.
 */
#include "document-in.h"
#include "move-libvirt.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* a daemon on another machine that is silent for so long is gone */
#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT 3

#define PROGRESS_MS 500

/* discard; for reach(), which sends nothing there */
#define ANY_PORT "9"

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
  long long end = call_now_ms () + seconds * 1000ll;
  long long next = call_now_ms () + PROGRESS_MS;
  const char *why = NULL;

  call_is_aside = 1;
  while (!__atomic_load_n (&migration->ended, __ATOMIC_ACQUIRE)) {
    usleep (10000);
    if (why == NULL && is_interrupted)
      why = "the migration was interrupted";
    else if (why == NULL && seconds > 0 && call_now_ms () >= end)
      why = "the migration was not over in time, and was ended";
    else if (call_now_ms () < next)
      continue;
    if (why != NULL)
      virDomainAbortJob (migration->guest);
    print_progress (migration->guest);
    next = call_now_ms () + PROGRESS_MS;
  }
  call_is_aside = 0;
  return why != NULL && migration->result != 0 ? call_fail (why) : migration->result;
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
  const char *uri = call_word (call, "migrate-uri");

  if (uri == NULL && reach (call_word (call, "reach"), own, sizeof own))
    uri = own;
  if (uri != NULL)
    virTypedParamsAddString (&migration->parameters, &migration->n_parameters, &most,
                             VIR_MIGRATE_PARAM_URI, uri);
  if (call_number (call, "bandwidth") > 0)
    virTypedParamsAddULLong (&migration->parameters, &migration->n_parameters, &most,
                             VIR_MIGRATE_PARAM_BANDWIDTH,
                             call_number (call, "bandwidth"));
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
  if (call_word (call, "unsafe") != NULL)
    flags |= VIR_MIGRATE_UNSAFE;
  if (call_word (call, "direct") == NULL)
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
    return call_fail ("no thread");
  result = watch (migration, call_number (call, "seconds"));
  pthread_join (thread, NULL);
  return result;
}

/* With to=URI; the guest's stored definition there is read from standard input, nothing
 * for the one it has.  Peer to peer the source's daemon goes on by itself when this
 * process ends; "direct" takes no connection from there, but through this process. */
int
call_migrate (const Call *call)
{
  Migration migration = { .uri = call_word (call, "to"), .guest = call_guest (call) };
  char *document = document_in ();
  int result = -1;

  if (migration.guest == NULL || document == NULL || migration.uri == NULL) {
    free (document);
    return -1;
  }
  if (call_word (call, "direct") != NULL)
    migration.other = virConnectOpen (migration.uri);
  if (migration.other != NULL || call_word (call, "direct") == NULL) {
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
