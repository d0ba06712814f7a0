/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What holds for the simulated host whatever was done to it.  Where the driver itself
 * lets a rule be broken, the function that does so is named.
 */
#include "fuzz.h"

#include <string.h>

/* g_error() ends the program, which is what a fuzzer wants to see. */
#define HOLDS(condition)                                                              \
  G_STMT_START                                                                        \
  {                                                                                   \
    if (!(condition))                                                                 \
      g_error ("%s:%d: after %" G_GUINT64_FORMAT " operations this does not hold: %s", \
               __FILE__, __LINE__, fuzz_operations, #condition);                      \
  }                                                                                   \
  G_STMT_END

static gboolean
is_part (const VapMask *part, const VapMask *whole)
{
  VapMask rest = vap_mask_minus (part, whole);

  return vap_mask_is_empty (&rest);
}

static gboolean
has_mdev (const LabModel *model, const LabMdev *mdev)
{
  return g_ptr_array_find (model->mdevs, mdev, NULL);
}

/*
 * No queue is the host's and in a matrix.  The driver lets it happen with
 * driver_override alone: ap_device_probe() gives a queue to whichever driver its
 * override names, and ap_owned_by_def_drv() believes the driver bound, but neither
 * unbinding it nor driver_override_store() asks whether a matrix has it.
 */
static void
check_owner (const FuzzHost *host, guint adapter, guint domain)
{
  const LabModel *model = host->model;
  const LabApDevice *queue = lab_ap_find (model, LAB_AP_QUEUE (adapter, domain));

  if (vap_mask_test (&host->overridden[adapter], domain))
    return;
  HOLDS (!vap_mask_test (&model->apmask, adapter)
         || !vap_mask_test (&model->aqmask, domain));
  HOLDS (!queue || queue->driver == LAB_DRIVER_NONE
         || queue->driver == LAB_DRIVER_VFIO_AP);
}

/* A guest gets a part of what is assigned, and each queue of it is there, linked. */
static void
check_guest_part (const LabModel *model, const LabMdev *mdev)
{
  HOLDS (is_part (&mdev->shadow.apm, &mdev->matrix.apm));
  HOLDS (is_part (&mdev->shadow.aqm, &mdev->matrix.aqm));
  HOLDS (is_part (&mdev->shadow.adm, &mdev->matrix.adm));
  HOLDS (is_part (&mdev->shadow.apm, &model->info.apm));
  HOLDS (is_part (&mdev->shadow.aqm, &model->info.aqm));
  HOLDS (is_part (&mdev->shadow.adm, &model->info.adm));
  VAP_MASK_FOREACH (&mdev->shadow.apm, adapter) {
    VAP_MASK_FOREACH (&mdev->shadow.aqm, domain) {
      const LabApDevice *queue = lab_ap_find (model, LAB_AP_QUEUE (adapter, domain));

      HOLDS (queue && queue->queue.linked == mdev);
    }
  }
}

static void
check_mdev (const FuzzHost *host, guint index)
{
  const LabModel *model = host->model;
  const LabMdev *mdev = model->mdevs->pdata[index];

  for (guint i = index + 1; i < model->mdevs->len; i++) {
    const LabMdev *other = model->mdevs->pdata[i];

    HOLDS (!vap_mask_intersects (&mdev->matrix.apm, &other->matrix.apm)
           || !vap_mask_intersects (&mdev->matrix.aqm, &other->matrix.aqm));
    HOLDS (mdev->serial != other->serial && mdev->group != other->group);
    HOLDS (strcmp (mdev->uuid, other->uuid) != 0);
  }
  VAP_MASK_FOREACH (&mdev->matrix.apm, adapter) {
    VAP_MASK_FOREACH (&mdev->matrix.aqm, domain)
      check_owner (host, (guint) adapter, (guint) domain);
  }
  HOLDS (vap_mask_is_empty (&mdev->added.apm) && vap_mask_is_empty (&mdev->added.aqm)
         && vap_mask_is_empty (&mdev->added.adm));
  check_guest_part (model, mdev);
}

static void
check_queue (const LabModel *model, const LabApDevice *queue)
{
  const LabMdev *linked = queue->queue.linked;

  HOLDS (model->cards[LAB_AP_ADAPTER (queue->id)]);
  HOLDS (queue->driver != LAB_DRIVER_CEX4CARD);
  HOLDS (!queue->queue.mdev || has_mdev (model, queue->queue.mdev));
  if (!linked)
    return;
  HOLDS (queue->driver == LAB_DRIVER_VFIO_AP && has_mdev (model, linked));
  HOLDS (vap_mask_test (&linked->matrix.apm, LAB_AP_ADAPTER (queue->id))
         && vap_mask_test (&linked->matrix.aqm, LAB_AP_DOMAIN (queue->id)));
}

/* The bus counts its queues, those bound, and the overrides; the last is too high
 * after a queue went with its own: only driver_override_store() counts. */
static void
check_bus (const LabModel *model)
{
  guint queues = 0, bound = 0, overrides = 0;

  for (const GList *link = model->devices.head; link; link = link->next) {
    const LabApDevice *device = link->data;

    HOLDS (lab_ap_find (model, device->id) == device);
    HOLDS (device->driver == LAB_DRIVER_NONE || lab_driver_there (model, device->driver));
    if (device->id & LAB_AP_CARD)
      continue;
    check_queue (model, device);
    queues++;
    bound += device->driver != LAB_DRIVER_NONE;
    overrides += device->queue.override != NULL;
  }
  HOLDS (queues == model->n_queues && bound == model->n_bound);
  HOLDS (overrides <= model->overrides);
  HOLDS (model->default_domain <= (gint) model->max_domain_id);
}

void
fuzz_check_state (const FuzzHost *host)
{
  check_bus (host->model);
  for (guint i = 0; i < host->model->mdevs->len; i++)
    check_mdev (host, i);
}

/* A directory on the way through the tree. */
typedef struct {
  LabModel *model;
  LabNode node;
  char *path;
} Place;

static void check_entry (const char *name, LabNode node, LabNodeType type,
                         gpointer user_data);

static void
check_link (const Place *place, LabNode link)
{
  g_autofree char *target = NULL;
  g_autofree char *absolute = NULL;
  LabNode node;

  HOLDS (lab_model_readlink (place->model, link, &target) == 0);
  absolute = g_canonicalize_filename (target, place->path);
  HOLDS (lab_model_resolve (place->model, absolute, &node) == 0);
}

static void
check_file (LabModel *model, LabNode file, guint mode)
{
  g_autoptr (GString) content = g_string_new (NULL);
  int code = lab_model_read (model, file, content);

  HOLDS (code == (mode & 0444 ? 0 : EACCES));
  HOLDS (content->len <= LAB_CONTENT_MAX);
}

static void
check_directory (LabModel *model, LabNode directory, const char *path)
{
  Place place = { model, directory, (char *) path };

  HOLDS (lab_model_list (model, directory, check_entry, &place) == 0);
}

/* What is listed is there, is what the list said, and can be read. */
static void
check_entry (const char *name, LabNode node, LabNodeType type, gpointer user_data)
{
  const Place *place = user_data;
  g_autofree char *path = g_build_filename (place->path, name, NULL);
  LabNodeType found_type;
  LabNode found;
  guint mode;

  HOLDS (lab_model_lookup (place->model, place->node, name, &found) == 0);
  HOLDS (found == node);
  HOLDS (lab_model_stat (place->model, node, &found_type, &mode) == 0);
  HOLDS (found_type == type);
  if (type == LAB_NODE_DIRECTORY)
    check_directory (place->model, node, path);
  else if (type == LAB_NODE_LINK)
    check_link (place, node);
  else
    check_file (place->model, node, mode);
}

void
fuzz_check_tree (const FuzzHost *host)
{
  check_directory (host->model, LAB_NODE_ROOT, "/");
}

/* An event says what happened to which device, and that one is still, or already, there:
 * whoever reads its attributes on the event finds them. */
void
fuzz_check_event (const char *const *properties, gpointer user_data)
{
  const FuzzHost *host = user_data;
  LabNode node;

  HOLDS (g_str_has_prefix (properties[0], "ACTION="));
  HOLDS (g_str_has_prefix (properties[1], "DEVPATH=/devices/"));
  HOLDS (g_str_has_prefix (properties[2], "SUBSYSTEM="));
  HOLDS (lab_model_resolve (host->model, properties[1] + strlen ("DEVPATH="), &node)
         == 0);
}
