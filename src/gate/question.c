/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate's end of the socket to the judge.  Nothing here waits, and nothing that
 * the judge sends is believed beyond its length.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "gate/question.h"
#include "rpc/reply.h"

void
vap_question_init (VapQuestion *question, gint (*start) (gpointer user_data),
                   gpointer user_data)
{
  memset (question, 0, sizeof *question);
  question->start = start;
  question->user_data = user_data;
  question->fd = -1;
}

static void
hang_up (VapQuestion *question)
{
  if (question->fd >= 0)
    close (question->fd);
  question->fd = -1;
  question->keeping = FALSE;
}

void
vap_question_clear (VapQuestion *question)
{
  hang_up (question);
  g_clear_pointer (&question->frame, g_free);
}

/* A judge that ended since its last answer is replaced: that says nothing of this
 * call. */
static gboolean
is_gone (gint fd)
{
  struct pollfd look = { .fd = fd, .events = POLLIN };

  return poll (&look, 1, 0) > 0;
}

void
vap_question_ask (VapQuestion *question, const VapRpcHeader *header, const guint8 *bytes)
{
  if (question->fd >= 0 && is_gone (question->fd))
    hang_up (question);
  if (question->fd < 0)
    question->fd = question->start (question->user_data);

  question->running = FALSE;
  question->asked = *header;
  question->question = bytes;
  question->left =
      header->length <= VAP_QUESTION_MAX ? header->length : VAP_RPC_HEADER_SIZE;
  question->received = 0;
  question->length = 0;
}

static void
begin_keeping (VapQuestion *question)
{
  question->keep_until =
      g_get_monotonic_time () + VAP_KEEPING_MS * G_TIME_SPAN_MILLISECOND;
}

void
vap_question_resume (VapQuestion *question, const VapRpcHeader *header, gboolean keeping)
{
  question->asked = *header;
  question->left = 0;
  question->received = 0;
  question->length = 0;
  question->keeping = keeping;
  question->gone = keeping;
  question->running = keeping;
  begin_keeping (question);
}

short
vap_question_events (const VapQuestion *question)
{
  return question->left > 0 ? POLLOUT : POLLIN;
}

/* FALSE when the judge is gone */
static gboolean
send_more (VapQuestion *question)
{
  while (question->left > 0) {
    gssize sent = send (question->fd, question->question, question->left,
                        MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent < 0)
      return errno == EAGAIN || errno == EINTR;
    question->question += sent;
    question->left -= (gsize) sent;
  }
  return TRUE;
}

static gboolean
read_head (VapQuestion *question)
{
  guint32 word = vap_rpc_read_word (question->head);
  guint32 kind = word & ~VAP_ANSWER_KEEPING;
  guint32 length = vap_rpc_read_word (question->head + 4);

  if (kind >= VAP_ANSWER_N_KINDS || length > VAP_RPC_FRAME_MAX ||
      (length == 0) != (kind == VAP_ANSWER_PASS) ||
      (word != kind && kind == VAP_ANSWER_REPLY))
    return FALSE;
  /* of a call that is too long nothing is there to go on */
  if (question->asked.length > VAP_QUESTION_MAX && kind != VAP_ANSWER_REPLY)
    return FALSE;
  question->kind = kind;
  question->length = length;
  question->frame = length > 0 ? g_malloc (length) : NULL;
  return TRUE;
}

/* FALSE when the judge is gone, or speaks nonsense */
static gboolean
receive_more (VapQuestion *question)
{
  while (question->received < VAP_ANSWER_HEAD + question->length) {
    gboolean in_head = question->received < VAP_ANSWER_HEAD;
    guint8 *to = in_head ? question->head + question->received
                         : question->frame + question->received - VAP_ANSWER_HEAD;
    gsize room = VAP_ANSWER_HEAD + (in_head ? 0 : question->length) - question->received;
    gssize got = recv (question->fd, to, room, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return TRUE;
    if (got <= 0)
      return FALSE;
    question->received += (gsize) got;
    if (question->received == VAP_ANSWER_HEAD && !read_head (question))
      return FALSE;
  }
  return TRUE;
}

static void
refuse (VapQuestion *question)
{
  VapRpcError error = {
    .code = VIR_ERR_OPERATION_FAILED,
    .domain = VIR_FROM_RPC,
    .level = VIR_ERR_ERROR,
    .message = _ ("operation failed: virt-ap could not judge this: "
                  "its judge ended without an answer"),
  };

  vap_question_clear (question);
  question->kind = VAP_ANSWER_REPLY;
  question->frame = vap_rpc_error_reply (&question->asked, &error, &question->length);
  if (question->lost != NULL)
    question->lost (question->asked.procedure, FALSE, question->user_data);
}

gboolean
vap_question_move (VapQuestion *question)
{
  if (question->fd < 0 || !send_more (question) ||
      (question->left == 0 && !receive_more (question))) {
    refuse (question);
    return TRUE;
  }
  if (question->received < VAP_ANSWER_HEAD + question->length)
    return FALSE;
  question->keeping = (vap_rpc_read_word (question->head) & VAP_ANSWER_KEEPING) != 0;
  question->running = question->kind != VAP_ANSWER_REPLY;
  question->gone = FALSE;
  begin_keeping (question);
  return TRUE;
}

/* One that has gone meanwhile is found out by vap_question_look(). */
void
vap_question_go_on (VapQuestion *question)
{
  if (!question->keeping || question->gone)
    return;
  question->gone = TRUE;
  if (send (question->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
    question->keep_until = 0;
}

gboolean
vap_question_is_replied (const VapQuestion *question, const VapRpcHeader *header)
{
  return question->running && vap_rpc_header_is_reply (header) &&
         header->serial == question->asked.serial;
}

/* As good as nothing else is in the socket, so that there is room for a word or for
 * nothing. */
void
vap_question_replied (VapQuestion *question)
{
  static const guint8 word[VAP_RPC_WORD_SIZE];

  if (question->running && question->fd >= 0 && !question->keeping &&
      send (question->fd, word, sizeof word, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
    g_debug ("the judge was not told of a reply");
  question->running = FALSE;
}

void
vap_question_look (VapQuestion *question)
{
  guint8 kept;
  gssize got;

  if (!question->keeping)
    return;
  got = recv (question->fd, &kept, 1, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR) &&
      g_get_monotonic_time () < question->keep_until)
    return;
  question->keeping = FALSE;
  /* one that is only late has its record to keep yet */
  if (got == 0 && question->lost != NULL)
    question->lost (question->asked.procedure, TRUE, question->user_data);
  if (got <= 0)
    hang_up (question);
}
