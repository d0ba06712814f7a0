/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is in the way of a move, and what is good to know of it; see reserve.h. */
#include "config.h"

#include "change/reserve-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ap/pattern.h"
#include "change/rule-file.h"
#include "change/users.h"

/* of a long list only so many are named */
#define NAMED_MAX 8u

char *
vap_queue_set_to_text (const VapQueueSet *queues)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint count = vap_queue_set_count (queues), named = 0;

  for (guint adapter = 0; adapter < VAP_MASK_BITS && named < NAMED_MAX; adapter++) {
    VAP_MASK_FOREACH (&queues->domains[adapter], domain) {
      if (named++ >= NAMED_MAX)
        break;
      g_string_append_printf (text, "%s%02x.%04x", text->len > 0 ? ", " : "", adapter,
                              (guint) domain);
    }
  }
  if (count <= NAMED_MAX)
    return g_string_free (g_steal_pointer (&text), FALSE);
  return g_strdup_printf (
      ngettext ("%s and %u more", "%s and %u more", count - NAMED_MAX), text->str,
      count - NAMED_MAX);
}

char *
vap_reserve_command (const VapProduct *product, const VapMask *adapters,
                     const VapMask *domains, gboolean to_host)
{
  g_autofree char *both =
      vap_queue_pattern_text (adapters, domains, &product->adapters, &product->domains);
  g_autofree char *rows = vap_queue_pattern_text (adapters, &product->domains,
                                                  &product->adapters, &product->domains);
  g_autofree char *columns = vap_queue_pattern_text (
      &product->adapters, domains, &product->adapters, &product->domains);

  if (to_host)
    return g_strdup_printf ("virt-ap reserve '%s' --for host", both);
  if (vap_mask_is_empty (domains))
    return g_strdup_printf ("virt-ap reserve '%s' --for guests", rows);
  if (vap_mask_is_empty (adapters))
    return g_strdup_printf ("virt-ap reserve '%s' --for guests", columns);
  return g_strdup_printf ("virt-ap reserve '%s' '%s' --for guests", rows, columns);
}

/* what the nearest move takes besides what was wanted */
static char *
others_text (const VapReserve *reserve, const VapProduct *product,
             const VapQueueSet *more)
{
  g_autofree VapQueueSet *hosts = g_new (VapQueueSet, 1);
  g_autofree VapQueueSet *others = g_new0 (VapQueueSet, 1);

  vap_product_hosts (product, hosts);
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VapMask unwanted =
        vap_mask_minus (&more->domains[adapter], &reserve->wanted.domains[adapter]);

    others->domains[adapter] = reserve->to_host
                                   ? vap_mask_minus (&unwanted, &hosts->domains[adapter])
                                   : vap_mask_and (&unwanted, &hosts->domains[adapter]);
  }
  return vap_queue_set_to_text (others);
}

void
vap_reserve_refuse_product (const VapReserve *reserve, const VapProduct *product,
                            gboolean persistent, VapFindings *findings)
{
  g_autofree VapQueueSet *more = g_new (VapQueueSet, 1);
  g_autofree char *others = NULL;
  VapMask adapters, domains;
  const char *format;

  vap_product_nearest (product, &reserve->wanted, reserve->to_host, more, &adapters,
                       &domains);
  others = others_text (reserve, product, more);
  if (persistent)
    format =
        _ ("the masks of the next start cannot say this alone: a queue is the host's "
           "when the bits of its adapter and of its domain are both set; the nearest "
           "that they can say also moves %s");
  else
    format =
        _ ("apmask and aqmask cannot say this alone: a queue is the host's when the "
           "bits of its adapter and of its domain are both set; the nearest that they "
           "can say also moves %s");
  vap_findings_take (
      findings, "masks-inexpressible", VAP_SEVERITY_ERROR,
      persistent ? VAP_RULE_FILE : "apmask", g_strdup_printf (format, others),
      vap_reserve_command (product, &adapters, &domains, reserve->to_host));
}

/* the queues of a device among @moved; whether there are any */
static gboolean
find_shared (const VapQueueSet *moved, const VapMatrix *matrix, VapQueueSet *shared)
{
  gboolean any = FALSE;

  memset (shared, 0, sizeof *shared);
  VAP_MASK_FOREACH (&matrix->adapters, adapter) {
    shared->domains[adapter] = vap_mask_and (&moved->domains[adapter], &matrix->domains);
    any = any || !vap_mask_is_empty (&shared->domains[adapter]);
  }
  return any;
}

static void
refuse_device (const VapHost *host, const VapHostDevice *device, const char *queues,
               VapFindings *findings)
{
  gboolean running = FALSE;
  const VapHostGuest *holder = vap_host_holder (host, device->uuid, NULL, &running);
  char *message;

  if (holder == NULL)
    message = g_strdup_printf (_ ("the active device %s, which no guest has, holds %s"),
                               device->uuid, queues);
  else if (running)
    message =
        g_strdup_printf (_ ("the active device %s of the running guest '%s' holds %s"),
                         device->uuid, holder->name, queues);
  else
    message = g_strdup_printf (_ ("the active device %s of the guest '%s' holds %s"),
                               device->uuid, holder->name, queues);
  vap_findings_take (findings, "queue-held", VAP_SEVERITY_ERROR, device->uuid, message,
                     g_strdup_printf ("virt-ap stop %s", device->uuid));
}

/* Linux 7 takes no adapter and no domain back that is in any matrix, also when no queue
 * would change hands (ap_bus.c, vfio_ap_ops.c: vfio_ap_mdev_resource_in_use()) */
static gboolean
is_shared_by_bits (const VapReserve *reserve, const VapHost *host,
                   const VapMatrix *matrix)
{
  VapMask adapters = vap_mask_minus (&reserve->after->apmask, &host->apmask);
  VapMask domains = vap_mask_minus (&reserve->after->aqmask, &host->aqmask);

  return host->has_driver_override &&
         (vap_mask_intersects (&adapters, &matrix->adapters) ||
          vap_mask_intersects (&domains, &matrix->domains));
}

static void
refuse_bits (const VapHostDevice *device, VapFindings *findings)
{
  vap_findings_take (
      findings, "queue-held", VAP_SEVERITY_ERROR, device->uuid,
      g_strdup_printf (_ ("this kernel takes no adapter and no domain back that is in a "
                          "matrix, and the active device %s has one of them"),
                       device->uuid),
      g_strdup_printf ("virt-ap stop %s", device->uuid));
}

static void
warn_of_definition (const VapHostDevice *device, const char *queues,
                    VapFindings *findings)
{
  vap_findings_take (
      findings, "queue-defined", VAP_SEVERITY_WARNING, device->uuid,
      g_strdup_printf (_ ("the device %s is defined with %s and cannot start then"),
                       device->uuid, queues),
      NULL);
}

static void
find_devices (const VapReserve *reserve, const VapHost *host, VapFindings *findings)
{
  g_autofree VapQueueSet *shared = g_new (VapQueueSet, 1);

  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = g_ptr_array_index (host->devices, i);
    const VapMatrix *matrix = device->active ? &device->matrix : &device->defined_matrix;
    gboolean shares = find_shared (&reserve->moved, matrix, shared);
    g_autofree char *queues = vap_queue_set_to_text (shared);

    if (device->active && shares)
      refuse_device (host, device, queues, findings);
    else if (device->active && is_shared_by_bits (reserve, host, matrix))
      refuse_bits (device, findings);
    else if (!device->active && shares)
      warn_of_definition (device, queues, findings);
  }
}

/* whether a queue that there is stays the host's */
static gboolean
host_keeps_one (const VapHost *host, const VapReserve *reserve)
{
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VapMask kept =
        vap_mask_minus (&host->queues.domains[adapter], &reserve->moved.domains[adapter]);

    kept = vap_mask_minus (&kept, &host->vfio_bound.domains[adapter]);
    if (!vap_mask_is_empty (&kept))
      return TRUE;
  }
  return FALSE;
}

static void
find_users (const VapReserve *reserve, const VapHost *host, VapReserveFlags flags,
            VapFindings *findings)
{
  g_autoptr (GPtrArray) users = vap_crypto_users (host->root);
  gboolean keeps = host_keeps_one (host, reserve);

  for (guint i = 0; i < users->len; i++) {
    const VapCryptoUser *user = g_ptr_array_index (users, i);

    if (keeps || (flags & VAP_RESERVE_FORCE))
      vap_findings_take (
          findings, "host-crypto-used", VAP_SEVERITY_NOTE, user->device,
          g_strdup_printf (_ ("process %u (%s) has %s open and may notice that the host "
                              "has fewer queues"),
                           user->pid, user->program, user->device),
          NULL);
    else
      vap_findings_take (
          findings, "host-crypto-used", VAP_SEVERITY_ERROR, user->device,
          g_strdup_printf (_ ("process %u (%s) has %s open, and the host would have no "
                              "queue left"),
                           user->pid, user->program, user->device),
          g_strdup (_ ("end it, or leave the host a queue, or add --force")));
  }
}

static void
warn_of_driver (VapFindings *findings)
{
  vap_findings_take (
      findings, "driver-missing", VAP_SEVERITY_WARNING, "vfio_ap",
      g_strdup (_ ("the driver vfio_ap is not loaded, so no guest can have these queues "
                   "yet")),
      g_strdup ("modprobe vfio_ap"));
}

void
vap_reserve_find_obstacles (const VapReserve *reserve, const VapHost *host,
                            VapReserveFlags flags, VapFindings *findings)
{
  if (reserve->n_moved == 0)
    return;
  if (reserve->to_host)
    find_devices (reserve, host, findings);
  else
    find_users (reserve, host, flags, findings);
  if (!reserve->to_host && !host->has_vfio_ap)
    warn_of_driver (findings);
}
