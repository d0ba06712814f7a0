/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel agrees with the catalogue: for each finding that says which errno it
 * spares, the write that would be made without the check gives that errno.  The model
 * of the drivers answers; recordings of the real ones hold it to them.
 */
#include "ap/pqap.h"
#include "check/finding.h"
#include "tools/virt-ap-lab/model.h"

#include <errno.h>
#include <string.h>

#define FIRST "62177883-f1bb-47f0-914d-32a22e3a8801"
#define SECOND "62177883-f1bb-47f0-914d-32a22e3a8802"
#define MATRIX "devices/vfio_ap/matrix/"
#define TYPES MATRIX "mdev_supported_types/"
#define CREATE TYPES "vfio_ap-passthrough/create"
#define OVERRIDE "devices/ap/card05/05.0004/driver_override"

/* One write; ended by one with path NULL. */
typedef struct {
  const char *path;
  const char *value;
} Write;

#define MAX_WRITES 8

/* All @writes but the last one succeed, the last one fails with the errno that the
 * catalogue names for @id. */
typedef struct {
  const char *id;
  const char *what;
  const char *unloaded; /* not NULL: vfio_ap is not loaded */
  guint qci;            /* 0: with APXA */
  Write writes[MAX_WRITES];
} Row;

static const Row rows[] = {
  { "adapter-out-of-range",
    "assigned",
    NULL,
    VAP_QCI_APSC,
    { { CREATE, FIRST }, { MATRIX FIRST "/assign_adapter", "64" } } },
  { "adapter-out-of-range",
    "unassigned",
    NULL,
    0,
    { { CREATE, FIRST }, { MATRIX FIRST "/unassign_adapter", "256" } } },
  { "domain-out-of-range",
    "assigned",
    NULL,
    VAP_QCI_APSC,
    { { CREATE, FIRST }, { MATRIX FIRST "/assign_domain", "16" } } },
  { "control-domain-out-of-range",
    "assigned",
    NULL,
    VAP_QCI_APSC,
    { { CREATE, FIRST }, { MATRIX FIRST "/assign_control_domain", "16" } } },
  { "attribute-malformed",
    "number",
    NULL,
    0,
    { { CREATE, FIRST }, { MATRIX FIRST "/assign_adapter", "ab" } } },
  { "attribute-malformed",
    "masks",
    NULL,
    0,
    { { CREATE, FIRST }, { MATRIX FIRST "/ap_config", "5,4" } } },
  { "attribute-unknown",
    "typo",
    NULL,
    0,
    { { CREATE, FIRST }, { MATRIX FIRST "/assign_adaptor", "5" } } },
  { "autostart-blocked",
    "host-s-queue-at-boot",
    NULL,
    0,
    { { CREATE, FIRST },
      { MATRIX FIRST "/assign_adapter", "5" },
      { MATRIX FIRST "/assign_domain", "4" } } },
  { "driver-missing", "not-loaded", "unloaded", 0, { { CREATE, FIRST } } },
  { "mask-blocked",
    "masks",
    NULL,
    0,
    { { OVERRIDE, "vfio_ap" }, { "bus/ap/apmask", "-6" } } },
  { "mask-blocked",
    "override",
    NULL,
    0,
    { { "bus/ap/apmask", "-6" }, { OVERRIDE, "vfio_ap" } } },
  { "parent-wrong",
    "libvirt-s-name",
    NULL,
    0,
    { { "class/mdev_bus/ap_matrix/mdev_supported_types/vfio_ap-passthrough/create",
        FIRST } } },
  { "queue-claimed",
    "second-at-boot",
    NULL,
    0,
    { { "bus/ap/apmask", "-5,-6" },
      { CREATE, FIRST },
      { MATRIX FIRST "/assign_adapter", "5" },
      { MATRIX FIRST "/assign_domain", "4" },
      { CREATE, SECOND },
      { MATRIX SECOND "/assign_domain", "4" },
      { MATRIX SECOND "/assign_adapter", "5" } } },
  { "queue-held",
    "taken-back",
    NULL,
    0,
    { { "bus/ap/apmask", "-5" },
      { CREATE, FIRST },
      { MATRIX FIRST "/assign_adapter", "5" },
      { MATRIX FIRST "/assign_domain", "4" },
      { "bus/ap/apmask", "+5" } } },
  { "queue-held",
    "only-its-adapter",
    NULL,
    0,
    { { "bus/ap/apmask", "-5" },
      { "bus/ap/aqmask", "-0x47" },
      { CREATE, FIRST },
      { MATRIX FIRST "/assign_adapter", "5" },
      { MATRIX FIRST "/assign_domain", "0x47" },
      { "bus/ap/apmask", "+5" } } },
  { "queue-host-owned",
    "by-masks",
    NULL,
    0,
    { { CREATE, FIRST },
      { MATRIX FIRST "/assign_adapter", "5" },
      { MATRIX FIRST "/assign_domain", "4" } } },
  { "queue-in-use",
    "of-an-active-one",
    NULL,
    0,
    { { "bus/ap/apmask", "-5,-6" },
      { CREATE, FIRST },
      { MATRIX FIRST "/assign_adapter", "5" },
      { MATRIX FIRST "/assign_domain", "4" },
      { CREATE, SECOND },
      { MATRIX SECOND "/assign_adapter", "5" },
      { MATRIX SECOND "/assign_domain", "4" } } },
  { "type-wrong", "typo", NULL, 0, { { TYPES "vfio_ap/create", FIRST } } },
  { "uuid-malformed", "short", NULL, 0, { { CREATE, "62177883" } } },
  { "uuid-taken", "active", NULL, 0, { { CREATE, FIRST }, { CREATE, FIRST } } },
};

/* What only a running guest meets: open(2) of the vfio group, and KVM's notifier. */
static const char *const of_guests[] = { "device-duplicate", "device-in-use" };

static int
errno_of_name (const char *name)
{
  static const struct {
    const char *name;
    int code;
  } names[] = {
    { "EADDRINUSE", EADDRINUSE }, { "EADDRNOTAVAIL", EADDRNOTAVAIL },
    { "EBUSY", EBUSY },           { "EEXIST", EEXIST },
    { "EINVAL", EINVAL },
    { "ENODEV", ENODEV },         { "ENOENT", ENOENT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i].name, name))
      return names[i].code;
  g_assert_not_reached ();
}

static int
store (LabModel *model, const Write *write)
{
  LabNode node;
  int code = lab_model_resolve (model, write->path, &node);

  return code != 0 ? code
                   : lab_model_write (model, node, write->value, strlen (write->value));
}

static LabMachine *
make_machine (const Row *row)
{
  LabMachine *machine = lab_machine_new_default ();

  if (row->qci != 0) {
    machine->qci = row->qci;
    machine->max_adapter_id = 63;
    machine->max_domain_id = 15;
    machine->usage_domains = machine->control_domains = vap_mask_up_to (4);
  }
  machine->vfio_ap_loaded = row->unloaded == NULL;
  return machine;
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  const VapFindingInfo *info = vap_finding_info (row->id);
  g_autoptr (LabMachine) machine = make_machine (row);
  g_autoptr (LabModel) model = lab_model_new (machine, NULL, NULL, NULL);
  guint last = 0;

  g_assert_nonnull (info);
  while (last + 1 < MAX_WRITES && row->writes[last + 1].path != NULL)
    last++;
  for (guint i = 0; i < last; i++)
    g_assert_cmpint (store (model, &row->writes[i]), ==, 0);
  g_assert_cmpint (store (model, &row->writes[last]), ==,
                   errno_of_name (info->errno_name));
}

static gboolean
has_row (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_equal (rows[i].id, id))
      return TRUE;
  return FALSE;
}

static gboolean
is_of_guests (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (of_guests); i++)
    if (g_str_equal (of_guests[i], id))
      return TRUE;
  return FALSE;
}

static void
test_every_errno_is_shown (void)
{
  for (const VapFindingInfo *info = vap_finding_catalogue (); info->id != NULL; info++)
    if (info->errno_name != NULL && !has_row (info->id) && !is_of_guests (info->id)) {
      g_test_message ("%s spares %s, and no write shows it", info->id, info->errno_name);
      g_test_fail ();
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *name
        = g_strdup_printf ("/lab/agrees/%s/%s", rows[i].id, rows[i].what);

    g_test_add_data_func (name, &rows[i], test_row);
  }
  g_test_add_func ("/lab/agrees/all", test_every_errno_is_shown);
  return g_test_run ();
}
