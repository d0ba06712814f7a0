/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How to move queues between the host and vfio_ap; see reserve.h. */
#include "config.h"

#include "change/reserve-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "change/priv.h"
#include "change/rule-file.h"
#include "change/steps.h"

void
vap_reserve_free (VapReserve *reserve)
{
  if (reserve == NULL)
    return;
  g_clear_pointer (&reserve->after, vap_host_unref);
  g_free (reserve->rule);
  g_free (reserve);
}

guint
vap_queue_set_count (const VapQueueSet *queues)
{
  guint count = 0;

  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++)
    count += vap_mask_count (&queues->domains[adapter]);
  return count;
}

static VapProduct
live_product (const VapHost *host)
{
  return (VapProduct){ .apmask = host->apmask,
                       .aqmask = host->aqmask,
                       .adapters = host->adapters,
                       .domains = host->usage_domains };
}

static gboolean
masks_are_ones (const VapHost *host)
{
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);

  return vap_mask_equal (&host->apmask, &all) && vap_mask_equal (&host->aqmask, &all);
}

/* whether a queue has a driver_override that it was not bound by yet */
static gboolean
has_pending_override (const VapHost *host, gboolean *pending, GError **error)
{
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VAP_MASK_FOREACH (&host->queues.domains[adapter], domain) {
      g_autofree char *path = g_strdup_printf (
          "/sys/bus/ap/devices/%02x.%04x/driver_override", adapter, (guint) domain);
      g_autofree char *text = NULL;

      if (!vap_attr_read (host->root, path, &text, error))
        return FALSE;
      *pending = text != NULL && *text != '\0';
      if (*pending)
        return TRUE;
    }
  }
  return TRUE;
}

/* override and masks exclude each other (ap_bus.c, apmask_store()) */
static gboolean
is_override_in_use (const VapHost *host, gboolean *in_use, GError **error)
{
  *in_use = host->override_in_use && host->has_driver_override;
  if (*in_use || !host->has_driver_override || !masks_are_ones (host))
    return TRUE;
  return has_pending_override (host, in_use, error);
}

/* what of @wanted is not where it shall be */
static void
find_moved (VapReserve *reserve, const VapQueueSet *hosts)
{
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    const VapMask *wanted = &reserve->wanted.domains[adapter];
    const VapMask *has = &hosts->domains[adapter];

    reserve->moved.domains[adapter] =
        reserve->to_host ? vap_mask_minus (wanted, has) : vap_mask_and (wanted, has);
  }
  reserve->n_moved = vap_queue_set_count (&reserve->moved);
}

static void
plan_override (VapReserve *reserve, const VapHost *host)
{
  g_autofree VapQueueSet *hosts = g_new (VapQueueSet, 1);

  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VapMask *wanted = &reserve->wanted.domains[adapter];

    /* only a queue that there is has one */
    *wanted = vap_mask_and (wanted, &host->queues.domains[adapter]);
    hosts->domains[adapter] = vap_mask_minus (&host->queues.domains[adapter],
                                              &host->vfio_bound.domains[adapter]);
  }
  find_moved (reserve, hosts);
  reserve->way = reserve->n_moved > 0 ? VAP_RESERVE_BY_OVERRIDE : VAP_RESERVE_NOTHING;
  reserve->after = vap_host_with_queues (host, &host->apmask, &host->aqmask,
                                         &reserve->moved, reserve->to_host);
}

static void
plan_masks (VapReserve *reserve, const VapHost *host, const VapProduct *product,
            const VapProduct *result)
{
  g_autofree VapQueueSet *hosts = g_new (VapQueueSet, 1);

  vap_product_hosts (product, hosts);
  find_moved (reserve, hosts);
  reserve->way = reserve->n_moved > 0 ? VAP_RESERVE_BY_MASKS : VAP_RESERVE_NOTHING;
  reserve->after = vap_host_with_queues (host, &result->apmask, &result->aqmask,
                                         &reserve->moved, reserve->to_host);
}

static void
plan_refused (VapReserve *reserve, const VapHost *host, const VapProduct *product,
              VapFindings *findings)
{
  vap_reserve_refuse_product (reserve, product, FALSE, findings);
  reserve->after = vap_host_ref ((VapHost *) host);
}

static gboolean
plan_live (VapReserve *reserve, const VapHost *host, VapFindings *findings,
           GError **error)
{
  VapProduct product = live_product (host), result;
  gboolean in_use;

  if (!is_override_in_use (host, &in_use, error))
    return FALSE;
  if (in_use)
    plan_override (reserve, host);
  else if (vap_product_move (&product, &reserve->wanted, reserve->to_host, &result))
    plan_masks (reserve, host, &product, &result);
  else if (host->has_driver_override && masks_are_ones (host))
    plan_override (reserve, host);
  else
    plan_refused (reserve, host, &product, findings);
  return TRUE;
}

/* the masks at the next start: those of the rule, else all ones */
static VapProduct
persistent_product (const VapHost *host)
{
  VapProduct product = live_product (host);

  product.apmask = product.aqmask = vap_mask_up_to (VAP_MASK_BITS - 1);
  if (host->persistent.has_apmask)
    product.apmask = host->persistent.apmask;
  if (host->persistent.has_aqmask)
    product.aqmask = host->persistent.aqmask;
  return product;
}

static gboolean
is_same (const VapProduct *a, const VapProduct *b)
{
  return vap_mask_equal (&a->apmask, &b->apmask) &&
         vap_mask_equal (&a->aqmask, &b->aqmask);
}

static void
refuse_to_keep (VapFindings *findings)
{
  vap_findings_take (
      findings, "override-not-kept", VAP_SEVERITY_ERROR, "driver_override",
      g_strdup (_ ("a driver_override is lost when the machine restarts, and chzdev's "
                   "rule keeps only the masks")),
      NULL);
}

static gboolean
plan_persistent (VapReserve *reserve, const VapHost *host, VapFindings *findings,
                 GError **error)
{
  VapProduct product = persistent_product (host), result;
  VapPersistentMasks masks = host->persistent;
  g_autofree char *text = NULL;
  VapHost *after;

  if (!vap_product_move (&product, &reserve->wanted, reserve->to_host, &result)) {
    vap_reserve_refuse_product (reserve, &product, TRUE, findings);
    return TRUE;
  }
  if (is_same (&product, &result))
    return TRUE;
  if (reserve->way == VAP_RESERVE_BY_OVERRIDE) {
    refuse_to_keep (findings);
    return TRUE;
  }
  if (!vap_attr_read (host->root, VAP_RULE_FILE, &text, error))
    return FALSE;
  masks.has_apmask =
      masks.has_apmask || !vap_mask_equal (&result.apmask, &product.apmask);
  masks.has_aqmask =
      masks.has_aqmask || !vap_mask_equal (&result.aqmask, &product.aqmask);
  masks.apmask = result.apmask;
  masks.aqmask = result.aqmask;
  reserve->rule = vap_rule_file_edit (text, &masks);
  after = vap_host_with_persistent (reserve->after, &masks);
  vap_host_unref (reserve->after);
  reserve->after = after;
  return TRUE;
}

VapReserve *
vap_reserve_plan (const VapHost *host, const VapQueueSet *wanted, gboolean to_host,
                  VapReserveFlags flags, VapFindings *findings, GError **error)
{
  g_autoptr (VapReserve) reserve = g_new0 (VapReserve, 1);

  reserve->to_host = to_host;
  reserve->wanted = *wanted;
  if (!plan_live (reserve, host, findings, error))
    return NULL;
  if ((flags & VAP_RESERVE_PERSISTENT) &&
      !plan_persistent (reserve, host, findings, error))
    return NULL;
  vap_reserve_find_obstacles (reserve, host, flags, findings);
  return g_steal_pointer (&reserve);
}

static void
add_mask_step (VapTransaction *transaction, VapMaskName name, const VapMask *before,
               const VapMask *after)
{
  VapMask set = vap_mask_minus (after, before);
  VapMask clear = vap_mask_minus (before, after);

  if (!vap_mask_is_empty (&set) || !vap_mask_is_empty (&clear))
    vap_transaction_add (transaction, vap_mask_step_new (name, &set, &clear));
}

/* While the host has nothing, the mask without bits must be the last to change. */
static void
add_mask_steps (const VapReserve *reserve, const VapHost *before,
                VapTransaction *transaction)
{
  const VapHost *after = reserve->after;
  gboolean adapters_last = !vap_mask_intersects (&before->apmask, &before->adapters);

  if (!adapters_last)
    add_mask_step (transaction, VAP_APMASK, &before->apmask, &after->apmask);
  add_mask_step (transaction, VAP_AQMASK, &before->aqmask, &after->aqmask);
  if (adapters_last)
    add_mask_step (transaction, VAP_APMASK, &before->apmask, &after->apmask);
}

static void
add_override_steps (const VapReserve *reserve, VapTransaction *transaction)
{
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VAP_MASK_FOREACH (&reserve->moved.domains[adapter], domain) {
      VapQueue queue = { (guint8) adapter, (guint8) domain };

      vap_transaction_add (
          transaction, vap_override_step_new (queue, reserve->to_host ? "" : "vfio_ap"));
    }
  }
}

void
vap_reserve_add_steps (const VapReserve *reserve, const VapHost *before,
                       VapTransaction *transaction)
{
  if (reserve->rule != NULL)
    vap_transaction_add (transaction,
                         vap_file_step_new (VAP_RULE_FILE, reserve->rule, 0644));
  if (reserve->way == VAP_RESERVE_BY_MASKS)
    add_mask_steps (reserve, before, transaction);
  else if (reserve->way == VAP_RESERVE_BY_OVERRIDE)
    add_override_steps (reserve, transaction);
}

static gboolean
fail_check (const VapReserve *reserve, VapQueue queue, GError **error)
{
  char name[VAP_QUEUE_TEXT_SIZE];

  vap_queue_format (queue, name);
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               reserve->to_host ? _ ("queue %s is still bound to vfio_ap")
                                : _ ("queue %s was not bound to vfio_ap"),
               name);
  return FALSE;
}

gboolean
vap_reserve_check (const VapReserve *reserve, const VapHost *now, GError **error)
{
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VapMask there =
        vap_mask_and (&reserve->wanted.domains[adapter], &now->queues.domains[adapter]);

    VAP_MASK_FOREACH (&there, domain) {
      VapQueue queue = { (guint8) adapter, (guint8) domain };
      gboolean bound = vap_queue_set_test (&now->vfio_bound, queue);

      if (reserve->to_host ? bound : (!bound && now->has_vfio_ap))
        return fail_check (reserve, queue, error);
    }
  }
  return TRUE;
}
