/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of the intercepted calls.  Nothing here knows a rule: a call is decoded,
 * the judge is asked, its findings become the message of a libvirt error.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "audit/writer.h"
#include "gate/calls.h"
#include "grant/grant.h"
#include "judge/judge.h"
#include "rpc/args.h"
#include "rpc/reply.h"

/* What a question is made of.  @fault: what is wrong with the configuration, NULL if
 * nothing is; then @config has what counts without one. */
typedef struct {
  VapSeat *seat;
  const char *root;
  const VapConfig *config;
  const GError *fault;
  const VapRpcArgs *args;
  VapAction action;
} Asking;

typedef VapVerdict *(*AskFunc) (const Asking *asking, GError **error);

typedef struct {
  guint32 procedure; /* remote_protocol.x, REMOTE_PROC_… */
  const char *name;
  VapRpcShape shape;
  gint error_domain;
  AskFunc ask;
  VapAction action;
} Call;

/* VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE and VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE: the
 * XML has a domain, which is read; without it libvirt takes the guest as it is */
#define FLAG_REDEFINE (1u << 0)
/* VIR_NODE_DEVICE_UPDATE_AFFECT_CONFIG alone */
#define FLAG_ONLY_CONFIG (1u << 1)

static char *
guest_uuid (const VapRpcArgs *args)
{
  const guint8 *u = args->guest_uuid;

  return g_strdup_printf (
      "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
      u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
      u[15]);
}

static VapVerdict *
ask_mended (const Asking *asking, const char *xml, guint mend, GError **error)
{
  return vap_judge_mended_xml (asking->root, xml, strlen (xml), mend, asking->action,
                               error);
}

/* of a guest that is there already: what it runs with must stay as it is */
static VapVerdict *
ask_guest (const Asking *asking, GError **error)
{
  return ask_mended (asking, asking->args->xml, VAP_MEND_MODELS, error);
}

static guint
mend_new (const VapConfig *config)
{
  return VAP_MEND_MODELS | (config->complete ? VAP_MEND_FEATURES : 0);
}

/* A guest of Nova's may get a device first, and whatever CPU features that needs. */
static VapVerdict *
ask_new_guest (const Asking *asking, GError **error)
{
  const VapGrantPlace place = { asking->root, asking->seat->uri, asking->config,
                                asking->fault };
  const char *xml = asking->args->xml;
  guint mend = mend_new (asking->config);
  g_autofree char *granted = NULL;
  g_autofree char *note = NULL;
  g_autoptr (VapVerdict) verdict = NULL;

  if (!vap_grant_to_guest (&place, xml, strlen (xml), &granted, &note, error))
    return NULL;
  if (granted == NULL)
    return ask_mended (asking, xml, mend, error);
  verdict = ask_mended (asking, granted, mend | VAP_MEND_FEATURES, error);
  if (verdict == NULL)
    return NULL;
  if (verdict->rewritten == NULL)
    verdict->rewritten = g_steal_pointer (&granted);
  g_ptr_array_add (verdict->notes, g_steal_pointer (&note));
  return g_steal_pointer (&verdict);
}

static void
sweep_within (VapSeat *seat, guint seconds)
{
  seat->sweep_at =
      seconds > 0 ? g_get_monotonic_time () + seconds * G_TIME_SPAN_SECOND : 0;
}

/* What a guest was granted is its until somebody else needs it, or it does not come back:
 * never a reason not to undefine it. */
static VapVerdict *
ask_undefine (const Asking *asking, G_GNUC_UNUSED GError **error)
{
  g_autofree char *uuid = guest_uuid (asking->args);
  g_autoptr (GError) reason = NULL;
  gboolean released;

  if (!vap_grant_release (asking->root, uuid, &released, &reason))
    g_info ("%s", reason->message);
  else if (released)
    sweep_within (asking->seat, asking->config->grant_keep);
  return NULL;
}

/* of a snapshot or a checkpoint; NULL without an error when there is none in it */
static VapVerdict *
ask_moment (const Asking *asking, GError **error)
{
  if (!(asking->args->flags & FLAG_REDEFINE))
    return NULL;
  return ask_guest (asking, error);
}

/* A translation shows what would be defined, and refuses nothing; what is wrong with
 * the document is libvirt's to tell. */
static VapVerdict *
ask_translation (const Asking *asking, G_GNUC_UNUSED GError **error)
{
  const char *xml = asking->args->xml;
  g_autoptr (GError) reason = NULL;
  VapVerdict *verdict = vap_judge_translated_xml (asking->root, xml, strlen (xml),
                                                  mend_new (asking->config), &reason);

  if (verdict == NULL)
    g_info ("%s", reason->message);
  return verdict;
}

static VapVerdict *
ask_attach (const Asking *asking, GError **error)
{
  const VapRpcArgs *args = asking->args;
  g_autofree char *uuid = guest_uuid (args);

  return vap_judge_mended_attach (asking->root, args->guest_name, uuid, args->xml,
                                  strlen (args->xml), error);
}

static VapVerdict *
ask_stored_guest (const Asking *asking, GError **error)
{
  g_autofree char *uuid = guest_uuid (asking->args);

  return vap_judge_stored_guest (asking->root, asking->args->guest_name, uuid, error);
}

static VapVerdict *
ask_stored_snapshot (const Asking *asking, GError **error)
{
  return vap_judge_stored_snapshot (asking->root, asking->args->guest_name,
                                    asking->args->name, error);
}

static VapVerdict *
ask_device (const Asking *asking, GError **error)
{
  const char *xml = asking->args->xml;

  return vap_judge_device_xml (asking->root, xml, strlen (xml), asking->action, error);
}

static VapVerdict *
ask_stored_device (const Asking *asking, GError **error)
{
  return vap_judge_stored_device (asking->root, asking->args->name, error);
}

static VapVerdict *
ask_device_update (const Asking *asking, GError **error)
{
  const char *xml = asking->args->xml;

  return vap_judge_device_update (asking->root, xml, strlen (xml),
                                  asking->args->flags == FLAG_ONLY_CONFIG, error);
}

#define GUEST VIR_FROM_DOMAIN
#define SNAPSHOT VIR_FROM_DOMAIN_SNAPSHOT
#define CHECKPOINT VIR_FROM_DOMAIN_CHECKPOINT
#define DEVICE VIR_FROM_NODEDEV
#define DEFINE VAP_ACTION_DEFINE
#define START VAP_ACTION_START

/* By number.  docs/gate-calls.rst lists these, and says why no other is here. */
static const Call calls[] = {
  { 8, "DOMAIN_ATTACH_DEVICE", "dx", GUEST, ask_attach, START },
  { 9, "DOMAIN_CREATE", "d", GUEST, ask_stored_guest, START },
  { 10, "DOMAIN_CREATE_XML", "xu", GUEST, ask_new_guest, START },
  { 11, "DOMAIN_DEFINE_XML", "x", GUEST, ask_new_guest, DEFINE },
  { 35, "DOMAIN_UNDEFINE", "d", GUEST, ask_undefine, DEFINE },
  { 108, "DOMAIN_MIGRATE_PREPARE2", "ShShx", GUEST, ask_guest, START },
  { 123, "NODE_DEVICE_CREATE_XML", "xu", DEVICE, ask_device, START },
  { 136, "CONNECT_DOMAIN_XML_TO_NATIVE", "sxu", GUEST, ask_translation, DEFINE },
  { 148, "DOMAIN_MIGRATE_PREPARE_TUNNEL", "hShx", GUEST, ask_guest, START },
  { 160, "DOMAIN_ATTACH_DEVICE_FLAGS", "dxu", GUEST, ask_attach, START },
  { 174, "DOMAIN_UPDATE_DEVICE_FLAGS", "dxu", GUEST, ask_attach, START },
  { 185, "DOMAIN_SNAPSHOT_CREATE_XML", "dxu", SNAPSHOT, ask_moment, DEFINE },
  { 192, "DOMAIN_REVERT_TO_SNAPSHOT", "ndu", SNAPSHOT, ask_stored_snapshot, START },
  { 196, "DOMAIN_CREATE_WITH_FLAGS", "du", GUEST, ask_stored_guest, START },
  { 213, "DOMAIN_MIGRATE_BEGIN3", "dXhSh", GUEST, ask_guest, START },
  { 214, "DOMAIN_MIGRATE_PREPARE3", "oShShx", GUEST, ask_guest, START },
  { 215, "DOMAIN_MIGRATE_PREPARE_TUNNEL3", "ohShx", GUEST, ask_guest, START },
  { 216, "DOMAIN_MIGRATE_PERFORM3", "dXoSShSh", GUEST, ask_guest, START },
  { 231, "DOMAIN_UNDEFINE_FLAGS", "du", GUEST, ask_undefine, DEFINE },
  { 232, "DOMAIN_SAVE_FLAGS", "dsXu", GUEST, ask_guest, DEFINE },
  { 233, "DOMAIN_RESTORE_FLAGS", "sXu", GUEST, ask_guest, START },
  { 236, "DOMAIN_SAVE_IMAGE_DEFINE_XML", "sxu", GUEST, ask_guest, DEFINE },
  { 302, "DOMAIN_MIGRATE_BEGIN3_PARAMS", "dpu", GUEST, ask_guest, START },
  { 303, "DOMAIN_MIGRATE_PREPARE3_PARAMS", "pou", GUEST, ask_guest, START },
  { 304, "DOMAIN_MIGRATE_PREPARE_TUNNEL3_PARAMS", "pou", GUEST, ask_guest, START },
  { 305, "DOMAIN_MIGRATE_PERFORM3_PARAMS", "dSpou", GUEST, ask_guest, START },
  { 309, "DOMAIN_CREATE_XML_WITH_FILES", "xu", GUEST, ask_new_guest, START },
  { 310, "DOMAIN_CREATE_WITH_FILES", "du", GUEST, ask_stored_guest, START },
  { 350, "DOMAIN_DEFINE_XML_FLAGS", "xu", GUEST, ask_new_guest, DEFINE },
  { 389, "DOMAIN_MANAGED_SAVE_DEFINE_XML", "dXu", GUEST, ask_guest, DEFINE },
  { 411, "DOMAIN_CHECKPOINT_CREATE_XML", "dxu", CHECKPOINT, ask_moment, DEFINE },
  { 428, "NODE_DEVICE_DEFINE_XML", "xu", DEVICE, ask_device, DEFINE },
  { 430, "NODE_DEVICE_CREATE", "nu", DEVICE, ask_stored_device, START },
  { 440, "DOMAIN_SAVE_PARAMS", "dpu", GUEST, ask_guest, DEFINE },
  { 441, "DOMAIN_RESTORE_PARAMS", "pu", GUEST, ask_guest, START },
  { 447, "NODE_DEVICE_UPDATE", "nxu", DEVICE, ask_device_update, VAP_ACTION_MODIFY },
};

static int
compare_procedure (const void *key, const void *element)
{
  guint32 procedure = *(const guint32 *) key;
  const Call *call = element;

  return (procedure > call->procedure) - (procedure < call->procedure);
}

static const Call *
find_call (const VapRpcHeader *header)
{
  if (!vap_rpc_header_is_call (header, header->procedure))
    return NULL;
  return bsearch (&header->procedure, calls, G_N_ELEMENTS (calls), sizeof calls[0],
                  compare_procedure);
}

const char *
vap_calls_name (guint32 procedure)
{
  const Call *call = bsearch (&procedure, calls, G_N_ELEMENTS (calls), sizeof calls[0],
                              compare_procedure);

  return call != NULL ? call->name : NULL;
}

gboolean
vap_calls_carries_xml (guint32 procedure)
{
  const Call *call = bsearch (&procedure, calls, G_N_ELEMENTS (calls), sizeof calls[0],
                              compare_procedure);

  return call != NULL && strpbrk (call->shape, "xXp") != NULL;
}

gboolean
vap_calls_wants (const VapRpcHeader *header)
{
  return find_call (header) != NULL;
}

static void
refuse (const Call *call, const VapRpcHeader *header, gint code, const char *message,
        VapAnswer *answer)
{
  VapRpcError error = {
    .code = code,
    .domain = call->error_domain,
    .level = VIR_ERR_ERROR,
    .message = message,
  };

  answer->reply = vap_rpc_error_reply (header, &error, &answer->reply_length);
}

/* The wording of libvirt for these codes (src/util/virerror.c), which is a part of
 * the message there: a client shows no more than the message. */
static void
refuse_verdict (const Call *call, const VapRpcHeader *header, const VapVerdict *verdict,
                VapAnswer *answer)
{
  g_autofree char *findings = vap_findings_to_text (verdict->findings, VAP_SEVERITY_NOTE);
  g_autofree char *message = g_strdup_printf (
      _ ("unsupported configuration: virt-ap refuses this:\n%s"), g_strchomp (findings));

  refuse (call, header, VIR_ERR_CONFIG_UNSUPPORTED, message, answer);
}

static void
refuse_unjudged (const Call *call, const VapRpcHeader *header, const GError *error,
                 VapAnswer *answer)
{
  if (g_error_matches (error, VAP_ERROR, VAP_ERROR_MALFORMED)) {
    refuse (call, header, VIR_ERR_XML_DETAIL, error->message, answer);
    return;
  }
  g_autofree char *message = g_strdup_printf (
      _ ("operation failed: virt-ap could not judge this: %s"), error->message);
  refuse (call, header, VIR_ERR_OPERATION_FAILED, message, answer);
}

/* What QEMU would refuse, and the gate would have taken out of the domain XML. */
static void
refuse_stale (const Call *call, const VapRpcHeader *header, const VapRpcArgs *args,
              VapAnswer *answer)
{
  g_autofree char *message = g_strdup_printf (
      _ ("unsupported configuration: virt-ap refuses this:\n"
         "guest '%s' asks for a CPU feature that its QEMU has no property for, so that "
         "QEMU would not start; define it again, which keeps the feature from QEMU, "
         "with: virsh edit %s"),
      args->guest_name, args->guest_name);

  refuse (call, header, VIR_ERR_CONFIG_UNSUPPORTED, message, answer);
}

/* The call with the judge's XML in the place of its own. */
static void
rewrite (const Call *call, const VapRpcHeader *header, const guint8 *frame, gsize head,
         const VapRpcArgs *args, const VapVerdict *verdict, VapAnswer *answer)
{
  answer->call = vap_rpc_args_replace_xml (frame, header->length, head, args,
                                           verdict->rewritten, &answer->call_length);
  if (answer->call == NULL)
    refuse (call, header, VIR_ERR_XML_DETAIL,
            _ ("the XML is too long once virt-ap has added its metadata"), answer);
}

static void
answer_verdict (const Call *call, const VapRpcHeader *header, const guint8 *frame,
                gsize head, const VapRpcArgs *args, const VapVerdict *verdict,
                VapAnswer *answer)
{
  if (vap_findings_refuse (verdict->findings)) {
    refuse_verdict (call, header, verdict, answer);
    return;
  }
  if (verdict->stale) {
    refuse_stale (call, header, args, answer);
    return;
  }
  if (verdict->rewritten != NULL)
    rewrite (call, header, frame, head, args, verdict, answer);
}

/* whether the call may have an XML, but this one has none: nothing new comes in */
static gboolean
left_out_xml (const Call *call, const VapRpcArgs *args)
{
  return args->xml == NULL && strpbrk (call->shape, "Xp") != NULL;
}

/* What to do is not known for sure, so that nothing concerning AP is done. */
static void
refuse_unconfigured (const Call *call, const VapRpcHeader *header, const GError *error,
                     VapAnswer *answer)
{
  g_autofree char *message =
      g_strdup_printf (_ ("operation failed: virt-ap's configuration is wrong, so it "
                          "lets nothing that concerns AP pass: %s"),
                       error->message);

  refuse (call, header, VIR_ERR_OPERATION_FAILED, message, answer);
}

/* What was judged, and what could not be, is kept: a refusal before it is told, what goes
 * on while the daemon works.  A translation is no decision. */
static void
keep (const Call *call, const Asking *asking, const VapRecord *record,
      const VapAnswer *answer)
{
  if (call->ask == ask_translation)
    return;
  if (answer->reply == NULL && asking->seat->go_on != NULL)
    asking->seat->go_on (answer);
  vap_audit_write (asking->root, asking->config, record);
}

static void
keep_unjudged (const Call *call, const Asking *asking, const VapAnswer *answer,
               const char *reason)
{
  const VapRecord record = {
    .door = VAP_DOOR_GATE,
    .call = call->name,
    .guest = asking->args->guest_name,
    .decision = VAP_DECISION_UNJUDGED,
    .passed = answer->reply == NULL,
    .reason = reason,
  };

  keep (call, asking, &record, answer);
}

static void
keep_verdict (const Call *call, const Asking *asking, const VapVerdict *verdict,
              const VapAnswer *answer)
{
  VapRecord record =
      vap_verdict_to_record (verdict, VAP_DOOR_GATE, call->name, answer->reply == NULL);

  if (!verdict->concerned && verdict->notes->len == 0)
    return;
  if (record.guest == NULL)
    record.guest = asking->args->guest_name;
  keep (call, asking, &record, answer);
}

/* A guest that is to have crypto must not come to be without it. */
static void
refuse_grant (const Call *call, const VapRpcHeader *header, const GError *error,
              VapAnswer *answer)
{
  g_autofree char *message =
      g_strdup_printf (_ ("operation failed: virt-ap refuses this: %s"), error->message);

  refuse (call, header, VIR_ERR_OPERATION_FAILED, message, answer);
}

/* Where errors only warn, what could not be judged passes too. */
static void
answer_unjudged (const Call *call, const VapRpcHeader *header, const Asking *asking,
                 const GError *error, VapAnswer *answer)
{
  if (asking->config->policy[VAP_DOOR_GATE] == VAP_ENFORCE)
    refuse_unjudged (call, header, error, answer);
  keep_unjudged (call, asking, answer, error->message);
}

static void
judge_args (const Call *call, const VapRpcHeader *header, const guint8 *frame, gsize head,
            const Asking *asking, VapAnswer *answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapVerdict) verdict = call->ask (asking, &error);

  if (g_error_matches (error, VAP_GRANT_ERROR, 0)) {
    refuse_grant (call, header, error, answer);
    keep_unjudged (call, asking, answer, error->message);
  } else if (error != NULL) {
    answer_unjudged (call, header, asking, error, answer);
  } else if (verdict != NULL && verdict->concerned && asking->fault != NULL) {
    refuse_unconfigured (call, header, asking->fault, answer);
    keep_unjudged (call, asking, answer, asking->fault->message);
  } else if (verdict != NULL) {
    vap_verdict_enforce (verdict, asking->config, VAP_DOOR_GATE);
    answer_verdict (call, header, frame, head, asking->args, verdict, answer);
    keep_verdict (call, asking, verdict, answer);
  }
}

static void
judge_call (const Call *call, const VapRpcHeader *header, const guint8 *frame, gsize head,
            VapSeat *seat, VapAnswer *answer)
{
  g_auto (VapRpcArgs) args = { 0 };
  g_autoptr (GError) fault = NULL;
  g_autoptr (VapConfig) config = vap_config_read (seat->root, vap_finding_exists, &fault);

  if (config == NULL)
    config = vap_config_new ();
  if (config->policy[VAP_DOOR_GATE] == VAP_OFF)
    return;

  const Asking asking = { seat, seat->root, config, fault, &args, call->action };
  if (!vap_rpc_args_decode (call->shape, frame + head, header->length - head, &args)) {
    g_autofree char *message =
        g_strdup_printf (_ ("virt-ap cannot decode the arguments of %s"), call->name);
    refuse (call, header, VIR_ERR_RPC, message, answer);
    keep_unjudged (call, &asking, answer, message);
  } else if (!left_out_xml (call, &args)) {
    judge_args (call, header, frame, head, &asking, answer);
  }
}

void
vap_calls_keep_lost (guint32 procedure, gboolean passed, const char *root)
{
  const char *name = vap_calls_name (procedure);
  g_autoptr (VapConfig) config = vap_config_read (root, vap_finding_exists, NULL);
  const VapRecord record = {
    .door = VAP_DOOR_GATE,
    .call = name,
    .decision = VAP_DECISION_UNJUDGED,
    .passed = passed,
    .reason = passed ? _ ("the judge ended before it had kept its decision")
                     : _ ("the judge ended without an answer"),
  };

  if (name != NULL)
    vap_audit_write (root, config, &record);
}

void
vap_calls_judge (const VapRpcHeader *header, const guint8 *frame, VapAnswer *answer,
                 VapSeat *seat)
{
  const Call *call = find_call (header);
  gsize head = VAP_RPC_HEADER_SIZE;

  if (frame == NULL) {
    g_autofree char *message = g_strdup_printf (
        _ ("the arguments of %s are longer than the %u bytes that libvirt takes"),
        call->name, VAP_RPC_STRING_MAX);
    const VapRpcArgs nothing = { 0 };
    const Asking asking = { .seat = seat, .root = seat->root, .args = &nothing };

    refuse (call, header, VIR_ERR_RPC, message, answer);
    keep_unjudged (call, &asking, answer, message);
    return;
  }
  if (vap_rpc_header_has_fds (header))
    head += VAP_RPC_COUNT_SIZE;
  judge_call (call, header, frame, head, seat, answer);
}

void
vap_calls_sweep (VapSeat *seat)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapConfig) config = vap_config_read (seat->root, vap_finding_exists, NULL);
  guint seconds = VAP_GRANT_KEEP_SECONDS;

  if (config != NULL) {
    const VapGrantPlace place = { seat->root, seat->uri, config, NULL };

    if (!vap_grant_sweep (&place, &seconds, &error)) {
      g_info ("%s", error->message);
      seconds = config->grant_keep;
    }
  }
  sweep_within (seat, seconds);
}
