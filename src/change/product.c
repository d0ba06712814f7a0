/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Products of apmask and aqmask; see product.h. */
#include "config.h"

#include "change/product.h"

#include <string.h>

/* 2 to the power of this many choices are tried */
#define KINDS_MAX 12u

void
vap_product_hosts (const VapProduct *product, VapQueueSet *queues)
{
  VapMask domains = vap_mask_and (&product->aqmask, &product->domains);

  memset (queues, 0, sizeof *queues);
  VAP_MASK_FOREACH (&product->adapters, adapter) {
    if (vap_mask_test (&product->apmask, (guint) adapter))
      queues->domains[adapter] = domains;
  }
}

/* which queues the host shall have; the rows and columns of them */
static void
find_target (const VapProduct *product, const VapQueueSet *queues, gboolean to_host,
             VapQueueSet *target, VapMask *rows, VapMask *columns)
{
  vap_product_hosts (product, target);
  memset (rows, 0, sizeof *rows);
  memset (columns, 0, sizeof *columns);
  VAP_MASK_FOREACH (&product->adapters, adapter) {
    VapMask *domains = &target->domains[adapter];

    *domains = to_host ? vap_mask_or (domains, &queues->domains[adapter])
                       : vap_mask_minus (domains, &queues->domains[adapter]);
    if (vap_mask_is_empty (domains))
      continue;
    vap_mask_set (rows, (guint) adapter);
    *columns = vap_mask_or (columns, domains);
  }
}

/* the bits that there are queues for become @wanted, the others stay */
static VapMask
with_part (const VapMask *mask, const VapMask *part, const VapMask *wanted)
{
  VapMask others = vap_mask_minus (mask, part);

  return vap_mask_or (&others, wanted);
}

/* the host shall have nothing: one of the two masks is enough */
static void
move_all (const VapProduct *product, VapProduct *result)
{
  VapMask adapters = vap_mask_and (&product->apmask, &product->adapters);
  VapMask domains = vap_mask_and (&product->aqmask, &product->domains);

  if (vap_mask_is_empty (&adapters) || vap_mask_is_empty (&domains))
    return;
  if (vap_mask_count (&adapters) <= vap_mask_count (&domains))
    result->apmask = vap_mask_minus (&result->apmask, &adapters);
  else
    result->aqmask = vap_mask_minus (&result->aqmask, &domains);
}

gboolean
vap_product_move (const VapProduct *product, const VapQueueSet *queues, gboolean to_host,
                  VapProduct *result)
{
  g_autofree VapQueueSet *target = g_new (VapQueueSet, 1);
  VapMask rows, columns;

  *result = *product;
  find_target (product, queues, to_host, target, &rows, &columns);
  if (vap_mask_is_empty (&rows)) {
    move_all (product, result);
    return TRUE;
  }
  VAP_MASK_FOREACH (&rows, adapter) {
    if (!vap_mask_equal (&target->domains[adapter], &columns))
      return FALSE;
  }
  result->apmask = with_part (&product->apmask, &product->adapters, &rows);
  result->aqmask = with_part (&product->aqmask, &product->domains, &columns);
  return TRUE;
}

/* Adapters of which the same domains are wanted: taken together or not at all. */
typedef struct {
  VapMask adapters;
  VapMask wanted;
} Kind;

static guint
find_kinds (const VapQueueSet *hosts, const VapQueueSet *queues, const VapMask *adapters,
            Kind kinds[VAP_MASK_BITS])
{
  guint n = 0;

  VAP_MASK_FOREACH (adapters, adapter) {
    VapMask wanted = vap_mask_and (&hosts->domains[adapter], &queues->domains[adapter]);
    guint i = 0;

    if (vap_mask_is_empty (&wanted))
      continue;
    while (i < n && !vap_mask_equal (&kinds[i].wanted, &wanted))
      i++;
    if (i == n)
      kinds[n++] = (Kind){ .wanted = wanted };
    vap_mask_set (&kinds[i].adapters, (guint) adapter);
  }
  return n;
}

/* the kinds in @choice lose whole adapters, the others whole domains */
static void
choose (const Kind *kinds, guint n, guint choice, VapMask *adapters, VapMask *domains)
{
  memset (adapters, 0, sizeof *adapters);
  memset (domains, 0, sizeof *domains);
  for (guint i = 0; i < n; i++) {
    if (choice & (1u << MIN (i, 31u)))
      *adapters = vap_mask_or (adapters, &kinds[i].adapters);
    else
      *domains = vap_mask_or (domains, &kinds[i].wanted);
  }
}

static void
nearest_to_guests (const VapProduct *product, const VapQueueSet *queues,
                   VapMask *adapters, VapMask *domains)
{
  g_autofree VapQueueSet *hosts = g_new (VapQueueSet, 1);
  g_autofree Kind *kinds = g_new (Kind, VAP_MASK_BITS);
  VapMask rows = vap_mask_and (&product->apmask, &product->adapters);
  VapMask columns = vap_mask_and (&product->aqmask, &product->domains);
  guint n, last, step, best = 0;
  gboolean found = FALSE;

  vap_product_hosts (product, hosts);
  n = find_kinds (hosts, queues, &product->adapters, kinds);
  last = n <= KINDS_MAX ? (1u << n) - 1 : G_MAXUINT;
  step = n <= KINDS_MAX ? 1 : G_MAXUINT; /* only domains, then only adapters */
  for (guint choice = 0;; choice += step) {
    VapMask lost_rows, lost_columns;
    guint left;

    choose (kinds, n, choice, &lost_rows, &lost_columns);
    lost_rows = vap_mask_minus (&rows, &lost_rows);
    lost_columns = vap_mask_minus (&columns, &lost_columns);
    left = vap_mask_count (&lost_rows) * vap_mask_count (&lost_columns);
    if (!found || left > best) {
      choose (kinds, n, choice, adapters, domains);
      best = left;
      found = TRUE;
    }
    if (choice == last)
      break;
  }
}

void
vap_product_nearest (const VapProduct *product, const VapQueueSet *queues,
                     gboolean to_host, VapQueueSet *more, VapMask *adapters,
                     VapMask *domains)
{
  if (to_host)
    find_target (product, queues, TRUE, more, adapters, domains);
  else
    nearest_to_guests (product, queues, adapters, domains);
  memset (more, 0, sizeof *more);
  VAP_MASK_FOREACH (&product->adapters, adapter) {
    gboolean whole = vap_mask_test (adapters, (guint) adapter);

    if (to_host && whole)
      more->domains[adapter] = *domains;
    else if (!to_host)
      more->domains[adapter] = whole ? product->domains : *domains;
  }
}
