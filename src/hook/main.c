/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virt-ap's hook: libvirt's QEMU driver runs it at each step of a guest's life.  It
 * judges the first ones, `prepare`, `migrate` and `restore`, and lets every other pass;
 * see virt-ap-hook(8). libvirt waits for it with the guest locked, so it must not call
 * libvirt.
 */
#include "config.h"

#include <glib/gi18n.h>
#include <glib/gprintf.h>
#include <stdio.h>
#include <unistd.h>

#include "audit/writer.h"
#include "door/door.h"
#include "host/qemu.h"
#include "judge/judge.h"

/* A failure of our own passes: the gate and the callout have judged, or will, and
 * libvirt kills a running guest when this fails at `reconnect`. */
enum {
  HOOK_PASS = 0,
  HOOK_VETO = 1,
};

/* A guest that waits for us longer is started without. */
#define PATIENCE_SECONDS 30

/* The steps that are judged.  At those of a guest that arrives, libvirt takes what is
 * printed for its domain XML, and what is empty for no change (libvirt docs/hooks.rst).
 */
typedef struct {
  const char *operation;
  const char *sub_operation;
  const char *name; /* in the record */
  gboolean arrives;
} Step;

static const Step steps[] = {
  { "prepare", "begin", "prepare begin", FALSE },
  { "migrate", "begin", "migrate begin", TRUE },
  { "restore", "begin", "restore begin", TRUE },
};

typedef struct {
  const char *root; /* the option --root, NULL without it */
  const Step *step; /* NULL for one that is not judged */
  const char *guest;
  const char *operation;
  const char *sub_operation;
} HookCall;

/* libvirt shows standard error only after a veto; what passes is in the record. */
static void
tell (const char *text)
{
  g_fprintf (stderr, "%s", text);
}

static void
tell_fault (const HookCall *call, const VapConfig *config, const char *reason)
{
  g_autofree char *text =
      g_strdup_printf (_ ("virt-ap: could not judge guest '%s', which is let pass: %s\n"),
                       call->guest, reason);
  const VapRecord record = {
    .door = VAP_DOOR_HOOK,
    .call = call->step->name,
    .guest = call->guest,
    .decision = VAP_DECISION_UNJUDGED,
    .passed = TRUE,
    .reason = reason,
    .notes = config->notes,
  };

  tell (text);
  vap_audit_write (door_root (call->root), config, &record);
}

/* What QEMU would refuse and the gate would have taken out of the domain XML; a hook
 * cannot change it at `prepare`. */
static int
veto_rewrite (const char *guest)
{
  g_autofree char *text = g_strdup_printf (
      _ ("virt-ap: guest '%s' asks for a CPU feature that this QEMU has no property for; "
         "define it again through virt-ap's gate, which hides the feature from QEMU\n"),
      guest);

  tell (text);
  return HOOK_VETO;
}

/* a QEMU that could not be asked may have the property all the same */
static gboolean
qemu_was_asked (const VapFindings *findings)
{
  for (guint i = 0; i < findings->list->len; i++) {
    const VapFinding *finding = findings->list->pdata[i];

    if (g_str_equal (finding->info->id, "qemu-not-asked"))
      return FALSE;
  }
  return TRUE;
}

static int
answer_verdict (const HookCall *call, const VapVerdict *verdict, const VapConfig *config)
{
  g_autofree char *text = vap_findings_to_text (verdict->findings, VAP_SEVERITY_WARNING);

  if (*text)
    tell (text);
  if (vap_findings_refuse (verdict->findings))
    return HOOK_VETO;
  if (call->step->arrives) {
    if (verdict->rewritten)
      g_print ("%s", verdict->rewritten);
    return HOOK_PASS;
  }
  if (verdict->rewritten && qemu_was_asked (verdict->findings) &&
      config->policy[VAP_DOOR_HOOK] == VAP_ENFORCE)
    return veto_rewrite (call->guest);
  return HOOK_PASS;
}

static void
keep (const HookCall *call, const VapVerdict *verdict, const VapConfig *config,
      int answer)
{
  VapRecord record = vap_verdict_to_record (verdict, VAP_DOOR_HOOK, call->step->name,
                                            answer == HOOK_PASS);

  if (!verdict->concerned)
    return;
  record.guest = call->guest;
  vap_audit_write (door_root (call->root), config, &record);
}

/* A configuration that is wrong is a fault of ours: it is told, and what is wrong with
 * the guest too, and nothing is stopped. */
static VapConfig *
read_config (const HookCall *call)
{
  g_autoptr (GError) error = NULL;
  VapConfig *config =
      vap_config_read (door_root (call->root), vap_finding_exists, &error);
  g_autofree char *text = NULL;

  if (config)
    return config;
  text = g_strdup_printf (_ ("virt-ap: the configuration is wrong, so guest '%s' is let "
                             "pass whatever is found: %s\n"),
                          call->guest, error->message);
  tell (text);
  config = vap_config_new ();
  g_ptr_array_add (config->notes, g_strdup (error->message));
  config->policy[VAP_DOOR_HOOK] = VAP_WARN;
  return config;
}

static int
judge_start (const HookCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VapConfig) config = NULL;
  g_autoptr (VapVerdict) verdict = NULL;
  g_autofree char *xml = NULL;
  gsize length = 0;
  guint mend = VAP_MEND_SEE_ALL;
  int answer;

  alarm (PATIENCE_SECONDS);
  config = read_config (call);
  if (config->policy[VAP_DOOR_HOOK] == VAP_OFF)
    return HOOK_PASS;
  xml = door_read_all (VAP_XML_MAX, &length, &error);
  if (call->step->arrives && config->remap)
    mend |= VAP_MEND_DEVICES;
  if (xml)
    verdict = vap_judge_mended_xml (door_root (call->root), xml, length, mend,
                                    VAP_ACTION_START, &error);
  if (!verdict) {
    tell_fault (call, config, error->message);
    return HOOK_PASS;
  }
  vap_verdict_enforce (verdict, config, VAP_DOOR_HOOK);
  answer = answer_verdict (call, verdict, config);
  keep (call, verdict, config, answer);
  return answer;
}

static void
last_words (int signal_number G_GNUC_UNUSED)
{
  static const char text[] =
      "virt-ap: the hook was interrupted, took too long or crashed "
      "before it could judge; the guest is let pass\n";

  if (write (STDERR_FILENO, text, sizeof text - 1) < 0)
    _exit (HOOK_PASS);
  _exit (HOOK_PASS);
}

static const Step *
find_step (const HookCall *call)
{
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
    if (g_str_equal (call->operation, steps[i].operation) &&
        g_str_equal (call->sub_operation, steps[i].sub_operation))
      return &steps[i];
  }
  return NULL;
}

/* libvirt gives exactly four arguments (later versions may add some behind), and a
 * guest can have any name, so nothing among four is an option. */
static gboolean
parse_call (int argc, char **argv, HookCall *call)
{
  int first = 1;

  *call = (HookCall){ 0 };
  if (argc > 6 && g_str_equal (argv[1], "--root")) {
    call->root = argv[2];
    first = 3;
  }
  if (argc - first < 4)
    return FALSE;
  call->guest = argv[first];
  call->operation = argv[first + 1];
  call->sub_operation = argv[first + 2];
  call->step = find_step (call);
  return TRUE;
}

static void
print_usage (FILE *stream)
{
  g_fprintf (stream, _ ("Usage: hook [--root DIR] GUEST OPERATION SUB-OPERATION EXTRA\n"
                        "Run by libvirt, with a domain XML on standard input; see "
                        "virt-ap-hook(8).\n"));
}

int
main (int argc, char **argv)
{
  HookCall call;

  door_open (last_words);
  /* another guest starts soon, and libvirt waits for the hook */
  vap_qemu_keep_answers ();
  if (argc == 2 && g_str_equal (argv[1], "--version")) {
    g_printf ("hook (virt-ap) %s\n", VAP_VERSION);
    return HOOK_PASS;
  }
  if (!parse_call (argc, argv, &call)) {
    print_usage (argc == 2 && g_str_equal (argv[1], "--help") ? stdout : stderr);
    return HOOK_PASS;
  }
  return call.step ? judge_start (&call) : HOOK_PASS;
}
