/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of what a guest gets from a matrix: the driver takes all of these, and
 * leaves out of the guest what is not there or cannot be given.  check.c runs them.
 * None refuses: what is missing now may come.
 */
#include "check/rules.h"

#include "config.h"

#include <glib/gi18n-lib.h>

/* One kind of number in a matrix. */
typedef struct {
  const char *id;
  guint width; /* digits, as AP tools show the number */
  const char *message;
  const char *show; /* what lists those there are */
} AbsentKind;

static const AbsentKind absent_adapter = {
  .id = "adapter-absent",
  .width = 2,
  .message = N_ ("assigned adapters that this host's configuration does not have: %s"),
  .show = "virsh nodedev-list --cap ap_card",
};

static const AbsentKind absent_domain = {
  .id = "domain-absent",
  .width = 4,
  .message = N_ ("assigned domains that this host's configuration does not have: %s"),
  .show = "virsh nodedev-list --cap ap_queue",
};

static const AbsentKind absent_control_domain = {
  .id = "control-domain-absent",
  .width = 4,
  .message = N_ ("assigned control domains that this host's configuration does not have: "
                 "%s"),
  .show = "lszcrypt -d",
};

/* of what is assigned, up to the highest number there can be: above that it is
 * vap_rule_out_of_range() that speaks */
static void
judge_absent (const VapDeviceQuestion *question, const AbsentKind *kind,
              const VapMask *assigned, const VapMask *configured, guint max)
{
  VapMask possible = vap_mask_up_to (max);
  VapMask absent = vap_mask_minus (assigned, configured);
  g_autofree char *list = NULL;

  absent = vap_mask_and (&absent, &possible);
  if (!question->host->has_ap_bus || vap_mask_is_empty (&absent))
    return;

  list = vap_mask_to_list (&absent, kind->width);
  vap_findings_take (
      question->findings, kind->id, VAP_SEVERITY_WARNING, list,
      g_strdup_printf (_ (kind->message), list),
      g_strdup_printf (_ ("a guest gets them when they come; those there are: %s"),
                       kind->show));
}

/* vfio_ap_mdev_filter_matrix(), vfio_ap_mdev_filter_cdoms() (vfio_ap_ops.c) */
void
vap_rule_absent (const VapDeviceQuestion *question)
{
  const VapHost *host = question->host;
  const VapMatrix *matrix = &question->matrix;

  judge_absent (question, &absent_adapter, &matrix->adapters, &host->adapters,
                host->max_adapter_id);
  judge_absent (question, &absent_domain, &matrix->domains, &host->usage_domains,
                host->max_domain_id);
  judge_absent (question, &absent_control_domain, &matrix->control_domains,
                &host->control_domains, host->max_domain_id);
}

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

static gboolean
is_unsupported (const VapCard *card)
{
  return card != NULL && card->hwtype != 0 && card->hwtype < VAP_CARD_HWTYPE_MIN;
}

/* vfio_ap binds to no older queue (vfio_ap_drv.c, ap_queue_ids[]) */
void
vap_rule_adapter_unsupported (const VapDeviceQuestion *question)
{
  VAP_MASK_FOREACH (&question->matrix.adapters, adapter) {
    const VapCard *card = find_card (question->host, (guint) adapter);
    g_autofree char *text = g_strdup_printf ("%02x", (guint) adapter);

    if (!is_unsupported (card))
      continue;
    vap_findings_take (
        question->findings, "adapter-unsupported", VAP_SEVERITY_WARNING, text,
        g_strdup_printf (_ ("adapter %s (%s) is older than CEX4, so no guest gets it"),
                         text, card->type != NULL ? card->type : "?"),
        g_strdup (_ ("leave it out; see the types with: lszcrypt")));
  }
}

/* such a queue takes no request (Linux drivers/s390/crypto/ap_queue.c, ap_sm_event()) */
void
vap_rule_adapter_offline (const VapDeviceQuestion *question)
{
  VAP_MASK_FOREACH (&question->matrix.adapters, adapter) {
    const VapCard *card = find_card (question->host, (guint) adapter);
    g_autofree char *text = g_strdup_printf ("%02x", (guint) adapter);
    const char *message =
        card != NULL && card->checkstop
            ? _ ("adapter %s is checkstopped, so its queues answer nothing")
            : _ ("adapter %s is deconfigured, so its queues answer nothing");

    if (card == NULL || (card->config && !card->checkstop))
      continue;
    vap_findings_take (
        question->findings, "adapter-offline", VAP_SEVERITY_WARNING, text,
        g_strdup_printf (message, text),
        card->checkstop
            ? g_strdup (_ ("only the machine's operator can mend it"))
            : g_strdup_printf (_ ("configure it with: chzcrypt --config-on %s"), text));
  }
}

static char *
hint_unbound (const VapHost *host, VapQueue queue, const char *text)
{
  if (vap_queue_set_test (&host->queues, queue))
    return g_strdup_printf (
        _ ("bind it with: echo %s > /sys/bus/ap/drivers/vfio_ap/bind"), text);

  return g_strdup (_ ("this host has no such queue: leave out the adapter or the domain; "
                      "see the queues with: lszcrypt -V"));
}

static void
report_filtered (const VapDeviceQuestion *question, guint adapter, const VapMask *unbound)
{
  VapQueue queue = { .adapter = (guint8) adapter,
                     .domain = (guint8) vap_mask_next (unbound, 0) };
  char text[VAP_QUEUE_TEXT_SIZE];

  vap_queue_format (queue, text);
  vap_findings_take (
      question->findings, "adapter-filtered", VAP_SEVERITY_WARNING, text,
      g_strdup_printf (_ ("queue %s is not bound to vfio_ap, so a guest gets no queue of "
                          "adapter %02x"),
                       text, adapter),
      hint_unbound (question->host, queue, text));
}

/* vfio_ap_mdev_filter_matrix() (vfio_ap_ops.c) leaves out an adapter as soon as one
 * queue of it, within the host's configuration, is not the driver's.  A queue that the
 * host owns is not: that is vap_rule_queue_host_owned()'s to say. */
void
vap_rule_adapter_filtered (const VapDeviceQuestion *question)
{
  const VapHost *host = question->host;
  VapMask adapters = vap_mask_and (&question->matrix.adapters, &host->adapters);
  VapMask domains = vap_mask_and (&question->matrix.domains, &host->usage_domains);

  if (!host->has_ap_bus || !host->has_vfio_ap)
    return;

  VAP_MASK_FOREACH (&adapters, adapter) {
    VapMask unbound = vap_mask_minus (&domains, &host->vfio_bound.domains[adapter]);
    VapMatrix row = { .domains = domains };

    vap_mask_set (&row.adapters, (guint) adapter);
    if (!vap_mask_is_empty (&unbound) && !vap_host_owned_by_host (host, &row, NULL) &&
        !is_unsupported (find_card (host, (guint) adapter)))
      report_filtered (question, (guint) adapter, &unbound);
  }
}

/* A command for a control domain goes through a queue of some usage domain (Linux
 * drivers/s390/crypto/zcrypt_api.c, _zcrypt_send_cprb()). */
void
vap_rule_usage_domain_missing (const VapDeviceQuestion *question)
{
  const VapMatrix *matrix = &question->matrix;

  if (!vap_mask_is_empty (&matrix->domains) ||
      vap_mask_is_empty (&matrix->control_domains))
    return;

  vap_findings_take (
      question->findings, "usage-domain-missing", VAP_SEVERITY_WARNING,
      vap_rule_device_subject (question),
      g_strdup (
          _ ("the matrix has control domains but no usage domain, so a guest has no "
             "queue to control them through")),
      g_strdup (_ ("add one such as: <attr name='assign_domain' value='0x4'/>")));
}

/* Linux Documentation/arch/s390/vfio-ap.rst: a domain that is to be changed by AP
 * commands, such as those that set its master key, must be a control domain. */
void
vap_rule_control_domain_missing (const VapDeviceQuestion *question)
{
  const VapMatrix *matrix = &question->matrix;
  VapMask missing = vap_mask_minus (&matrix->domains, &matrix->control_domains);
  g_autofree char *list = vap_mask_to_list (&missing, 4);

  if (vap_mask_is_empty (&missing))
    return;

  vap_findings_take (
      question->findings, "control-domain-missing", VAP_SEVERITY_NOTE, list,
      g_strdup_printf (
          _ ("usage domains whose keys a guest cannot manage, because they are "
             "no control domains: %s"),
          list),
      g_strdup (
          _ ("if it is to manage them, assign them with assign_control_domain too")));
}
