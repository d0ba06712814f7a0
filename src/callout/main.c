/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virt-ap's callout: mdevctl runs it before and after each change to an AP matrix,
 * whoever asked for the change.  It turns mdevctl's question into the judge's and the
 * findings into an exit status; see virt-ap-callout(8).
 */
#include "config.h"

#include <glib/gi18n.h>
#include <glib/gprintf.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "audit/writer.h"
#include "callout/call.h"
#include "callout/live.h"
#include "callout/report.h"
#include "change/transaction.h"
#include "change/undone.h"
#include "door/door.h"
#include "judge/judge.h"

/* mdevctl's definitions are small: 768 attributes and a few words. */
#define INPUT_MAX (1024u * 1024)

/* What a server does: CALL_YES, CALL_NO when it has said why, or CALL_NO with @error */
typedef int (*Serve) (const Call *call, GError **error);

static void
keep (const Call *call, const VapConfig *config, VapRecord record)
{
  g_autofree char *name = g_strdup_printf ("%s %s", call->event, call->action);

  record.door = VAP_DOOR_CALLOUT;
  record.call = name;
  record.device = call->uuid;
  vap_audit_write (call->root, config, &record);
}

static int
answer_verdict (const Call *call, VapVerdict *verdict, const VapConfig *config)
{
  g_autofree char *text = NULL;
  gboolean passed;

  vap_verdict_enforce (verdict, config, VAP_DOOR_CALLOUT);
  text = vap_findings_to_text (verdict->findings, VAP_SEVERITY_WARNING);
  g_fprintf (stderr, "%s", text);
  passed = !vap_findings_refuse (verdict->findings);
  keep (call, config, vap_verdict_to_record (verdict, VAP_DOOR_CALLOUT, NULL, passed));
  return passed ? CALL_YES : CALL_NO;
}

/* Where errors only warn, what could not be judged passes too.  @config: NULL when that
 * is what is wrong */
static int
answer_unjudged (const Call *call, const VapConfig *config, const GError *reason,
                 GError **error)
{
  const gboolean passed = config != NULL && config->policy[VAP_DOOR_CALLOUT] == VAP_WARN;
  const VapRecord record = {
    .decision = VAP_DECISION_UNJUDGED,
    .passed = passed,
    .reason = reason->message,
  };

  keep (call, config, record);
  if (passed) {
    g_fprintf (stderr,
               _ ("virt-ap: The AP matrix %s cannot be judged and is let pass: %s\n"),
               call->uuid, reason->message);
    return CALL_YES;
  }
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               config != NULL
                   ? _ ("The AP matrix %s cannot be judged, so it is refused: %s")
                   : _ ("virt-ap's configuration is wrong, so the AP matrix %s is "
                        "refused: %s"),
               call->uuid, reason->message);
  return CALL_NO;
}

static int
judge (const Call *call, const char *json, gsize length, VapAction action, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (VapVerdict) verdict = NULL;
  g_autoptr (VapConfig) config =
      vap_config_read (call->root, vap_finding_exists, &reason);

  if (!config)
    return answer_unjudged (call, NULL, reason, error);
  if (config->policy[VAP_DOOR_CALLOUT] == VAP_OFF)
    return CALL_YES;
  verdict = vap_judge_mdevctl (call->root, json, length, call->uuid, call->parent, action,
                               &reason);
  if (!verdict)
    return answer_unjudged (call, config, reason, error);
  return answer_verdict (call, verdict, config);
}

/* (transfer full): the definition on standard input, which must be of the type that
 * mdevctl found us by */
static VapDevice *
parse_definition (const Call *call, const char *json, gsize length, GError **error)
{
  g_autoptr (VapDevice) device =
      vap_device_parse_mdevctl (json, length, call->uuid, call->parent, error);

  if (!device)
    return NULL;
  if (g_strcmp0 (device->type, call->type) != 0) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("The definition on standard input is of type '%s', not '%s'"),
                 device->type ? device->type : "", call->type);
    return NULL;
  }
  return g_steal_pointer (&device);
}

/* Of an mdevctl that was killed we would be the child of process 1, which never ends,
 * and so would a lock of its.  But mdevctl reads our output (callouts.rs,
 * invoke_script()), and an ending process closes its files before it gives its
 * children away (Linux kernel/exit.c, do_exit()). */
static gboolean
mdevctl_is_gone (void)
{
  struct pollfd output = { .fd = STDOUT_FILENO };

  return poll (&output, 1, 0) > 0 && (output.revents & POLLERR);
}

/* A lock that is held for what mdevctl is about to do is nothing to wait for: then a
 * transaction of virt-ap runs it, directly or through libvirtd. */
static gboolean
is_covered (const Call *call, const char *path)
{
  return vap_transaction_covers (call->root, vap_lock_holder (path), call->uuid,
                                 call->mdevctl);
}

/* What libvirt was asked for by a transaction that was undone since comes too late. */
static gboolean
is_wanted (const Call *call, GError **error)
{
  if (!vap_undone_recently (call->root, call->uuid))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("A change to the AP matrix %s was undone just now, and this may be a "
                  "part of it; try again in half a minute"),
               call->uuid);
  return FALSE;
}

/* what an interrupted transaction left is undone before anything is judged or changed */
static gboolean
settle (const Call *call, const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (vap_transaction_recover_plain (call->root, &reason) && is_wanted (call, &reason))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  if (!vap_lock_release (path, call->mdevctl, &reason))
    g_fprintf (stderr, _ ("virt-ap: %s\n"), reason->message);
  return FALSE;
}

static gboolean
lock (const Call *call, GError **error)
{
  g_autofree char *path = vap_lock_path (call->root);

  if (is_covered (call, path))
    return TRUE;
  if (vap_transaction_is_orphan (call->root, call->uuid)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_HALF_DONE,
                 _ ("A change of the AP matrix %s was interrupted and has to be repaired "
                    "first; run: virt-ap repair"),
                 call->uuid);
    return FALSE;
  }
  if (!vap_lock_take (path, call->mdevctl, VAP_LOCK_PATIENCE_MS, error))
    return FALSE;
  if (!mdevctl_is_gone ())
    return settle (call, path, error);
  if (vap_lock_release (path, call->mdevctl, error))
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("mdevctl has ended"));
  return FALSE;
}

static gboolean
unlock (const Call *call, GError **error)
{
  g_autofree char *path = vap_lock_path (call->root);

  return vap_lock_release (path, call->mdevctl, error);
}

/* a lock that cannot be removed is no reason to change an answer: it is void as soon
 * as mdevctl ends */
static void
unlock_or_tell (const Call *call)
{
  g_autoptr (GError) error = NULL;

  if (!unlock (call, &error))
    g_fprintf (stderr, _ ("virt-ap: %s\n"), error->message);
}

/* What is judged begins so: with the definition on standard input, which is of the
 * call's type, and with the lock.  Returns the definition's text, and itself as @device;
 * without a text there is no lock either. */
static char *
begin (const Call *call, gsize *length, VapDevice **device, GError **error)
{
  g_autofree char *json = door_read_all (INPUT_MAX, length, error);
  g_autoptr (VapDevice) parsed = NULL;

  if (!json)
    return NULL;
  parsed = parse_definition (call, json, *length, error);
  if (!parsed || !lock (call, error))
    return NULL;
  *device = g_steal_pointer (&parsed);
  return g_steal_pointer (&json);
}

/* The lock stays from here to `post`, which mdevctl leaves out after a no.  Where a
 * transaction has it, it is not ours to give back. */
static int
serve_judged (const Call *call, VapAction action, GError **error)
{
  gsize length = 0;
  g_autoptr (VapDevice) device = NULL;
  g_autofree char *json = begin (call, &length, &device, error);
  int answer;

  if (!json)
    return CALL_NO;
  answer = judge (call, json, length, action, error);
  if (answer != CALL_YES)
    unlock_or_tell (call);
  return answer;
}

static int
serve_pre_define (const Call *call, GError **error)
{
  return serve_judged (call, VAP_ACTION_DEFINE, error);
}

static int
serve_pre_modify (const Call *call, GError **error)
{
  return serve_judged (call, VAP_ACTION_MODIFY, error);
}

static int
serve_pre_start (const Call *call, GError **error)
{
  return serve_judged (call, VAP_ACTION_START, error);
}

/* mdevctl 1.2 passes over a callout that ends before it has written everything */
static void
drain (void)
{
  gsize length;
  g_autofree char *unused = door_read_all (INPUT_MAX, &length, NULL);
}

static int
serve_pre_removal (const Call *call, GError **error)
{
  drain ();
  return lock (call, error) ? CALL_YES : CALL_NO;
}

static int
serve_post (const Call *call, GError **error)
{
  drain ();
  return unlock (call, error) ? CALL_YES : CALL_NO;
}

static int
serve_live (const Call *call, GError **error)
{
  gsize length = 0;
  g_autoptr (VapDevice) device = NULL;
  g_autofree char *json = begin (call, &length, &device, error);
  VapMatrix matrix;
  int answer;

  if (!json)
    return CALL_NO;
  answer = judge (call, json, length, VAP_ACTION_MODIFY_LIVE, error);
  vap_device_matrix (device, &matrix, NULL, NULL);
  if (answer == CALL_YES && !live_apply (call->root, call->uuid, &matrix, error))
    answer = CALL_NO;
  unlock_or_tell (call);
  return answer;
}

/* takes @text; NULL means that @error is set */
static int
print (char *text, GError **error)
{
  g_autofree char *owned = text;

  if (!text)
    return CALL_NO;
  if (fputs (text, stdout) == EOF || fflush (stdout) == EOF) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("Cannot write the answer"));
    return CALL_NO;
  }
  return CALL_YES;
}

static int
serve_attributes (const Call *call, GError **error)
{
  return print (report_attributes (call->root, call->uuid, error), error);
}

static int
serve_capabilities (const Call *call G_GNUC_UNUSED, GError **error)
{
  gsize length = 0;
  g_autofree char *offer = door_read_all (INPUT_MAX, &length, error);

  if (!offer)
    return CALL_NO;
  return print (report_capabilities (offer, length, error), error);
}

/* ap-check locks at the same places (s390-tools ap_tools/ap-check.c). */
static const struct {
  const char *event;
  const char *action;
  Serve serve;
} served[] = {
  { "pre", "define", serve_pre_define },
  { "pre", "modify", serve_pre_modify },
  { "pre", "start", serve_pre_start },
  { "pre", "stop", serve_pre_removal },
  { "pre", "undefine", serve_pre_removal },
  { "post", "define", serve_post },
  { "post", "modify", serve_post },
  { "post", "start", serve_post },
  { "post", "stop", serve_post },
  { "post", "undefine", serve_post },
  { "live", "modify", serve_live },
  { "get", "attributes", serve_attributes },
  { "get", "capabilities", serve_capabilities },
};

static int
serve (const Call *call, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (served); i++)
    if (g_str_equal (call->event, served[i].event) &&
        g_str_equal (call->action, served[i].action))
      return served[i].serve (call, error);
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
               _ ("This callout does not serve the event '%s' of the action '%s'"),
               call->event, call->action);
  return CALL_NO;
}

static void
last_words (int signal_number G_GNUC_UNUSED)
{
  static const char text[] = "virt-ap: the callout was interrupted or crashed before it "
                             "could judge, so the answer is no\n";

  if (write (STDERR_FILENO, text, sizeof text - 1) < 0)
    _exit (CALL_NO);
  _exit (CALL_NO);
}

static void
print_usage (void)
{
  g_printf (_ ("Usage: callout [--root DIR] -t TYPE -e EVENT -a ACTION -s STATE -u UUID "
               "-p PARENT\n"
               "Run by mdevctl, with a definition on standard input; see "
               "virt-ap-callout(8).\n"));
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Call call;
  gboolean understood;
  int answer;

  door_open (last_words);
  understood = call_parse (argc, argv, &call, &error);
  if (call.type && !g_str_equal (call.type, VAP_DEVICE_TYPE))
    return CALL_NOT_MY_TYPE;
  if (understood && call.help) {
    print_usage ();
    return CALL_YES;
  }
  if (understood && call.version) {
    g_printf ("callout (virt-ap) %s\n", VAP_VERSION);
    return CALL_YES;
  }
  call.root = door_root (call.root);
  answer = understood ? serve (&call, &error) : CALL_NO;
  if (error)
    g_fprintf (stderr, _ ("virt-ap: %s\n"), error->message);
  return answer;
}
