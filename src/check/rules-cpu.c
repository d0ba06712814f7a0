/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a guest's CPU features: what QEMU has a property for, what this host
 * can give, and what an AP feature needs.  check.c runs them, for s390x guests.
 */
#include "check/rules.h"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Whether the guest starts out with the features of the host.
 *
 * QEMU keeps the AP features in a model's full set and out of its default set
 * (target/s390x/gen-features.c), so a model by name has none unless asked.  Without
 * <cpu> libvirt takes QEMU's default (src/qemu,
 * qemuDomainDefSetDefaultCPU()): under KVM "host" (target/s390x/kvm/kvm.c,
 * kvm_arch_init()), that is host-model; under TCG "qemu".  What TCG can do has no
 * AP in any model (gen-features.c, qemu_MAX). */
static gboolean
starts_from_host (const VapGuest *guest)
{
  if (g_strcmp0 (guest->type, "qemu") == 0)
    return FALSE;

  switch (guest->cpu_mode) {
  case VAP_CPU_MODE_NONE:
  case VAP_CPU_MODE_HOST_MODEL:
  case VAP_CPU_MODE_HOST_PASSTHROUGH:
  case VAP_CPU_MODE_MAXIMUM:
    return TRUE;
  case VAP_CPU_MODE_CUSTOM:
    /* "max" under KVM is "host" (cpu_models.c, host_s390_cpu_type_info) */
    return g_strcmp0 (guest->cpu_model, "host") == 0 ||
           g_strcmp0 (guest->cpu_model, "max") == 0;
  }
  return FALSE;
}

/* libvirt turns force and require into NAME=on, disable and forbid into NAME=off
 * (src/qemu/qemu_command.c, qemuBuildCpuModelArgStr()), and refuses optional on s390x by
 * itself (src/cpu/cpu_s390.c, virCPUs390ValidateFeatures()): its meaning
 * elsewhere, on where the host has it, stands here. */
gboolean
vap_rule_guest_has_feature (const VapGuestQuestion *question, VapFeatureId id)
{
  const VapFeature *feature = vap_feature_get (id);
  const VapCpuFeature *asked = vap_guest_feature (question->guest, feature->name);
  gboolean on_host = vap_host_has_feature (question->host, id);

  /* what cannot be removed comes with what it needs, whatever is asked */
  if (!feature->removable)
    return on_host && vap_rule_guest_has_feature (question, feature->needs);

  if (asked == NULL)
    return on_host && starts_from_host (question->guest);
  if (asked->policy == VAP_POLICY_OPTIONAL)
    return on_host;
  return vap_policy_wants (asked->policy);
}

/* Every QEMU from 7.2 on, the oldest that we know, has it (target/s390x, the property of
 * each feature in cpu_features_def.h.inc). */
static gboolean
is_in_every_qemu (const char *name)
{
  const VapFeature *feature = vap_feature_find (name);

  return feature != NULL && feature->qemu_since != NULL &&
         g_ascii_strtoull (feature->qemu_since, NULL, 10) < 7;
}

gboolean
vap_rule_guest_needs_qemu (const VapGuest *guest)
{
  for (guint i = 0; i < guest->features->len; i++) {
    const VapCpuFeature *feature = guest->features->pdata[i];

    if (!feature->from_metadata && !is_in_every_qemu (feature->name))
      return TRUE;
  }
  return FALSE;
}

/* the AP feature that the entry @i is about; NULL for another feature, or when a
 * later entry of the same name stands instead */
static const VapFeature *
ap_feature_at (const VapGuestQuestion *question, guint i, VapPolicy *policy)
{
  const VapCpuFeature *asked = question->guest->features->pdata[i];

  if (vap_guest_feature (question->guest, asked->name) != asked)
    return NULL;

  *policy = asked->policy;
  return vap_feature_find (asked->name);
}

/* A feature that every guest with AP has is ours to keep from QEMU while that has no
 * property for it, see vap_check_hidden_features(). */
static gboolean
is_hidden (const char *name, const VapQemu *qemu)
{
  const VapFeature *feature = vap_feature_find (name);

  if (feature == NULL || feature->removable)
    return FALSE;

  return qemu != NULL ? !vap_qemu_has_property (qemu, name) : feature->qemu_since == NULL;
}

const char **
vap_check_hidden_features (const VapGuest *guest, const VapQemu *qemu)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < guest->features->len; i++) {
    const VapCpuFeature *asked = guest->features->pdata[i];
    const VapFeature *feature = vap_feature_find (asked->name);

    if (!asked->from_metadata && is_hidden (asked->name, qemu) &&
        !g_ptr_array_find (names, feature->name, NULL))
      g_ptr_array_add (names, (gpointer) feature->name);
  }
  g_ptr_array_add (names, NULL);

  return (const char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

/* Who names a feature has decided on it: only what is not named is missing.  Without ap
 * the others are of no use. */
void
vap_rule_missing_features (const VapGuestQuestion *question, GPtrArray *names)
{
  static const VapFeatureId needed[] = { VAP_FEATURE_AP, VAP_FEATURE_APQCI,
                                         VAP_FEATURE_APFT, VAP_FEATURE_APQI };

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++) {
    const char *name = vap_feature_get (needed[i])->name;

    if (vap_rule_guest_has_feature (question, needed[i]))
      continue;
    if (vap_guest_feature (question->guest, name) == NULL &&
        vap_host_has_feature (question->host, needed[i]))
      g_ptr_array_add (names, (gpointer) name);
    else if (needed[i] == VAP_FEATURE_AP)
      return;
  }
}

static char *
hint_unknown (const VapGuestQuestion *question, const char *name)
{
  const VapFeature *feature = vap_feature_find (name);
  g_autofree char *word = vap_rule_shell_word (question->qemu->binary);

  if (feature != NULL && feature->qemu_since != NULL)
    return g_strdup_printf (
        _ ("remove it from <cpu>, or take QEMU %s or newer, which has it"),
        feature->qemu_since);

  return g_strdup_printf (
      _ ("remove it from <cpu>; the names that it has are shown by: %s -cpu help"), word);
}

/* QEMU qom/object.c, object_property_find_err(): "Property '….…' not found"; libvirt
 * passes any name on for s390x */
void
vap_rule_feature_unknown (const VapGuestQuestion *question)
{
  const VapQemu *qemu = question->qemu;

  for (guint i = 0; qemu != NULL && i < question->guest->features->len; i++) {
    const VapCpuFeature *asked = question->guest->features->pdata[i];

    if (asked->from_metadata || vap_qemu_has_property (qemu, asked->name) ||
        is_hidden (asked->name, qemu))
      continue;
    vap_findings_take (
        question->findings, "feature-unknown", VAP_SEVERITY_ERROR, asked->name,
        g_strdup_printf (
            _ ("QEMU %s (%s) has no CPU feature '%s', which guest '%s' names"),
            qemu->version, qemu->binary, asked->name, question->name),
        hint_unknown (question, asked->name));
  }
}

/* QEMU target/s390x/cpu_models.c, check_compatibility(): "Some features requested in
 * the CPU model are not available" */
void
vap_rule_feature_missing (const VapGuestQuestion *question)
{
  for (guint i = 0; i < question->guest->features->len; i++) {
    VapPolicy policy;
    const VapFeature *feature = ap_feature_at (question, i, &policy);
    char *message;

    if (feature == NULL || !vap_policy_wants (policy) ||
        vap_host_has_feature (question->host, feature->id))
      continue;
    if (feature->facility >= 0)
      message =
          g_strdup_printf (_ ("this host does not have the CPU feature '%s' (facility "
                              "%d), which guest '%s' requires"),
                           feature->name, feature->facility, question->name);
    else
      message = g_strdup_printf (
          _ ("this host does not have the CPU feature '%s', which guest '%s' requires"),
          feature->name, question->name);
    vap_findings_take (
        question->findings, "feature-missing", VAP_SEVERITY_ERROR, feature->name, message,
        g_strdup (
            _ ("remove it from <cpu>; what this host has is shown by: virt-ap caps")));
  }
}

/* QEMU target/s390x/cpu_models.c, check_consistency(), only warns, and the guest runs
 * with a feature that is of no use.  What QEMU has no property for comes from the
 * needed feature alone: without that the guest would not get it at all. */
void
vap_rule_feature_needs (const VapGuestQuestion *question)
{
  for (guint i = 0; i < question->guest->features->len; i++) {
    VapPolicy policy;
    const VapFeature *feature = ap_feature_at (question, i, &policy);
    const char *needs;

    if (feature == NULL || feature->needs == VAP_FEATURE_NONE ||
        !vap_policy_wants (policy) ||
        vap_rule_guest_has_feature (question, feature->needs))
      continue;
    needs = vap_feature_get (feature->needs)->name;
    vap_findings_take (
        question->findings, "feature-needs",
        feature->removable ? VAP_SEVERITY_WARNING : VAP_SEVERITY_ERROR, feature->name,
        g_strdup_printf (
            _ ("the CPU feature '%s' needs '%s', which guest '%s' does not have"),
            feature->name, needs, question->name),
        g_strdup_printf (_ ("add to <cpu>: <feature policy='require' name='%s'/>"),
                         needs));
  }
}

/* PQAP(QCI) and PQAP(TAPQ) are interpreted by the machine, and KVM chooses the format
 * of the crypto control block by the host alone (Linux arch/s390/kvm/kvm-s390.c,
 * kvm_s390_set_crycb_format()): the guest sees the feature all the same */
void
vap_rule_feature_not_removable (const VapGuestQuestion *question)
{
  for (guint i = 0; i < question->guest->features->len; i++) {
    VapPolicy policy;
    const VapFeature *feature = ap_feature_at (question, i, &policy);

    if (feature == NULL || feature->removable || !vap_policy_rejects (policy) ||
        !vap_rule_guest_has_feature (question, feature->id))
      continue;
    vap_findings_take (
        question->findings, "feature-not-removable", VAP_SEVERITY_ERROR, feature->name,
        g_strdup_printf (_ ("the CPU feature '%s' comes with '%s' on this host, so guest "
                            "'%s' cannot be without it"),
                         feature->name, vap_feature_get (feature->needs)->name,
                         question->name),
        g_strdup_printf (_ ("remove from <cpu>: <feature policy='%s' name='%s'/>"),
                         vap_policy_to_string (policy), feature->name));
  }
}

/* A guest that starts out with what the host has need not name it; it does no harm
 * either.  What cannot be removed is named as a demand on the host. */
void
vap_rule_feature_redundant (const VapGuestQuestion *question)
{
  const VapGuest *guest = question->guest;
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; starts_from_host (guest) && i < guest->features->len; i++) {
    VapPolicy policy;
    const VapFeature *feature = ap_feature_at (question, i, &policy);

    if (feature != NULL && feature->removable && vap_policy_wants (policy) &&
        vap_host_has_feature (question->host, feature->id))
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", feature->name);
  }
  if (names->len == 0)
    return;

  vap_findings_take (
      question->findings, "feature-redundant", VAP_SEVERITY_NOTE, names->str,
      g_strdup_printf (
          _ ("guest '%s' names CPU features that it has from its CPU mode %s "
             "already: %s"),
          question->name, vap_cpu_mode_to_string (guest->cpu_mode), names->str),
      g_strdup (_ ("they can be left out of <cpu>")));
}

void
vap_rule_qemu_not_asked (const VapGuestQuestion *question)
{
  if (question->qemu != NULL || !vap_rule_guest_needs_qemu (question->guest))
    return;

  vap_findings_take (
      question->findings, "qemu-not-asked", VAP_SEVERITY_WARNING, question->name,
      g_strdup_printf (
          _ ("QEMU could not be asked for its CPU features, so those of guest "
             "'%s' are not compared with them"),
          question->name),
      g_strdup (_ ("see whether it runs: qemu-system-s390x --version")));
}
