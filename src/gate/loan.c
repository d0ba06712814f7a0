/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gate's side of a stream that is lent to the judge; see loan.h. */
#include "config.h"

#include "gate/loan.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

void
vap_loan_init (VapLoan *loan)
{
  *loan = (VapLoan){ .room_fd = -1, .clock = -1 };
}

void
vap_loan_clear (VapLoan *loan)
{
  if (loan->room != NULL)
    munmap (loan->room, sizeof *loan->room);
  if (loan->room_fd >= 0)
    close (loan->room_fd);
  if (loan->clock >= 0)
    close (loan->clock);
  loan->room = NULL;
  loan->room_fd = loan->clock = -1;
}

static gboolean
make_room (VapLoan *loan)
{
  gpointer room = MAP_FAILED;

  if (loan->room != NULL)
    return TRUE;
  loan->room_fd = memfd_create ("virt-ap-stream", MFD_CLOEXEC);
  loan->clock = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (loan->clock >= 0 && loan->room_fd >= 0 &&
      ftruncate (loan->room_fd, sizeof *loan->room) == 0)
    room = mmap (NULL, sizeof *loan->room, PROT_READ | PROT_WRITE, MAP_SHARED,
                 loan->room_fd, 0);
  if (room == MAP_FAILED) {
    vap_loan_clear (loan);
    return FALSE;
  }
  loan->room = room;
  return TRUE;
}

/* with the word; FALSE when it could not be sent whole */
static gboolean
send_word (gint judge, const gint fds[VAP_LOAN_N_FDS])
{
  guint8 word[VAP_RPC_WORD_SIZE];
  union {
    struct cmsghdr head;
    char bytes[CMSG_SPACE (VAP_LOAN_N_FDS * sizeof (gint))];
  } control = { 0 };
  struct iovec part = { word, sizeof word };
  struct msghdr message = { .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control };

  vap_rpc_write_word (word, VAP_LOAN_WORD);
  control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN (VAP_LOAN_N_FDS * sizeof (gint)),
                                   .cmsg_level = SOL_SOCKET,
                                   .cmsg_type = SCM_RIGHTS };
  memcpy (CMSG_DATA (&control.head), fds, VAP_LOAN_N_FDS * sizeof (gint));
  return sendmsg (judge, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof word;
}

void
vap_loan_lend (VapLoan *loan, const VapStream *stream, gint judge)
{
  if (!make_room (loan))
    return;

  const gint fds[VAP_LOAN_N_FDS] = {
    [VAP_LOAN_ROOM] = loan->room_fd,        [VAP_LOAN_CLOCK] = loan->clock,
    [VAP_LOAN_CLIENT_IN] = stream->up.from, [VAP_LOAN_CLIENT_OUT] = stream->down.to,
    [VAP_LOAN_DAEMON] = stream->down.from,
  };

  loan->room->size = sizeof *loan->room;
  memset (&loan->room->stream, 0, sizeof loan->room->stream);
  loan->room->n_busy = loan->seen_busy = 0;
  loan->room->ticks = FALSE;
  /* so it is still when a judge ends before it has begun */
  g_atomic_int_set (&loan->room->state, VAP_LOAN_WAITING);
  loan->lent = send_word (judge, fds);
}

/* Takes the stream back from a judge that is busy with something that can wait.
 * Returns: the state that was found */
static VapLoanState
take (VapLoanRoom *room)
{
  static const VapLoanState busy[] = { VAP_LOAN_ASKING, VAP_LOAN_KEEPING,
                                       VAP_LOAN_READING };

  for (gsize i = 0; i < G_N_ELEMENTS (busy); i++)
    if (g_atomic_int_compare_and_exchange (&room->state, (gint) busy[i], VAP_LOAN_TAKEN))
      return busy[i];
  return VAP_LOAN_MOVING;
}

/* all of it, and nothing before it */
static gboolean
call_is_there (const VapLoan *loan, const VapPipe *up)
{
  return loan->header.length >= VAP_RPC_HEADER_SIZE &&
         loan->call_size >= loan->header.length && vap_pipe_is_drained (up) &&
         loan->call_size <= up->end - up->start;
}

/* @state: that the judge left, which does not go on with the stream */
static VapLoanBack
restore (VapLoan *loan, VapStream *stream, VapLoanState state)
{
  static const VapLoanBack backs[] = {
    [VAP_LOAN_MOVING] = VAP_LOAN_LOST,        [VAP_LOAN_WAITING] = VAP_LOAN_BACK,
    [VAP_LOAN_ASKING] = VAP_LOAN_BACK_ASKING, [VAP_LOAN_KEEPING] = VAP_LOAN_BACK_KEEPING,
    [VAP_LOAN_READING] = VAP_LOAN_BACK,       [VAP_LOAN_RETURNED] = VAP_LOAN_BACK,
  };
  const VapLoanRoom *room = loan->room;
  const VapPipe up = room->stream.up, down = room->stream.down;

  loan->lent = FALSE;
  loan->header = room->header;
  loan->call_size = room->call_size;
  if ((guint) state >= G_N_ELEMENTS (backs) || backs[state] == VAP_LOAN_LOST ||
      !vap_pipe_restore (&stream->up, &up, room->bytes[0]) ||
      !vap_pipe_restore (&stream->down, &down, room->bytes[1]))
    return VAP_LOAN_LOST;
  if (state == VAP_LOAN_ASKING && !call_is_there (loan, &stream->up))
    return VAP_LOAN_LOST;
  return backs[state];
}

void
vap_loan_tick (gint clock)
{
  const struct itimerspec time = { .it_value.tv_nsec = VAP_LOAN_TICK_MS * 1000000L };

  if (timerfd_settime (clock, 0, &time, NULL) != 0)
    g_debug ("the clock stands still");
}

/* whether the judge is busy with something else than when the clock ticked last, so that
 * the clock has to go on */
static gboolean
is_busy_anew (VapLoan *loan)
{
  gint n_busy = g_atomic_int_get (&loan->room->n_busy);
  gboolean anew = n_busy != loan->seen_busy;

  loan->seen_busy = n_busy;
  return anew;
}

/* From a judge that is still there, and may look at the room when another has the stream: so
 * that gets a room of its own. */
static VapLoanBack
take_away (VapLoan *loan, VapStream *stream, VapLoanState state)
{
  VapLoanBack back = restore (loan, stream, state);

  vap_loan_clear (loan);
  return back;
}

/* The clock has ticked: what was there at the last tick too takes long. */
static VapLoanBack
look (VapLoan *loan, VapStream *stream)
{
  VapLoanRoom *room = loan->room;
  VapLoanState state;
  guint64 times;

  if (read (loan->clock, &times, sizeof times) < 0)
    return VAP_LOAN_NOT_BACK;
  if (!is_busy_anew (loan)) {
    state = take (room);
    if (state != VAP_LOAN_MOVING)
      return take_away (loan, stream, state);
    g_atomic_int_set (&room->ticks, FALSE);
    /* which a judge may have found set, while it became busy */
    if (!is_busy_anew (loan))
      return VAP_LOAN_NOT_BACK;
    g_atomic_int_set (&room->ticks, TRUE);
  }
  vap_loan_tick (loan->clock);
  return VAP_LOAN_NOT_BACK;
}

VapLoanBack
vap_loan_wait (VapLoan *loan, VapStream *stream, gint judge)
{
  struct pollfd fds[] = { { .fd = judge, .events = POLLIN },
                          { .fd = loan->clock, .events = POLLIN } };
  VapLoanState state;
  guint8 byte;
  gssize got;

  if (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
    return VAP_LOAN_NOT_BACK;
  if (fds[0].revents == 0)
    return look (loan, stream);
  got = recv (judge, &byte, 1, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return VAP_LOAN_NOT_BACK;
  state = (VapLoanState) g_atomic_int_get (&loan->room->state);
  /* it has ended, or says that it has given the stream back */
  return restore (loan, stream,
                  got == 1 && state != VAP_LOAN_RETURNED ? VAP_LOAN_MOVING : state);
}
