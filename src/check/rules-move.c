/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a move: what a guest must find on the other host.
 *
 * A matrix is the product of its adapters and domains, and a domain's number says which
 * keys are in it, so domains keep their numbers; which adapters stand for which is a
 * matching in a bipartite graph, found by augmenting paths (Kuhn's algorithm): at most
 * 256 adapters on each side.
 */
#include "config.h"

#include "check/move.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "check/guest-view.h"

typedef struct {
  const VapMoveSide *from;
  const VapMoveSide *to;
  const VapGuest *guest;
  const char *name;
  VapGuestView *view;
  VapMovePlan *plan;
  gint stands_for[VAP_MASK_BITS]; /* of an adapter of the target: ours, -1 for none */
  VapFindings *findings;
} Move;

static const VapCard *
find_card (const VapHost *host, guint adapter)
{
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = host->cards->pdata[i];

    if (card->id == adapter)
      return card;
  }
  return NULL;
}

/* "AES CUR" and "valid 0x…" of a line that tells a current key */
static gboolean
read_current (const char *line, char **name, const char **value)
{
  const char *colon = strstr (line, " CUR: ");

  if (colon == NULL)
    return FALSE;
  *name = g_strndup (line, colon - line + strlen (" CUR"));
  *value = colon + strlen (" CUR: ");
  return TRUE;
}

static gboolean
has_line (char **lines, const char *line)
{
  g_autofree char *wanted = g_strchomp (g_strdup (line));

  for (; *lines != NULL; lines++) {
    g_autofree char *own = g_strchomp (g_strdup (*lines));

    if (g_str_equal (own, wanted))
      return TRUE;
  }
  return FALSE;
}

char *
vap_patterns_differ (const char *one, const char *other)
{
  const char *const texts[] = { one, other };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_auto (GStrv) lines = g_strsplit (texts[i], "\n", -1);
    g_auto (GStrv) others = g_strsplit (texts[1 - i], "\n", -1);

    for (guint j = 0; lines[j] != NULL; j++) {
      g_autofree char *name = NULL;
      const char *value;

      if (read_current (lines[j], &name, &value) && !has_line (others, lines[j]))
        return g_steal_pointer (&name);
    }
  }
  return NULL;
}

static const char *
pattern_of (const VapMoveSide *side, guint adapter, guint domain)
{
  const VapQueue queue = { (guint8) adapter, (guint8) domain };

  return side->patterns != NULL ? vap_patterns_get (side->patterns, queue) : NULL;
}

/* An accelerator has no master keys. */
static gboolean
has_keys (const VapHost *host, guint adapter)
{
  const VapCard *card = find_card (host, adapter);

  return card == NULL || card->mode != VAP_CARD_MODE_ACCELERATOR;
}

/* (nullable): a device of the target that holds a queue of the adapter's in @domains */
static const VapHostDevice *
holder_of (const Move *move, guint adapter, const VapMask *domains)
{
  const VapHost *host = move->to->host;

  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];

    if (device->active && vap_mask_test (&device->matrix.adapters, adapter) &&
        vap_mask_intersects (&device->matrix.domains, domains) &&
        g_strcmp0 (device->uuid, move->plan->device) != 0)
      return device;
  }
  return NULL;
}

/* Why an adapter of the target cannot stand for one of ours: a sentence to free, NULL
 * when it can.  Keys are looked at last, so that they are the reason only when all else
 * fits. */
static char *
why_not (const Move *move, guint ours, guint theirs, gboolean *by_keys)
{
  const VapHost *target = move->to->host;
  const VapMask *domains = &move->plan->before.domains;
  const VapCard *own = find_card (move->from->host, ours);
  const VapCard *card = find_card (target, theirs);
  const VapHostDevice *holder;

  *by_keys = FALSE;
  if (card == NULL)
    return g_strdup_printf (_ ("the target has no adapter %02x"), theirs);
  if (!card->config || card->checkstop)
    return g_strdup_printf (_ ("adapter %02x of the target does not work"), theirs);
  if (own != NULL && (card->mode != own->mode || card->hwtype < own->hwtype))
    return g_strdup_printf (_ ("adapter %02x of the target is a %s, not a %s or newer"),
                            theirs, card->type, own->type);
  VAP_MASK_FOREACH (domains, domain) {
    const VapQueue queue = { (guint8) theirs, (guint8) domain };

    if (!vap_queue_set_test (&target->vfio_bound, queue))
      return g_strdup_printf (_ ("queue %02x.%04x of the target is not given to guests"),
                              theirs, (guint) domain);
  }
  holder = holder_of (move, theirs, domains);
  if (holder != NULL)
    return g_strdup_printf (_ ("device %s of the target holds queues of adapter %02x"),
                            holder->uuid, theirs);
  VAP_MASK_FOREACH (domains, domain) {
    const char *one = pattern_of (move->from, ours, domain);
    const char *other = pattern_of (move->to, theirs, domain);
    g_autofree char *key = NULL;

    if (one != NULL && other != NULL && has_keys (move->from->host, ours))
      key = vap_patterns_differ (one, other);
    *by_keys = key != NULL;
    if (key != NULL)
      return g_strdup_printf (
          _ ("queue %02x.%04x of the target has another master key than %02x.%04x here: "
             "%s"),
          theirs, (guint) domain, ours, (guint) domain, key);
  }
  return NULL;
}

static gboolean
fits (const Move *move, guint ours, guint theirs)
{
  gboolean by_keys;
  g_autofree char *reason = why_not (move, ours, theirs, &by_keys);

  return reason == NULL;
}

/* Gives @ours an adapter of the target, if need be by giving another one to whoever has
 * it. */
static gboolean
augment (Move *move, guint ours, gboolean seen[VAP_MASK_BITS])
{
  for (guint i = 0; i < move->to->host->cards->len; i++) {
    const VapCard *card = move->to->host->cards->pdata[i];

    if (seen[card->id] || !fits (move, ours, card->id))
      continue;
    seen[card->id] = TRUE;
    if (move->stands_for[card->id] < 0 ||
        augment (move, (guint) move->stands_for[card->id], seen)) {
      move->stands_for[card->id] = (gint) ours;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
is_placed (const Move *move, guint ours)
{
  for (guint i = 0; i < VAP_MASK_BITS; i++)
    if (move->stands_for[i] == (gint) ours)
      return TRUE;
  return FALSE;
}

/* The reason that says most: that of the adapter of the same number, but keys before all,
 * for there all else would fit. */
static void
add_unplaced (const Move *move, guint ours)
{
  const VapCard *own = find_card (move->from->host, ours);
  const char *type = own != NULL ? own->type : "?";
  g_autofree char *subject = g_strdup_printf ("%02x", ours);
  gboolean by_keys;
  g_autofree char *reason = why_not (move, ours, ours, &by_keys);

  for (guint i = 0; !by_keys && i < move->to->host->cards->len; i++) {
    const VapCard *card = move->to->host->cards->pdata[i];
    g_autofree char *other = why_not (move, ours, card->id, &by_keys);

    if (by_keys || reason == NULL) {
      g_free (reason);
      reason = g_steal_pointer (&other);
    }
  }
  if (by_keys) {
    vap_findings_take (
        move->findings, "move-key-differs", VAP_SEVERITY_ERROR, subject,
        g_strdup_printf (_ ("adapter %02x of guest '%s' has nowhere to go with its keys: "
                            "%s"),
                         ours, move->name, reason),
        g_strdup (
            _ ("load the same master keys on both sides, or move to a host that has "
               "them; else the guest's secure keys are of no use there")));
    return;
  }
  vap_findings_take (
      move->findings, "move-no-matrix", VAP_SEVERITY_ERROR, subject,
      g_strdup_printf (
          _ ("nothing on the target can stand for adapter %02x (%s) of guest "
             "'%s': %s"),
          ours, type, move->name,
          reason != NULL ? reason : _ ("another of its adapters needs the same one")),
      g_strdup (_ ("give queues of such an adapter to guests there with: virt-ap reserve "
                   "QUEUES --for guests")));
}

/* (nullable): a device that has the matrix already, active or to be started, and that no
 * guest has */
static const char *
find_ready (const VapHost *host, const VapMatrix *matrix)
{
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = host->devices->pdata[i];
    const VapMatrix *own = device->active ? &device->matrix : &device->defined_matrix;

    if (vap_mask_equal (&own->adapters, &matrix->adapters) &&
        vap_mask_equal (&own->domains, &matrix->domains) &&
        vap_host_holder (host, device->uuid, NULL, NULL) == NULL)
      return device->uuid;
  }
  return NULL;
}

static void
match_adapters (Move *move)
{
  const VapMask *adapters = &move->plan->before.adapters;

  for (guint i = 0; i < VAP_MASK_BITS; i++)
    move->stands_for[i] = -1;
  VAP_MASK_FOREACH (adapters, ours)
    if (fits (move, ours, ours))
      move->stands_for[ours] = ours;
  VAP_MASK_FOREACH (adapters, ours) {
    gboolean seen[VAP_MASK_BITS] = { FALSE };

    if (!is_placed (move, ours) && !augment (move, ours, seen))
      add_unplaced (move, ours);
  }
}

static void
rule_matrix (Move *move)
{
  VapMovePlan *plan = move->plan;
  gboolean all = TRUE;

  plan->before = move->view->passed;
  /* one with the same numbers that is ready is in nobody's way */
  plan->device = find_ready (move->to->host, &plan->before);
  match_adapters (move);
  plan->matrix.domains = plan->before.domains;
  plan->matrix.control_domains = move->view->matrix.control_domains;
  VAP_MASK_FOREACH (&plan->before.adapters, ours)
    all &= is_placed (move, ours);
  for (guint i = 0; i < VAP_MASK_BITS; i++)
    if (move->stands_for[i] >= 0)
      vap_mask_set (&plan->matrix.adapters, i);
  plan->wanted = all;
  plan->device = all ? find_ready (move->to->host, &plan->matrix) : NULL;
}

static void
rule_renumbered (const Move *move)
{
  for (guint i = 0; i < VAP_MASK_BITS; i++) {
    g_autofree char *subject = g_strdup_printf ("%02x", i);

    if (move->stands_for[i] < 0 || move->stands_for[i] == (gint) i)
      continue;
    vap_findings_take (
        move->findings, "move-renumbered", VAP_SEVERITY_WARNING, subject,
        g_strdup_printf (_ ("guest '%s' will find its adapter %02x as %02x"), move->name,
                         (guint) move->stands_for[i], i),
        g_strdup (_ ("programs in the guest that name adapters must be told")));
  }
}

/* Keys are known only of queues that were the host's when they were looked at. */
static void
rule_key_unknown (const Move *move)
{
  guint unknown = 0;

  for (guint i = 0; i < VAP_MASK_BITS; i++) {
    gint ours = move->stands_for[i];

    if (ours < 0 || !has_keys (move->from->host, (guint) ours))
      continue;
    VAP_MASK_FOREACH (&move->plan->before.domains, domain)
      unknown += pattern_of (move->from, (guint) ours, domain) == NULL ||
                 pattern_of (move->to, i, domain) == NULL;
  }
  if (unknown > 0)
    vap_findings_take (
        move->findings, "move-key-unknown", VAP_SEVERITY_WARNING, move->name,
        g_strdup_printf (ngettext ("whether the master keys are the same is not known of "
                                   "%u queue of guest '%s'",
                                   "whether the master keys are the same is not known of "
                                   "%u queues of guest '%s'",
                                   unknown),
                         unknown, move->name),
        g_strdup (_ ("give documents that virt-ap export --mkvps wrote while the queues "
                     "were the host's: --keys FILE, --target-keys FILE")));
}

static void
rule_control_domains (const Move *move)
{
  const VapMask missing = vap_mask_minus (&move->plan->matrix.control_domains,
                                          &move->to->host->control_domains);
  g_autofree char *list = vap_mask_to_list (&missing, 4);

  if (!vap_mask_is_empty (&missing))
    vap_findings_take (
        move->findings, "move-control-domain", VAP_SEVERITY_WARNING, list,
        g_strdup_printf (_ ("guest '%s' can no longer control domains that the target "
                            "does not have: %s"),
                         move->name, list),
        NULL);
}

/* Which layer of the target lacks it. */
static const char *
lost_in (const VapMoveSide *to, const VapFeature *feature)
{
  if (!vap_host_has_feature (to->host, feature->id))
    return to->host->has_ap_bus ? _ ("its machine and AP bus do not have it")
                                : _ ("it has no AP");
  if (to->qemu != NULL && feature->qemu_since != NULL &&
      !vap_qemu_has_property (to->qemu, feature->name))
    return _ ("its QEMU has no property for it");
  return NULL;
}

static void
rule_features (const Move *move)
{
  for (guint id = 0; id < VAP_N_FEATURES; id++) {
    const VapFeature *feature = vap_feature_get ((VapFeatureId) id);
    const char *layer = move->view->features[id] ? lost_in (move->to, feature) : NULL;

    if (layer == NULL)
      continue;
    vap_findings_take (
        move->findings, "move-feature-lost", VAP_SEVERITY_ERROR, feature->name,
        g_strdup_printf (_ ("guest '%s' runs with %s, which the target cannot give it: "
                            "%s"),
                         move->name, feature->name, layer),
        g_strdup (_ ("move to a host that has it: a running guest must not lose a CPU "
                     "feature")));
  }
}

static void
rule_gap (const Move *move)
{
  guint queues = vap_matrix_count_queues (&move->plan->before);

  vap_findings_take (
      move->findings, "move-gap", VAP_SEVERITY_NOTE, move->name,
      g_strdup_printf (
          ngettext ("guest '%s' is without its %u queue from the unplugging "
                    "here to the plugging there; requests that are under "
                    "way fail",
                    "guest '%s' is without its %u queues from the unplugging "
                    "here to the plugging there; requests that are under "
                    "way fail",
                    queues),
          move->name, queues),
      NULL);
}

VapFindings *
vap_check_move (const VapMoveSide *from, const VapMoveSide *to, const VapGuest *guest,
                VapMovePlan *plan)
{
  g_autoptr (VapGuestView) view = vap_guest_view_new (from->host, guest);
  Move move = {
    .from = from,
    .to = to,
    .guest = guest,
    .name = guest->name != NULL ? guest->name : "",
    .view = view,
    .plan = plan,
    .findings = vap_findings_new (),
  };

  memset (plan, 0, sizeof *plan);
  rule_features (&move);
  if (view->device != NULL && vap_matrix_count_queues (&view->passed) > 0) {
    rule_matrix (&move);
    rule_renumbered (&move);
    rule_key_unknown (&move);
    rule_control_domains (&move);
    rule_gap (&move);
  }
  return move.findings;
}
