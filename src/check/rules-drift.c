/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of drift: devices and masks as they are against what is stored for the next
 * start.  Of guests see rules-drift-guest.c.
 */
#include "config.h"

#include "check/drift.h"
#include "check/rules.h"

#include <glib/gi18n-lib.h>

static gboolean
is_subset (const VapMask *part, const VapMask *whole)
{
  VapMask rest = vap_mask_minus (part, whole);

  return vap_mask_is_empty (&rest);
}

static gboolean
is_part (const VapMatrix *part, const VapMatrix *whole)
{
  return is_subset (&part->adapters, &whole->adapters) &&
         is_subset (&part->domains, &whole->domains) &&
         is_subset (&part->control_domains, &whole->control_domains);
}

/* what the first @n attributes of a definition make */
static VapMatrix
beginning_of (const VapDevice *definition, guint n)
{
  GPtrArray first = *definition->attributes;
  VapDevice partial = *definition;
  VapMatrix matrix;

  first.len = n;
  partial.attributes = &first;
  vap_device_matrix (&partial, &matrix, NULL, NULL);
  return matrix;
}

/* mdevctl writes the attributes in order (src/mdev.rs, start()): killed in between, the
 * device has what the first of them make.  As they only assign, more of them make more,
 * so that the place is found by bisection. */
static gboolean
is_begun (const VapHostDevice *device)
{
  guint low = 0;
  guint high = device->definition->attributes->len;
  VapMatrix matrix;

  if (!is_part (&device->matrix, &device->defined_matrix))
    return FALSE;
  while (low < high) {
    guint middle = low + (high - low) / 2;

    matrix = beginning_of (device->definition, middle);
    if (is_part (&device->matrix, &matrix))
      high = middle;
    else
      low = middle + 1;
  }
  matrix = beginning_of (device->definition, low);
  return vap_matrix_equal (&matrix, &device->matrix);
}

VapDrift
vap_device_drift (const VapHostDevice *device)
{
  if (!device->active || device->problem != NULL)
    return VAP_DRIFT_NONE;
  if (device->definition == NULL)
    return vap_matrix_count_queues (&device->matrix) == 0 ? VAP_DRIFT_HALF_MADE
                                                          : VAP_DRIFT_NONE;
  if (vap_matrix_equal (&device->matrix, &device->defined_matrix))
    return VAP_DRIFT_NONE;
  return is_begun (device) ? VAP_DRIFT_HALF_MADE : VAP_DRIFT_DIFFERENT;
}

/* "adapters 05, 06; domains 0047; control domains -" */
static char *
matrix_text (const VapMatrix *matrix)
{
  g_autofree char *adapters = vap_mask_to_list (&matrix->adapters, 2);
  g_autofree char *domains = vap_mask_to_list (&matrix->domains, 4);
  g_autofree char *control = vap_mask_to_list (&matrix->control_domains, 4);

  return g_strdup_printf (_ ("adapters %s; domains %s; control domains %s"),
                          *adapters != '\0' ? adapters : "-",
                          *domains != '\0' ? domains : "-",
                          *control != '\0' ? control : "-");
}

static void
report_different (const VapDriftQuestion *question, const VapHostDevice *device)
{
  g_autofree char *node = vap_device_node_name (device->uuid);
  g_autofree char *active = matrix_text (&device->matrix);
  g_autofree char *defined = matrix_text (&device->defined_matrix);

  vap_findings_take (
      question->findings, "matrix-drift", VAP_SEVERITY_WARNING, device->uuid,
      g_strdup_printf (_ ("device %s is active with %s, but defined with %s"),
                       device->uuid, active, defined),
      g_strdup_printf (_ ("define it anew as it is active, or start it anew as it is "
                          "defined: virsh nodedev-destroy %s, virsh nodedev-start %s"),
                       node, node));
}

static void
report_half_made (const VapDriftQuestion *question, const VapHostDevice *device)
{
  g_autofree char *node = vap_device_node_name (device->uuid);
  g_autofree char *active = matrix_text (&device->matrix);
  g_autofree char *defined = matrix_text (&device->defined_matrix);

  if (device->definition == NULL)
    vap_findings_take (
        question->findings, "matrix-half-made", VAP_SEVERITY_WARNING, device->uuid,
        g_strdup_printf (_ ("device %s is active, but has no queue, and no definition"),
                         device->uuid),
        g_strdup_printf (_ ("if nobody is making it, remove it with: virsh "
                            "nodedev-destroy %s"),
                         node));
  else
    vap_findings_take (
        question->findings, "matrix-half-made", VAP_SEVERITY_WARNING, device->uuid,
        g_strdup_printf (_ ("device %s was started only in part: it has %s of %s"),
                         device->uuid, active, defined),
        g_strdup (_ ("write the rest with: virt-ap repair")));
}

void
vap_rule_matrix_drift (const VapDriftQuestion *question)
{
  for (guint i = 0; i < question->host->devices->len; i++) {
    const VapHostDevice *device = question->host->devices->pdata[i];

    switch (vap_device_drift (device)) {
    case VAP_DRIFT_HALF_MADE:
      report_half_made (question, device);
      break;
    case VAP_DRIFT_DIFFERENT:
      report_different (question, device);
      break;
    case VAP_DRIFT_NONE:
    default:
      break;
    }
  }
}

void
vap_rule_problems (const VapDriftQuestion *question)
{
  for (guint i = 0; i < question->host->devices->len; i++) {
    const VapHostDevice *device = question->host->devices->pdata[i];

    if (device->problem != NULL)
      vap_rule_take_problem (question->findings, device);
  }
}

void
vap_rule_device_not_started (const VapDriftQuestion *question)
{
  for (guint i = 0; i < question->host->devices->len; i++) {
    const VapHostDevice *device = question->host->devices->pdata[i];
    g_autofree char *node = vap_device_node_name (device->uuid);

    if (device->active || device->definition == NULL || !device->definition->autostart)
      continue;
    vap_findings_take (
        question->findings, "device-not-started", VAP_SEVERITY_WARNING, device->uuid,
        g_strdup_printf (_ ("device %s is defined to start at boot, but is not active"),
                         device->uuid),
        g_strdup_printf (_ ("start it with: virsh nodedev-start %s"), node));
  }
}

void
vap_rule_device_not_stored (const VapDriftQuestion *question)
{
  for (guint i = 0; i < question->host->devices->len; i++) {
    const VapHostDevice *device = question->host->devices->pdata[i];
    const VapHostGuest *guest = NULL;
    g_autofree char *node = vap_device_node_name (device->uuid);

    /* the gate makes a grant anew for its guest, so that it is never stored */
    if (!device->active || device->definition != NULL || device->problem != NULL ||
        vap_uuid_is_granted (device->uuid) ||
        vap_device_drift (device) == VAP_DRIFT_HALF_MADE)
      continue;
    guest = vap_drift_defined_holder (question->host, device->uuid);
    vap_findings_take (
        question->findings, "device-not-stored",
        guest != NULL ? VAP_SEVERITY_WARNING : VAP_SEVERITY_NOTE, device->uuid,
        guest != NULL
            ? g_strdup_printf (_ ("device %s is not stored, so guest '%s' lacks it after "
                                  "the next start of this host"),
                               device->uuid, guest->name)
            : g_strdup_printf (_ ("device %s is not stored, so it is gone after the next "
                                  "start of this host"),
                               device->uuid),
        g_strdup_printf (_ ("store it with: virsh nodedev-dumpxml %s > FILE, virsh "
                            "nodedev-define FILE"),
                         node));
  }
}

/* the masks that the next start of the machine makes; where the rule doesn't name one,
 * and the kernel's command line doesn't either, all queues are the host's (Linux
 * drivers/s390/crypto/ap_bus.c, ap_perms_init()) */
static void
masks_at_boot (const VapHost *host, VapMask *apmask, VapMask *aqmask)
{
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);

  *apmask = host->persistent.has_apmask ? host->persistent.apmask : all;
  *aqmask = host->persistent.has_aqmask ? host->persistent.aqmask : all;
}

typedef struct {
  guint count;
  VapQueue first;
} Changed;

static void
count_queue (Changed *changed, VapQueue queue)
{
  if (changed->count++ == 0)
    changed->first = queue;
}

static void
compare_owners (const VapHost *host, Changed *to_host, Changed *to_guests)
{
  VapMask apmask, aqmask;

  masks_at_boot (host, &apmask, &aqmask);
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VAP_MASK_FOREACH (&host->queues.domains[adapter], domain) {
      VapQueue queue = { (guint8) adapter, (guint8) domain };
      gboolean is_host = vap_host_queue_owner (host, queue) == VAP_OWNER_HOST;
      gboolean becomes_host =
          vap_mask_test (&apmask, adapter) && vap_mask_test (&aqmask, (guint) domain);

      if (is_host != becomes_host)
        count_queue (becomes_host ? to_host : to_guests, queue);
    }
  }
}

/* @one, @several: the sentence with a queue, and with a number besides */
static void
report_changed (const VapDriftQuestion *question, const Changed *changed, const char *one,
                const char *several)
{
  const VapHost *host = question->host;
  char queue[VAP_QUEUE_TEXT_SIZE];
  char *message;

  if (changed->count == 0)
    return;
  vap_queue_format (changed->first, queue);
  message = changed->count == 1 ? g_strdup_printf (one, queue)
                                : g_strdup_printf (several, queue, changed->count);
  vap_findings_take (
      question->findings, "mask-drift", VAP_SEVERITY_WARNING, queue, message,
      host->override_in_use
          ? g_strdup (
                _ ("a driver_override does not last; masks do, see: virt-ap reserve "
                   "--help; or go back to what is stored with: virt-ap repair"))
          : g_strdup (_ ("keep what is now, or go back to what is stored, with: virt-ap "
                         "repair")));
}

void
vap_rule_mask_drift (const VapDriftQuestion *question)
{
  Changed to_host = { 0 };
  Changed to_guests = { 0 };

  if (!question->host->has_ap_bus)
    return;
  compare_owners (question->host, &to_host, &to_guests);
  report_changed (
      question, &to_host, _ ("queue %s goes back to the host at its next start"),
      _ ("queue %s, the first of %u, goes back to the host at its next start"));
  report_changed (question, &to_guests,
                  _ ("queue %s is given to guests at the next start of the host"),
                  _ ("queue %s, the first of %u, is given to guests at the next start of "
                     "the host"));
}

static void
report_blocked_by_host (const VapDriftQuestion *question, const VapHostDevice *device,
                        const VapMatrix *blocked)
{
  char text[VAP_QUEUE_TEXT_SIZE];
  VapQueue queue;

  if (!vap_matrix_first_queue (blocked, &queue))
    return;
  vap_queue_format (queue, text);
  vap_findings_take (
      question->findings, "autostart-blocked", VAP_SEVERITY_WARNING, device->uuid,
      g_strdup_printf (_ ("device %s is to start at boot, but queue %s belongs to the "
                          "host then"),
                       device->uuid, text),
      g_strdup_printf (_ ("give its queues to guests lastingly, such as: virt-ap reserve "
                          "%s --for guests --persistent"),
                       text));
}

static void
report_blocked_by_device (const VapDriftQuestion *question, const VapHostDevice *device,
                          const VapHostDevice *other, const VapMatrix *shared)
{
  g_autofree char *node = vap_device_node_name (device->uuid);
  char text[VAP_QUEUE_TEXT_SIZE];
  VapQueue queue;

  if (!vap_matrix_first_queue (shared, &queue))
    return;
  vap_queue_format (queue, text);
  vap_findings_take (
      question->findings, "autostart-blocked", VAP_SEVERITY_WARNING, device->uuid,
      g_strdup_printf (
          _ ("devices %s and %s are both to start at boot with queue %s, and "
             "the later one fails"),
          other->uuid, device->uuid, text),
      g_strdup_printf (
          _ ("give up one of them, such as: virsh nodedev-autostart --disable %s"),
          node));
}

static const VapHostDevice *
autostarted (const VapHost *host, guint index)
{
  const VapHostDevice *device = host->devices->pdata[index];

  return device->definition != NULL && device->definition->autostart ? device : NULL;
}

/* mdevctl's udev rule 60-mdevctl.rules starts them when the driver is there */
void
vap_rule_autostart_blocked (const VapDriftQuestion *question)
{
  const VapHost *host = question->host;
  VapMatrix owned = { 0 };
  VapMatrix shared;

  masks_at_boot (host, &owned.adapters, &owned.domains);
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = autostarted (host, i);

    if (device == NULL)
      continue;
    if (host->has_ap_bus && vap_matrix_overlap (&device->defined_matrix, &owned, &shared))
      report_blocked_by_host (question, device, &shared);
    for (guint j = 0; j < i; j++) {
      const VapHostDevice *other = autostarted (host, j);

      if (other != NULL &&
          vap_matrix_overlap (&device->defined_matrix, &other->defined_matrix, &shared))
        report_blocked_by_device (question, device, other, &shared);
    }
  }
}

static gboolean
is_supported (const VapHost *host, guint adapter)
{
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = host->cards->pdata[i];

    if (card->id == adapter)
      return card->hwtype == 0 || card->hwtype >= VAP_CARD_HWTYPE_MIN;
  }
  return TRUE;
}

/* What the masks leave for vfio_ap is bound to it by the bus (ap_bus.c,
 * ap_bus_revise_bindings()); a driver that was loaded later, or an unbind by hand, leaves
 * some out. */
void
vap_drift_unbound (const VapHost *host, VapQueueSet *unbound)
{
  if (!host->has_vfio_ap || host->override_in_use)
    return;
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VapMask missing = vap_mask_minus (&host->queues.domains[adapter],
                                      &host->vfio_bound.domains[adapter]);

    VAP_MASK_FOREACH (&missing, domain) {
      VapQueue queue = { (guint8) adapter, (guint8) domain };

      if (vap_host_queue_owner (host, queue) == VAP_OWNER_VFIO &&
          is_supported (host, adapter))
        vap_queue_set_add (unbound, queue);
    }
  }
}

void
vap_rule_queue_unbound (const VapDriftQuestion *question)
{
  g_autofree VapQueueSet *queues = g_new0 (VapQueueSet, 1);
  Changed unbound = { 0 };
  char text[VAP_QUEUE_TEXT_SIZE];

  vap_drift_unbound (question->host, queues);
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VAP_MASK_FOREACH (&queues->domains[adapter], domain)
      count_queue (&unbound, (VapQueue){ (guint8) adapter, (guint8) domain });
  }
  if (unbound.count == 0)
    return;
  vap_queue_format (unbound.first, text);
  vap_findings_take (
      question->findings, "queue-unbound", VAP_SEVERITY_WARNING, text,
      unbound.count == 1
          ? g_strdup_printf (_ ("queue %s is meant for guests, but not bound to vfio_ap"),
                             text)
          : g_strdup_printf (_ ("queue %s, the first of %u, is meant for guests, but not "
                                "bound to vfio_ap"),
                             text, unbound.count),
      g_strdup_printf (_ ("bind it with: echo %s > /sys/bus/ap/drivers/vfio_ap/bind"),
                       text));
}
