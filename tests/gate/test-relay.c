/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The relay between two socket pairs, with a judge that decides by the last letter of
 * a call's payload: Refuse, Write another, Pass, pass Slowly, pass and Keep a record
 * after, pass and Tell too late that it is kept, Die, die while a record is kept (X),
 * answer Nonsense; or is not asked, since the call needs only a Look.  Each test runs
 * twice: the judge is asked, and the judge has the stream.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate/deputy.h"
#include "gate/relay.h"
#include "rpc/reply.h"
#include "wire.h"

#define JUDGED 11u
#define OTHER 1000u
#define CLOSE 2u

#define REWRITTEN "another call altogether."

/* One connection, with the relay in a thread of its own. */
typedef struct {
  gint client[2]; /* the test's end, the relay's end */
  gint daemon[2];
  GThread *thread;
  GThread *judge;
  gint judge_end;
  GError *error;
  gboolean ok;
  gint judged;
  gint kept;
  gint told; /* how often the judge was told of a reply, or had time after one */
  gint lent; /* how often it got the stream */
  gint in_place; /* how many calls it judged in it */
  gint loan[VAP_LOAN_N_FDS];
  gboolean dies_ahead; /* when there is time to read ahead */
  gulong ahead_us; /* how long that takes */
  gint rest; /* see VapDeputyFilter */
  gint (*start) (gpointer user_data); /* (nullable): in the place of start_judge() */
  gint abandoned; /* the end of a judge that is not listened to any more */
} Fixture;

/* whether the gate lends */
static gboolean lends;

static gboolean
wants (const VapRpcHeader *header)
{
  return vap_rpc_header_is_call (header, JUDGED);
}

/* The relay finds that the judge is gone, with all it had. */
static void
die (Fixture *fixture)
{
  for (guint i = 0; i < VAP_LOAN_N_FDS; i++)
    close (fixture->loan[i]);
  close (fixture->judge_end);
  g_thread_exit (NULL);
}

/* in the thread of a judge that has the stream */
static GPrivate deputy_of = G_PRIVATE_INIT (NULL);

static gboolean
concerns (const VapRpcHeader *header, const guint8 *frame)
{
  Fixture *fixture = g_private_get (&deputy_of);

  if (fixture != NULL && frame[header->length - 1] == 'M')
    die (fixture);
  return frame[header->length - 1] != 'L';
}

static gboolean
closes (const VapRpcHeader *header)
{
  return vap_rpc_header_is_call (header, CLOSE);
}

static void
append_word (GByteArray *bytes, guint32 word)
{
  guint8 four[4];

  vap_rpc_write_word (four, word);
  g_byte_array_append (bytes, four, sizeof four);
}

static void
make_answer (char letter, const VapRpcHeader *header, GByteArray *answer)
{
  gboolean whole = header->length <= VAP_QUESTION_MAX;
  const VapRpcError refused = { 67, 20, 2, whole ? "refused" : "too long" };

  if (letter == 'R') {
    gsize length;
    g_autofree guint8 *reply = vap_rpc_error_reply (header, &refused, &length);

    append_word (answer, VAP_ANSWER_REPLY);
    append_word (answer, (guint32) length);
    g_byte_array_append (answer, reply, (guint) length);
  } else if (letter == 'W') {
    append_word (answer, VAP_ANSWER_CALL);
    append_word (answer, VAP_RPC_HEADER_SIZE + strlen (REWRITTEN));
    wire_append (answer, JUDGED, VAP_RPC_CALL, header->serial, REWRITTEN,
                 strlen (REWRITTEN));
  } else if (letter == 'N') {
    append_word (answer, VAP_ANSWER_N_KINDS);
    append_word (answer, 0);
  } else {
    append_word (answer,
                 VAP_ANSWER_PASS | (strchr ("KTX", letter) ? VAP_ANSWER_KEEPING : 0));
    append_word (answer, 0);
  }
}

static void
keep_in_place (Fixture *fixture, VapDeputy *deputy, char letter)
{
  if (strchr ("KTX", letter) == NULL)
    return;
  vap_deputy_keep (deputy);
  if (letter == 'X')
    die (fixture);
  g_usleep (letter == 'K' ? 100 * 1000 : (VAP_KEEPING_MS + 500) * 1000);
  g_atomic_int_inc (&fixture->kept);
  /* the relay has waited no longer */
  g_assert_false (vap_deputy_kept (deputy));
  if (send (fixture->judge_end, "", 1, MSG_NOSIGNAL) != 1)
    g_assert_cmpint (letter, ==, 'T');
}

static gboolean
judge_in_place (VapDeputy *deputy, const VapRpcHeader *header, const guint8 *call,
                gpointer user_data)
{
  Fixture *fixture = user_data;
  char letter = (char) call[header->length - 1];
  g_autoptr (GByteArray) answer = g_byte_array_new ();
  VapAnswerKind kind;

  g_atomic_int_inc (&fixture->judged);
  g_atomic_int_inc (&fixture->in_place);
  /* nonsense can only be told */
  if (letter == 'D' || letter == 'N')
    die (fixture);
  if (letter == 'S')
    g_usleep (200 * 1000);
  make_answer (letter, header, answer);
  kind = vap_rpc_read_word (answer->data) & ~VAP_ANSWER_KEEPING;
  if (vap_deputy_answer (deputy, kind, answer->data + VAP_ANSWER_HEAD,
                         answer->len - VAP_ANSWER_HEAD)) {
    g_assert_cmpint (letter, !=, 'S');
    keep_in_place (fixture, deputy, letter);
  } else if (send (fixture->judge_end, answer->data, answer->len, MSG_NOSIGNAL) < 0) {
    return FALSE;
  }
  return TRUE;
}

static void
read_ahead (gpointer user_data)
{
  Fixture *fixture = user_data;

  g_atomic_int_inc (&fixture->told);
  if (fixture->dies_ahead)
    die (fixture);
  g_usleep (fixture->ahead_us);
}

/* FALSE when the relay is gone */
static gboolean
relay_in_its_place (Fixture *fixture)
{
  const VapDeputyFilter filter = { .wants = wants,
                                   .concerns = concerns,
                                   .closes = closes,
                                   .judge = judge_in_place,
                                   .read_ahead = read_ahead,
                                   .user_data = fixture,
                                   .rest = fixture->rest };

  g_private_set (&deputy_of, fixture);
  g_atomic_int_inc (&fixture->lent);
  gboolean goes_on = vap_deputy_run (fixture->judge_end, fixture->loan, &filter);

  g_private_set (&deputy_of, NULL);
  return goes_on;
}

/* a word, and what comes with it */
static gboolean
receive_word (Fixture *fixture, gint fd, guint8 word[VAP_RPC_WORD_SIZE])
{
  union {
    struct cmsghdr head;
    char bytes[CMSG_SPACE (sizeof fixture->loan)];
  } control;
  struct iovec part = { word, VAP_RPC_WORD_SIZE };
  struct msghdr message = { .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control };

  if (recvmsg (fd, &message, MSG_WAITALL) != VAP_RPC_WORD_SIZE)
    return FALSE;
  if (message.msg_controllen > 0)
    memcpy (fixture->loan, CMSG_DATA (&control.head), sizeof fixture->loan);
  return TRUE;
}

/* Takes its time to keep the record. */
static gboolean
keep_record (Fixture *fixture, gint fd, char letter)
{
  char letter_of_gate;

  if (letter == 'X')
    return FALSE;
  if (letter != 'K' && letter != 'T')
    return TRUE;
  /* the call has gone */
  g_assert_cmpint (recv (fd, &letter_of_gate, 1, MSG_WAITALL), ==, 1);
  g_usleep (letter == 'K' ? 100 * 1000 : (VAP_KEEPING_MS + 500) * 1000);
  g_atomic_int_inc (&fixture->kept);
  /* who came too late is not heard any more */
  return send (fd, "", 1, MSG_NOSIGNAL) == 1;
}

/* Reads one question from @fd and answers it; FALSE at the end. */
static gboolean
judge_one (Fixture *fixture, gint fd)
{
  VapRpcHeader header;
  guint8 bytes[VAP_RPC_HEADER_SIZE];
  char letter = 'R';
  g_autoptr (GByteArray) answer = g_byte_array_new ();

  if (!receive_word (fixture, fd, bytes))
    return FALSE;
  if (vap_rpc_read_word (bytes) == VAP_LOAN_WORD)
    return relay_in_its_place (fixture);
  if (vap_rpc_read_word (bytes) == 0) {
    g_atomic_int_inc (&fixture->told);
    return TRUE;
  }
  if (recv (fd, bytes + VAP_RPC_WORD_SIZE, sizeof bytes - VAP_RPC_WORD_SIZE, MSG_WAITALL)
      != sizeof bytes - VAP_RPC_WORD_SIZE)
    return FALSE;
  vap_rpc_header_read (bytes, &header);
  if (header.length <= VAP_QUESTION_MAX) {
    gsize length = header.length - VAP_RPC_HEADER_SIZE;
    g_autofree guint8 *payload = g_malloc (length);

    if (recv (fd, payload, length, MSG_WAITALL) != (gssize) length)
      return FALSE;
    letter = (char) payload[length - 1];
  }
  g_atomic_int_inc (&fixture->judged);
  if (letter == 'D')
    return FALSE;
  if (letter == 'S')
    g_usleep (200 * 1000);
  make_answer (letter, &header, answer);
  return send (fd, answer->data, answer->len, MSG_NOSIGNAL) == (gssize) answer->len &&
         keep_record (fixture, fd, letter);
}

static gpointer
run_judge (gpointer user_data)
{
  Fixture *fixture = user_data;

  while (judge_one (fixture, fixture->judge_end))
    ;
  close (fixture->judge_end);
  return NULL;
}

static void
join_judge (Fixture *fixture)
{
  if (fixture->judge != NULL)
    g_thread_join (g_steal_pointer (&fixture->judge));
}

static gint
start_judge (gpointer user_data)
{
  Fixture *fixture = user_data;
  gint pair[2];

  join_judge (fixture);
  wire_pair (pair);
  fixture->judge_end = pair[1];
  fixture->judge = g_thread_new ("judge", run_judge, fixture);
  return pair[0];
}

static gpointer
run_relay (gpointer user_data)
{
  Fixture *fixture = user_data;
  const VapFilter filter = { .wants = wants,
                             .concerns = concerns,
                             .start_judge =
                                 fixture->start != NULL ? fixture->start : start_judge,
                             .user_data = fixture,
                             .lends = lends,
                             .linger = 300 };
  gint out = fcntl (fixture->client[1], F_DUPFD_CLOEXEC, 0);

  fixture->ok = vap_relay_run (fixture->client[1], out, fixture->daemon[1], NULL, 0,
                               &filter, NULL, &fixture->error);
  join_judge (fixture);
  close (out);
  close (fixture->client[1]);
  close (fixture->daemon[1]);
  return NULL;
}

/* client[0] sends, daemon[0] must get exactly @expected */
static void
expect_bytes (gint fd, const GByteArray *expected)
{
  g_autofree guint8 *got = g_malloc (expected->len);

  wire_read (fd, got, expected->len);
  g_assert_cmpmem (got, expected->len, expected->data, expected->len);
}

/* A connection that has judged twice: the judge has the stream. */
static void
make_lend (Fixture *fixture)
{
  for (guint32 serial = 100; serial < 102; serial++) {
    g_autoptr (GByteArray) call = g_byte_array_new ();
    g_autoptr (GByteArray) reply = g_byte_array_new ();

    wire_append (call, JUDGED, VAP_RPC_CALL, serial, "xxxP", 4);
    wire_append (reply, JUDGED, VAP_RPC_REPLY, serial, "done", 4);
    wire_write (fixture->client[0], call->data, call->len);
    expect_bytes (fixture->daemon[0], call);
    wire_write (fixture->daemon[0], reply->data, reply->len);
    expect_bytes (fixture->client[0], reply);
  }
  for (guint i = 0; i < 500 && g_atomic_int_get (&fixture->told) < 2; i++)
    g_usleep (10 * 1000);
  g_assert_cmpint (g_atomic_int_get (&fixture->lent), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&fixture->told), ==, 2);
  g_atomic_int_set (&fixture->judged, 0);
  g_atomic_int_set (&fixture->told, 0);
}

static void
fixture_start (Fixture *fixture)
{
  memset (fixture, 0, sizeof *fixture);
  wire_pair (fixture->client);
  wire_pair (fixture->daemon);
  fixture->thread = g_thread_new ("relay", run_relay, fixture);
  if (lends)
    make_lend (fixture);
}

static void
fixture_close (gint *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

/* ends both sides and expects the relay to end, well or not */
static void
fixture_stop (Fixture *fixture, gboolean ok)
{
  fixture_close (&fixture->client[0]);
  fixture_close (&fixture->daemon[0]);
  g_thread_join (fixture->thread);
  g_assert_cmpint (fixture->ok, ==, ok);
  g_assert_true (ok == (fixture->error == NULL));
  g_clear_error (&fixture->error);
}

static void
expect_refusal (gint fd, guint32 serial)
{
  VapRpcHeader header;
  g_autofree guint8 *frame = wire_read_frame (fd, &header);

  g_assert_cmpint (header.procedure, ==, JUDGED);
  g_assert_cmpint (header.type, ==, VAP_RPC_REPLY);
  g_assert_cmpint (header.status, ==, VAP_RPC_ERROR);
  g_assert_cmpint (header.serial, ==, serial);
}

/* What the client sends, and what of it the daemon must see. */
static void
make_conversation (GByteArray *sent, GByteArray *expected)
{
  wire_append (sent, OTHER, VAP_RPC_CALL, 1, "abcd", 4);
  wire_append (expected, OTHER, VAP_RPC_CALL, 1, "abcd", 4);
  wire_append (sent, JUDGED, VAP_RPC_CALL, 2, "xxxR", 4);
  wire_append (sent, JUDGED, VAP_RPC_CALL, 3, "xxxP", 4);
  wire_append (expected, JUDGED, VAP_RPC_CALL, 3, "xxxP", 4);
  wire_append (sent, JUDGED, VAP_RPC_CALL, 4, "xxxW", 4);
  wire_append (expected, JUDGED, VAP_RPC_CALL, 4, REWRITTEN, strlen (REWRITTEN));
  wire_append (sent, JUDGED, VAP_RPC_CALL, 5, "xxxL", 4);
  wire_append (expected, JUDGED, VAP_RPC_CALL, 5, "xxxL", 4);
  wire_append (sent, JUDGED, VAP_RPC_MESSAGE, 0, "xxxR", 4);
  wire_append (expected, JUDGED, VAP_RPC_MESSAGE, 0, "xxxR", 4);
  wire_append (sent, OTHER, VAP_RPC_STREAM, 5, NULL, 0);
  wire_append (expected, OTHER, VAP_RPC_STREAM, 5, NULL, 0);
}

static void
test_split (void)
{
  g_autoptr (GByteArray) sent = g_byte_array_new ();
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  Fixture fixture;

  make_conversation (sent, expected);
  fixture_start (&fixture);
  for (guint boundary = 0; boundary <= sent->len; boundary++) {
    wire_write (fixture.client[0], sent->data, boundary);
    wire_settle (fixture.client[0]);
    wire_write (fixture.client[0], sent->data + boundary, sent->len - boundary);
    expect_bytes (fixture.daemon[0], expected);
    expect_refusal (fixture.client[0], 2);
  }
  for (guint i = 0; i < sent->len; i++) {
    wire_write (fixture.client[0], sent->data + i, 1);
    wire_settle (fixture.client[0]);
  }
  expect_bytes (fixture.daemon[0], expected);
  expect_refusal (fixture.client[0], 2);
  g_assert_cmpint (fixture.judged, ==, 3 * (sent->len + 2));
  fixture_stop (&fixture, TRUE);
}

static void
test_split_from_daemon (void)
{
  g_autoptr (GByteArray) sent = g_byte_array_new ();
  Fixture fixture;

  wire_append (sent, OTHER, VAP_RPC_REPLY, 1, "abcd", 4);
  /* two descriptors: two bytes behind the frame */
  wire_append (sent, OTHER, VAP_RPC_REPLY_WITH_FDS, 2, "\0\0\0\x02yes!", 8);
  g_byte_array_append (sent, (const guint8 *) "\0\0", 2);
  /* what would be judged from a client is nothing special from the daemon */
  wire_append (sent, JUDGED, VAP_RPC_CALL, 3, "xxxR", 4);

  fixture_start (&fixture);
  for (guint boundary = 0; boundary <= sent->len; boundary++) {
    wire_write (fixture.daemon[0], sent->data, boundary);
    wire_settle (fixture.daemon[0]);
    wire_write (fixture.daemon[0], sent->data + boundary, sent->len - boundary);
    expect_bytes (fixture.client[0], sent);
  }
  g_assert_cmpint (fixture.judged, ==, 0);
  fixture_stop (&fixture, TRUE);
}

/* A call goes on while its record is being kept; the reply to it, and the next question,
 * wait for that, but not for ever. */
static void
test_record_first (void)
{
  static const struct {
    char letter;
    gint kept; /* when the reply is there */
  } cases[] = { { 'K', 1 }, { 'X', 0 }, { 'T', 0 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) call = g_byte_array_new ();
    g_autoptr (GByteArray) next = g_byte_array_new ();
    g_autoptr (GByteArray) reply = g_byte_array_new ();
    Fixture fixture;

    wire_append (call, JUDGED, VAP_RPC_CALL, 1, (char[]){ 'x', 'x', 'x', cases[i].letter },
                 4);
    wire_append (next, JUDGED, VAP_RPC_CALL, 2, "xxxP", 4);
    wire_append (reply, JUDGED, VAP_RPC_REPLY, 1, "done", 4);
    fixture_start (&fixture);
    wire_write (fixture.client[0], call->data, call->len);
    if (cases[i].kept)
      wire_write (fixture.client[0], next->data, next->len);
    expect_bytes (fixture.daemon[0], call);
    wire_write (fixture.daemon[0], reply->data, reply->len);
    expect_bytes (fixture.client[0], reply);
    g_assert_cmpint (g_atomic_int_get (&fixture.kept), ==, cases[i].kept);
    /* the fixture starts a new judge when the old one has ended */
    if (!cases[i].kept)
      wire_write (fixture.client[0], next->data, next->len);
    expect_bytes (fixture.daemon[0], next);
    g_assert_cmpint (fixture.judged, ==, 2);
    fixture_stop (&fixture, TRUE);
  }
}

static gpointer
run_hasty_judge (gpointer user_data)
{
  Fixture *fixture = user_data;
  guint8 call[VAP_RPC_HEADER_SIZE + 4], gone;

  wire_read (fixture->judge_end, call, sizeof call);
  wire_read (fixture->judge_end, &gone, 1);
  g_usleep (100 * 1000);
  g_atomic_int_inc (&fixture->kept);
  wire_write (fixture->judge_end, "", 1);
  return run_judge (fixture);
}

/* The answer is there as soon as there is a question: of a judge that is found gone then,
 * and of the next, which keeps a record.  While the first is asked there comes the reply to
 * its call, and after another call that of the second. */
static gint
start_hasty_judge (gpointer user_data)
{
  Fixture *fixture = user_data;
  gboolean is_first = fixture->abandoned < 0;
  g_autoptr (GByteArray) answer = g_byte_array_new ();
  g_autoptr (GByteArray) reply = g_byte_array_new ();
  g_autoptr (GByteArray) calls = g_byte_array_new ();
  gint pair[2];

  wire_pair (pair);
  append_word (answer, VAP_ANSWER_PASS | (is_first ? 0 : VAP_ANSWER_KEEPING));
  append_word (answer, 0);
  wire_write (pair[1], answer->data, answer->len);
  if (!is_first) {
    fixture->judge_end = pair[1];
    fixture->judge = g_thread_new ("judge", run_hasty_judge, fixture);
    return pair[0];
  }
  fixture->abandoned = pair[1];
  wire_write (pair[1], "?", 1);
  wire_append (calls, OTHER, VAP_RPC_CALL, 2, "abcd", 4);
  wire_append (calls, JUDGED, VAP_RPC_CALL, 3, "xxxK", 4);
  wire_append (reply, JUDGED, VAP_RPC_REPLY, 1, "done", 4);
  wire_write (fixture->client[0], calls->data, calls->len);
  wire_write (fixture->daemon[0], reply->data, reply->len);
  return pair[0];
}

/* A call is answered before the reply to the one before it is seen to be read: the judge
 * gets the stream, or a word of that reply, only when its record is kept. */
static void
test_hasty_judge (void)
{
  g_autoptr (GByteArray) call = g_byte_array_new ();
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autoptr (GByteArray) first = g_byte_array_new ();
  g_autoptr (GByteArray) second = g_byte_array_new ();
  Fixture fixture = { .start = start_hasty_judge, .abandoned = -1 };

  wire_append (call, JUDGED, VAP_RPC_CALL, 1, "xxxP", 4);
  wire_append (expected, JUDGED, VAP_RPC_CALL, 1, "xxxP", 4);
  wire_append (expected, OTHER, VAP_RPC_CALL, 2, "abcd", 4);
  wire_append (expected, JUDGED, VAP_RPC_CALL, 3, "xxxK", 4);
  wire_append (first, JUDGED, VAP_RPC_REPLY, 1, "done", 4);
  wire_append (second, JUDGED, VAP_RPC_REPLY, 3, "done", 4);
  wire_pair (fixture.client);
  wire_pair (fixture.daemon);
  fixture.thread = g_thread_new ("relay", run_relay, &fixture);
  wire_write (fixture.client[0], call->data, call->len);
  expect_bytes (fixture.daemon[0], expected);
  expect_bytes (fixture.client[0], first);
  wire_write (fixture.daemon[0], second->data, second->len);
  expect_bytes (fixture.client[0], second);
  g_assert_cmpint (g_atomic_int_get (&fixture.kept), ==, 1);
  for (guint i = 0; lends && i < 500 && g_atomic_int_get (&fixture.lent) == 0; i++)
    g_usleep (10 * 1000);
  g_assert_cmpint (g_atomic_int_get (&fixture.lent), ==, lends);
  fixture_stop (&fixture, TRUE);
  close (fixture.abandoned);
}

/* A refusal that is due in the middle of a frame of the daemon comes after it. */
static void
test_insert_between (void)
{
  g_autoptr (GByteArray) call = g_byte_array_new ();
  g_autoptr (GByteArray) event = g_byte_array_new ();

  wire_append (call, JUDGED, VAP_RPC_CALL, 9, "xxxR", 4);
  wire_append (event, OTHER, VAP_RPC_MESSAGE, 0, "0123456789abcdef", 16);

  for (guint boundary = 1; boundary < event->len; boundary++) {
    gboolean known = boundary >= VAP_RPC_HEADER_SIZE;
    Fixture fixture;

    fixture_start (&fixture);
    wire_write (fixture.daemon[0], event->data, boundary);
    wire_settle (fixture.daemon[0]);
    wire_write (fixture.client[0], call->data, call->len);
    /* of less than a header nothing has gone on: the reply may go before it */
    if (!known)
      expect_refusal (fixture.client[0], 9);
    while (g_atomic_int_get (&fixture.judged) == 0)
      g_usleep (100);
    /* time for the judge's answer to wait for the rest of the event */
    g_usleep (2000);
    wire_write (fixture.daemon[0], event->data + boundary, event->len - boundary);
    expect_bytes (fixture.client[0], event);
    if (known)
      expect_refusal (fixture.client[0], 9);
    wire_write (fixture.daemon[0], event->data, event->len);
    expect_bytes (fixture.client[0], event);
    fixture_stop (&fixture, TRUE);
  }
}

typedef struct {
  gint fd;
  const GByteArray *bytes;
} Writer;

static gpointer
run_writer (gpointer user_data)
{
  Writer *writer = user_data;

  wire_write (writer->fd, writer->bytes->data, writer->bytes->len);
  return NULL;
}

/* many frames of all sizes, some larger than any buffer */
static GByteArray *
make_traffic (guint32 type)
{
  GByteArray *traffic = g_byte_array_new ();
  g_autofree guint8 *payload = g_malloc (3 * 1024 * 1024);

  for (gsize i = 0; i < 3 * 1024 * 1024; i++)
    payload[i] = (guint8) (i * 2654435761u >> 13);
  for (guint32 i = 0; i < 300; i++) {
    gsize length = (gsize) g_test_rand_int_range (0, i % 100 == 50 ? 3 << 20 : 3 << 10);

    wire_append (traffic, OTHER + i, type, i, payload, length / 4 * 4);
  }
  return traffic;
}

/* Waits for the judge to be told of @n replies. */
static void
expect_told (Fixture *fixture, gint n)
{
  for (guint i = 0; i < 500 && g_atomic_int_get (&fixture->told) < n; i++)
    g_usleep (10 * 1000);
  g_assert_cmpint (g_atomic_int_get (&fixture->told), ==, n);
}

/* The judge is told when the client has the reply to what was judged last, and of no other
 * message of the daemon's. */
static void
test_replied (void)
{
  static const struct {
    const char *call;
    guint procedure, type, serial; /* what the daemon sends */
    gint told;
  } cases[] = {
    { "xxxP", OTHER, VAP_RPC_MESSAGE, 0, 0 },  { "xxxP", JUDGED, VAP_RPC_REPLY, 7, 0 },
    { "xxxP", JUDGED, VAP_RPC_MESSAGE, 1, 0 }, { "xxxL", JUDGED, VAP_RPC_REPLY, 1, 0 },
    { "xxxP", JUDGED, VAP_RPC_REPLY, 1, 1 },   { "xxxK", JUDGED, VAP_RPC_REPLY, 1, 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) call = g_byte_array_new ();
    g_autoptr (GByteArray) next = g_byte_array_new ();
    g_autoptr (GByteArray) reply = g_byte_array_new ();
    Fixture fixture;

    wire_append (call, JUDGED, VAP_RPC_CALL, 1, cases[i].call, 4);
    wire_append (next, JUDGED, VAP_RPC_CALL, 2, "xxxP", 4);
    wire_append (reply, cases[i].procedure, cases[i].type, cases[i].serial, "done", 4);
    fixture_start (&fixture);
    wire_write (fixture.client[0], call->data, call->len);
    expect_bytes (fixture.daemon[0], call);
    wire_write (fixture.daemon[0], reply->data, reply->len);
    expect_bytes (fixture.client[0], reply);
    expect_told (&fixture, cases[i].told);
    /* another question is understood after it; what was asked before is no news then */
    wire_write (fixture.client[0], next->data, next->len);
    expect_bytes (fixture.daemon[0], next);
    reply->len = 0;
    wire_append (reply, JUDGED, VAP_RPC_REPLY, 2, "done", 4);
    wire_write (fixture.daemon[0], reply->data, reply->len);
    expect_bytes (fixture.client[0], reply);
    expect_told (&fixture, cases[i].told + 1);
    fixture_stop (&fixture, TRUE);
  }
}


static void
test_both_ways (void)
{
  g_autoptr (GByteArray) up = make_traffic (VAP_RPC_CALL);
  g_autoptr (GByteArray) down = make_traffic (VAP_RPC_REPLY);
  Fixture fixture;

  fixture_start (&fixture);
  Writer writers[] = { { fixture.client[0], up }, { fixture.daemon[0], down } };
  GThread *a = g_thread_new ("up", run_writer, &writers[0]);
  GThread *b = g_thread_new ("down", run_writer, &writers[1]);

  /* one side after the other: each must wait for the other without stopping it */
  expect_bytes (fixture.client[0], down);
  expect_bytes (fixture.daemon[0], up);
  g_thread_join (a);
  g_thread_join (b);
  fixture_stop (&fixture, TRUE);
}

/* The longest frame that libvirt takes (VIR_NET_MESSAGE_MAX and the length itself), each
 * way; test_hostile() has the one that is a byte longer. */
static void
test_largest (void)
{
  gsize length = VAP_RPC_FRAME_MAX - VAP_RPC_HEADER_SIZE;
  g_autofree guint8 *payload = g_malloc (length);

  g_assert_cmpuint (VAP_RPC_FRAME_MAX, ==, 33554432 + 4);
  for (gsize i = 0; i < length; i++)
    payload[i] = (guint8) (i * 2654435761u >> 13);
  for (guint from_client = 0; from_client < 2; from_client++) {
    g_autoptr (GByteArray) sent = g_byte_array_new ();
    Fixture fixture;

    wire_append (sent, OTHER, from_client ? VAP_RPC_CALL : VAP_RPC_REPLY, 1, payload,
                 length);
    wire_append (sent, OTHER, VAP_RPC_MESSAGE, 2, NULL, 0);
    g_assert_cmpuint (sent->len, ==, VAP_RPC_FRAME_MAX + VAP_RPC_HEADER_SIZE);
    fixture_start (&fixture);
    Writer writer = { from_client ? fixture.client[0] : fixture.daemon[0], sent };
    GThread *thread = g_thread_new ("writer", run_writer, &writer);
    expect_bytes (from_client ? fixture.daemon[0] : fixture.client[0], sent);
    g_thread_join (thread);
    fixture_stop (&fixture, TRUE);
  }
}

static void
test_pipelined (void)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GByteArray) sent = g_byte_array_new ();
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  Fixture fixture;

  make_conversation (sent, expected);
  for (gint i = 0; i < 1000; i++)
    g_byte_array_append (all, sent->data, sent->len);

  fixture_start (&fixture);
  Writer writer = { fixture.client[0], all };
  GThread *thread = g_thread_new ("client", run_writer, &writer);
  for (gint i = 0; i < 1000; i++) {
    expect_bytes (fixture.daemon[0], expected);
    expect_refusal (fixture.client[0], 2);
  }
  g_thread_join (thread);
  fixture_stop (&fixture, TRUE);
}

/* Lengths that no frame can have, after a good frame: that one is delivered. */
static void
check_hostile (gboolean from_client, const char *tail, gsize length)
{
  g_autoptr (GByteArray) good = g_byte_array_new ();
  Fixture fixture;

  fixture_start (&fixture);
  gint from = from_client ? fixture.client[0] : fixture.daemon[0];
  gint to = from_client ? fixture.daemon[0] : fixture.client[0];

  wire_append (good, OTHER, VAP_RPC_CALL, 1, "good", 4);
  wire_write (from, good->data, good->len);
  wire_write (from, tail, length);
  expect_bytes (to, good);
  g_thread_join (fixture.thread);
  wire_expect_end (to);
  g_assert_false (fixture.ok);
  g_assert_nonnull (
      strstr (fixture.error->message, from_client ? "the client" : "the daemon"));
  g_clear_error (&fixture.error);
  fixture_close (&fixture.client[0]);
  fixture_close (&fixture.daemon[0]);
}

static void
test_hostile (void)
{
  static const struct {
    const char *bytes;
    gsize length;
  } tails[] = {
    { "\0\0\0\0", 4 },
    { "\0\0\0\x03", 4 },
    { "\0\0\0\x1b", 4 },
    { "\x02\0\0\x05", 4 },
    { "\x80\0\0\0", 4 },
    { "\xff\xff\xff\xff", 4 },
    /* with descriptors, but too short to say how many; and with too many */
    { "\0\0\0\x1c\x20\0\x80\x86\0\0\0\x01\0\0\0\x09\0\0\0\x04\0\0\0\x01\0\0\0\0", 28 },
    { "\0\0\0\x20\x20\0\x80\x86\0\0\0\x01\0\0\0\x09\0\0\0\x05\0\0\0\x01\0\0\0\0"
      "\0\0\0\x21",
      32 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (tails); i++) {
    check_hostile (TRUE, tails[i].bytes, tails[i].length);
    check_hostile (FALSE, tails[i].bytes, tails[i].length);
  }
}

/* A call too long to be collected is answered, and the next frame is in its place. */
static void
test_too_long (void)
{
  g_autoptr (GByteArray) sent = g_byte_array_new ();
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  gsize length = VAP_QUESTION_MAX - VAP_RPC_HEADER_SIZE + 4;
  g_autofree char *payload = g_strnfill (length, 'P');
  Fixture fixture;

  wire_append (sent, JUDGED, VAP_RPC_CALL, 8, payload, length);
  wire_append (sent, JUDGED, VAP_RPC_CALL, 9, payload, length - 4);
  wire_append (expected, JUDGED, VAP_RPC_CALL, 9, payload, length - 4);
  wire_append (sent, OTHER, VAP_RPC_CALL, 10, NULL, 0);
  wire_append (expected, OTHER, VAP_RPC_CALL, 10, NULL, 0);

  fixture_start (&fixture);
  Writer writer = { fixture.client[0], sent };
  GThread *thread = g_thread_new ("client", run_writer, &writer);
  expect_refusal (fixture.client[0], 8);
  expect_bytes (fixture.daemon[0], expected);
  g_thread_join (thread);
  fixture_stop (&fixture, TRUE);
}

/* A call with descriptors goes on with the bytes that carry them, or not at all. */
static void
test_descriptors (void)
{
  g_autoptr (GByteArray) sent = g_byte_array_new ();
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  Fixture fixture;

  wire_append (sent, JUDGED, VAP_RPC_CALL_WITH_FDS, 2, "\0\0\0\x03xxxR", 8);
  g_byte_array_append (sent, (const guint8 *) "123", 3);
  wire_append (sent, JUDGED, VAP_RPC_CALL_WITH_FDS, 3, "\0\0\0\x03xxxP", 8);
  g_byte_array_append (sent, (const guint8 *) "456", 3);
  wire_append (expected, JUDGED, VAP_RPC_CALL_WITH_FDS, 3, "\0\0\0\x03xxxP", 8);
  g_byte_array_append (expected, (const guint8 *) "456", 3);
  wire_append (sent, JUDGED, VAP_RPC_CALL_WITH_FDS, 4, "\0\0\0\x03xxxW", 8);
  g_byte_array_append (sent, (const guint8 *) "789", 3);
  wire_append (expected, JUDGED, VAP_RPC_CALL, 4, REWRITTEN, strlen (REWRITTEN));
  g_byte_array_append (expected, (const guint8 *) "789", 3);

  fixture_start (&fixture);
  wire_write (fixture.client[0], sent->data, sent->len);
  expect_bytes (fixture.daemon[0], expected);
  expect_refusal (fixture.client[0], 2);
  fixture_stop (&fixture, TRUE);
}

/* How much a side takes whose other side never reads: what the sockets and the
 * relay's buffers hold, and no more. */
static gsize
write_until_stuck (gint fd, const GByteArray *frame)
{
  gsize taken = 0;
  gint patience = 0;

  while (taken < 64u * 1024 * 1024 && patience < 50) {
    gssize sent = send (fd, frame->data + taken % frame->len,
                        frame->len - taken % frame->len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent > 0) {
      taken += (gsize) sent;
      patience = 0;
    } else {
      patience++;
      g_usleep (2000);
    }
  }
  return taken;
}

static void
check_back_pressure (gboolean from_client, guint32 procedure, const char *payload)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  Fixture fixture;

  wire_append (frame, procedure, VAP_RPC_CALL, 1, payload, strlen (payload));
  fixture_start (&fixture);
  gsize taken =
      write_until_stuck (from_client ? fixture.client[0] : fixture.daemon[0], frame);
  g_assert_cmpint (taken, <, 4 * 1024 * 1024);
  fixture_stop (&fixture, TRUE);
}

static void
test_back_pressure (void)
{
  check_back_pressure (TRUE, OTHER, "xxxx");
  check_back_pressure (FALSE, OTHER, "xxxx");
  /* a client that reads no refusals, a daemon that reads no judged calls */
  check_back_pressure (TRUE, JUDGED, "xxxR");
  check_back_pressure (TRUE, JUDGED, "xxxP");
}

/* A client that has sent all it could before it reads gets every reply then. */
static void
test_refusals_read_late (void)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  g_autofree char *payload = g_strnfill (4000, 'R');
  Fixture fixture;

  wire_append (frame, JUDGED, VAP_RPC_CALL, 1, payload, 4000);
  fixture_start (&fixture);
  gsize taken = write_until_stuck (fixture.client[0], frame);
  g_assert_cmpint (taken, >, VAP_PIPE_SIZE);
  for (gsize i = 0; i < taken / frame->len; i++)
    expect_refusal (fixture.client[0], 1);
  wire_write (fixture.client[0], frame->data + taken % frame->len,
              frame->len - taken % frame->len);
  expect_refusal (fixture.client[0], 1);
  fixture_stop (&fixture, TRUE);
}

/* A client that has said all still gets every reply. */
static void
test_client_ends (void)
{
  g_autoptr (GByteArray) call = g_byte_array_new ();
  Fixture fixture;

  wire_append (call, JUDGED, VAP_RPC_CALL, 1, "xxxP", 4);
  fixture_start (&fixture);
  wire_write (fixture.client[0], call->data, call->len);
  g_assert_no_errno (shutdown (fixture.client[0], SHUT_WR));
  expect_bytes (fixture.daemon[0], call);
  wire_expect_end (fixture.daemon[0]);
  wire_write (fixture.daemon[0], call->data, call->len);
  fixture_close (&fixture.daemon[0]);
  expect_bytes (fixture.client[0], call);
  wire_expect_end (fixture.client[0]);
  fixture_stop (&fixture, TRUE);
}

/* A client that is gone ends the relay, also when the daemon does not care. */
static void
test_client_dies (void)
{
  g_autoptr (GByteArray) call = g_byte_array_new ();
  Fixture fixture;

  wire_append (call, OTHER, VAP_RPC_CALL, 1, "last", 4);
  fixture_start (&fixture);
  wire_write (fixture.client[0], call->data, call->len);
  fixture_close (&fixture.client[0]);
  expect_bytes (fixture.daemon[0], call);
  g_thread_join (fixture.thread);
  g_assert_true (fixture.ok);
  fixture_close (&fixture.daemon[0]);
}

/* A refusal that finds no client any more is done with all the same: a call may wait
 * for that, and nothing else will move. */
static void
test_refusal_finds_client_gone (void)
{
  gint client[2], daemon[2];
  VapPipe down;

  wire_pair (client);
  wire_pair (daemon);
  vap_pipe_init (&down, daemon[1], client[1]);
  close (client[0]);
  vap_pipe_insert (&down, g_malloc0 (VAP_RPC_HEADER_SIZE), VAP_RPC_HEADER_SIZE);
  g_assert_true (vap_pipe_drain (&down));
  g_assert_true (down.lost && vap_pipe_is_drained (&down));
  g_assert_false (vap_pipe_drain (&down));
  vap_pipe_clear (&down);
  close (client[1]);
  close (daemon[0]);
  close (daemon[1]);
}

/* The same when it never reads what is left: after the time it is given. */
static void
test_client_dies_before_deaf_daemon (void)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  static const guint32 procedures[] = { OTHER, JUDGED };

  for (gsize i = 0; i < G_N_ELEMENTS (procedures); i++) {
    Fixture fixture;

    wire_append (frame, procedures[i], VAP_RPC_CALL, 1, "xxxP", 4);
    fixture_start (&fixture);
    g_assert_cmpint (write_until_stuck (fixture.client[0], frame), <, 4 * 1024 * 1024);
    fixture_close (&fixture.client[0]);
    g_thread_join (fixture.thread);
    g_assert_true (fixture.ok);
    fixture_close (&fixture.daemon[0]);
  }
}

/* While a call is being judged, what the daemon sends is delivered. */
static void
test_slow_judge (void)
{
  g_autoptr (GByteArray) call = g_byte_array_new ();
  g_autoptr (GByteArray) event = g_byte_array_new ();
  Fixture fixture;

  wire_append (call, JUDGED, VAP_RPC_CALL, 1, "xxxS", 4);
  wire_append (event, OTHER, VAP_RPC_MESSAGE, 0, "ping", 4);
  fixture_start (&fixture);
  wire_write (fixture.client[0], call->data, call->len);
  while (g_atomic_int_get (&fixture.judged) == 0)
    g_usleep (100);
  gint64 begin = g_get_monotonic_time ();
  wire_write (fixture.daemon[0], event->data, event->len);
  expect_bytes (fixture.client[0], event);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 150 * 1000);
  expect_bytes (fixture.daemon[0], call);
  fixture_stop (&fixture, TRUE);
}

/* A judge that dies, or makes no sense, refuses its call; the next call has another. */
static void
test_judge_dies (void)
{
  static const char *const letters[] = { "xxxD", "xxxN" };
  g_autoptr (GByteArray) good = g_byte_array_new ();
  Fixture fixture;

  wire_append (good, JUDGED, VAP_RPC_CALL, 2, "xxxP", 4);
  fixture_start (&fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (letters); i++) {
    g_autoptr (GByteArray) call = g_byte_array_new ();

    wire_append (call, JUDGED, VAP_RPC_CALL, 1, letters[i], 4);
    wire_write (fixture.client[0], call->data, call->len);
    expect_refusal (fixture.client[0], 1);
    wire_write (fixture.client[0], good->data, good->len);
    expect_bytes (fixture.daemon[0], good);
  }
  fixture_stop (&fixture, TRUE);
}

/* All that the daemon said before it went is delivered, a part of a frame too, and
 * that whatever the client was doing. */
static void
test_daemon_ends (void)
{
  g_autoptr (GByteArray) reply = g_byte_array_new ();
  g_autoptr (GByteArray) call = g_byte_array_new ();

  wire_append (reply, OTHER, VAP_RPC_REPLY, 1, "0123456789abcdef", 16);
  wire_append (call, JUDGED, VAP_RPC_CALL, 1, "xxxR", 4);
  for (guint length = 0; length <= reply->len; length += 4) {
    g_autoptr (GByteArray) part = g_byte_array_new ();
    Fixture fixture;

    g_byte_array_append (part, reply->data, length);
    fixture_start (&fixture);
    wire_write (fixture.daemon[0], part->data, part->len);
    wire_settle (fixture.daemon[0]);
    /* within a frame a refusal has no place any more */
    if (length >= VAP_RPC_HEADER_SIZE && length < reply->len) {
      wire_write (fixture.client[0], call->data, call->len);
      wire_settle (fixture.client[0]);
    }
    fixture_close (&fixture.daemon[0]);
    expect_bytes (fixture.client[0], part);
    wire_expect_end (fixture.client[0]);
    fixture_stop (&fixture, TRUE);
  }
}

/* A call that is never finished is not judged, and reaches nobody. */
static void
test_unfinished_call (void)
{
  g_autoptr (GByteArray) call = g_byte_array_new ();
  Fixture fixture;

  wire_append (call, JUDGED, VAP_RPC_CALL, 1, "xxxP", 4);
  fixture_start (&fixture);
  wire_write (fixture.client[0], call->data, call->len - 1);
  fixture_close (&fixture.client[0]);
  wire_expect_end (fixture.daemon[0]);
  fixture_stop (&fixture, TRUE);
  g_assert_cmpint (fixture.judged, ==, 0);
}

/* A call, and the daemon's reply to it, which the client gets. */
static void
exchange (Fixture *fixture, guint32 procedure, guint32 serial, const char *payload)
{
  g_autoptr (GByteArray) call = g_byte_array_new ();
  g_autoptr (GByteArray) reply = g_byte_array_new ();

  wire_append (call, procedure, VAP_RPC_CALL, serial, payload, strlen (payload));
  wire_append (reply, procedure, VAP_RPC_REPLY, serial, "done", 4);
  wire_write (fixture->client[0], call->data, call->len);
  expect_bytes (fixture->daemon[0], call);
  wire_write (fixture->daemon[0], reply->data, reply->len);
  expect_bytes (fixture->client[0], reply);
}

/* Without a loan the judge is asked, with one it judges where the call stands. */
static void
test_where_judged (void)
{
  Fixture fixture;

  fixture_start (&fixture);
  for (guint32 serial = 1; serial < 20; serial++) {
    exchange (&fixture, JUDGED, serial, "xxxP");
    exchange (&fixture, OTHER, serial, "abcd");
  }
  g_assert_cmpint (fixture.judged, ==, 19);
  g_assert_true (fixture.in_place >= (lends ? 19 : 0));
  g_assert_true (fixture.in_place <= (lends ? 20 : 17));
  fixture_stop (&fixture, TRUE);
}

/* What is no plain traffic, and what the judge takes long with, is the gate's; after the
 * next call that was judged the judge has the stream again. */
static void
test_given_back (void)
{
  Fixture fixture;

  fixture_start (&fixture);
  for (gint i = 1; i <= 3; i++) {
    exchange (&fixture, CLOSE, 1, "abcd");
    exchange (&fixture, JUDGED, 2, "xxxP");
    exchange (&fixture, JUDGED, 3, "xxxS");
    exchange (&fixture, OTHER, 4, "abcd");
    exchange (&fixture, JUDGED, 5, "xxxP");
  }
  g_assert_cmpint (fixture.judged, ==, 9);
  if (lends)
    g_assert_cmpint (fixture.lent, ==, 1 + 3 * 2);
  fixture_stop (&fixture, TRUE);
}

static void
expect_lent (Fixture *fixture, gint n)
{
  for (guint i = 0; i < 500 && g_atomic_int_get (&fixture->lent) < n; i++)
    g_usleep (10 * 1000);
  g_assert_cmpint (g_atomic_int_get (&fixture->lent), ==, n);
}

/* The stream goes back when nothing was judged for a while, whatever else there was. */
static void
test_rest (void)
{
  Fixture fixture;

  fixture_start (&fixture);
  fixture.rest = 100;
  /* it counts from the next loan on */
  exchange (&fixture, CLOSE, 1, "abcd");
  exchange (&fixture, JUDGED, 2, "xxxP");
  for (gint lent = 2; lent < 4; lent++) {
    gint in_place = g_atomic_int_get (&fixture.in_place);

    expect_lent (&fixture, lent);
    for (guint i = 0; i < 40; i++) {
      exchange (&fixture, OTHER, 3, "abcd");
      g_usleep (10 * 1000);
    }
    exchange (&fixture, JUDGED, 4, "xxxP");
    g_assert_cmpint (g_atomic_int_get (&fixture.in_place), ==, in_place);
  }
  fixture_stop (&fixture, TRUE);
}

/* A judge that ends while it reads ahead, or takes long with that, stops nothing. */
static void
test_read_ahead (void)
{
  Fixture fixture;

  fixture_start (&fixture);
  fixture.ahead_us = 100 * 1000;
  exchange (&fixture, JUDGED, 1, "xxxP");
  expect_told (&fixture, 1);
  gint64 begin = g_get_monotonic_time ();
  exchange (&fixture, OTHER, 2, "abcd");
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 90 * 1000);
  exchange (&fixture, JUDGED, 3, "xxxP");
  fixture.ahead_us = 0;
  fixture.dies_ahead = TRUE;
  expect_told (&fixture, 2);
  fixture.dies_ahead = FALSE;
  exchange (&fixture, OTHER, 4, "abcd");
  exchange (&fixture, JUDGED, 5, "xxxP");
  fixture_stop (&fixture, TRUE);
}

/* One that ends in the very steps of relaying takes the connection with it. */
static void
test_judge_dies_relaying (void)
{
  g_autoptr (GByteArray) call = g_byte_array_new ();
  Fixture fixture;

  wire_append (call, JUDGED, VAP_RPC_CALL, 1, "xxxM", 4);
  fixture_start (&fixture);
  wire_write (fixture.client[0], call->data, call->len);
  wire_expect_end (fixture.client[0]);
  wire_expect_end (fixture.daemon[0]);
  g_thread_join (fixture.thread);
  g_assert_false (fixture.ok);
  g_assert_nonnull (strstr (fixture.error->message, "the judge ended"));
  g_clear_error (&fixture.error);
  fixture_close (&fixture.client[0]);
  fixture_close (&fixture.daemon[0]);
}

static const struct {
  const char *name;
  void (*func) (void);
  gboolean only_lent;
} tests[] = {
  { "split", test_split, FALSE },
  { "split/from-daemon", test_split_from_daemon, FALSE },
  { "insert-between", test_insert_between, FALSE },
  { "record-first", test_record_first, FALSE },
  { "hasty-judge", test_hasty_judge, FALSE },
  { "replied", test_replied, FALSE },
  { "both-ways", test_both_ways, FALSE },
  { "largest", test_largest, FALSE },
  { "pipelined", test_pipelined, FALSE },
  { "hostile", test_hostile, FALSE },
  { "too-long", test_too_long, FALSE },
  { "descriptors", test_descriptors, FALSE },
  { "back-pressure", test_back_pressure, FALSE },
  { "refusals-read-late", test_refusals_read_late, FALSE },
  { "client-ends", test_client_ends, FALSE },
  { "client-dies", test_client_dies, FALSE },
  { "client-dies/refusal", test_refusal_finds_client_gone, FALSE },
  { "client-dies/deaf-daemon", test_client_dies_before_deaf_daemon, FALSE },
  { "slow-judge", test_slow_judge, FALSE },
  { "judge-dies", test_judge_dies, FALSE },
  { "daemon-ends", test_daemon_ends, FALSE },
  { "unfinished-call", test_unfinished_call, FALSE },
  { "where-judged", test_where_judged, FALSE },
  { "given-back", test_given_back, FALSE },
  { "rest", test_rest, TRUE },
  { "read-ahead", test_read_ahead, TRUE },
  { "judge-dies/relaying", test_judge_dies_relaying, TRUE },
};

static void
run (gconstpointer data)
{
  const guint *number = data;

  lends = *number >= G_N_ELEMENTS (tests);
  tests[*number % G_N_ELEMENTS (tests)].func ();
}

int
main (int argc, char **argv)
{
  guint numbers[2 * G_N_ELEMENTS (tests)];

  signal (SIGPIPE, SIG_IGN);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_autofree char *path = g_strdup_printf (
        "/%s/%s", i < G_N_ELEMENTS (tests) ? "relay" : "lent",
        tests[i % G_N_ELEMENTS (tests)].name);

    if (i < G_N_ELEMENTS (tests) && tests[i].only_lent)
      continue;
    numbers[i] = i;
    g_test_add_data_func (path, &numbers[i], run);
  }
  return g_test_run ();
}
