/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of KVM's decision about a PQAP: every branch, and their order. */
#include "ap/kvm-pqap.h"

#include <string.h>

/* A guest in which every question but the last says no, and a call likewise. */
static const VapPqapGuest whole = { TRUE, TRUE, TRUE, TRUE, TRUE, TRUE, FALSE };
static const VapPqapCall plain = { .fc = 3, .queue = { 5, 0x47 } };

static void
assert_outcome (VapPqapGuest guest, VapPqapCall call, VapPqapOutcome expected,
                const char *reason)
{
  const VapPqapDecision *decision = vap_pqap_decide (&guest, &call);

  g_assert_cmpint (decision->outcome, ==, expected);
  if (strstr (decision->reason, reason) == NULL)
    g_error ("'%s' does not say '%s'", decision->reason, reason);
}

static void
test_branches (void)
{
  VapPqapGuest guest = whole;
  VapPqapCall call = plain;

  assert_outcome (whole, plain, VAP_PQAP_DRIVER, "vfio_ap");
  guest.host_ap = FALSE;
  assert_outcome (guest, plain, VAP_PQAP_OPERATION, "host");
  guest = whole, guest.guest_ap = FALSE;
  assert_outcome (guest, plain, VAP_PQAP_OPERATION, "guest");
  guest = whole, guest.apqi = FALSE;
  assert_outcome (guest, plain, VAP_PQAP_SPECIFICATION, "facility 65");
  guest = whole, guest.device = FALSE;
  assert_outcome (guest, plain, VAP_PQAP_NO_QUEUES, "no vfio_ap device");
  call.problem_state = TRUE;
  assert_outcome (whole, call, VAP_PQAP_PRIVILEGED, "kernel");
  call = plain, call.reserved_bits = TRUE;
  assert_outcome (whole, call, VAP_PQAP_SPECIFICATION, "41 to 47");
}

static void
test_functions (void)
{
  for (guint fc = 0; fc < 256; fc++) {
    VapPqapGuest guest = whole;
    VapPqapCall call = plain;

    call.fc = (guint8)fc;
    if (fc == 3)
      continue;
    assert_outcome (guest, call, VAP_PQAP_INTERPRETED, "machine");
    guest.intercept_all = TRUE;
    assert_outcome (guest, call, VAP_PQAP_OPERATION, "AQIC");
    guest.guest_ap = FALSE;
    assert_outcome (guest, call, VAP_PQAP_OPERATION, "feature ap");
  }
}

static void
test_t_bit (void)
{
  VapPqapGuest guest = whole;
  VapPqapCall call = plain;

  call.t_bit = TRUE;
  assert_outcome (whole, call, VAP_PQAP_DRIVER, "vfio_ap");
  guest.apft = FALSE;
  assert_outcome (guest, call, VAP_PQAP_SPECIFICATION, "T bit");
  assert_outcome (guest, plain, VAP_PQAP_DRIVER, "vfio_ap");
  /* the machine's business */
  call.fc = 0;
  assert_outcome (guest, call, VAP_PQAP_INTERPRETED, "machine");
}

/* KVM's mask is 0xc0f0: adapters to 63, domains to 15 */
static void
test_addressing (void)
{
  VapPqapGuest guest = whole;
  VapPqapCall call = plain;

  guest.apxa = FALSE;
  for (guint adapter = 0; adapter < 256; adapter += 3) {
    for (guint domain = 0; domain < 256; domain++) {
      gboolean masked = ((adapter << 8 | domain) & 0xc0f0) != 0;

      call.queue = (VapQueue){ (guint8)adapter, (guint8)domain };
      assert_outcome (guest, call, masked ? VAP_PQAP_SPECIFICATION : VAP_PQAP_DRIVER, "");
      assert_outcome (whole, call, VAP_PQAP_DRIVER, "");
    }
  }
}

/* each question goes before all that follow it */
static void
test_order (void)
{
  VapPqapGuest guest = { 0 };
  VapPqapCall call = { 3, { 64, 16 }, TRUE, TRUE, TRUE };

  assert_outcome (guest, call, VAP_PQAP_OPERATION, "host");
  guest.host_ap = TRUE;
  assert_outcome (guest, call, VAP_PQAP_OPERATION, "guest");
  guest.guest_ap = TRUE;
  assert_outcome (guest, call, VAP_PQAP_PRIVILEGED, "kernel");
  call.problem_state = FALSE;
  assert_outcome (guest, call, VAP_PQAP_SPECIFICATION, "41 to 47");
  call.reserved_bits = FALSE;
  assert_outcome (guest, call, VAP_PQAP_SPECIFICATION, "T bit");
  guest.apft = TRUE;
  assert_outcome (guest, call, VAP_PQAP_SPECIFICATION, "apxa");
  guest.apxa = TRUE;
  assert_outcome (guest, call, VAP_PQAP_SPECIFICATION, "apqi");
  guest.apqi = TRUE;
  assert_outcome (guest, call, VAP_PQAP_NO_QUEUES, "");
  guest.device = TRUE;
  assert_outcome (guest, call, VAP_PQAP_DRIVER, "");
}

static void
test_names (void)
{
  for (guint i = 0; i < VAP_N_PQAP_OUTCOMES; i++) {
    g_assert_nonnull (vap_pqap_outcome_id ((VapPqapOutcome)i));
    g_assert_nonnull (vap_pqap_outcome_to_string ((VapPqapOutcome)i));
  }
}

static void
test_parse (void)
{
  static const char *const wrong[]
      = { "",       ",",         "-1", "256",    "0x100", "XYZ",
          "3,5.47", "3,05.0147", "3,", "3,tbit", "3 " };
  g_autoptr (GError) error = NULL;
  VapPqapCall call;

  g_assert_true (vap_pqap_call_parse ("3", &call, &error));
  g_assert_cmpuint (call.fc, ==, 3);
  g_assert_false (call.t_bit);
  g_assert_true (vap_pqap_call_parse ("aqic,05.00ab,t-bit", &call, &error));
  g_assert_cmpuint (call.fc, ==, 3);
  g_assert_cmpuint (call.queue.adapter, ==, 5);
  g_assert_cmpuint (call.queue.domain, ==, 0xab);
  g_assert_true (call.t_bit && !call.problem_state && !call.reserved_bits);
  g_assert_true (vap_pqap_call_parse ("0xff,problem-state,reserved-bits", &call, &error));
  g_assert_cmpuint (call.fc, ==, 255);
  g_assert_true (!call.t_bit && call.problem_state && call.reserved_bits);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_assert_false (vap_pqap_call_parse (wrong[i], &call, &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    g_clear_error (&error);
  }
  g_assert_cmpuint (call.fc, ==, 255);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kvm-pqap/branches", test_branches);
  g_test_add_func ("/kvm-pqap/functions", test_functions);
  g_test_add_func ("/kvm-pqap/t-bit", test_t_bit);
  g_test_add_func ("/kvm-pqap/addressing", test_addressing);
  g_test_add_func ("/kvm-pqap/order", test_order);
  g_test_add_func ("/kvm-pqap/names", test_names);
  g_test_add_func ("/kvm-pqap/parse", test_parse);
  return g_test_run ();
}
