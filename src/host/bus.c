/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The AP bus: masks, maxima and features from its attributes, cards and queues
 * from one listing of its devices, bindings from one listing of the driver
 * vfio_ap.  65,536 queues cost two listings and nothing more.
 * Source: Linux drivers/s390/crypto/ap_bus.c, the attributes of ap_bus_type
 */
#include "config.h"

#include "host/priv.h"
#include "keep/evidence.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#define AP_BUS "/sys/bus/ap"

/* what ap_bus.c prints for a QCI mask where the machine has no QCI */
#define NOT_SUPPORTED "not supported"

/* the highest numbers without APXA (ap_bus.c, ap_max_adapter_id, ap_max_domain_id) */
#define MAX_ADAPTER_BASIC 63u
#define MAX_DOMAIN_BASIC 15u

/* an absent or unsupported mask leaves @mask as it is */
static gboolean
read_mask (const VapHost *host, const char *path, VapMask *mask, GError **error)
{
  g_autofree char *text = NULL;
  VapReadStatus status = vap_sysfs_read (host->root, path, &text, error);

  if (status != VAP_READ_DONE)
    return status == VAP_READ_ABSENT;
  if (g_str_equal (text, NOT_SUPPORTED))
    return TRUE;
  if (!vap_mask_parse (text, VAP_MASK_BITS / 4, mask, error)) {
    g_prefix_error (error, "%s%s: ", host->root, path);
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_number (const VapHost *host, const char *path, guint *number, gboolean *known,
             GError **error)
{
  VapReadStatus status;

  status = vap_sysfs_read_number (host->root, path, VAP_MASK_BITS - 1, number, error);
  *known = status == VAP_READ_DONE;
  return status == VAP_READ_DONE || status == VAP_READ_ABSENT;
}

/* The bus has the attribute since Linux 6.4 (features_show()): empty where QCI has none
 * of the bits, "-" without QCI.  */
static VapReadStatus
read_qci (VapHost *host, GError **error)
{
  g_autofree char *text = NULL;
  VapReadStatus status = vap_sysfs_read (host->root, AP_BUS "/features", &text, error);

  if (status == VAP_READ_DONE) {
    host->has_ap_bus = TRUE;
    host->qci_known = TRUE;
    host->qci = vap_qci_parse (text);
  }
  return status;
}

/* A kernel that lacks an attribute lets it follow from the others: with APXA
 * there are 256 adapters and domains, without it 64 and 16. */
static gboolean
read_maxima (VapHost *host, GError **error)
{
  gboolean adapter_known, domain_known, basic;

  if (!read_number (host, AP_BUS "/ap_max_adapter_id", &host->max_adapter_id,
                    &adapter_known, error) ||
      !read_number (host, AP_BUS "/ap_max_domain_id", &host->max_domain_id, &domain_known,
                    error))
    return FALSE;
  if (host->qci_known)
    basic = !(host->qci & VAP_QCI_APXA);
  else
    basic = (adapter_known && host->max_adapter_id <= MAX_ADAPTER_BASIC) ||
            (domain_known && host->max_domain_id <= MAX_DOMAIN_BASIC);
  if (!adapter_known && basic)
    host->max_adapter_id = MAX_ADAPTER_BASIC;
  if (!domain_known && basic)
    host->max_domain_id = MAX_DOMAIN_BASIC;
  return TRUE;
}

/* Where QCI or the attribute is missing, any number up to the maximum may be in
 * the configuration, as the AP bus itself takes it (ap_test_config_card_id()). */
static gboolean
read_configuration (VapHost *host, GError **error)
{
  host->adapters = vap_mask_up_to (host->max_adapter_id);
  host->usage_domains = vap_mask_up_to (host->max_domain_id);
  host->control_domains = vap_mask_up_to (host->max_domain_id);
  return read_mask (host, AP_BUS "/ap_adapter_mask", &host->adapters, error) &&
         read_mask (host, AP_BUS "/ap_usage_domain_mask", &host->usage_domains, error) &&
         read_mask (host, AP_BUS "/ap_control_domain_mask", &host->control_domains,
                    error);
}

static gboolean
read_interrupts (VapHost *host, GError **error)
{
  gboolean known;
  guint interrupts = 0;

  if (!read_number (host, AP_BUS "/ap_interrupts", &interrupts, &known, error))
    return FALSE;
  host->interrupts = interrupts == 1;
  return TRUE;
}

/* "card05" */
static gboolean
parse_card (const char *name, guint *adapter)
{
  guint64 number;

  if (!g_str_has_prefix (name, "card") || strlen (name) != strlen ("cardXX") ||
      !g_ascii_string_to_unsigned (name + strlen ("card"), 16, 0, VAP_MASK_BITS - 1,
                                   &number, NULL))
    return FALSE;
  *adapter = (guint) number;
  return TRUE;
}

typedef struct {
  VapMask cards;
  VapQueueSet *queues;
} Listing;

static void
take_name (const char *name, gpointer user_data)
{
  Listing *listing = user_data;
  VapQueue queue;
  guint adapter;

  if (vap_queue_parse (name, &queue))
    vap_queue_set_add (listing->queues, queue);
  else if (parse_card (name, &adapter))
    vap_mask_set (&listing->cards, adapter);
}

/* driver_override (Linux 7) works only while both masks are all ones, and they
 * cannot change while it is set (ap_bus.c, driver_override_store() and
 * apmask_store()): then alone can vfio_ap have a queue that the masks give to
 * the host.  An override whose queue has not been bound is not seen here. */
static gboolean
is_override_in_use (const VapHost *host)
{
  VapMask all = vap_mask_up_to (VAP_MASK_BITS - 1);

  if (!vap_mask_equal (&host->apmask, &all) || !vap_mask_equal (&host->aqmask, &all))
    return FALSE;
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    if (!vap_mask_is_empty (&host->vfio_bound.domains[adapter]))
      return TRUE;
  }
  return FALSE;
}

/* Linux 7 gives every queue the attribute, so that the first one tells. */
static gboolean
has_driver_override (const VapHost *host)
{
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    gint domain = vap_mask_next (&host->queues.domains[adapter], 0);
    g_autofree char *path = NULL;

    if (domain < 0)
      continue;
    path = g_strdup_printf ("%s" AP_BUS "/devices/%02x.%04x/driver_override", host->root,
                            adapter, (guint) domain);
    vap_evidence_doubt ();
    return g_file_test (path, G_FILE_TEST_EXISTS);
  }
  return FALSE;
}

/* Where QCI does not tell of APXA, the maxima do. */
gboolean
vap_host_read_features (VapHost *host, GError **error)
{
  VapReadStatus status = read_qci (host, error);

  if (status == VAP_READ_DONE)
    return TRUE;
  if (status == VAP_READ_ABSENT)
    status = vap_dir_find (host->root, AP_BUS "/devices", error);
  if (status != VAP_READ_DONE)
    return status == VAP_READ_ABSENT;
  host->has_ap_bus = TRUE;
  return read_maxima (host, error);
}

static gboolean
read_attributes (VapHost *host, GError **error)
{
  return (!host->qci_known || read_maxima (host, error)) &&
         read_configuration (host, error) && read_interrupts (host, error) &&
         read_mask (host, AP_BUS "/apmask", &host->apmask, error) &&
         read_mask (host, AP_BUS "/aqmask", &host->aqmask, error);
}

gboolean
vap_host_read_bus (VapHost *host, GError **error)
{
  Listing devices = { .queues = &host->queues };
  Listing bound = { .queues = &host->vfio_bound };
  VapReadStatus status;

  status = vap_dir_list (host->root, AP_BUS "/devices", take_name, &devices, error);
  if (status > VAP_READ_ABSENT || !read_attributes (host, error))
    return FALSE;
  status = vap_dir_list (host->root, AP_BUS "/drivers/vfio_ap", take_name, &bound, error);
  if (status != VAP_READ_DONE && status != VAP_READ_ABSENT)
    return FALSE;
  host->override_in_use = is_override_in_use (host);
  host->has_driver_override = has_driver_override (host);
  vap_host_read_cards (host, &devices.cards);
  return TRUE;
}
