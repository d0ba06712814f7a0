/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fuzzer (libFuzzer) of the relay: a hostile client, a hostile daemon and a hostile
 * judge, who say what the input makes them say.
 *
 * An input is a byte, whose lowest bit says whether calls are judged, and whose third whether
 * the judge has the stream, and records: who
 * speaks (client, daemon, judge), a length of two bytes, and what is said in one
 * write.  What a judge says is what it answers to one question.
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate/deputy.h"
#include "gate/procedures.h"
#include "gate/relay.h"

/* What comes out must fit into the sockets, because nobody reads before the end. */
#define INPUT_MAX 8192u
#define SOCKET_BUFFER (1 << 20)
#define JUDGES_MAX 300u

enum { CLIENT, DAEMON, JUDGE, N_SPEAKERS };

typedef struct {
  const guint8 *rest; /* of the input, for the judges to come */
  const guint8 *end;
  gint judges[JUDGES_MAX];
  guint n_judges;
} Scene;

int LLVMFuzzerTestOneInput (const guint8 *input, size_t size);
int LLVMFuzzerInitialize (int *argc, char ***argv);

int
LLVMFuzzerInitialize (G_GNUC_UNUSED int *argc, G_GNUC_UNUSED char ***argv)
{
  signal (SIGPIPE, SIG_IGN);
  return 0;
}

static void
check (gboolean holds)
{
  if (!holds)
    abort ();
}

/* Packets, so that each read gets one write's worth. */
static void
make_pair (gint pair[2])
{
  gint size = SOCKET_BUFFER;

  check (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
  for (gint i = 0; i < 2; i++)
    setsockopt (pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

/* Takes the next record of @speaker; FALSE when there is none. */
static gboolean
next_record (const guint8 **at, const guint8 *end, guint speaker, const guint8 **said,
             gsize *length)
{
  while (end - *at >= 3) {
    gboolean ours = **at % N_SPEAKERS == speaker;

    *length = (gsize) (*at)[1] << 8 | (*at)[2];
    *said = *at + 3;
    *length = MIN (*length, (gsize) (end - *said));
    *at = *said + *length;
    if (ours && *length > 0)
      return TRUE;
  }
  return FALSE;
}

/* All that @speaker says; what is said is put together in @all. */
static void
speak (gint fd, guint speaker, const guint8 *at, const guint8 *end, GByteArray *all)
{
  const guint8 *said;
  gsize length;

  while (next_record (&at, end, speaker, &said, &length)) {
    /* more than fits would wait for ever */
    if (send (fd, said, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (gssize) length)
      break;
    g_byte_array_append (all, said, (guint) length);
  }
  shutdown (fd, SHUT_WR);
}

/* A judge has said what it says before it is asked. */
static gint
start_judge (gpointer user_data)
{
  Scene *scene = user_data;
  const guint8 *said;
  gsize length;
  gint pair[2];

  if (scene->n_judges == JUDGES_MAX)
    return -1;
  make_pair (pair);
  if (next_record (&scene->rest, scene->end, JUDGE, &said, &length))
    for (gsize i = 0; i < length; i += VAP_ANSWER_HEAD)
      send (pair[1], said + i, MIN (length - i, VAP_ANSWER_HEAD), MSG_NOSIGNAL);
  shutdown (pair[1], SHUT_WR);
  scene->judges[scene->n_judges++] = pair[1];
  return pair[0];
}

static gboolean
wants_none (G_GNUC_UNUSED const VapRpcHeader *header)
{
  return FALSE;
}

/* What came out at @fd is the beginning of @all, or all of it. */
static void
check_delivered (gint fd, const GByteArray *all, gboolean whole)
{
  guint8 buffer[VAP_PIPE_SIZE];
  gsize seen = 0;
  gssize got;

  while ((got = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
    check (seen + (gsize) got <= all->len);
    check (memcmp (buffer, all->data + seen, (gsize) got) == 0);
    seen += (gsize) got;
  }
  check (!whole || seen == all->len);
}

/* A judge that has the stream says a frame of its own, or lets the call pass. */
static gboolean
judge_in_place (VapDeputy *deputy, G_GNUC_UNUSED const VapRpcHeader *header,
                G_GNUC_UNUSED const guint8 *frame, gpointer user_data)
{
  Scene *scene = user_data;
  const guint8 *said = NULL;
  gsize length = 0;
  guint kind = VAP_ANSWER_PASS;

  if (next_record (&scene->rest, scene->end, JUDGE, &said, &length) && length > 1)
    kind = said[0] % VAP_ANSWER_N_KINDS;
  check (vap_deputy_answer (deputy, (VapAnswerKind)kind, kind != VAP_ANSWER_PASS ? said + 1 : NULL,
                            kind != VAP_ANSWER_PASS ? length - 1 : 0));
  if (kind != VAP_ANSWER_REPLY) {
    vap_deputy_keep (deputy);
    check (vap_deputy_kept (deputy));
  }
  return length != 1;
}

static void
read_ahead (G_GNUC_UNUSED gpointer user_data)
{
}

static void
receive_loan (gint from, gint fds[VAP_LOAN_N_FDS])
{
  guint8 word[VAP_RPC_WORD_SIZE];
  union {
    struct cmsghdr head;
    char bytes[CMSG_SPACE (VAP_LOAN_N_FDS * sizeof (gint))];
  } control;
  struct iovec part = { word, sizeof word };
  struct msghdr message = { .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control };

  check (recvmsg (from, &message, 0) == sizeof word);
  memcpy (fds, CMSG_DATA (&control.head), VAP_LOAN_N_FDS * sizeof (gint));
}

/* The judge relays till it gives the stream back, in a state from which the gate goes on. */
static void
relay_lent (Scene *scene, gint client, gint daemon, gboolean judged)
{
  const VapDeputyFilter filter = { .wants = judged ? vap_procedures_judged : wants_none,
                                   .concerns = vap_procedures_concerns,
                                   .closes = vap_procedures_close,
                                   .judge = judge_in_place,
                                   .read_ahead = read_ahead,
                                   .user_data = scene };
  VapStream stream = { .looks = 0 };
  gint fds[VAP_LOAN_N_FDS];
  gint pair[2];
  VapLoan loan;

  vap_pipe_init (&stream.up, client, daemon);
  vap_pipe_init (&stream.down, daemon, client);
  check (fcntl (client, F_SETFL, O_NONBLOCK) == 0 && fcntl (daemon, F_SETFL, O_NONBLOCK) == 0);
  check (socketpair (AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  vap_loan_init (&loan);
  vap_loan_lend (&loan, &stream, pair[0]);
  check (loan.lent);
  receive_loan (pair[1], fds);
  check (vap_deputy_run (pair[1], fds, &filter));
  check (vap_loan_wait (&loan, &stream, pair[0]) == VAP_LOAN_BACK && !loan.lent);
  vap_loan_clear (&loan);
  vap_pipe_clear (&stream.up);
  vap_pipe_clear (&stream.down);
  close (pair[0]);
  close (pair[1]);
}

static void
relay_asking (Scene *scene, guint8 how, gint client[2], gint daemon[2],
              const GByteArray *from_client, const GByteArray *from_daemon)
{
  gboolean judged = how & 1;
  g_autoptr (GError) error = NULL;
  VapFarewell farewell;
  const VapFilter filter = {
    .wants = judged ? vap_procedures_judged : wants_none,
    .concerns = how & 2 ? vap_procedures_concerns : NULL,
    .closes = vap_procedures_close,
    .start_judge = start_judge,
    .user_data = scene,
    .linger = 1,
  };
  gboolean sound =
      vap_relay_run (client[1], client[1], daemon[1], NULL, 0, &filter, &farewell, &error);

  check (sound == (error == NULL));
  if (farewell.length > 0 &&
      send (client[1], farewell.reply, farewell.length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
    check (errno == EPIPE || errno == EAGAIN);
  if (judged)
    return;
  check_delivered (daemon[0], from_client, FALSE);
  /* what a daemon says after its last reply nobody hears */
  check_delivered (client[0], from_daemon, sound && farewell.length == 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *input, size_t size)
{
  g_autoptr (GByteArray) from_client = g_byte_array_new ();
  g_autoptr (GByteArray) from_daemon = g_byte_array_new ();
  gint client[2], daemon[2];

  if (size < 1 || size > INPUT_MAX)
    return -1;

  Scene scene = { .rest = input + 1, .end = input + size };

  make_pair (client);
  make_pair (daemon);
  speak (client[0], CLIENT, scene.rest, scene.end, from_client);
  speak (daemon[0], DAEMON, scene.rest, scene.end, from_daemon);
  if (input[0] & 4) {
    relay_lent (&scene, client[1], daemon[1], input[0] & 1);
    if (!(input[0] & 1)) {
      check_delivered (daemon[0], from_client, FALSE);
      check_delivered (client[0], from_daemon, FALSE);
    }
  } else {
    relay_asking (&scene, input[0], client, daemon, from_client, from_daemon);
  }
  for (gint i = 0; i < 2; i++) {
    close (client[i]);
    close (daemon[i]);
  }
  for (guint i = 0; i < scene.n_judges; i++)
    close (scene.judges[i]);
  return 0;
}
