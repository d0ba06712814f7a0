/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The snapshot of a host: its making, its counting, and the questions that the
 * rules in check/ and the command line put to it.
 */
#include "config.h"

#include "host/document.h"
#include "host/guests.h"
#include "host/priv.h"
#include "keep/evidence.h"

#include <glib/gi18n-lib.h>

#include <string.h>
#include <sys/stat.h>

/* the facts of a host where nothing says otherwise: all queues are zcrypt's */
VapHost *
vap_host_new (const char *root)
{
  VapHost *host = g_new0 (VapHost, 1);

  host->ref_count = 1;
  host->facts = VAP_FACTS_ALL;
  host->root = g_strdup (root != NULL ? root : "");
  if (g_str_has_suffix (host->root, "/"))
    host->root[strlen (host->root) - 1] = '\0';
  host->max_adapter_id = VAP_MASK_BITS - 1;
  host->max_domain_id = VAP_MASK_BITS - 1;
  host->apmask = vap_mask_up_to (VAP_MASK_BITS - 1);
  host->aqmask = vap_mask_up_to (VAP_MASK_BITS - 1);
  host->cards = g_ptr_array_new_with_free_func ((GDestroyNotify) vap_card_free);
  host->devices = g_ptr_array_new_with_free_func ((GDestroyNotify) vap_host_device_free);
  host->other_mdevs = g_ptr_array_new_with_free_func (g_free);
  host->guests = vap_host_guests_new ();
  host->problems = g_ptr_array_new_with_free_func (g_free);
  return host;
}

GPtrArray *
vap_host_guests_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) vap_host_guest_free);
}

typedef struct {
  VapHost *host;
  const VapScope *scope;
} Reading;

/* without APSB no guest has what the ultravisor could do for it */
static gboolean
read_features (const Reading *reading, GError **error)
{
  VapHost *host = reading->host;

  if (!vap_host_read_cpuinfo (host, error) || !vap_host_read_features (host, error))
    return FALSE;
  return !(host->facts & VAP_FACTS_BUS || host->qci & VAP_QCI_APSB) ||
         vap_host_read_uv (host, error);
}

static gboolean
read_bus (const Reading *reading, GError **error)
{
  return !reading->host->has_ap_bus || vap_host_read_bus (reading->host, error);
}

static gboolean
read_driver (const Reading *reading, GError **error)
{
  return vap_host_read_driver (reading->host, error);
}

static gboolean
read_active (const Reading *reading, GError **error)
{
  if (!vap_host_read_active_devices (reading->host, reading->scope->devices, error))
    return FALSE;
  vap_host_sort_devices (reading->host);
  return TRUE;
}

static gboolean
read_defined (const Reading *reading, GError **error G_GNUC_UNUSED)
{
  vap_host_read_definitions (reading->host, reading->scope->devices);
  vap_host_sort_devices (reading->host);
  return TRUE;
}

static gboolean
read_others (const Reading *reading, GError **error G_GNUC_UNUSED)
{
  vap_host_read_other_mdevs (reading->host, reading->scope->devices);
  return TRUE;
}

static gboolean
read_rule (const Reading *reading, GError **error G_GNUC_UNUSED)
{
  vap_host_read_udev_rule (reading->host);
  return TRUE;
}

/* All but the guests, in this order; @fact: or several that are read together; @needs:
 * facts without which one cannot be read. */
static const struct {
  VapFacts fact;
  guint needs;
  gboolean (*read) (const Reading *reading, GError **error);
} parts[] = {
  { VAP_FACTS_FEATURES, 0, read_features },
  { VAP_FACTS_BUS, VAP_FACTS_FEATURES, read_bus },
  { VAP_FACTS_DRIVER, 0, read_driver },
  { VAP_FACTS_ACTIVE, 0, read_active },
  { VAP_FACTS_DEFINED, 0, read_defined },
  /* what is no AP matrix */
  { VAP_FACTS_OTHERS, VAP_FACTS_ACTIVE | VAP_FACTS_DEFINED, read_others },
  { VAP_FACTS_RULE, 0, read_rule },
};

static guint
with_needs (guint facts)
{
  for (gsize i = G_N_ELEMENTS (parts); i-- > 0;)
    if (facts & parts[i].fact)
      facts |= parts[i].needs;
  return facts;
}

static VapHost *
read_parts (const char *root, guint facts, const VapScope *scope, GError **error)
{
  g_autoptr (VapHost) host = vap_host_new (root);

  host->facts = facts;
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    if ((facts & parts[i].fact) &&
        !parts[i].read (&(const Reading){ host, scope }, error))
      return NULL;
  return g_steal_pointer (&host);
}

/* without guests */
static VapHost *
find_or_read (const char *root, const VapScope *scope, GError **error)
{
  guint facts = with_needs (scope->facts);
  VapHost *host = vap_host_find_known (root, facts, scope->devices);

  if (host != NULL)
    return host;
  vap_evidence_begin ();
  host = read_parts (root, facts, scope, error);
  if (host == NULL)
    vap_evidence_doubt ();
  else
    vap_host_know (host, root, scope->devices);
  return host;
}

VapHost *
vap_host_read_scope (const char *root, const VapScope *scope, GError **error)
{
  VapHost *host;
  struct stat status = { 0 };
  gboolean named = root != NULL && *root != '\0';

  if (named && stat (root, &status) == 0 && S_ISREG (status.st_mode))
    return vap_host_load (root, error);
  /* else a mistyped root would look like a host that has nothing */
  if (named && !S_ISDIR (status.st_mode)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("the root directory '%s' is not there"), root);
    return NULL;
  }

  host = find_or_read (named ? root : "", scope, error);
  if (host != NULL && (host->facts & VAP_FACTS_GUESTS))
    vap_host_read_guests (host, scope->defines);
  return host;
}

VapHost *
vap_host_read (const char *root, GError **error)
{
  const VapScope everything = { .facts = VAP_FACTS_ALL };

  return vap_host_read_scope (root, &everything, error);
}

VapHost *
vap_host_read_device (const char *root, const char *uuid, GError **error)
{
  const char *const devices[] = { uuid, NULL };
  const VapScope scope = { .facts = VAP_FACTS_DRIVER | VAP_FACTS_ACTIVE,
                           .devices = devices };

  return vap_host_read_scope (root, &scope, error);
}

VapHost *
vap_host_read_running (const char *root, GError **error)
{
  const VapScope scope = { .facts = VAP_FACTS_RUNNING };

  return vap_host_read_scope (root, &scope, error);
}

VapHost *
vap_host_ref (VapHost *host)
{
  g_atomic_int_inc (&host->ref_count);
  return host;
}

void
vap_host_free (VapHost *host)
{
  g_free (host->root);
  g_free (host->machine);
  g_ptr_array_unref (host->cards);
  g_ptr_array_unref (host->devices);
  g_clear_pointer (&host->other_mdevs, g_ptr_array_unref);
  vap_host_clear_guests (host);
  g_ptr_array_unref (host->problems);
  vap_host_record_unref (host->record);
  vap_host_known_free (host->known);
  g_free (host);
}

void
vap_host_unref (VapHost *host)
{
  if (g_atomic_int_dec_and_test (&host->ref_count) && !vap_host_rest (host))
    vap_host_free (host);
}

void
vap_host_take_problem (VapHost *host, char *sentence)
{
  g_ptr_array_add (host->problems, g_utf8_make_valid (sentence, -1));
  g_free (sentence);
}

/* a kernel without the attribute features tells by the range of adapters */
static gboolean
has_extended_addressing (const VapHost *host)
{
  if (host->qci_known)
    return (host->qci & VAP_QCI_APXA) != 0;
  return host->max_adapter_id > 63;
}

/* before Linux 5.19 the kernel does not show what the ultravisor can do */
static gboolean
has_uv_feature (const VapHost *host, const VapFeature *feature)
{
  return !host->uv_known || (host->uv_features >> (63 - feature->uv_feature) & 1) != 0;
}

gboolean
vap_host_has_feature (const VapHost *host, VapFeatureId feature)
{
  const VapFeature *row;

  switch (feature) {
  case VAP_FEATURE_AP:
    return host->has_ap_bus;
  case VAP_FEATURE_APXA:
    return host->has_ap_bus && has_extended_addressing (host);
  case VAP_FEATURE_APPV:
  case VAP_FEATURE_APPVI:
    return host->has_ap_bus && (host->qci & VAP_QCI_APSB) != 0 &&
           has_uv_feature (host, vap_feature_get (feature));
  case VAP_FEATURE_APQCI:
  case VAP_FEATURE_APFT:
  case VAP_FEATURE_APQI:
    row = vap_feature_get (feature);
    return host->facilities[row->facility] == 1;
  default:
    return FALSE;
  }
}

VapQueueOwner
vap_host_queue_owner (const VapHost *host, VapQueue queue)
{
  if (host->override_in_use)
    return vap_queue_set_test (&host->vfio_bound, queue) ? VAP_OWNER_VFIO
                                                         : VAP_OWNER_HOST;
  if (vap_mask_test (&host->apmask, queue.adapter) &&
      vap_mask_test (&host->aqmask, queue.domain))
    return VAP_OWNER_HOST;
  return VAP_OWNER_VFIO;
}

/* the domains of the matrix that zcrypt owns on one of its adapters */
static VapMask
owned_domains (const VapHost *host, const VapMatrix *matrix, guint adapter)
{
  VapMask none = { 0 };

  if (host->override_in_use)
    return vap_mask_minus (&matrix->domains, &host->vfio_bound.domains[adapter]);
  if (vap_mask_test (&host->apmask, adapter))
    return vap_mask_and (&matrix->domains, &host->aqmask);
  return none;
}

gboolean
vap_host_owned_by_host (const VapHost *host, const VapMatrix *matrix, VapQueueSet *owned)
{
  gboolean any = FALSE;

  if (owned != NULL)
    memset (owned, 0, sizeof *owned);
  VAP_MASK_FOREACH (&matrix->adapters, adapter) {
    VapMask domains = owned_domains (host, matrix, (guint) adapter);

    any = any || !vap_mask_is_empty (&domains);
    if (owned != NULL)
      owned->domains[adapter] = domains;
  }
  return any;
}

const VapHostDevice *
vap_host_find_device (const VapHost *host, const char *uuid)
{
  char canonical[37];

  if (uuid == NULL || !vap_uuid_canonical (uuid, canonical))
    return NULL;
  for (guint i = 0; i < host->devices->len; i++) {
    const VapHostDevice *device = g_ptr_array_index (host->devices, i);

    if (g_str_equal (device->uuid, canonical))
      return device;
  }
  return NULL;
}

gboolean
vap_host_has_other_mdev (const VapHost *host, const char *uuid)
{
  char canonical[37];

  return host->other_mdevs != NULL && uuid != NULL &&
         vap_uuid_canonical (uuid, canonical) &&
         g_ptr_array_find_with_equal_func (host->other_mdevs, canonical, g_str_equal,
                                           NULL);
}

gboolean
vap_host_is_matrix (const VapHost *host, const VapGuestDevice *device)
{
  return g_strcmp0 (device->model, "vfio-ap") == 0 ||
         vap_host_find_device (host, device->uuid) != NULL;
}

const VapHostGuest *
vap_host_find_guest (const VapHost *host, const char *name_or_uuid)
{
  char canonical[37];
  gboolean is_uuid;

  if (name_or_uuid == NULL)
    return NULL;
  is_uuid = vap_uuid_canonical (name_or_uuid, canonical);
  for (guint i = 0; i < host->guests->len; i++) {
    const VapHostGuest *guest = g_ptr_array_index (host->guests, i);

    if (g_str_equal (guest->name, name_or_uuid) ||
        (is_uuid && g_strcmp0 (guest->uuid, canonical) == 0))
      return guest;
  }
  return NULL;
}

/* @guest: (nullable); @device_uuid: canonical */
static gboolean
guest_has_device (const VapGuest *guest, const char *device_uuid)
{
  for (guint i = 0; guest != NULL && i < guest->devices->len; i++) {
    const VapGuestDevice *device = g_ptr_array_index (guest->devices, i);
    char canonical[37];

    if (device->uuid != NULL && vap_uuid_canonical (device->uuid, canonical) &&
        g_str_equal (canonical, device_uuid))
      return TRUE;
  }
  return FALSE;
}

static const VapHostGuest *
find_holder (const VapHost *host, const char *device_uuid, const char *except,
             gboolean running)
{
  for (guint i = 0; i < host->guests->len; i++) {
    const VapHostGuest *guest = g_ptr_array_index (host->guests, i);

    if (except != NULL && guest->uuid != NULL &&
        g_ascii_strcasecmp (guest->uuid, except) == 0)
      continue;
    if (guest_has_device (running ? guest->running : guest->defined, device_uuid))
      return guest;
  }
  return NULL;
}

const VapHostGuest *
vap_host_holder (const VapHost *host, const char *device_uuid, const char *except,
                 gboolean *running)
{
  const VapHostGuest *guest;
  char canonical[37];

  if (running != NULL)
    *running = FALSE;
  if (device_uuid == NULL || !vap_uuid_canonical (device_uuid, canonical))
    return NULL;
  guest = find_holder (host, canonical, except, TRUE);
  if (guest == NULL)
    return find_holder (host, canonical, except, FALSE);
  if (running != NULL)
    *running = TRUE;
  return guest;
}
