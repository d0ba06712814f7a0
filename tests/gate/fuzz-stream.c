/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fuzzer (libFuzzer) of the relay: a hostile client, a hostile daemon and a hostile
 * judge, who say what the input makes them say.
 *
 * An input is a byte, whose lowest bit says whether calls are judged, and records: who
 * speaks (client, daemon, judge), a length of two bytes, and what is said in one
 * write.  What a judge says is what it answers to one question.
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

int
LLVMFuzzerTestOneInput (const guint8 *input, size_t size)
{
  g_autoptr (GByteArray) from_client = g_byte_array_new ();
  g_autoptr (GByteArray) from_daemon = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  gint client[2], daemon[2];

  if (size < 1 || size > INPUT_MAX)
    return -1;

  Scene scene = { .rest = input + 1, .end = input + size };
  gboolean judged = input[0] & 1;
  VapFarewell farewell;
  const VapFilter filter = {
    .wants = judged ? vap_procedures_judged : wants_none,
    .concerns = input[0] & 2 ? vap_procedures_concerns : NULL,
    .closes = vap_procedures_close,
    .start_judge = start_judge,
    .user_data = &scene,
    .linger = 1,
  };

  make_pair (client);
  make_pair (daemon);
  speak (client[0], CLIENT, scene.rest, scene.end, from_client);
  speak (daemon[0], DAEMON, scene.rest, scene.end, from_daemon);
  gboolean sound =
      vap_relay_run (client[1], client[1], daemon[1], NULL, 0, &filter, &farewell, &error);
  check (sound == (error == NULL));
  if (farewell.length > 0 &&
      send (client[1], farewell.reply, farewell.length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
    check (errno == EPIPE || errno == EAGAIN);
  if (!judged) {
    check_delivered (daemon[0], from_client, FALSE);
    /* what a daemon says after its last reply nobody hears */
    check_delivered (client[0], from_daemon, sound && farewell.length == 0);
  }
  for (gint i = 0; i < 2; i++) {
    close (client[i]);
    close (daemon[i]);
  }
  for (guint i = 0; i < scene.n_judges; i++)
    close (scene.judges[i]);
  return 0;
}
