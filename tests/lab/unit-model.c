/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model of the simulated host, driven by paths below /sys without a file system:
 * what the recordings do not reach, that is other machines, older kernels, and the
 * tree as a whole.
 */
#include "ap/pqap.h"
#include "tools/virt-ap-lab/model.h"

#include <errno.h>
#include <string.h>

#define UUID "62177883-f1bb-47f0-914d-32a22e3a8801"
#define CREATE "devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create"
#define MDEV "devices/vfio_ap/matrix/" UUID
#define OTHER_UUID "62177883-f1bb-47f0-914d-32a22e3a8802"
#define OTHER_MDEV "devices/vfio_ap/matrix/" OTHER_UUID

/* A host under test, and what it said. */
typedef struct {
  LabMachine *machine;
  LabModel *model;
  GString *events; /* a line each, its properties separated by a space */
  GString *groups; /* "+0-0" */
} Host;

static void
note_event (const char *const *properties, gpointer user_data)
{
  g_autofree char *line = g_strjoinv (" ", (char **)properties);

  g_string_append_printf (((Host *)user_data)->events, "%s\n", line);
}

static void
note_group (guint group, const char *uuid G_GNUC_UNUSED, LabGroupState state,
            gpointer user_data)
{
  static const char marks[] = { [LAB_GROUP_GONE] = '-',
                                [LAB_GROUP_FREE] = '+',
                                [LAB_GROUP_BUSY] = '*' };

  g_string_append_printf (((Host *)user_data)->groups, "%c%u", marks[state], group);
}

static LabMachine *
make_machine (const char *cards, const char *domains)
{
  LabMachine *machine = lab_machine_new_default ();

  machine->qci = VAP_QCI_APSC | VAP_QCI_APXA;
  g_clear_pointer (&machine->cards, g_array_unref);
  g_assert_true (lab_machine_parse_cards (cards, &machine->cards, NULL));
  g_assert_true (lab_machine_parse_domains (domains, &machine->usage_domains, NULL));
  g_assert_true (lab_machine_parse_domains (domains, &machine->control_domains, NULL));
  return machine;
}

/* takes the machine */
static Host *
boot (LabMachine *machine)
{
  Host *host = g_new0 (Host, 1);

  host->machine = machine;
  host->events = g_string_new (NULL);
  host->groups = g_string_new (NULL);
  host->model = lab_model_new (machine, note_event, note_group, host);
  g_assert_cmpstr (host->events->str, ==, "");
  return host;
}

static void
shut_down (Host *host)
{
  lab_model_free (host->model);
  lab_machine_free (host->machine);
  g_string_free (host->events, TRUE);
  g_string_free (host->groups, TRUE);
  g_free (host);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Host, shut_down)

/* an errno value; the newline is echo's */
static int
store (Host *host, const char *path, const char *value)
{
  g_autofree char *text = g_strconcat (value, "\n", NULL);
  LabNode node;
  int code = lab_model_resolve (host->model, path, &node);

  g_string_truncate (host->events, 0);
  return code ? code : lab_model_write (host->model, node, text, strlen (text));
}

/* NULL where there is no such file */
static char *
show (Host *host, const char *path)
{
  GString *content = g_string_new (NULL);
  LabNode node;

  if (lab_model_resolve (host->model, path, &node) == 0
      && lab_model_read (host->model, node, content) == 0)
    return g_string_free (content, FALSE);
  g_string_free (content, TRUE);
  return NULL;
}

static void
assert_shows (Host *host, const char *path, const char *expected)
{
  g_autofree char *content = show (host, path);

  g_assert_cmpstr (content, ==, expected);
}

static gboolean
is_there (Host *host, const char *path)
{
  LabNode node;

  return lab_model_resolve (host->model, path, &node) == 0;
}

static char *
follow (Host *host, const char *path)
{
  char *target = NULL;
  LabNode node;

  if (lab_model_resolve (host->model, path, &node) == 0)
    g_assert_cmpint (lab_model_readlink (host->model, node, &target), ==, 0);
  return target;
}

static void
test_masks (void)
{
  static const struct {
    const char *text;
    int code;
    const char *mask; /* its beginning; NULL: unchanged */
  } cases[] = {
    { "0x", 0, "0x0000" },
    { "x8", 0, "0x8000" },
    { "0xF00f", 0, "0xf00f" },
    { "+0-3", 0, "0xf00f" },
    { "-0-15,+0x0f", 0, "0x0001" },
    { "+010", 0, "0x0081" },
    { "+1,,\n,+2", 0, "0x60" },
    { "+0x", EINVAL, NULL },
    { "+3-2", EINVAL, NULL },
    { "+0,-", EINVAL, NULL },
    { "+0 ", EINVAL, NULL },
    { "+0x100", EINVAL, NULL },
    { "+18446744073709551616", 0, "0xe0" },
    { " 0x1", EINVAL, NULL },
    { "0X1", EINVAL, NULL },
  };
  g_autoptr (Host) host = boot (make_machine ("05:13:4", "4"));
  g_autofree char *before = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *after = NULL;

    g_assert_cmpint (store (host, "bus/ap/apmask", cases[i].text), ==, cases[i].code);
    after = show (host, "bus/ap/apmask");
    g_assert_cmpuint (strlen (after), ==, 67);
    if (cases[i].mask)
      g_assert_true (g_str_has_prefix (after, cases[i].mask));
    else
      g_assert_cmpstr (after, ==, before);
    g_free (before);
    before = g_steal_pointer (&after);
  }
}

static void
test_numbers (void)
{
  static const struct {
    const char *text;
    int code;
  } cases[] = {
    { "+5", 0 },
    { "0x06", 0 },
    { "0X7", 0 },
    { "08", EINVAL },
    { "0x", EINVAL },
    { " 5", EINVAL },
    { "5 ", EINVAL },
    { "-5", EINVAL },
    { "++5", EINVAL },
    { "256", ENODEV },
    { "18446744073709551615", ENODEV },
    { "18446744073709551616", ERANGE },
  };
  g_autoptr (Host) host = boot (make_machine ("05:13:4", "4"));

  g_assert_cmpint (store (host, CREATE, UUID), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (store (host, MDEV "/assign_adapter", cases[i].text), ==,
                     cases[i].code);
  assert_shows (host, MDEV "/matrix", "05.\n06.\n07.\n");
}

/* What 6.12 knows and 6.1 does not, and 7.2 and 6.12. */
static void
test_generations (void)
{
  static const struct {
    const char *path;
    LabKernel since;
  } files[] = {
    { "bus/ap/scans", LAB_KERNEL_6_1 },
    { "bus/ap/features", LAB_KERNEL_6_12 },
    { "bus/ap/bindings_complete_count", LAB_KERNEL_7_2 },
    { "devices/ap/card05/05.0004/driver_override", LAB_KERNEL_7_2 },
    { "devices/vfio_ap/matrix/features", LAB_KERNEL_6_12 },
    { MDEV "/guest_matrix", LAB_KERNEL_6_1 },
    { MDEV "/ap_config", LAB_KERNEL_6_12 },
  };

  for (LabKernel kernel = LAB_KERNEL_6_1; kernel <= LAB_KERNEL_7_2; kernel++) {
    g_autoptr (Host) host = NULL;
    LabMachine *machine = make_machine ("03:9:4,05:13:4", "4,47");
    gboolean old = kernel == LAB_KERNEL_6_1;

    machine->kernel = kernel;
    host = boot (machine);
    g_assert_cmpint (store (host, CREATE, UUID), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS (files); i++)
      g_assert_cmpint (is_there (host, files[i].path), ==, kernel >= files[i].since);
    /* CEX3 went with Linux 6.6 */
    g_assert_cmpint (is_there (host, "bus/ap/drivers/cex2cqueue/03.0004"), ==, old);
    assert_shows (host, "devices/ap/card03/type", old ? "CEX3C\n" : NULL);
    assert_shows (host, "bus/ap/bindings", old ? "4/4 (complete)\n" : "2/2 (complete)\n");
  }
}

/* Linux 6.1: vfio_ap_ops.c has no ap_config, but the errno values of today; ap_bus.c,
 * apmask_commit() refuses only what would change hands. */
static void
test_6_1 (void)
{
  static const struct {
    const char *path;
    const char *value;
    int code;
  } steps[] = {
    { "bus/ap/aqmask", "-0x47", 0 },
    { CREATE, UUID, 0 },
    { MDEV "/assign_adapter", "5", 0 },
    { MDEV "/assign_domain", "4", EADDRNOTAVAIL },
    { MDEV "/assign_domain", "0x47", 0 },
    { MDEV "/ap_config", "0x04,0,0", ENOENT },
    { CREATE, OTHER_UUID, 0 },
    { OTHER_MDEV "/assign_domain", "0x47", 0 },
    { OTHER_MDEV "/assign_adapter", "5", EADDRINUSE },
    { OTHER_MDEV "/assign_adapter", "6", 0 },
    { OTHER_MDEV "/assign_adapter", "256", ENODEV },
    { "bus/ap/aqmask", "+0x47", EBUSY },
    /* adapter 5 is in a matrix, but none of its queues becomes the host's */
    { "bus/ap/apmask", "-5", 0 },
    { "bus/ap/apmask", "+5", 0 },
    { MDEV "/remove", "1", 0 },
    { OTHER_MDEV "/remove", "1", 0 },
    { "bus/ap/aqmask", "+0x47", 0 },
  };
  LabMachine *machine = make_machine ("05:13:4,06:13:2", "4,47");
  g_autoptr (Host) host = NULL;

  machine->kernel = LAB_KERNEL_6_1;
  host = boot (machine);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_test_message ("%s %s", steps[i].path, steps[i].value);
    g_assert_cmpint (store (host, steps[i].path, steps[i].value), ==, steps[i].code);
    if (i == 5)
      assert_shows (host, MDEV "/guest_matrix", "05.0047\n");
  }
}

/* A queue that no driver will have, because vfio_ap is not for its type. */
/* Where Linux 6.1's bus, card and queue attributes take and say something else, as its
 * ap_bus.c, zcrypt_card.c and zcrypt_queue.c have it. */
static void
test_6_1_attributes (void)
{
  static const struct {
    const char *path;
    const char *value;
    int old_code;
    int new_code;
  } steps[] = {
    { "bus/ap/poll_timeout", "0", EINVAL, 0 },
    { "bus/ap/poll_timeout", " 250000 ns", 0, EINVAL },
    { "bus/ap/poll_timeout", "0x10", EINVAL, 0 },
    { "bus/ap/poll_timeout", "x", EINVAL, EINVAL },
    { "bus/ap/poll_timeout", "120000000001", EINVAL, EINVAL },
    { "bus/ap/poll_thread", "y", EINVAL, 0 },
    { "bus/ap/poll_thread", "-7", 0, EINVAL },
    { "devices/ap/card06/online", "1", 0, ENODEV },
    { "devices/ap/card06/06.0004/online", "1", 0, ENODEV },
    /* the queue's own state follows at the next scan, but its card's counts */
    { "devices/ap/card05/config", "0", 0, 0 },
    { "devices/ap/card05/05.0004/online", "1", ENODEV, ENODEV },
  };

  for (LabKernel kernel = LAB_KERNEL_6_1; kernel <= LAB_KERNEL_7_2; kernel++) {
    gboolean old = kernel == LAB_KERNEL_6_1;
    LabMachine *machine = make_machine ("05:13:4,06:13:2", "4");
    g_autoptr (Host) host = NULL;

    machine->kernel = kernel;
    machine->interrupts = FALSE;
    g_array_index (machine->cards, LabCard, 1).checkstop = TRUE;
    host = boot (machine);
    assert_shows (host, "devices/ap/card06/online", old ? "1\n" : "0\n");
    assert_shows (host, "devices/ap/card06/06.0004/online", old ? "1\n" : "0\n");
    for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
      g_test_message ("%s %s", steps[i].path, steps[i].value);
      g_assert_cmpint (store (host, steps[i].path, steps[i].value), ==,
                       old ? steps[i].old_code : steps[i].new_code);
    }
    assert_shows (host, "bus/ap/poll_thread", "1\n");
    /* 6.1 tells of the bindings at the first scan alone, and at probes */
    g_assert_cmpint (store (host, "bus/ap/scans", "1"), ==, 0);
    g_assert_null (strstr (host->events->str, "BINDINGS="));
    g_assert_cmpint (store (host, "bus/ap/drivers/cex4queue/unbind", "05.0004"), ==, 0);
    g_assert_cmpint (store (host, "bus/ap/drivers/cex4queue/bind", "05.0004"), ==, 0);
    g_assert_cmpint (strstr (host->events->str, "BINDINGS=") != NULL, ==, old);
    g_assert_cmpint (store (host, "bus/ap/scans", "1"), ==, 0);
    g_assert_cmpint (strstr (host->events->str, "BINDINGS=") != NULL, ==, !old);
  }
}

static void
test_old_queue (void)
{
  LabMachine *machine = make_machine ("03:9:4", "4");
  g_autoptr (Host) host = NULL;

  machine->kernel = LAB_KERNEL_6_1;
  host = boot (machine);
  g_assert_cmpint (store (host, "bus/ap/apmask", "-3"), ==, 0);
  g_assert_false (is_there (host, "devices/ap/card03/03.0004/driver"));
  g_assert_cmpint (store (host, "bus/ap/drivers/vfio_ap/bind", "03.0004"), ==, ENODEV);
  assert_shows (host, "bus/ap/bindings", "0/1\n");
  /* 6.1 tells of complete bindings at each probe */
  g_assert_cmpint (store (host, "bus/ap/apmask", "+3"), ==, 0);
  g_assert_nonnull (strstr (host->events->str, "BINDINGS=complete COMPLETECOUNT=2\n"
                                               "ACTION=bind"));
}

static void
test_no_qci (void)
{
  LabMachine *machine = make_machine ("05:13:4", "4,47");
  g_autoptr (Host) host = NULL;

  machine->facilities[12] = 0;
  machine->max_adapter_id = 63;
  machine->max_domain_id = 15;
  host = boot (machine);
  assert_shows (host, "bus/ap/ap_adapter_mask", "not supported\n");
  assert_shows (host, "bus/ap/features", "-\n");
  assert_shows (host, "bus/ap/bindings", "1/1 (complete)\n");
  g_assert_true (is_there (host, "devices/ap/card05/05.0004"));
  g_assert_cmpint (store (host, CREATE, UUID), ==, 0);
  g_assert_cmpint (store (host, MDEV "/assign_adapter", "64"), ==, ENODEV);
  g_assert_cmpint (store (host, MDEV "/assign_domain", "16"), ==, ENODEV);
  g_assert_cmpint (store (host, MDEV "/ap_config", "0,00008,0"), ==, ENODEV);
  g_assert_cmpint (store (host, MDEV "/ap_config", "8,0,0"), ==, 0);
  assert_shows (host, MDEV "/matrix", "00.\n");
  assert_shows (host, MDEV "/guest_matrix", "");
}

static void
test_no_apft (void)
{
  LabMachine *machine = make_machine ("05:13:4", "4");
  g_autoptr (Host) host = NULL;

  machine->facilities[15] = 0;
  host = boot (machine);
  g_assert_false (is_there (host, "devices/ap/card05"));
  assert_shows (host, "bus/ap/bindings", "0/0 (complete)\n");
  assert_shows (host, "bus/ap/ap_adapter_mask",
                "0x0400000000000000000000000000000000000000"
                "000000000000000000000000\n");
}

static void
test_no_ap (void)
{
  LabMachine *machine = make_machine ("-", "-");
  g_autoptr (Host) host = NULL;

  machine->has_ap = FALSE;
  host = boot (machine);
  g_assert_false (is_there (host, "bus/ap"));
  g_assert_false (is_there (host, "devices/ap"));
  g_assert_false (is_there (host, "devices/vfio_ap"));
  g_assert_true (is_there (host, "bus"));
  g_assert_cmpint (store (host, "module/virt_ap_lab/parameters/vfio_ap", "1"), ==,
                   ENODEV);
}

/* Until vfio_ap is there a queue that is not the host's has no driver. */
static void
test_modprobe (void)
{
  LabMachine *machine = make_machine ("05:13:4", "4,47");
  g_autoptr (Host) host = NULL;

  machine->vfio_ap_loaded = FALSE;
  host = boot (machine);
  g_assert_false (is_there (host, "bus/ap/drivers/vfio_ap"));
  g_assert_false (is_there (host, "bus/matrix"));
  g_assert_false (is_there (host, "module/vfio_ap"));
  g_assert_cmpint (store (host, "bus/ap/aqmask", "-4"), ==, 0);
  assert_shows (host, "bus/ap/bindings", "1/2\n");
  g_assert_cmpint (store (host, "module/virt_ap_lab/parameters/vfio_ap", "2"), ==,
                   EINVAL);
  g_assert_cmpint (store (host, "module/virt_ap_lab/parameters/vfio_ap", "1"), ==, 0);
  g_assert_cmpstr (host->events->str, ==,
                   "ACTION=bind DEVPATH=/devices/ap/card05/05.0004 SUBSYSTEM=ap "
                   "DEVTYPE=ap_queue DRIVER=vfio_ap MODE=cca\n");
  g_assert_true (is_there (host, "class/mdev_bus/matrix"));
  assert_shows (host, "bus/ap/bindings", "2/2 (complete)\n");
}

static void
test_parameters (void)
{
  g_autoptr (Host) host = boot (make_machine ("05:13:4", "4"));

  g_assert_cmpint (store (host, "module/virt_ap_lab/parameters/cards", "05:13"), ==,
                   EINVAL);
  g_assert_cmpint (store (host, "module/virt_ap_lab/parameters/udoms", "100"), ==,
                   EINVAL);
  assert_shows (host, "module/virt_ap_lab/parameters/cards", "05:13:4\n");
  g_assert_cmpint (store (host, "module/virt_ap_lab/parameters/cards", "-"), ==, 0);
  g_assert_true (is_there (host, "devices/ap/card05"));
  g_assert_cmpint (store (host, "bus/ap/scans", "1"), ==, 0);
  g_assert_false (is_there (host, "devices/ap/card05"));
  assert_shows (host, "module/virt_ap_lab/parameters/cards", "-\n");
}

static void
test_online (void)
{
  g_autoptr (Host) host = boot (make_machine ("05:13:4", "4"));

  g_assert_cmpint (store (host, "devices/ap/card05/online", "2"), ==, EINVAL);
  g_assert_cmpint (store (host, "devices/ap/card05/online", "0"), ==, 0);
  g_assert_cmpstr (host->events->str, ==,
                   "ACTION=change DEVPATH=/devices/ap/card05 SUBSYSTEM=ap ONLINE=0 "
                   "DEVTYPE=ap_card DRIVER=cex4card DEV_TYPE=000D MODALIAS=ap:t0D "
                   "MODE=cca\n"
                   "ACTION=change DEVPATH=/devices/ap/card05/05.0004 SUBSYSTEM=ap "
                   "ONLINE=0 DEVTYPE=ap_queue DRIVER=cex4queue MODE=cca\n");
  assert_shows (host, "devices/ap/card05/05.0004/online", "0\n");
  g_assert_cmpint (store (host, "devices/ap/card05/05.0004/online", "1"), ==, EINVAL);
  g_assert_cmpint (store (host, "devices/ap/card05/config", "0"), ==, 0);
  g_assert_cmpint (store (host, "devices/ap/card05/online", "1"), ==, ENODEV);
  /* the queues hear of it from the next scan */
  assert_shows (host, "devices/ap/card05/05.0004/config", "1\n");
  g_assert_cmpint (store (host, "bus/ap/scans", "1"), ==, 0);
  assert_shows (host, "devices/ap/card05/05.0004/config", "0\n");
}

static void
test_synthetic_event (void)
{
  g_autoptr (Host) host = boot (make_machine ("05:13:4", "4"));

  g_assert_cmpint (store (host, "devices/ap/card05/05.0004/uevent", "explode"), ==,
                   EINVAL);
  g_assert_cmpint (store (host, "devices/ap/card05/05.0004/uevent", "add nonsense"), ==,
                   EINVAL);
  g_assert_cmpstr (host->events->str, ==, "");
  g_assert_cmpint (store (host, "devices/ap/card05/05.0004/uevent", "add"), ==, 0);
  g_assert_cmpstr (host->events->str, ==,
                   "ACTION=add DEVPATH=/devices/ap/card05/05.0004 SUBSYSTEM=ap "
                   "SYNTH_UUID=0 DEVTYPE=ap_queue DRIVER=cex4queue MODE=cca\n");
}

/* A node of a device that is gone is nothing, and never another device. */
static void
test_stale_node (void)
{
  g_autoptr (Host) host = boot (make_machine ("05:13:4", "4"));
  g_autoptr (GString) content = g_string_new (NULL);
  LabNode directory, file, again;
  LabNodeType type;
  guint mode;

  g_assert_cmpint (store (host, CREATE, UUID), ==, 0);
  g_assert_cmpint (lab_model_resolve (host->model, MDEV, &directory), ==, 0);
  g_assert_cmpint (lab_model_resolve (host->model, MDEV "/matrix", &file), ==, 0);
  g_assert_false (lab_model_is_permanent (file));
  g_assert_cmpint (store (host, MDEV "/remove", "1"), ==, 0);
  g_assert_cmpstr (host->groups->str, ==, "+0-0");
  g_assert_cmpint (store (host, CREATE, UUID), ==, 0);
  g_assert_cmpint (lab_model_resolve (host->model, MDEV, &again), ==, 0);
  g_assert_cmpuint (again, !=, directory);
  g_assert_cmpint (lab_model_stat (host->model, directory, &type, &mode), ==, ENOENT);
  g_assert_cmpint (lab_model_read (host->model, file, content), ==, ENODEV);
  g_assert_cmpint (lab_model_write (host->model, file, "", 0), ==, ENODEV);
  g_assert_cmpint (lab_model_stat (host->model, G_MAXUINT64, &type, &mode), ==, ENOENT);
}

/* Groups take the lowest free number, as the kernel's do. */
static void
test_groups (void)
{
  g_autoptr (Host) host = boot (make_machine ("05:13:4", "4"));
  g_autofree char *target = NULL;

  for (guint i = 0; i < 3; i++) {
    g_autofree char *uuid = g_strdup_printf ("62177883-f1bb-47f0-914d-32a22e3a880%u", i);

    g_assert_cmpint (store (host, CREATE, uuid), ==, 0);
  }
  g_assert_cmpint (store (host, MDEV "/remove", "1"), ==, 0);
  g_assert_cmpint (store (host, CREATE, UUID), ==, 0);
  target = follow (host, MDEV "/iommu_group");
  g_assert_cmpstr (target, ==, "../../../../kernel/iommu_groups/1");
  g_assert_true (is_there (host, "kernel/iommu_groups/1/devices/" UUID));
  g_assert_false (is_there (host, "kernel/iommu_groups/0/devices/" UUID));
  g_assert_cmpstr (host->groups->str, ==, "+0+1+2-1+1");
}

typedef struct {
  Host *host;
  LabNode directory;
  char *path;
  guint *count;
} Walk;

static void walk (Host *host, LabNode directory, const char *path, guint *count);

/* a link leads, from its directory, to a node that is there */
static void
check_link (Walk *at, LabNode link, const char *path)
{
  g_autofree char *target = NULL;
  g_autofree char *base = NULL;
  g_autofree char *absolute = NULL;
  LabNode node;

  g_assert_cmpint (lab_model_readlink (at->host->model, link, &target), ==, 0);
  g_assert_true (g_str_has_prefix (target, "../"));
  base = g_strconcat ("/", at->path, NULL);
  absolute = g_canonicalize_filename (target, base);
  if (lab_model_resolve (at->host->model, absolute, &node) != 0)
    g_error ("%s: nothing at %s (%s)", path, target, absolute);
}

static void
check_node (const char *name, LabNode node, LabNodeType type, gpointer user_data)
{
  Walk *at = user_data;
  g_autofree char *path = g_build_filename (at->path, name, NULL);
  g_autoptr (GString) content = g_string_new (NULL);
  LabNodeType found_type;
  LabNode found;
  guint mode;

  ++*at->count;
  g_assert_cmpint (lab_model_lookup (at->host->model, at->directory, name, &found), ==,
                   0);
  g_assert_cmpuint (found, ==, node);
  g_assert_cmpint (lab_model_stat (at->host->model, node, &found_type, &mode), ==, 0);
  g_assert_cmpint (found_type, ==, type);
  if (type == LAB_NODE_DIRECTORY)
    walk (at->host, node, path, at->count);
  else if (type == LAB_NODE_LINK)
    check_link (at, node, path);
  else
    g_assert_cmpint (lab_model_read (at->host->model, node, content), ==,
                     mode & 0444 ? 0 : EACCES);
}

static void
walk (Host *host, LabNode directory, const char *path, guint *count)
{
  Walk at = { host, directory, (char *)path, count };

  g_assert_cmpint (lab_model_list (host->model, directory, check_node, &at), ==, 0);
}

static void
test_tree (void)
{
  for (LabKernel kernel = LAB_KERNEL_6_1; kernel <= LAB_KERNEL_7_2; kernel++) {
    LabMachine *machine = make_machine ("05:13:4,06:13:2,0a:12:1", "4,47");
    g_autoptr (Host) host = NULL;
    guint count = 0;

    machine->kernel = kernel;
    machine->qci |= VAP_QCI_APSB;
    host = boot (machine);
    g_assert_cmpint (store (host, "bus/ap/apmask", "-5"), ==, 0);
    g_assert_cmpint (store (host, CREATE, UUID), ==, 0);
    walk (host, LAB_NODE_ROOT, "", &count);
    g_assert_cmpuint (count, >, 250);
  }
}

/* Each machine that comes with the lab boots on each kernel, and its tree is sound. */
static void
test_shipped (void)
{
  static const struct {
    const char *name;
    const char *bindings; /* NULL: no AP bus */
    gboolean vfio_ap;
  } rows[] = {
    { "z13", "4/4 (complete)\n", TRUE },
    { "z14", "12/12 (complete)\n", TRUE },
    { "z16", "12/12 (complete)\n", TRUE },
    { "z17", "12/12 (complete)\n", TRUE },
    { "lpar-z16", "1360/1360 (complete)\n", TRUE },
    { "no-ap", NULL, FALSE },
    { "no-vfio-ap", "12/12 (complete)\n", FALSE },
    { "no-apft", "0/0 (complete)\n", TRUE },
    { "no-apqi", "12/12 (complete)\n", TRUE },
    { "se-guest", "4/4 (complete)\n", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows) * 3; i++) {
    const char *name = rows[i / 3].name;
    g_autofree char *file = g_strconcat (name, ".machine", NULL);
    g_autofree char *path = g_build_filename (g_getenv ("MACHINES"), file, NULL);
    LabMachine *machine = lab_machine_load (path, NULL);
    g_autoptr (Host) host = NULL;
    guint count = 0;

    g_test_message ("%s", name);
    g_assert_nonnull (machine);
    machine->kernel = (LabKernel) (i % 3);
    host = boot (machine);
    assert_shows (host, "bus/ap/bindings", rows[i / 3].bindings);
    g_assert_cmpint (is_there (host, "bus/ap/drivers/vfio_ap"), ==, rows[i / 3].vfio_ap);
    g_assert_cmpint (is_there (host, "devices/ap/card05/05.0004/se_bind"), ==,
                     g_str_equal (name, "se-guest") && i % 3 > 0);
    walk (host, LAB_NODE_ROOT, "", &count);
    g_assert_cmpuint (count, >, 20);
  }
}

/* What a machine file says of the state at start, as the drivers then show it. */
static void
test_state_at_start (void)
{
  LabMachine *machine = make_machine ("05:13:4,06:13:2", "4,47");
  g_autoptr (Host) host = NULL;

  g_array_index (machine->cards, LabCard, 0).config = FALSE;
  g_array_index (machine->cards, LabCard, 1).checkstop = TRUE;
  machine->interrupts = FALSE;
  vap_mask_clear (&machine->aqmask, 0x47);
  host = boot (machine);
  assert_shows (host, "devices/ap/card05/config", "0\n");
  assert_shows (host, "devices/ap/card05/chkstop", "0\n");
  assert_shows (host, "devices/ap/card06/config", "1\n");
  assert_shows (host, "devices/ap/card06/06.0004/chkstop", "1\n");
  assert_shows (host, "devices/ap/card06/online", "0\n");
  assert_shows (host, "bus/ap/ap_interrupts", "0\n");
  g_assert_true (is_there (host, "bus/ap/drivers/vfio_ap/05.0047"));
  g_assert_true (is_there (host, "bus/ap/drivers/cex4queue/05.0004"));
}

static void
assert_driver (Host *host, const char *queue, const char *driver)
{
  g_autofree char *link
    = g_strdup_printf ("devices/ap/card%.2s/%s/driver", queue, queue);
  g_autofree char *target = follow (host, link);
  g_autofree char *name = target ? g_path_get_basename (target) : NULL;

  g_assert_cmpstr (name, ==, driver);
}

/* The shipped machine whose queues driver_override gives away. */
static void
test_override_at_start (void)
{
  g_autofree char *path
    = g_build_filename (g_getenv ("MACHINES"), "z17-override.machine", NULL);
  LabMachine *machine = lab_machine_load (path, NULL);
  g_autoptr (Host) host = NULL;
  char digits[VAP_MASK_TEXT_SIZE];
  g_autofree char *mask = NULL;

  g_assert_nonnull (machine);
  vap_mask_format (&machine->apmask, digits);
  mask = g_strconcat (digits, "\n", NULL);
  host = boot (machine);
  assert_driver (host, "05.0004", "vfio_ap");
  assert_driver (host, "06.0047", "vfio_ap");
  assert_driver (host, "05.0047", "cex4queue");
  assert_shows (host, "devices/ap/card05/05.0004/driver_override", "vfio_ap\n");
  assert_shows (host, "devices/ap/card06/06.0047/driver_override", "vfio_ap\n");
  assert_shows (host, "devices/ap/card05/05.0047/driver_override", "\n");
  assert_shows (host, "bus/ap/bindings", "12/12 (complete)\n");
  g_assert_cmpint (store (host, "bus/ap/apmask", "-5"), ==, EINVAL);
  g_assert_cmpint (store (host, "bus/ap/aqmask", "-4"), ==, EINVAL);
  assert_shows (host, "bus/ap/apmask", mask);

  /* the bus is at rest: another scan has nothing to tell */
  g_assert_cmpint (store (host, "bus/ap/scans", "1"), ==, 0);
  g_assert_cmpstr (host->events->str, ==, "");
  g_assert_cmpint (store (host, CREATE, UUID), ==, 0);
  g_assert_cmpint (store (host, MDEV "/assign_adapter", "5"), ==, 0);
  g_assert_cmpint (store (host, MDEV "/assign_domain", "4"), ==, 0);
  assert_shows (host, MDEV "/guest_matrix", "05.0004\n");
  g_assert_cmpint (store (host, MDEV "/assign_domain", "0x47"), ==, EADDRNOTAVAIL);
}

/* Without driver_override: unbound, or what the masks say; no override is left. */
static void
test_bindings_at_start (void)
{
  for (LabKernel kernel = LAB_KERNEL_6_1; kernel <= LAB_KERNEL_7_2; kernel++) {
    LabMachine *machine = make_machine ("05:13:4,06:13:2", "4,47");
    g_autoptr (Host) host = NULL;

    machine->kernel = kernel;
    vap_mask_clear (&machine->aqmask, 0x47);
    g_assert_true (lab_machine_add_binding (machine, "05.0004", "none", NULL));
    g_assert_true (lab_machine_add_binding (machine, "05.0047", "vfio_ap", NULL));
    g_assert_true (lab_machine_add_binding (machine, "06.0004", "cex4queue", NULL));
    g_assert_true (lab_machine_add_binding (machine, "06.0047", "none", NULL));
    g_assert_true (lab_machine_validate (machine, NULL));
    host = boot (machine);
    assert_driver (host, "05.0004", NULL);
    assert_driver (host, "05.0047", "vfio_ap");
    assert_driver (host, "06.0004", "cex4queue");
    assert_driver (host, "06.0047", NULL);
    assert_shows (host, "bus/ap/bindings", "2/4\n");
    assert_shows (host, "devices/ap/card05/05.0047/driver_override",
                  kernel < LAB_KERNEL_7_2 ? NULL : "\n");
    g_assert_cmpint (store (host, "bus/ap/aqmask", "+0x47"), ==, 0);
    assert_driver (host, "05.0047", "cex4queue");
  }
}

/* The most that the architecture has. */
static void
test_maximum (void)
{
  LabMachine *machine = make_machine ("00-ff:14:4", "0-ff");
  gint64 start = g_get_monotonic_time ();
  g_autoptr (Host) host = boot (machine);
  g_autofree char *matrix = NULL;

  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC);
  assert_shows (host, "bus/ap/bindings", "65536/65536 (complete)\n");
  g_assert_cmpint (store (host, "bus/ap/apmask", "0"), ==, 0);
  g_assert_cmpint (store (host, CREATE, UUID), ==, 0);
  for (guint i = 0; i < 256; i++) {
    g_autofree char *number = g_strdup_printf ("%u", i);

    g_assert_cmpint (store (host, MDEV "/assign_adapter", number), ==, 0);
    g_assert_cmpint (store (host, MDEV "/assign_domain", number), ==, 0);
  }
  matrix = show (host, MDEV "/guest_matrix");
  g_assert_cmpuint (strlen (matrix), ==, LAB_CONTENT_MAX);
  g_assert_true (g_str_has_suffix (matrix, "\n01.00fe\n01.00ff"));
}

/* The default ones, one that a machine file sets, and a queue that cannot be asked. */
static void
test_master_keys (void)
{
  const char *const zeros = "0000000000000000";
  g_autofree char *cca = g_strconcat (
      "AES NEW: empty 0x", zeros, "\nAES CUR: valid 0x4c61620000010004\n",
      "AES OLD: invalid 0x", zeros, "\nAPKA NEW: full 0x0123456789abcdef\n",
      "APKA CUR: valid 0x4c61620000020004\nAPKA OLD: invalid 0x", zeros,
      "\nASYM NEW: empty 0x", zeros, zeros, "\nASYM CUR: invalid 0x", zeros, zeros,
      "\nASYM OLD: invalid 0x", zeros, zeros, "\n", NULL);
  g_autofree char *ep11 = g_strconcat ("WK CUR: valid 0x4c61620000000000", zeros, zeros,
                                       "0000000000000047\nWK NEW: empty -\n", NULL);
  LabMachine *machine = make_machine ("05:13:4,06:13:2,0a:13:1", "4,47");
  g_autoptr (Host) host = NULL;

  g_assert_true (lab_machine_add_master_keys (
      machine, "05.0004", "asym=- apka-new=0123456789ABCDEF", NULL));
  host = boot (machine);
  assert_shows (host, "devices/ap/card05/05.0004/mkvps", cca);
  assert_shows (host, "devices/ap/card06/06.0047/mkvps", ep11);
  g_assert_false (is_there (host, "devices/ap/card0a/0a.0004/mkvps"));
  g_assert_cmpint (store (host, "devices/ap/card06/06.0047/online", "0"), ==, 0);
  assert_shows (host, "devices/ap/card06/06.0047/mkvps", "WK CUR: - -\nWK NEW: - -\n");
  g_assert_cmpint (store (host, "bus/ap/apmask", "-5"), ==, 0);
  g_assert_false (is_there (host, "devices/ap/card05/05.0004/mkvps"));
}

/* A guest has the device: what is removed waits for it, and is half gone until then. */
static void
test_in_use (LabKernel kernel)
{
  const char *device = "module/virt_ap_lab/vfio/" UUID "/device";
  LabMachine *machine = make_machine ("05:13:4", "4,47");
  g_autoptr (Host) host = NULL;
  g_autofree char *group = NULL;
  gboolean holds;
  LabNode node, removal;

  machine->kernel = kernel;
  host = boot (machine);
  g_assert_cmpint (store (host, "bus/ap/apmask", "-5"), ==, 0);
  g_assert_cmpint (store (host, CREATE, UUID), ==, 0);
  g_assert_cmpint (store (host, MDEV "/assign_adapter", "5"), ==, 0);
  g_assert_cmpint (store (host, MDEV "/assign_domain", "4"), ==, 0);
  assert_shows (host, "devices/ap/card05/05.0004/status", "assigned\n");
  g_assert_cmpint (lab_model_resolve (host->model, device, &node), ==, 0);
  g_assert_cmpint (lab_model_open (host->model, node, TRUE, &holds), ==, 0);
  g_assert_true (holds);
  g_assert_cmpint (lab_model_open (host->model, node, FALSE, &holds), ==, EBUSY);
  g_assert_false (holds);
  assert_shows (host, "devices/ap/card05/05.0004/status", "in use\n");
  assert_shows (host, "devices/ap/card05/05.0047/status", "unassigned\n");
  /* hot plug and unplug */
  g_assert_cmpint (store (host, MDEV "/assign_domain", "0x47"), ==, 0);
  assert_shows (host, "devices/ap/card05/05.0047/status", "in use\n");
  g_assert_cmpint (store (host, MDEV "/unassign_domain", "0x47"), ==, 0);
  assert_shows (host, "devices/ap/card05/05.0047/status", "unassigned\n");

  g_assert_cmpint (lab_model_resolve (host->model, MDEV "/remove", &removal), ==, 0);
  g_assert_cmpint (store (host, MDEV "/remove", "0"), ==, 0);
  g_assert_false (lab_model_is_blocked (host->model, removal));
  g_assert_cmpint (store (host, MDEV "/remove", "1"), ==, LAB_BLOCKED);
  g_assert_true (lab_model_is_blocked (host->model, removal));
  g_assert_cmpstr (host->events->str, ==, "");
  g_assert_true (is_there (host, MDEV "/iommu_group"));
  g_assert_cmpint (is_there (host, MDEV "/vfio-dev/vfio0"), ==, kernel == LAB_KERNEL_6_1);
  g_assert_false (is_there (host, MDEV "/matrix") || is_there (host, MDEV "/remove") ||
                  is_there (host, MDEV "/driver") || is_there (host, MDEV "/mdev_type") ||
                  is_there (host, MDEV "/subsystem") || is_there (host, MDEV "/uevent") ||
                  is_there (host, "bus/mdev/devices/" UUID));
  g_assert_cmpint (store (host, CREATE, UUID), ==, EEXIST);
  g_assert_cmpint (store (host, CREATE, OTHER_UUID), ==, 0);
  g_assert_cmpint (store (host, OTHER_MDEV "/assign_domain", "4"), ==, 0);
  g_assert_cmpint (store (host, OTHER_MDEV "/assign_adapter", "5"), ==, EADDRINUSE);
  g_assert_cmpint (store (host, OTHER_MDEV "/remove", "1"), ==, 0);

  g_string_truncate (host->events, 0);
  lab_model_close (host->model, node);
  g_assert_false (lab_model_is_blocked (host->model, removal));
  g_assert_false (is_there (host, MDEV));
  g_assert_true (g_str_has_prefix (host->events->str, "ACTION=unbind "));
  g_assert_nonnull (strstr (host->events->str, "\nACTION=remove "));
  g_assert_cmpstr (host->groups->str, ==, "+0*0+1-1-0");
  lab_model_close (host->model, node);
}

static void
test_in_use_7_2 (void)
{
  test_in_use (LAB_KERNEL_7_2);
}

static void
test_in_use_6_1 (void)
{
  test_in_use (LAB_KERNEL_6_1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/masks", test_masks);
  g_test_add_func ("/model/numbers", test_numbers);
  g_test_add_func ("/model/generations", test_generations);
  g_test_add_func ("/model/6.1", test_6_1);
  g_test_add_func ("/model/6.1-attributes", test_6_1_attributes);
  g_test_add_func ("/model/old-queue", test_old_queue);
  g_test_add_func ("/model/no-qci", test_no_qci);
  g_test_add_func ("/model/no-apft", test_no_apft);
  g_test_add_func ("/model/no-ap", test_no_ap);
  g_test_add_func ("/model/modprobe", test_modprobe);
  g_test_add_func ("/model/parameters", test_parameters);
  g_test_add_func ("/model/online", test_online);
  g_test_add_func ("/model/synthetic-event", test_synthetic_event);
  g_test_add_func ("/model/stale-node", test_stale_node);
  g_test_add_func ("/model/groups", test_groups);
  g_test_add_func ("/model/tree", test_tree);
  g_test_add_func ("/model/shipped", test_shipped);
  g_test_add_func ("/model/state-at-start", test_state_at_start);
  g_test_add_func ("/model/override-at-start", test_override_at_start);
  g_test_add_func ("/model/bindings-at-start", test_bindings_at_start);
  g_test_add_func ("/model/master-keys", test_master_keys);
  g_test_add_func ("/model/in-use", test_in_use_7_2);
  g_test_add_func ("/model/in-use-6.1", test_in_use_6_1);
  g_test_add_func ("/model/maximum", test_maximum);
  return g_test_run ();
}
