/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The filter that vfio_ap puts between a device's matrix and its guest.
 * Source: Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_filter_matrix()
 */
#include "host/host.h"

VapMatrix
vap_host_filter_matrix (const VapHost *host, const VapMatrix *matrix)
{
  VapMatrix filtered = {
    .adapters = vap_mask_and (&matrix->adapters, &host->adapters),
    .domains = vap_mask_and (&matrix->domains, &host->usage_domains),
    .control_domains = vap_mask_and (&matrix->control_domains, &host->control_domains),
  };
  VapMask configured = filtered.adapters;

  VAP_MASK_FOREACH (&configured, adapter) {
    VapMask unbound =
        vap_mask_minus (&filtered.domains, &host->vfio_bound.domains[adapter]);

    if (!vap_mask_is_empty (&unbound))
      vap_mask_clear (&filtered.adapters, (guint) adapter);
  }
  return filtered;
}
