/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step of a move that has libvirt migrate the guest: live, or, for one that does not
 * run, its definition alone; see move-steps.h.  Where the guest is afterwards is asked of
 * both daemons, whatever the migration itself said: its answer may have been lost.
 * Source: libvirt src/qemu/qemu_migration.c, qemuMigrationSrcPerformPeer2Peer3(),
 * qemuMigrationSrcConfirmPhase(); src/qemu/qemu_process.c, qemuProcessRecoverMigration()
 */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "change/libvirt.h"
#include "change/move-steps.h"
#include "change/priv.h"
#include "guest/rewrite.h"

/* what the step keeps of the guest's definition here, and what it becomes there */
#define STORED "stored"
#define STORED_THERE "stored-there"
#define STORED_MAX (256u * 1024)

/* A migration may take as long as it likes when nobody has set a limit: a week. */
#define NO_LIMIT_S (7u * 24 * 3600)
#define SLACK_S 60u

/* Two daemons that have lost each other end a migration by themselves, as soon as they
 * notice: qemu.conf's keepalive_interval times keepalive_count, half a minute. */
#define SETTLE_US (60 * G_USEC_PER_SEC)
/* How long a copy that waits is left to libvirt. */
#define GRACE_US (10 * G_USEC_PER_SEC)
#define LOOK_US (G_USEC_PER_SEC / 5)

#define HANDOVER_S 60u

typedef struct {
  VapMoveGuest here;
  VapMoveGuest there;
  GError *silent; /* why the target does not answer, or NULL */
} Sides;

static void
sides_clear (Sides *sides)
{
  vap_move_guest_clear (&sides->here);
  vap_move_guest_clear (&sides->there);
  g_clear_error (&sides->silent);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sides, sides_clear)

static gboolean
is_live_move (const VapStep *step)
{
  return vap_step_kind (step) == &vap_migrate_kind;
}

static const char *
get_name (const VapStep *step)
{
  return vap_step_get (step, VAP_MOVE_NAME);
}

static gboolean
is_persistent (const VapStep *step)
{
  return vap_step_get (step, VAP_MOVE_PERSISTENT) != NULL;
}

/* A target that does not answer is told apart: a guest that runs here, with no migration
 * under way, is here. */
static gboolean
find_sides (const VapStep *step, Sides *sides, GError **error)
{
  sides_clear (sides);
  if (!vap_move_find_guest (step, VAP_MOVE_SOURCE, &sides->here, error))
    return FALSE;
  if (!vap_move_find_guest (step, VAP_MOVE_TARGET, &sides->there, &sides->silent) &&
      !(sides->here.live && !sides->here.job)) {
    g_propagate_error (error, g_steal_pointer (&sides->silent));
    return FALSE;
  }
  return TRUE;
}

/* Of a running guest's move.  Where it runs on neither side it has ended: then its
 * definition says which side it belongs to. */
static VapStepState
compare_live (const VapStep *step, const Sides *sides)
{
  const VapMoveGuest *here = &sides->here;
  const VapMoveGuest *there = &sides->there;

  if (here->job || here->waiting || there->waiting || (here->live && there->live))
    return VAP_STEP_BETWEEN;
  if (here->live)
    return VAP_STEP_BEFORE;
  if (there->live && !here->known)
    return there->persistent == is_persistent (step) ? VAP_STEP_AFTER : VAP_STEP_BETWEEN;
  if (there->live)
    return VAP_STEP_BETWEEN;
  return there->known && !here->known ? VAP_STEP_AFTER : VAP_STEP_BEFORE;
}

/* Of one that does not run. */
static VapStepState
compare_stored (const Sides *sides)
{
  const VapMoveGuest *here = &sides->here;
  const VapMoveGuest *there = &sides->there;

  if (here->known && !there->known && !here->job)
    return VAP_STEP_BEFORE;
  return there->known && !here->known ? VAP_STEP_AFTER : VAP_STEP_BETWEEN;
}

static VapStepState
compare (const VapStep *step, const Sides *sides)
{
  return is_live_move (step) ? compare_live (step, sides) : compare_stored (sides);
}

static gboolean
look (const VapStep *step, VapStepState *state, GError **error)
{
  g_auto (Sides) sides = { 0 };

  if (!find_sides (step, &sides, error))
    return FALSE;
  *state = compare (step, &sides);
  return TRUE;
}

static gboolean
fail (GError **error, const char *format, const VapStep *step)
{
  /* Translators: all of these take the guest, this host's URI and the target's */
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, format, get_name (step),
               vap_step_get (step, VAP_MOVE_SOURCE),
               vap_step_get (step, VAP_MOVE_TARGET));
  return FALSE;
}

/* the guest's definition as it is here, and as it will be there */
static gboolean
keep_stored (VapStep *step, GError **error)
{
  const char *own = vap_step_get (step, VAP_MOVE_OWN);
  const char *device = vap_step_get (step, VAP_MOVE_DEVICE);
  const char *const words[] = { vap_step_get (step, VAP_MOVE_GUEST), NULL };
  g_autofree char *stored = NULL;
  g_autofree char *there = NULL;

  if (!vap_move_run (step, vap_step_get (step, VAP_MOVE_SOURCE), "guest-stored", words,
                     NULL, HANDOVER_S, &stored, error))
    return FALSE;
  if (strlen (stored) > STORED_MAX)
    return fail (error, _ ("the definition of guest '%s' is too large to be kept"), step);
  there = own != NULL
              ? vap_rewrite_replace_device (stored, strlen (stored), own, device, error)
              : g_strdup (stored);
  vap_step_set (step, STORED, stored);
  vap_step_set (step, STORED_THERE, there);
  return there != NULL;
}

static gboolean
prepare (VapStep *step, GError **error)
{
  g_auto (Sides) sides = { 0 };

  if (!vap_move_check_free (step, error) || !find_sides (step, &sides, error))
    return FALSE;
  if (compare (step, &sides) != VAP_STEP_BEFORE ||
      sides.here.live != is_live_move (step) ||
      sides.here.persistent != is_persistent (step))
    return fail (error, _ ("guest '%s' is not any more as it was"), step);
  return !is_persistent (step) || keep_stored (step, error);
}

static gboolean
hand_over (const VapStep *step, const char *operation, const char *side, GError **error)
{
  return vap_move_tell (step, vap_step_get (step, side), operation,
                        vap_step_get (step, VAP_MOVE_GUEST), NULL, error);
}

/* It runs there alone, and its definition follows it. */
static gboolean
complete_there (const VapStep *step, const Sides *sides, GError **error)
{
  const char *stored = vap_step_get (step, STORED_THERE);

  if (stored != NULL && !sides->there.persistent &&
      !vap_move_tell (step, vap_step_get (step, VAP_MOVE_TARGET), "guest-define", NULL,
                      stored, error))
    return FALSE;
  return !sides->here.known || hand_over (step, "guest-undefine", VAP_MOVE_SOURCE, error);
}

/* One look, and the one thing to do about it.  A copy that waits has not run since it was
 * handed over, or not run at all yet, so that nothing is lost with it as long as the
 * other one is whole; QEMU resumes where it stopped. */
static gboolean
nudge (const VapStep *step, const Sides *sides, gboolean patient, GError **error)
{
  const VapMoveGuest *here = &sides->here;
  const VapMoveGuest *there = &sides->there;

  if (here->job)
    return TRUE;
  if (here->live && there->live)
    return fail (error,
                 _ ("guest '%s' runs at '%s' and at '%s': end one of them with virsh "
                    "destroy"),
                 step);
  if (there->live && here->waiting)
    return hand_over (step, "guest-destroy", VAP_MOVE_SOURCE, error);
  if (there->live && !here->live)
    return complete_there (step, sides, error);
  if (patient)
    return TRUE;
  if (there->waiting && (here->live || here->waiting))
    return hand_over (step, "guest-destroy", VAP_MOVE_TARGET, error);
  if (here->waiting)
    return hand_over (step, "guest-resume", VAP_MOVE_SOURCE, error);
  if (there->waiting)
    return hand_over (step, "guest-resume", VAP_MOVE_TARGET, error);
  return TRUE;
}

/* Of a guest that does not run: its definition is on both sides, and the one there is
 * whole. */
static gboolean
nudge_stored (const VapStep *step, const Sides *sides, GError **error)
{
  if (!sides->here.known && !sides->there.known)
    return fail (error, _ ("guest '%1$s' is neither at '%2$s' nor at '%3$s'"), step);
  if (sides->here.known && sides->there.known && !sides->here.live)
    return hand_over (step, "guest-undefine", VAP_MOVE_SOURCE, error);
  return TRUE;
}

/* What is under way ends, and what was left half handed over is handed over, until the
 * guest is on one side: @state. */
static gboolean
settle_to (const VapStep *step, VapStepState *state, GError **error)
{
  gint64 begin = g_get_monotonic_time ();
  g_auto (Sides) sides = { 0 };

  for (;;) {
    gint64 passed = g_get_monotonic_time () - begin;

    if (!find_sides (step, &sides, error))
      return FALSE;
    *state = compare (step, &sides);
    if (*state != VAP_STEP_BETWEEN)
      return TRUE;
    if (passed > SETTLE_US)
      return fail (error,
                   _ ("the migration of guest '%s' from '%s' to '%s' comes to no end"),
                   step);
    if (is_live_move (step) ? !nudge (step, &sides, passed < GRACE_US, error)
                            : !nudge_stored (step, &sides, error))
      return FALSE;
    g_usleep (LOOK_US);
  }
}

static gboolean
settle (const VapStep *step, GError **error)
{
  VapStepState state;

  return settle_to (step, &state, error);
}

static guint
limit_of (const VapStep *step)
{
  const char *text = vap_step_get (step, VAP_MOVE_SECONDS);

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : 0;
}

static void
add_word (GPtrArray *words, const char *key, const char *value)
{
  if (value != NULL)
    g_ptr_array_add (words, g_strconcat (key, "=", value, NULL));
}

/* @to: the side it goes to */
static GPtrArray *
migrate_words (const VapStep *step, const char *to)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (words, g_strdup (vap_step_get (step, VAP_MOVE_GUEST)));
  add_word (words, "to", vap_step_get (step, to));
  add_word (words, "seconds", vap_step_get (step, VAP_MOVE_SECONDS));
  add_word (words, "bandwidth", vap_step_get (step, VAP_MOVE_BANDWIDTH));
  add_word (words, "unsafe", vap_step_get (step, VAP_MOVE_UNSAFE));
  return words;
}

/* the words' end, and how long it may take */
static guint
end_words (const VapStep *step, GPtrArray *words)
{
  guint limit = limit_of (step);

  g_ptr_array_add (words, NULL);
  return limit > 0 ? limit + SLACK_S : NO_LIMIT_S;
}

/* Asked of the daemon here alone: the one there may take its time not to answer, and the
 * guest is to have its crypto back soon. */
static gboolean
is_still_here (const VapStep *step)
{
  g_auto (VapMoveGuest) here = { 0 };

  return vap_move_find_guest (step, VAP_MOVE_SOURCE, &here, NULL) && here.live &&
         !here.job;
}

static gboolean
is_job_here (const VapStep *step)
{
  g_auto (VapMoveGuest) here = { 0 };

  return vap_move_find_guest (step, VAP_MOVE_SOURCE, &here, NULL) && here.job;
}

static gboolean
apply (const VapStep *step, GError **error)
{
  g_autoptr (GPtrArray) words = migrate_words (step, VAP_MOVE_TARGET);
  g_autoptr (GError) reason = NULL;
  VapStepState state;
  guint seconds;

  add_word (words, "migrate-uri", vap_step_get (step, VAP_MOVE_URI));
  seconds = end_words (step, words);
  if (vap_move_run_long (step, vap_step_get (step, VAP_MOVE_SOURCE), "guest-migrate",
                         (const char *const *) words->pdata,
                         vap_step_get (step, STORED_THERE), seconds, &reason))
    return settle (step, error);
  if (!is_still_here (step) && settle_to (step, &state, NULL) && state == VAP_STEP_AFTER)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* the host that QEMU, or libvirt, reached the target by */
static char *
target_host (const VapStep *step)
{
  const char *uri = vap_step_get (step, VAP_MOVE_URI);
  g_autoptr (GUri) parsed =
      g_uri_parse (uri != NULL ? uri : vap_step_get (step, VAP_MOVE_TARGET),
                   G_URI_FLAGS_NON_DNS, NULL);

  return parsed != NULL ? g_strdup (g_uri_get_host (parsed)) : NULL;
}

/* The daemon there may have no way to the one here, so this goes through us.  It brings
 * the guest its crypto back, and takes its time for that, whoever asks to end. */
static gboolean
fetch_back (const VapStep *step, GError **error)
{
  g_autoptr (GPtrArray) words = migrate_words (step, VAP_MOVE_SOURCE);
  g_autofree char *host = target_host (step);
  guint seconds;

  add_word (words, "reach", host);
  add_word (words, "direct", "yes");
  seconds = end_words (step, words);
  return vap_move_run (step, vap_step_get (step, VAP_MOVE_TARGET), "guest-migrate",
                       (const char *const *) words->pdata, vap_step_get (step, STORED),
                       seconds, NULL, error);
}

static gboolean
revert (const VapStep *step, GError **error)
{
  VapStepState state;

  /* what a killed process has left under way is not waited for */
  if (is_job_here (step) && !hand_over (step, "guest-abort", VAP_MOVE_SOURCE, NULL))
    g_debug ("the migration has ended by itself");
  if (!settle_to (step, &state, error))
    return FALSE;
  return state == VAP_STEP_BEFORE || fetch_back (step, error);
}

static char *
describe (const VapStep *step)
{
  return g_strdup_printf (is_live_move (step)
                              ? _ ("Migrate guest '%s' to '%s'")
                              : _ ("Hand the definition of guest '%s' over to '%s'"),
                          get_name (step), vap_step_get (step, VAP_MOVE_TARGET));
}

static void
add_option (GString *text, const char *option, const char *value)
{
  g_autofree char *quoted = value != NULL ? g_shell_quote (value) : NULL;

  if (quoted != NULL)
    g_string_append_printf (text, " %s %s", option, quoted);
}

/* virsh takes the new definition from a file only */
static void
add_stored (GString *text, const VapStep *step, const char *source, const char *guest)
{
  const char *own = vap_step_get (step, VAP_MOVE_OWN);

  if (!is_persistent (step))
    return;
  if (g_strcmp0 (own, vap_step_get (step, VAP_MOVE_DEVICE)) != 0) {
    g_autofree char *dump = g_strdup_printf (
        "virsh -c %s dumpxml --inactive --migratable %s | sed 's/%s/%s/' >%s.xml && ",
        source, guest, own, vap_step_get (step, VAP_MOVE_DEVICE), guest);

    g_string_prepend (text, dump);
    g_string_append_printf (text, " --persistent-xml %s.xml", guest);
  }
  g_string_append (text, " --persistent --undefinesource");
}

static char *
command (const VapStep *step)
{
  g_autofree char *source = g_shell_quote (vap_step_get (step, VAP_MOVE_SOURCE));
  g_autofree char *target = g_shell_quote (vap_step_get (step, VAP_MOVE_TARGET));
  g_autofree char *guest = g_shell_quote (get_name (step));
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "virsh -c %s migrate --p2p %s", source,
                          is_live_move (step) ? "--live" : "--offline");
  add_stored (text, step, source, guest);
  add_option (text, "--bandwidth", vap_step_get (step, VAP_MOVE_BANDWIDTH));
  add_option (text, "--timeout", vap_step_get (step, VAP_MOVE_SECONDS));
  if (vap_step_get (step, VAP_MOVE_UNSAFE) != NULL)
    g_string_append (text, " --unsafe");
  g_string_append_printf (text, " %s %s", guest, target);
  add_option (text, "--migrateuri", vap_step_get (step, VAP_MOVE_URI));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Where the guest runs decides which way a move that was interrupted goes. */
const VapStepKind vap_migrate_kind = {
  .name = "migrate",
  .flags = VAP_STEP_PROGRAM,
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .settle = settle,
  .describe = describe,
  .command = command,
};

/* A guest that does not run is whole where it is defined. */
const VapStepKind vap_hand_over_kind = {
  .name = "hand-over",
  .flags = VAP_STEP_PROGRAM | VAP_STEP_FINAL,
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .settle = settle,
  .describe = describe,
  .command = command,
};
