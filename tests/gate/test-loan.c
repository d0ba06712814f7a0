/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the gate makes of memory that a judge has written which ended since, or is busy:
 * it goes on where that is sound, and believes nothing else.
 */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "gate/loan.h"
#include "wire.h"

#define CALL_SIZE 40u

typedef struct {
  VapLoan loan;
  VapStream stream;
  gint judge[2];
} Fixture;

static void
set_up (Fixture *fixture)
{
  VapRpcHeader header = { .length = CALL_SIZE };
  VapLoanRoom *room;

  memset (fixture, 0, sizeof *fixture);
  wire_pair (fixture->judge);
  vap_pipe_init (&fixture->stream.up, 0, 0);
  vap_pipe_init (&fixture->stream.down, 0, 0);
  vap_loan_init (&fixture->loan);
  vap_loan_lend (&fixture->loan, &fixture->stream, fixture->judge[0]);
  g_assert_true (fixture->loan.lent);
  room = fixture->loan.room;
  /* a call at the boundary and the beginning of another, in the midst of an event */
  room->stream.up.start = room->stream.up.cleared = 10;
  room->stream.up.end = 10 + CALL_SIZE + 5;
  room->stream.down.start = 2;
  room->stream.down.cleared = room->stream.down.end = 9;
  room->stream.down.passing = 77;
  memset (room->bytes[0], 'u', room->stream.up.end);
  memset (room->bytes[1], 'd', room->stream.down.end);
  room->header = header;
  room->call_size = CALL_SIZE;
}

static void
tear_down (Fixture *fixture)
{
  vap_loan_clear (&fixture->loan);
  vap_pipe_clear (&fixture->stream.up);
  vap_pipe_clear (&fixture->stream.down);
  close (fixture->judge[0]);
  if (fixture->judge[1] >= 0)
    close (fixture->judge[1]);
}

static VapLoanBack
end_judge (Fixture *fixture, VapLoanState state)
{
  fixture->loan.room->state = (gint) state;
  close (fixture->judge[1]);
  fixture->judge[1] = -1;
  return vap_loan_wait (&fixture->loan, &fixture->stream, fixture->judge[0]);
}

static void
assert_restored (const Fixture *fixture)
{
  const VapPipe *up = &fixture->stream.up, *down = &fixture->stream.down;

  g_assert_cmpuint (up->end - up->start, ==, CALL_SIZE + 5);
  g_assert_cmpuint (up->cleared - up->start, ==, 0);
  g_assert_cmpint (up->buffer[up->start], ==, 'u');
  g_assert_cmpint (up->buffer[up->end - 1], ==, 'u');
  g_assert_cmpuint (down->end - down->start, ==, 7);
  g_assert_cmpuint (down->cleared, ==, down->end);
  g_assert_cmpuint (down->passing, ==, 77);
  g_assert_cmpint (down->buffer[down->start], ==, 'd');
}

static void
test_judge_ended (void)
{
  static const VapLoanBack expected[] = {
    [VAP_LOAN_MOVING] = VAP_LOAN_LOST,
    [VAP_LOAN_WAITING] = VAP_LOAN_BACK,
    [VAP_LOAN_ASKING] = VAP_LOAN_BACK_ASKING,
    [VAP_LOAN_KEEPING] = VAP_LOAN_BACK_KEEPING,
    [VAP_LOAN_READING] = VAP_LOAN_BACK,
    [VAP_LOAN_RETURNED] = VAP_LOAN_BACK,
    [VAP_LOAN_TAKEN] = VAP_LOAN_LOST,
    [VAP_LOAN_TAKEN + 1] = VAP_LOAN_LOST,
  };

  for (guint state = 0; state < G_N_ELEMENTS (expected); state++) {
    Fixture fixture;

    set_up (&fixture);
    g_assert_cmpint (end_judge (&fixture, (VapLoanState) state), ==, expected[state]);
    g_assert_false (fixture.loan.lent);
    if (expected[state] != VAP_LOAN_LOST)
      assert_restored (&fixture);
    tear_down (&fixture);
  }
}

typedef void (*Spoil) (VapLoanRoom *room);

static void
spoil_start (VapLoanRoom *room)
{
  room->stream.up.start = 11;
}

static void
spoil_cleared (VapLoanRoom *room)
{
  room->stream.down.cleared = 10;
}

static void
spoil_end (VapLoanRoom *room)
{
  room->stream.down.end = VAP_PIPE_SIZE + 1;
}

static void
spoil_inserted (VapLoanRoom *room)
{
  room->stream.down.inserted = room->bytes[0];
}

static void
spoil_call_size (VapLoanRoom *room)
{
  room->call_size = CALL_SIZE + 6;
}

static void
spoil_call_end (VapLoanRoom *room)
{
  room->call_size = CALL_SIZE - 1;
}

static void
spoil_call_length (VapLoanRoom *room)
{
  room->header.length = VAP_RPC_HEADER_SIZE - 1;
}

static void
spoil_call_place (VapLoanRoom *room)
{
  room->stream.up.start = 9;
}

static void
test_nonsense (void)
{
  static const Spoil spoils[] = { spoil_start,     spoil_cleared,  spoil_end,
                                  spoil_inserted,  spoil_call_size, spoil_call_end,
                                  spoil_call_length, spoil_call_place };

  for (gsize i = 0; i < G_N_ELEMENTS (spoils); i++) {
    Fixture fixture;

    set_up (&fixture);
    spoils[i](fixture.loan.room);
    g_assert_cmpint (end_judge (&fixture, VAP_LOAN_ASKING), ==, VAP_LOAN_LOST);
    tear_down (&fixture);
  }
}

/* A byte says that the stream is given back, where the state does not it is nonsense. */
static void
test_byte (void)
{
  for (guint state = 0; state <= VAP_LOAN_TAKEN; state++) {
    Fixture fixture;

    set_up (&fixture);
    fixture.loan.room->state = (gint) state;
    wire_write (fixture.judge[1], "", 1);
    g_assert_cmpint (
        vap_loan_wait (&fixture.loan, &fixture.stream, fixture.judge[0]), ==,
        state == VAP_LOAN_RETURNED ? VAP_LOAN_BACK : VAP_LOAN_LOST);
    tear_down (&fixture);
  }
}

static gboolean
ticks_on (const Fixture *fixture)
{
  struct itimerspec left;

  g_assert_no_errno (timerfd_gettime (fixture->loan.clock, &left));
  g_assert_true (left.it_value.tv_nsec <= VAP_LOAN_TICK_MS * 1000000L);
  return left.it_value.tv_nsec > 0;
}

static VapLoanBack
tick (Fixture *fixture)
{
  const struct itimerspec soon = { .it_value.tv_nsec = 1000 };

  g_assert_no_errno (timerfd_settime (fixture->loan.clock, 0, &soon, NULL));
  return vap_loan_wait (&fixture->loan, &fixture->stream, fixture->judge[0]);
}

/* The clock ticks; a judge that is busy as at the last tick, with something that can wait,
 * loses the stream, and can find that out; one that relays keeps it.  When the judge was
 * not busy since the last tick the clock stands still. */
static void
test_clock (void)
{
  static const VapLoanBack expected[] = {
    [VAP_LOAN_MOVING] = VAP_LOAN_NOT_BACK,    [VAP_LOAN_WAITING] = VAP_LOAN_NOT_BACK,
    [VAP_LOAN_ASKING] = VAP_LOAN_BACK_ASKING, [VAP_LOAN_KEEPING] = VAP_LOAN_BACK_KEEPING,
    [VAP_LOAN_READING] = VAP_LOAN_BACK,       [VAP_LOAN_RETURNED] = VAP_LOAN_NOT_BACK,
  };

  for (guint state = 0; state < G_N_ELEMENTS (expected); state++) {
    gboolean back = expected[state] != VAP_LOAN_NOT_BACK;
    VapLoanRoom *judges_room;
    Fixture fixture;

    set_up (&fixture);
    fixture.loan.room->state = (gint) state;
    judges_room = mmap (NULL, sizeof *judges_room, PROT_READ, MAP_SHARED,
                        fixture.loan.room_fd, 0);
    g_assert_true (judges_room != MAP_FAILED);
    fixture.loan.room->ticks = TRUE;
    for (gint busy = 1; busy < 4; busy++) {
      fixture.loan.room->n_busy = busy;
      g_assert_cmpint (tick (&fixture), ==, VAP_LOAN_NOT_BACK);
      g_assert_true (fixture.loan.room->ticks && ticks_on (&fixture));
    }
    g_assert_cmpint (tick (&fixture), ==, expected[state]);
    g_assert_true (back || !(fixture.loan.room->ticks || ticks_on (&fixture)));
    g_assert_cmpint (fixture.loan.lent, ==, !back);
    /* a judge that looks late finds that it was taken, whoever has the stream then */
    g_assert_cmpint (judges_room->state, ==, back ? VAP_LOAN_TAKEN : (gint) state);
    g_assert_true (back == (fixture.loan.room == NULL));
    if (back)
      assert_restored (&fixture);
    munmap (judges_room, sizeof *judges_room);
    tear_down (&fixture);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/loan/judge-ended", test_judge_ended);
  g_test_add_func ("/loan/nonsense", test_nonsense);
  g_test_add_func ("/loan/byte", test_byte);
  g_test_add_func ("/loan/clock", test_clock);
  return g_test_run ();
}
