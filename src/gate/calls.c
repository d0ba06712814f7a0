/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of the intercepted calls.  Nothing here knows a rule: a call is decoded,
 * the judge is asked, its findings become the message of a libvirt error.
 */
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "gate/calls.h"
#include "judge/judge.h"
#include "rpc/args.h"
#include "rpc/reply.h"

typedef VapVerdict *(*AskFunc) (const char *root, const VapRpcArgs *args,
                                VapAction action, GError **error);

typedef struct {
  guint32 procedure; /* remote_protocol.x, REMOTE_PROC_… */
  const char *name;
  VapRpcShape shape;
  gint error_domain;
  AskFunc ask;
  VapAction action;
} Call;

static VapVerdict *
ask_guest (const char *root, const VapRpcArgs *args, VapAction action, GError **error)
{
  return vap_judge_domain_xml (root, args->xml, strlen (args->xml), action, error);
}

static VapVerdict *
ask_device (const char *root, const VapRpcArgs *args, VapAction action, GError **error)
{
  return vap_judge_device_xml (root, args->xml, strlen (args->xml), action, error);
}

static VapVerdict *
ask_attach (const char *root, const VapRpcArgs *args, G_GNUC_UNUSED VapAction action,
            GError **error)
{
  const guint8 *u = args->guest_uuid;
  g_autofree char *uuid = g_strdup_printf (
      "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
      u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
      u[15]);

  return vap_judge_attach_xml (root, args->guest_name, uuid, args->xml,
                               strlen (args->xml), error);
}

static const Call calls[] = {
  { 8, "DOMAIN_ATTACH_DEVICE", VAP_RPC_ARGS_DOMAIN,
    VIR_FROM_DOMAIN, ask_attach, VAP_ACTION_START },
  { 10, "DOMAIN_CREATE_XML", VAP_RPC_ARGS_FLAGS,
    VIR_FROM_DOMAIN, ask_guest, VAP_ACTION_START },
  { 11, "DOMAIN_DEFINE_XML", VAP_RPC_ARGS_XML,
    VIR_FROM_DOMAIN, ask_guest, VAP_ACTION_DEFINE },
  { 123, "NODE_DEVICE_CREATE_XML", VAP_RPC_ARGS_FLAGS,
    VIR_FROM_NODEDEV, ask_device, VAP_ACTION_START },
  { 160, "DOMAIN_ATTACH_DEVICE_FLAGS", VAP_RPC_ARGS_DOMAIN | VAP_RPC_ARGS_FLAGS,
    VIR_FROM_DOMAIN, ask_attach, VAP_ACTION_START },
  { 309, "DOMAIN_CREATE_XML_WITH_FILES", VAP_RPC_ARGS_FLAGS,
    VIR_FROM_DOMAIN, ask_guest, VAP_ACTION_START },
  { 350, "DOMAIN_DEFINE_XML_FLAGS", VAP_RPC_ARGS_FLAGS,
    VIR_FROM_DOMAIN, ask_guest, VAP_ACTION_DEFINE },
  { 428, "NODE_DEVICE_DEFINE_XML", VAP_RPC_ARGS_FLAGS,
    VIR_FROM_NODEDEV, ask_device, VAP_ACTION_DEFINE },
};

static const Call *
find_call (const VapRpcHeader *header)
{
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    if (vap_rpc_header_is_call (header, calls[i].procedure))
      return &calls[i];
  return NULL;
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
  g_autofree char *message =
      g_strdup_printf (_("unsupported configuration: virt-ap refuses this:\n%s"),
                       g_strchomp (findings));

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
  g_autofree char *message =
      g_strdup_printf (_("operation failed: virt-ap could not judge this: %s"),
                       error->message);
  refuse (call, header, VIR_ERR_OPERATION_FAILED, message, answer);
}

/* The call with the judge's XML in the place of its own. */
static void
rewrite (const Call *call, const VapRpcHeader *header, const guint8 *frame, gsize head,
         VapRpcArgs *args, const VapVerdict *verdict, VapAnswer *answer)
{
  g_autofree char *original = args->xml;

  args->xml = verdict->rewritten;
  answer->call =
      vap_rpc_args_encode (frame, head, call->shape, args, &answer->call_length);
  args->xml = g_steal_pointer (&original);
  if (answer->call == NULL)
    refuse (call, header, VIR_ERR_XML_DETAIL,
            _("the XML is too long once virt-ap has added its metadata"), answer);
}

static void
judge_args (const Call *call, const VapRpcHeader *header, const guint8 *frame, gsize head,
            const char *root, VapAnswer *answer)
{
  g_auto (VapRpcArgs) args = { 0 };
  g_autoptr (GError) error = NULL;

  if (!vap_rpc_args_decode (call->shape, frame + head, header->length - head, &args)) {
    g_autofree char *message =
        g_strdup_printf (_("virt-ap cannot decode the arguments of %s"), call->name);
    refuse (call, header, VIR_ERR_RPC, message, answer);
    return;
  }

  g_autoptr (VapVerdict) verdict = call->ask (root, &args, call->action, &error);
  if (verdict == NULL)
    refuse_unjudged (call, header, error, answer);
  else if (vap_findings_refuse (verdict->findings))
    refuse_verdict (call, header, verdict, answer);
  else if (verdict->rewritten != NULL)
    rewrite (call, header, frame, head, &args, verdict, answer);
}

void
vap_calls_judge (const VapRpcHeader *header, const guint8 *frame, VapAnswer *answer,
                 gpointer root)
{
  const Call *call = find_call (header);
  gsize head = VAP_RPC_HEADER_SIZE;

  if (frame == NULL) {
    g_autofree char *message = g_strdup_printf (
        _("the arguments of %s are longer than the %u bytes that libvirt takes"),
        call->name, VAP_RPC_STRING_MAX);
    refuse (call, header, VIR_ERR_RPC, message, answer);
    return;
  }
  if (vap_rpc_header_has_fds (header))
    head += VAP_RPC_COUNT_SIZE;
  judge_args (call, header, frame, head, root, answer);
}
