/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message that is relayed costs no memory: counts what the relay's thread allocates.
 * The program has allocators of its own, which the dynamic linker prefers to those of
 * glibc, for GLib too.
 */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate/relay.h"
#include "wire.h"

#define JUDGED 11u
#define OTHER 1000u
#define ROUNDS 2000u

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *old, size_t size);
extern void *__libc_memalign (size_t alignment, size_t size);

static __thread gboolean counts;
static gint counted;

static void
count (void)
{
  if (counts)
    g_atomic_int_inc (&counted);
}

void *
malloc (size_t size)
{
  count ();
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  count ();
  return __libc_calloc (n, size);
}

void *
realloc (void *old, size_t size)
{
  count ();
  return __libc_realloc (old, size);
}

void *
aligned_alloc (size_t alignment, size_t size)
{
  count ();
  return __libc_memalign (alignment, size);
}

int
posix_memalign (void **memory, size_t alignment, size_t size)
{
  count ();
  *memory = __libc_memalign (alignment, size);
  return *memory != NULL ? 0 : 12;
}

typedef struct {
  gint client[2]; /* the test's end, the relay's end */
  gint daemon[2];
} Ends;

static gboolean
wants (const VapRpcHeader *header)
{
  return vap_rpc_header_is_call (header, JUDGED);
}

/* no call is one for a judge: each goes on once it was looked at */
static gboolean
concerns (G_GNUC_UNUSED const VapRpcHeader *header, G_GNUC_UNUSED const guint8 *frame)
{
  return FALSE;
}

static gint
start_no_judge (G_GNUC_UNUSED gpointer user_data)
{
  return -1;
}

static gpointer
run_relay (gpointer user_data)
{
  Ends *ends = user_data;
  const VapFilter filter = { .wants = wants, .concerns = concerns, .start_judge = start_no_judge, .linger = 300 };
  gboolean ok;

  counts = TRUE;
  ok = vap_relay_run (ends->client[1], ends->client[1], ends->daemon[1], NULL, 0, &filter, NULL,
                      NULL);
  counts = FALSE;
  close (ends->client[1]);
  close (ends->daemon[1]);
  return GINT_TO_POINTER (ok);
}

/* All that @from sends must reach @to; returns what the relay allocated meanwhile. */
static gint
relayed (gint from, gint to, const GByteArray *sent)
{
  g_autofree guint8 *got = g_malloc (sent->len);
  gint before = g_atomic_int_get (&counted);

  wire_write (from, sent->data, sent->len);
  wire_read (to, got, sent->len);
  g_assert_cmpmem (got, sent->len, sent->data, sent->len);
  return g_atomic_int_get (&counted) - before;
}

/* some small ones at once, one that fills the sockets nearly, one with a descriptor's
 * byte behind it */
static GByteArray *
make_messages (guint32 type)
{
  GByteArray *messages = g_byte_array_new ();
  g_autofree char *payload = g_strnfill (90000, 'x');

  for (guint32 i = 0; i < 20; i++)
    wire_append (messages, OTHER + i, type, i, payload, i * 40);
  wire_append (messages, OTHER, type, 20, payload, 90000);
  wire_append (messages, OTHER,
               type == VAP_RPC_CALL ? VAP_RPC_CALL_WITH_FDS : VAP_RPC_REPLY_WITH_FDS, 21,
               "\0\0\0\x01", 4);
  g_byte_array_append (messages, (const guint8 *) "", 1);
  return messages;
}

static void
test_none (void)
{
  g_autoptr (GByteArray) up = make_messages (VAP_RPC_CALL);
  g_autoptr (GByteArray) down = make_messages (VAP_RPC_REPLY);
  g_autoptr (GByteArray) judged = g_byte_array_new ();
  gint allocated = 0;
  Ends ends;

  wire_append (judged, JUDGED, VAP_RPC_CALL, 1, "abcd", 4);
  wire_pair (ends.client);
  wire_pair (ends.daemon);
  GThread *thread = g_thread_new ("relay", run_relay, &ends);

  /* what the relay makes for itself */
  relayed (ends.client[0], ends.daemon[0], up);
  g_assert_cmpint (g_atomic_int_get (&counted), >, 0);

  for (guint i = 0; i < ROUNDS; i++) {
    allocated += relayed (ends.client[0], ends.daemon[0], up);
    allocated += relayed (ends.daemon[0], ends.client[0], down);
  }
  g_assert_cmpint (allocated, ==, 0);
  /* but a call that may be one to judge is collected: so what is counted is the relay's */
  g_assert_cmpint (relayed (ends.client[0], ends.daemon[0], judged), >, 0);

  close (ends.client[0]);
  close (ends.daemon[0]);
  g_assert_true (GPOINTER_TO_INT (g_thread_join (thread)));
}

#else

static void
test_none (void)
{
  g_test_skip ("the allocators are the sanitizer's, or not glibc's");
}

#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/allocations", test_none);
  return g_test_run ();
}
