/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of a move but for the matrix: CPU features, numbers, keys, control domains.
 */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "check/move-private.h"

static void
rule_renumbered (const VapMove *move)
{
  for (guint i = 0; i < VAP_MASK_BITS; i++) {
    gint there = move->match.adapters[i];
    g_autofree char *subject = g_strdup_printf ("%02x", i);

    if (there >= 0 && there != (gint) i)
      vap_findings_take (
          move->findings, "move-renumbered", VAP_SEVERITY_WARNING, subject,
          g_strdup_printf (_ ("guest '%s' will find its adapter %02x as %02x"),
                           move->name, i, (guint) there),
          g_strdup (_ ("programs in the guest that name adapters must be told")));
  }
  for (guint i = 0; i < VAP_MASK_BITS; i++) {
    gint there = move->match.domains[i];
    g_autofree char *subject = g_strdup_printf ("%04x", i);

    if (there >= 0 && there != (gint) i)
      vap_findings_take (
          move->findings, "move-renumbered", VAP_SEVERITY_WARNING, subject,
          g_strdup_printf (_ ("guest '%s' will find its domain %04x as %04x"), move->name,
                           i, (guint) there),
          g_strdup (_ ("what names domains in the guest must be told, such as its "
                       "default domain (/sys/bus/ap/ap_domain) and the queues of keys "
                       "of zkey; or keep the numbers with --keep-domains")));
  }
}

/* VapMoveKeys are known only of queues that were the host's when they were looked at. */
static void
rule_key_unknown (const VapMove *move)
{
  const VapMatrix *ours = &move->plan->before;
  const gboolean assumed = (move->flags & VAP_MOVE_ASSUME_KEYS) != 0;
  guint unknown = 0;

  VAP_MASK_FOREACH (&ours->adapters, adapter) {
    gint other = move->match.adapters[adapter];

    if (other < 0 || !vap_move_has_keys (move, (guint) adapter))
      continue;
    VAP_MASK_FOREACH (&ours->domains, domain)
      unknown +=
          vap_move_compare_keys (
              move, (VapQueue){ (guint8) adapter, (guint8) domain },
              (VapQueue){ (guint8) other, (guint8) move->match.domains[domain] }) ==
          VAP_KEYS_UNKNOWN;
  }
  if (unknown == 0)
    return;
  vap_findings_take (
      move->findings, "move-key-unknown",
      assumed ? VAP_SEVERITY_WARNING : VAP_SEVERITY_ERROR, move->name,
      g_strdup_printf (ngettext ("whether the master keys are the same is not known of "
                                 "%u queue of guest '%s'",
                                 "whether the master keys are the same is not known of "
                                 "%u queues of guest '%s'",
                                 unknown),
                       unknown, move->name),
      assumed
          ? g_strdup (_ ("they were taken for the same, as --assume-keys says"))
          : g_strdup (_ ("give documents of virt-ap export --mkvps: --keys FILE, written "
                         "in the guest, and --target-keys FILE, written while the "
                         "queues were the host's; or say that the keys are the same "
                         "with --assume-keys")));
}

static void
rule_control_domains (const VapMove *move)
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
rule_features (const VapMove *move)
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
rule_gap (const VapMove *move)
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
                VapMoveFlags flags, VapMovePlan *plan)
{
  g_autoptr (VapGuestView) view = vap_guest_view_new (from->host, guest);
  g_auto (VapMove) move = {
    .from = from,
    .to = to,
    .name = guest->name != NULL ? guest->name : "",
    .flags = flags,
    .view = view,
    .plan = plan,
  };

  memset (plan, 0, sizeof *plan);
  vap_move_init (&move);
  rule_features (&move);
  if (view->device != NULL && vap_matrix_count_queues (&view->passed) > 0) {
    vap_move_rule_matrix (&move);
    rule_renumbered (&move);
    rule_key_unknown (&move);
    rule_control_domains (&move);
    rule_gap (&move);
  }
  return g_steal_pointer (&move.findings);
}
