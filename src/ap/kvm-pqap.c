/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * KVM's decision about a PQAP, as a table of its questions in their order: the
 * first that says yes decides.
 * Source: Linux arch/s390/kvm/priv.c, handle_pqap(); QEMU target/s390x/kvm/kvm.c,
 * kvm_arch_handle_exit(), for what userspace makes of it
 */
#include "ap/kvm-pqap.h"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ap/pqap.h"

#define FC_AQIC 3u
#define MAX_ADAPTER_BASIC 63u
#define MAX_DOMAIN_BASIC 15u

typedef gboolean (*Question) (const VapPqapGuest *guest, const VapPqapCall *call);

static gboolean
has_no_host_ap (const VapPqapGuest *guest, G_GNUC_UNUSED const VapPqapCall *call)
{
  return !guest->host_ap;
}

static gboolean
has_no_guest_ap (const VapPqapGuest *guest, G_GNUC_UNUSED const VapPqapCall *call)
{
  return !guest->guest_ap;
}

/* KVM leaves the control IC.3 off, so that only AQIC is intercepted by itself */
static gboolean
is_intercepted_for_another (const VapPqapGuest *guest, const VapPqapCall *call)
{
  return call->fc != FC_AQIC && guest->intercept_all;
}

static gboolean
is_another (G_GNUC_UNUSED const VapPqapGuest *guest, const VapPqapCall *call)
{
  return call->fc != FC_AQIC;
}

static gboolean
is_problem_state (G_GNUC_UNUSED const VapPqapGuest *guest, const VapPqapCall *call)
{
  return call->problem_state;
}

static gboolean
has_reserved_bits (G_GNUC_UNUSED const VapPqapGuest *guest, const VapPqapCall *call)
{
  return call->reserved_bits;
}

static gboolean
has_idle_t_bit (const VapPqapGuest *guest, const VapPqapCall *call)
{
  return call->t_bit && !guest->apft;
}

static gboolean
is_beyond_basic_addressing (const VapPqapGuest *guest, const VapPqapCall *call)
{
  return !guest->apxa && (call->queue.adapter > MAX_ADAPTER_BASIC ||
                          call->queue.domain > MAX_DOMAIN_BASIC);
}

static gboolean
has_no_apqi (const VapPqapGuest *guest, G_GNUC_UNUSED const VapPqapCall *call)
{
  return !guest->apqi;
}

static gboolean
has_no_device (const VapPqapGuest *guest, G_GNUC_UNUSED const VapPqapCall *call)
{
  return !guest->device;
}

static gboolean
always (G_GNUC_UNUSED const VapPqapGuest *guest, G_GNUC_UNUSED const VapPqapCall *call)
{
  return TRUE;
}

static const struct {
  Question question;
  VapPqapDecision decision;
} decisions[] = {
  { has_no_host_ap,
    { VAP_PQAP_OPERATION, N_ ("the host does not have the AP instructions") } },
  { has_no_guest_ap,
    { VAP_PQAP_OPERATION, N_ ("the guest does not have the CPU feature ap") } },
  { is_intercepted_for_another,
    { VAP_PQAP_OPERATION, N_ ("KVM handles no other function than AQIC") } },
  { is_another,
    { VAP_PQAP_INTERPRETED, N_ ("the machine executes it with the guest's own masks") } },
  { is_problem_state,
    { VAP_PQAP_PRIVILEGED, N_ ("only the guest's kernel may issue it") } },
  { has_reserved_bits,
    { VAP_PQAP_SPECIFICATION, N_ ("the bits 41 to 47 of register 0 must be zeros") } },
  { has_idle_t_bit,
    { VAP_PQAP_SPECIFICATION, N_ ("the T bit is on and the guest does not have apft") } },
  { is_beyond_basic_addressing,
    { VAP_PQAP_SPECIFICATION,
      N_ ("without apxa adapters end at 63 and domains at 15") } },
  { has_no_apqi,
    { VAP_PQAP_SPECIFICATION, N_ ("the guest does not have apqi, facility 65") } },
  { has_no_device,
    { VAP_PQAP_NO_QUEUES,
      N_ ("no vfio_ap device is attached, so there are no queues") } },
  { always, { VAP_PQAP_DRIVER, N_ ("the driver vfio_ap answers for the queue") } },
};

const VapPqapDecision *
vap_pqap_decide (const VapPqapGuest *guest, const VapPqapCall *call)
{
  guint i = 0;

  /* the last one always decides */
  while (!decisions[i].question (guest, call))
    i++;
  return &decisions[i].decision;
}

static const struct {
  const char *id;
  const char *text;
} outcomes[VAP_N_PQAP_OUTCOMES] = {
  [VAP_PQAP_INTERPRETED] = { "interpreted", N_ ("interpreted by the machine") },
  [VAP_PQAP_OPERATION] = { "operation-exception", N_ ("operation exception") },
  [VAP_PQAP_PRIVILEGED] = { "privileged-operation-exception",
                            N_ ("privileged-operation exception") },
  [VAP_PQAP_SPECIFICATION] = { "specification-exception",
                               N_ ("specification exception") },
  [VAP_PQAP_NO_QUEUES] = { "response-code-01",
                           N_ ("response code 01, condition code 3") },
  [VAP_PQAP_DRIVER] = { "driver", N_ ("the driver's answer") },
};

const char *
vap_pqap_outcome_id (VapPqapOutcome outcome)
{
  return outcomes[outcome].id;
}

const char *
vap_pqap_outcome_to_string (VapPqapOutcome outcome)
{
  return outcomes[outcome].text;
}

static gboolean
parse_fc (const char *word, guint8 *fc)
{
  gboolean is_hex = g_str_has_prefix (word, "0x");
  guint64 number;

  for (const VapPqapFunction *function = vap_pqap_functions (); function->name != NULL;
       function++) {
    if (g_ascii_strcasecmp (function->name, word) == 0) {
      *fc = function->fc;
      return TRUE;
    }
  }
  if (!g_ascii_string_to_unsigned (is_hex ? word + 2 : word, is_hex ? 16 : 10, 0,
                                   G_MAXUINT8, &number, NULL))
    return FALSE;
  *fc = (guint8) number;
  return TRUE;
}

static gboolean
parse_word (const char *word, VapPqapCall *call)
{
  const struct {
    const char *name;
    gboolean *flag;
  } flags[] = {
    { "t", &call->t_bit },
    { "t-bit", &call->t_bit },
    { "reserved-bits", &call->reserved_bits },
    { "problem-state", &call->problem_state },
  };

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++) {
    if (g_str_equal (flags[i].name, word)) {
      *flags[i].flag = TRUE;
      return TRUE;
    }
  }
  return vap_queue_parse (word, &call->queue);
}

gboolean
vap_pqap_call_parse (const char *text, VapPqapCall *call, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  VapPqapCall read = { 0 };

  if (words[0] == NULL || !parse_fc (words[0], &read.fc)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("'%s' does not begin with a function code from 0 to 255, nor with "
                    "the name of one, such as AQIC"),
                 text);
    return FALSE;
  }
  for (guint i = 1; words[i] != NULL; i++) {
    if (!parse_word (words[i], &read)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                   _ ("'%s' is neither a queue such as 05.0047 nor one of t-bit, "
                      "reserved-bits and problem-state"),
                   words[i]);
      return FALSE;
    }
  }
  *call = read;
  return TRUE;
}
