/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way of a matrix into a guest, step by step, on masks: the driver's filter,
 * then what the guest's own AP bus makes of its CPU features.  A step takes adapters
 * or domains away from what the one before has left, so each loss is a product.
 * Source: Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_filter_matrix();
 * drivers/s390/crypto/ap_bus.c, ap_init_qci_info(), ap_queue_info()
 */
#include "check/guest-view.h"

#include "check/rules.h"
#include "config.h"

#include <glib/gi18n-lib.h>

/* without QCI, or without APXA, the guest's AP bus looks no further (ap_bus.c,
 * ap_max_adapter_id and ap_max_domain_id) */
#define MAX_ADAPTER_BASIC 63u
#define MAX_DOMAIN_BASIC 15u

static const struct {
  const char *id;
  const char *text;
} reasons[VAP_N_VIEW_REASONS] = {
  [VAP_VIEW_ADAPTER_ABSENT] = { "adapter-absent", N_ ("these adapters are not in the "
                                                      "host's configuration") },
  [VAP_VIEW_DOMAIN_ABSENT] = { "domain-absent",
                               N_ ("these domains are not in the host's configuration") },
  [VAP_VIEW_ADAPTER_FILTERED] = { "adapter-filtered", N_ ("the driver leaves out a whole "
                                                          "adapter when a queue of it "
                                                          "is not bound to vfio_ap") },
  [VAP_VIEW_NO_AP] = { "ap-off", N_ ("the guest does not have the CPU feature ap") },
  [VAP_VIEW_NO_APPV] = { "appv-off", N_ ("a secure-execution guest needs the CPU feature "
                                         "appv, and has it not") },
  [VAP_VIEW_NO_APFT] = { "apft-off", N_ ("without the CPU feature apft a Linux guest "
                                         "sees no AP device") },
  [VAP_VIEW_NO_APQCI] = { "apqci-off",
                          N_ ("without the CPU feature apqci a Linux guest looks only "
                              "for the "
                              "adapters 00 to 3f and the domains 0000 to 000f") },
  [VAP_VIEW_NO_APXA] = { "apxa-off", N_ ("without apxa there are only the adapters 00 to "
                                         "3f and the domains 0000 to "
                                         "000f") },
};

const char *
vap_view_reason_id (VapViewReason reason)
{
  return reasons[reason].id;
}

const char *
vap_view_reason_to_string (VapViewReason reason)
{
  return reasons[reason].text;
}

/* @adapters times @domains are lost, if there are any */
static void
add_loss (VapGuestView *view, VapViewReason reason, const VapMask *adapters,
          const VapMask *domains, const VapMask *unbound)
{
  VapViewLoss loss = {
    .reason = reason,
    .queues = { .adapters = *adapters, .domains = *domains },
  };

  if (unbound != NULL)
    loss.unbound = *unbound;
  if (vap_matrix_count_queues (&loss.queues) > 0)
    g_array_append_val (view->losses, loss);
}

/* takes from @left the adapters that are not in @kept, then likewise the domains */
static void
restrict_to (VapGuestView *view, VapMatrix *left, const VapMask *kept_adapters,
             VapViewReason adapters_reason, const VapMask *kept_domains,
             VapViewReason domains_reason)
{
  VapMask adapters = vap_mask_minus (&left->adapters, kept_adapters);
  VapMask domains = vap_mask_minus (&left->domains, kept_domains);

  add_loss (view, adapters_reason, &adapters, &left->domains, NULL);
  left->adapters = vap_mask_and (&left->adapters, kept_adapters);
  add_loss (view, domains_reason, &left->adapters, &domains, NULL);
  left->domains = vap_mask_and (&left->domains, kept_domains);
}

/* adapters that lack the same queues are one loss */
static void
lose_filtered (VapGuestView *view, const VapHost *host, VapMatrix *left)
{
  VapMask filtered = vap_mask_minus (&left->adapters, &view->passed.adapters);

  left->adapters = vap_mask_and (&left->adapters, &view->passed.adapters);
  while (!vap_mask_is_empty (&filtered)) {
    guint first = (guint) vap_mask_next (&filtered, 0);
    VapMask unbound = vap_mask_minus (&left->domains, &host->vfio_bound.domains[first]);
    VapMask alike = { 0 };

    VAP_MASK_FOREACH (&filtered, adapter) {
      VapMask other = vap_mask_minus (&left->domains, &host->vfio_bound.domains[adapter]);

      if (vap_mask_equal (&other, &unbound))
        vap_mask_set (&alike, (guint) adapter);
    }
    filtered = vap_mask_minus (&filtered, &alike);
    add_loss (view, VAP_VIEW_ADAPTER_FILTERED, &alike, &left->domains, &unbound);
  }
}

static void
lose_all (VapGuestView *view, VapMatrix *left, VapViewReason reason)
{
  add_loss (view, reason, &left->adapters, &left->domains, NULL);
  *left = (VapMatrix){ 0 };
}

static void
lose_extended (VapGuestView *view, VapMatrix *left, VapViewReason reason)
{
  VapMask adapters = vap_mask_up_to (MAX_ADAPTER_BASIC);
  VapMask domains = vap_mask_up_to (MAX_DOMAIN_BASIC);

  restrict_to (view, left, &adapters, reason, &domains, reason);
  left->control_domains = vap_mask_and (&left->control_domains, &domains);
}

static void
lose_by_features (VapGuestView *view, const VapGuest *guest, VapMatrix *left)
{
  if (!view->features[VAP_FEATURE_AP])
    lose_all (view, left, VAP_VIEW_NO_AP);
  if (guest->secure && !view->features[VAP_FEATURE_APPV])
    lose_all (view, left, VAP_VIEW_NO_APPV);
  if (!view->features[VAP_FEATURE_APFT])
    lose_all (view, left, VAP_VIEW_NO_APFT);
  if (!view->features[VAP_FEATURE_APQCI])
    lose_extended (view, left, VAP_VIEW_NO_APQCI);
  if (!view->features[VAP_FEATURE_APXA])
    lose_extended (view, left, VAP_VIEW_NO_APXA);
}

static void
find_device (VapGuestView *view, const VapHost *host, const VapGuest *guest)
{
  for (guint i = 0; i < guest->devices->len && view->device_uuid == NULL; i++) {
    const VapGuestDevice *device = g_ptr_array_index (guest->devices, i);

    if (device->uuid == NULL || !vap_host_is_matrix (host, device))
      continue;
    view->device_uuid = g_strdup (device->uuid);
    view->device = vap_host_find_device (host, device->uuid);
  }
  if (view->device != NULL)
    view->matrix =
        view->device->active ? view->device->matrix : view->device->defined_matrix;
}

static void
find_features (VapGuestView *view, const VapHost *host, const VapGuest *guest)
{
  const VapGuestQuestion question = { .host = host, .guest = guest };
  gboolean is_s390x = guest->arch == NULL || g_str_equal (guest->arch, "s390x");

  for (guint id = 0; is_s390x && id < VAP_N_FEATURES; id++)
    view->features[id] = vap_rule_guest_has_feature (&question, (VapFeatureId) id);
  view->pqap = (VapPqapGuest){
    .host_ap = vap_host_has_feature (host, VAP_FEATURE_AP),
    .guest_ap = view->features[VAP_FEATURE_AP],
    .apft = view->features[VAP_FEATURE_APFT],
    .apqi = view->features[VAP_FEATURE_APQI],
    .apxa = view->features[VAP_FEATURE_APXA],
    .device = view->device != NULL,
  };
}

static void
find_deconfigured (VapGuestView *view, const VapHost *host)
{
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = g_ptr_array_index (host->cards, i);

    if ((!card->config || card->checkstop) &&
        vap_mask_test (&view->usable.adapters, card->id))
      vap_mask_set (&view->deconfigured, card->id);
  }
}

/* a secure guest needs a feature of its own for interrupts */
static gboolean
has_interrupts (const VapGuestView *view, const VapHost *host, const VapGuest *guest)
{
  return vap_matrix_count_queues (&view->usable) > 0 && host->interrupts &&
         view->features[VAP_FEATURE_APQI] &&
         (!guest->secure || view->features[VAP_FEATURE_APPVI]);
}

VapGuestView *
vap_guest_view_new (const VapHost *host, const VapGuest *guest)
{
  VapGuestView *view = g_new0 (VapGuestView, 1);
  VapMatrix left;

  view->losses = g_array_new (FALSE, FALSE, sizeof (VapViewLoss));
  find_device (view, host, guest);
  find_features (view, host, guest);
  view->passed = vap_host_filter_matrix (host, &view->matrix);

  left = view->matrix;
  restrict_to (view, &left, &host->adapters, VAP_VIEW_ADAPTER_ABSENT,
               &host->usage_domains, VAP_VIEW_DOMAIN_ABSENT);
  lose_filtered (view, host, &left);
  left.control_domains = view->passed.control_domains;
  lose_by_features (view, guest, &left);
  view->usable = left;
  find_deconfigured (view, host);
  view->interrupts = has_interrupts (view, host, guest);
  return view;
}

void
vap_guest_view_free (VapGuestView *view)
{
  if (view == NULL)
    return;
  g_free (view->device_uuid);
  g_array_unref (view->losses);
  g_free (view);
}
