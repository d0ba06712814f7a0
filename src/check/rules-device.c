/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of an AP matrix as a device: each says what the driver vfio_ap, or
 * mdevctl before it, would answer when the definition is written.  check.c runs
 * them.  All work on masks: a rule costs the same for one queue and for 65,536.
 */
#include "check/rules.h"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "ap/pattern.h"

/* What only fails at start may still become right before it. */
static VapSeverity
severity_at_start (const VapDeviceQuestion *question)
{
  return vap_action_is_now (question->action) ? VAP_SEVERITY_ERROR : VAP_SEVERITY_WARNING;
}

const char *
vap_rule_device_subject (const VapDeviceQuestion *question)
{
  return question->uuid[0] != '\0' ? question->uuid : VAP_DEVICE_TYPE;
}

/* mdevctl looks for the parent below /sys/class/mdev_bus (mdevctl src/mdev.rs,
 * find_parent_dir()); vfio_ap, when it is loaded, makes the device (vfio_ap_drv.c,
 * vfio_ap_matrix_dev_create()) and registers it there (vfio_ap_ops.c,
 * vfio_ap_mdev_register()) */
void
vap_rule_driver_missing (const VapDeviceQuestion *question)
{
  const char *message;

  if (question->host->has_vfio_ap)
    return;

  if (question->host->has_ap_bus)
    message = _ ("the driver vfio_ap is not loaded, and an AP matrix needs it");
  else
    message = _ ("this host has no AP bus, and an AP matrix needs one");
  vap_findings_take (question->findings, "driver-missing", severity_at_start (question),
                     vap_rule_device_subject (question), g_strdup (message),
                     g_strdup (_ ("load it with: modprobe vfio_ap")));
}

static void
attribute_unknown (const VapDeviceQuestion *question, const VapAttribute *attribute)
{
  vap_findings_take (
      question->findings, "attribute-unknown", VAP_SEVERITY_ERROR, attribute->name,
      g_strdup_printf (_ ("'%s' is no attribute of an AP matrix"), attribute->name),
      g_strdup_printf (_ ("its attributes are: %s"), vap_attribute_names ()));
}

static void
attribute_malformed (const VapDeviceQuestion *question, const VapAttribute *attribute)
{
  gboolean masks = vap_attribute_find (attribute->name) == VAP_ATTRIBUTE_AP_CONFIG;
  const char *message =
      masks ? _ ("'%s', the value of %s, is not three AP masks")
            : _ ("'%s', the value of %s, is no number that the driver takes");
  const char *hint =
      masks ? _ ("write adapters, usage domains and control domains: 0x…,0x…,0x…")
            : _ ("write it in decimal, or in hexadecimal such as 0x47");
  const char *value = attribute->value != NULL ? attribute->value : "";

  vap_findings_take (question->findings, "attribute-malformed", VAP_SEVERITY_ERROR,
                     attribute->name, g_strdup_printf (message, value, attribute->name),
                     g_strdup (hint));
}

static void
judge_attribute (const VapAttribute *attribute, VapAttributeFault fault,
                 gpointer user_data)
{
  if (fault == VAP_ATTRIBUTE_BAD_NAME)
    attribute_unknown (user_data, attribute);
  else if (fault == VAP_ATTRIBUTE_BAD_VALUE)
    attribute_malformed (user_data, attribute);
  /* a number out of range depends on the host: vap_rule_out_of_range() */
}

/* mdevctl writes each attribute to the sysfs file of its name (mdevctl src/mdev.rs,
 * write_attr()): ENOENT without one (vfio_ap_ops.c, vfio_ap_mdev_attrs[]), EINVAL
 * from kstrtoul() (assign_adapter_store() and the like) */
void
vap_rule_attributes (const VapDeviceQuestion *question)
{
  VapMatrix unused;

  vap_device_matrix (question->device, &unused, judge_attribute, (gpointer) question);
}

/* Linux 6.1 has no ap_config yet; a driver that has it lists it among its features
 * (vfio_ap_drv.c, features_show()) */
void
vap_rule_ap_config (const VapDeviceQuestion *question)
{
  const GPtrArray *attributes = question->device->attributes;

  if (!question->host->has_vfio_ap || question->host->has_ap_config)
    return;

  for (guint i = 0; i < attributes->len; i++) {
    const VapAttribute *attribute = attributes->pdata[i];

    if (vap_attribute_find (attribute->name) != VAP_ATTRIBUTE_AP_CONFIG)
      continue;
    vap_findings_take (
        question->findings, "attribute-unknown", VAP_SEVERITY_ERROR, attribute->name,
        g_strdup (_ ("this host's vfio_ap is older than the attribute ap_config")),
        g_strdup (_ ("use assign_adapter, assign_domain and assign_control_domain")));
  }
}

/* One kind of number in a matrix. */
typedef struct {
  const char *id;
  VapAttributeId assign;
  VapAttributeId unassign;
  int width; /* digits, as AP tools show the number */
  const char *message;
  const char *message_apxa; /* on a host without extended addressing */
  const char *show;         /* what lists those there are */
} NumberKind;

static const NumberKind adapter_kind = {
  .id = "adapter-out-of-range",
  .assign = VAP_ATTRIBUTE_ASSIGN_ADAPTER,
  .unassign = VAP_ATTRIBUTE_UNASSIGN_ADAPTER,
  .width = 2,
  .message = N_ ("this host's adapters end at %s, but the device names %s"),
  .message_apxa = N_ ("without APXA this host's adapters end at %s, but the device "
                      "names %s"),
  .show = "virsh nodedev-list --cap ap_card",
};

static const NumberKind domain_kind = {
  .id = "domain-out-of-range",
  .assign = VAP_ATTRIBUTE_ASSIGN_DOMAIN,
  .unassign = VAP_ATTRIBUTE_UNASSIGN_DOMAIN,
  .width = 4,
  .message = N_ ("this host's domains end at %s, but the device names %s"),
  .message_apxa = N_ ("without APXA this host's domains end at %s, but the device "
                      "names %s"),
  .show = "virsh nodedev-list --cap ap_queue",
};

static const NumberKind control_domain_kind = {
  .id = "control-domain-out-of-range",
  .assign = VAP_ATTRIBUTE_ASSIGN_CONTROL_DOMAIN,
  .unassign = VAP_ATTRIBUTE_UNASSIGN_CONTROL_DOMAIN,
  .width = 4,
  .message = N_ ("this host's control domains end at %s, but the device names %s"),
  .message_apxa = N_ ("without APXA this host's control domains end at %s, but the "
                      "device names %s"),
  .show = "lszcrypt -d",
};

/* the numbers of a kind above @max, as a list for the user; NULL without any.  Those
 * of a mask are in the matrix; a single one above 255, or unassigned, is not. */
static char *
list_above (const VapDeviceQuestion *question, const NumberKind *kind,
            const VapMask *assigned, guint max)
{
  const GPtrArray *attributes = question->device->attributes;
  VapMask allowed = vap_mask_up_to (max);
  VapMask above = vap_mask_minus (assigned, &allowed);
  g_autoptr (GString) beyond = g_string_new (NULL);
  g_autofree char *list = NULL;

  for (guint i = 0; i < attributes->len; i++) {
    const VapAttribute *attribute = attributes->pdata[i];
    VapAttributeId id = vap_attribute_find (attribute->name);
    gulong number;

    if ((id != kind->assign && id != kind->unassign) || attribute->value == NULL ||
        !vap_attribute_parse_number (attribute->value, &number) || number <= max)
      continue;
    if (number < VAP_MASK_BITS)
      vap_mask_set (&above, (guint) number);
    else
      g_string_append_printf (beyond, ", %0*lx", kind->width, number);
  }

  list = vap_mask_to_list (&above, (guint) kind->width);
  if (list[0] == '\0')
    return beyond->len > 0 ? g_strdup (beyond->str + 2) : NULL;
  return g_strconcat (list, beyond->str, NULL);
}

static void
judge_range (const VapDeviceQuestion *question, const NumberKind *kind,
             const VapMask *assigned, guint max)
{
  g_autofree char *list = list_above (question, kind, assigned, max);
  g_autofree char *end = g_strdup_printf ("%0*x", kind->width, max);
  gboolean no_apxa = question->host->has_ap_bus &&
                     !vap_host_has_feature (question->host, VAP_FEATURE_APXA);

  if (list == NULL)
    return;

  vap_findings_take (
      question->findings, kind->id, VAP_SEVERITY_ERROR, list,
      g_strdup_printf (no_apxa ? _ (kind->message_apxa) : _ (kind->message), end, list),
      g_strdup_printf (_ ("see what there is with: %s"), kind->show));
}

/* ENODEV from assign_adapter_store() and the like, and from ap_config_store()
 * (vfio_ap_ops.c) */
void
vap_rule_out_of_range (const VapDeviceQuestion *question)
{
  const VapHost *host = question->host;
  const VapMatrix *matrix = &question->matrix;

  judge_range (question, &adapter_kind, &matrix->adapters, host->max_adapter_id);
  judge_range (question, &domain_kind, &matrix->domains, host->max_domain_id);
  judge_range (question, &control_domain_kind, &matrix->control_domains,
               host->max_domain_id);
}

/* Nothing refuses it: mdevctl itself adds the attributes to a definition one by
 * one.  A guest gets no queue from it (vfio_ap_ops.c, vfio_ap_mdev_filter_matrix()). */
void
vap_rule_matrix_empty (const VapDeviceQuestion *question)
{
  gboolean adapters = !vap_mask_is_empty (&question->matrix.adapters);
  gboolean domains = !vap_mask_is_empty (&question->matrix.domains);
  const char *message;

  /* without a usage domain the control domains are what matters */
  if (domains ? adapters : !vap_mask_is_empty (&question->matrix.control_domains))
    return;

  if (adapters)
    message = _ ("the matrix has adapters but no usage domain, so it has no queue");
  else if (domains)
    message = _ ("the matrix has usage domains but no adapter, so it has no queue");
  else
    message = _ ("the matrix has neither an adapter nor a usage domain");
  vap_findings_take (
      question->findings, "matrix-empty", VAP_SEVERITY_WARNING,
      vap_rule_device_subject (question), g_strdup (message),
      g_strdup (adapters
                    ? _ ("add one such as: <attr name='assign_domain' value='0x4'/>")
                    : _ ("add one such as: <attr name='assign_adapter' value='0x5'/>")));
}

/* "-0x05,-0x10-0x12": takes @mask's numbers away from a mask of the AP bus
 * (ap_bus.c, ap_parse_mask_str(); chzdev takes the same) */
static char *
relative_mask (const VapMask *mask)
{
  GString *text = g_string_new (NULL);

  for (gint from = vap_mask_next (mask, 0), last; from >= 0;
       from = vap_mask_next (mask, (guint) last + 1)) {
    for (last = from; vap_mask_test (mask, (guint) last + 1);)
      last++;
    g_string_append_printf (text, "%s-0x%02x", text->len > 0 ? "," : "", from);
    if (last > from)
      g_string_append_printf (text, "-0x%02x", last);
  }
  return g_string_free (text, FALSE);
}

/* how many queues zcrypt has now and would lose with @adapters, or @domains */
static guint
count_lost (const VapHost *host, const VapMask *adapters, const VapMask *domains)
{
  guint lost = 0;

  VAP_MASK_FOREACH (adapters, adapter) {
    VapMask row = vap_mask_and (&host->queues.domains[adapter], domains);

    lost += vap_mask_count (&row);
  }
  return lost;
}

/* The masks would refuse every change (ap_bus.c, apmask_store() of Linux 7), and by its
 * override a queue moves alone: a pattern for each adapter.  NULL when there is none. */
static char *
reserve_by_override (const VapHost *host, const VapQueueSet *owned)
{
  const VapMask none = { 0 };
  g_autoptr (GString) patterns = g_string_new (NULL);

  for (guint i = 0; i < VAP_MASK_BITS; i++) {
    VapMask domains = vap_mask_and (&owned->domains[i], &host->queues.domains[i]);
    VapMask adapter = { 0 };
    g_autofree char *pattern = NULL;

    if (vap_mask_is_empty (&domains))
      continue;
    vap_mask_set (&adapter, i);
    pattern = vap_queue_pattern_text (&adapter, &domains, &none, &none);
    g_string_append_printf (patterns, "%s%s", patterns->len > 0 ? " " : "", pattern);
  }
  if (patterns->len == 0)
    return NULL;
  return g_strdup_printf (_ ("give it to guests with: virt-ap reserve %s --for guests"),
                          patterns->str);
}

/* virt-ap reserve takes only what the host's configuration has, the masks take all */
static char *
reserve_by_mask (const VapHost *host, const VapMask *adapters, const VapMask *domains,
                 gboolean by_adapter)
{
  const VapMask *mask = by_adapter ? adapters : domains;
  const char *name = by_adapter ? "apmask" : "aqmask";
  const VapMask none = { 0 };
  VapMask absent =
      vap_mask_minus (mask, by_adapter ? &host->adapters : &host->usage_domains);
  g_autofree char *text = NULL;

  if (!vap_mask_is_empty (&absent)) {
    text = relative_mask (mask);
    return g_strdup_printf (_ ("give it to guests with: echo %s > /sys/bus/ap/%s, or for "
                               "good with: chzdev -t ap %s=%s"),
                            text, name, name, text);
  }
  text = by_adapter
             ? vap_queue_pattern_text (adapters, &host->usage_domains, &none,
                                       &host->usage_domains)
             : vap_queue_pattern_text (&host->adapters, domains, &host->adapters, &none);
  return g_strdup_printf (_ ("give it to guests with: virt-ap reserve '%s' --for guests, "
                             "for good with --persistent"),
                          text);
}

/* A queue is the host's when its adapter's and its domain's bit are set, so either
 * mask can give it away, and takes a whole row or column with it: the one to write
 * is the one that costs the host fewer queues. */
static char *
hint_to_free (const VapHost *host, const VapQueueSet *owned)
{
  VapMask adapters = { 0 };
  VapMask domains = { 0 };
  guint by_adapter, by_domain;

  if (host->override_in_use)
    return reserve_by_override (host, owned);

  for (guint i = 0; i < VAP_MASK_BITS; i++)
    if (!vap_mask_is_empty (&owned->domains[i])) {
      vap_mask_set (&adapters, i);
      domains = vap_mask_or (&domains, &owned->domains[i]);
    }

  by_adapter = count_lost (host, &adapters, &host->aqmask);
  by_domain = count_lost (host, &host->apmask, &domains);
  if (by_adapter == by_domain) {
    by_adapter = vap_mask_count (&adapters);
    by_domain = vap_mask_count (&domains);
  }
  return reserve_by_mask (host, &adapters, &domains, by_adapter <= by_domain);
}

/* the queues of a set, none of which is of another adapter than @adapters */
static guint
count_queues (const VapQueueSet *set, const VapMask *adapters, VapQueue *first)
{
  guint count = 0;

  VAP_MASK_FOREACH (adapters, adapter) {
    guint in_row = vap_mask_count (&set->domains[adapter]);

    if (count == 0 && in_row > 0) {
      first->adapter = (guint8) adapter;
      first->domain = (guint8) vap_mask_next (&set->domains[adapter], 0);
    }
    count += in_row;
  }
  return count;
}

/* EADDRNOTAVAIL from vfio_ap_mdev_validate_masks() (vfio_ap_ops.c), which asks
 * ap_apqn_in_matrix_owned_by_def_drv() (ap_bus.c) */
void
vap_rule_queue_host_owned (const VapDeviceQuestion *question)
{
  VapQueueSet owned = { 0 };
  VapQueue first = { 0 };
  char text[VAP_QUEUE_TEXT_SIZE];
  guint count;
  char *message;

  if (!question->host->has_ap_bus ||
      !vap_host_owned_by_host (question->host, &question->matrix, &owned))
    return;

  count = count_queues (&owned, &question->matrix.adapters, &first);
  vap_queue_format (first, text);
  if (count == 1)
    message = g_strdup_printf (_ ("queue %s belongs to the host"), text);
  else
    message = g_strdup_printf (_ ("queue %s, the first of %u, belongs to the host"), text,
                               count);
  vap_findings_take (question->findings, "queue-host-owned", VAP_SEVERITY_ERROR, text,
                     message, hint_to_free (question->host, &owned));
}

static void
report_in_use (const VapDeviceQuestion *question, const VapHostDevice *other,
               const VapMatrix *shared)
{
  const VapHostGuest *guest = vap_host_holder (question->host, other->uuid, NULL, NULL);
  g_autofree char *node = vap_device_node_name (other->uuid);
  guint count = vap_matrix_count_queues (shared);
  char text[VAP_QUEUE_TEXT_SIZE];
  VapQueue first;
  char *message;

  if (!vap_matrix_first_queue (shared, &first))
    return;

  vap_queue_format (first, text);
  if (guest != NULL && count == 1)
    message = g_strdup_printf (_ ("queue %s belongs to device %s, which guest '%s' uses"),
                               text, other->uuid, guest->name);
  else if (guest != NULL)
    message =
        g_strdup_printf (_ ("queue %s, the first of %u, belongs to device %s, which "
                            "guest '%s' uses"),
                         text, count, other->uuid, guest->name);
  else if (count == 1)
    message = g_strdup_printf (_ ("queue %s belongs to device %s"), text, other->uuid);
  else
    message = g_strdup_printf (_ ("queue %s, the first of %u, belongs to device %s"),
                               text, count, other->uuid);

  vap_findings_take (
      question->findings, "queue-in-use", VAP_SEVERITY_ERROR, text, message,
      g_strdup_printf (
          _ ("choose another domain, or free it with: virsh nodedev-destroy %s"), node));
}

/* EADDRINUSE from vfio_ap_mdev_verify_no_sharing() (vfio_ap_ops.c) */
void
vap_rule_queue_in_use (const VapDeviceQuestion *question)
{
  for (guint i = 0; i < question->host->devices->len; i++) {
    const VapHostDevice *other = question->host->devices->pdata[i];
    VapMatrix shared;

    if (other->active && g_strcmp0 (other->uuid, question->uuid) != 0 &&
        vap_matrix_overlap (&question->matrix, &other->matrix, &shared))
      report_in_use (question, other, &shared);
  }
}

/* At the next boot mdevctl starts what is to start by itself, in no fixed order, and the
 * later of two that share a queue fails (mdevctl's udev rule 60-mdevctl.rules,
 * src/main.rs, start_parent_mdevs_command()).  What is active is
 * vap_rule_queue_in_use()'s. */
void
vap_rule_queue_claimed (const VapDeviceQuestion *question)
{
  for (guint i = 0; i < question->host->devices->len; i++) {
    const VapHostDevice *other = question->host->devices->pdata[i];
    g_autofree char *node = NULL;
    char text[VAP_QUEUE_TEXT_SIZE];
    VapMatrix shared;
    VapQueue first;

    if (other->definition == NULL || !other->definition->autostart ||
        g_strcmp0 (other->uuid, question->uuid) == 0 ||
        (other->active && vap_matrix_overlap (&question->matrix, &other->matrix, NULL)) ||
        !vap_matrix_overlap (&question->matrix, &other->defined_matrix, &shared) ||
        !vap_matrix_first_queue (&shared, &first))
      continue;
    vap_queue_format (first, text);
    node = vap_device_node_name (other->uuid);
    vap_findings_take (
        question->findings, "queue-claimed", VAP_SEVERITY_WARNING, text,
        g_strdup_printf (_ ("queue %s is claimed by device %s, which is defined to start "
                            "at boot"),
                         text, other->uuid),
        g_strdup_printf (_ ("choose another domain, or give up the claim with: virsh "
                            "nodedev-autostart --disable %s"),
                         node));
  }
}

static gboolean
masks_are_whole (const VapHost *host)
{
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);

  return vap_mask_equal (&host->apmask, &all) && vap_mask_equal (&host->aqmask, &all);
}

/* Of the two ways to give a queue to vfio_ap each refuses while the other is in use:
 * EINVAL from apmask_store() and aqmask_store(), and from driver_override_store() (Linux
 * 7 ap_bus.c, ap_queue.c).  Worth a word when there is a queue to give. */
void
vap_rule_mask_blocked (const VapDeviceQuestion *question)
{
  const VapHost *host = question->host;

  if (!host->has_ap_bus || !vap_host_owned_by_host (host, &question->matrix, NULL))
    return;

  if (host->override_in_use)
    vap_findings_take (
        question->findings, "mask-blocked", VAP_SEVERITY_NOTE, "apmask",
        g_strdup (_ ("apmask and aqmask refuse every change, because a queue has a "
                     "driver_override")),
        g_strdup (_ ("give queues by driver_override too, or empty it for all of them "
                     "before you change a mask")));
  else if (host->has_driver_override && !masks_are_whole (host))
    vap_findings_take (
        question->findings, "mask-blocked", VAP_SEVERITY_NOTE, "driver_override",
        g_strdup (_ ("driver_override is refused for every queue, because apmask and "
                     "aqmask are not all ones")),
        g_strdup (_ ("give queues by the masks too, or fill both masks before you use "
                     "driver_override")));
}

/* `matrix` ends at a page (Linux fs/sysfs/file.c, sysfs_kf_seq_show()); ap_config, which
 * does not, came with Linux 6.10 */
void
vap_rule_take_problem (VapFindings *findings, const VapHostDevice *device)
{
  vap_findings_take (
      findings, device->truncated ? "matrix-truncated" : "definition-unreadable",
      VAP_SEVERITY_WARNING, device->uuid, g_strdup (device->problem),
      device->truncated
          ? g_strdup (_ ("a kernel whose vfio_ap has ap_config shows all of it"))
          : NULL);
}

/* The queues of a device whose matrix could not be read whole may be missing above. */
void
vap_rule_others_unreadable (const VapDeviceQuestion *question)
{
  for (guint i = 0; i < question->host->devices->len; i++) {
    const VapHostDevice *other = question->host->devices->pdata[i];

    if (!other->active || other->problem == NULL ||
        g_strcmp0 (other->uuid, question->uuid) == 0 ||
        (vap_matrix_count_queues (&other->matrix) > 0 && !other->truncated))
      continue;
    vap_rule_take_problem (question->findings, other);
  }
}
