/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model under random sequences of writes, changes of the hardware and bus scans.
 * The first byte of an input picks the host, then every four bytes are an operation:
 * which, and three arguments.  Cards, domains and devices are few, so that they meet.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#define MATRIX "devices/vfio_ap/matrix"
#define PARAMETERS "module/virt_ap_lab/parameters/"

/* Operations between two looks at the whole tree, which is a thousand times the work. */
#define TREE_INTERVAL 512u

guint64 fuzz_operations;

static const guint adapters[] = { 0x03, 0x05, 0x06, 0xff };
static const guint domains[] = { 0x04, 0x06, 0x47, 0xff };
static const char *const uuids[] = {
  "62177883-f1bb-47f0-914d-32a22e3a8801", "62177883-F1BB-47F0-914D-32A22E3A8802",
  "62177883-f1bb-47f0-914d-32a22e3a8803", "62177883-f1bb-47f0-914d-32a22e3a88",
};
static const char *const driver_names[] = { "cex4queue", "vfio_ap", "cex4card", "none" };

/* the arguments of an operation; each picks from one of the tables above */
typedef struct {
  guint8 a, b, c;
} Arguments;

#define PICK(table, n) ((table)[(n) % G_N_ELEMENTS (table)])

/* an errno value */
static int
write_path (FuzzHost *host, const char *path, const char *text)
{
  LabNode node;
  int code = lab_model_resolve (host->model, path, &node);

  return code ? code : lab_model_write (host->model, node, text, strlen (text));
}

/* A set out of @table as a hexadecimal mask, left-aligned as sysfs wants it. */
static void
mask_text (const guint *table, guint8 chosen, char text[VAP_MASK_TEXT_SIZE])
{
  VapMask mask = { 0 };

  for (guint i = 0; i < 4; i++) {
    if (chosen & 1u << i)
      vap_mask_set (&mask, table[i]);
  }
  vap_mask_format (&mask, text);
}

static void
mdev_path (guint8 which, const char *attribute, char path[128])
{
  g_autofree char *uuid = g_ascii_strdown (PICK (uuids, which), -1);

  g_snprintf (path, 128, MATRIX "/%s/%s", uuid, attribute);
}

static void
queue_name (const Arguments *arguments, char name[16])
{
  g_snprintf (name, 16, "%02x.%04x", PICK (adapters, arguments->a),
              PICK (domains, arguments->b));
}

/* relative, all ones, a set, or its complement */
static void
write_mask (FuzzHost *host, const char *path, const guint *table,
            const Arguments *arguments)
{
  char text[VAP_MASK_TEXT_SIZE + 1] = "";

  switch (arguments->a % 4) {
  case 0:
    g_snprintf (text, sizeof text, "%c%u", arguments->b & 1 ? '+' : '-',
                table[arguments->c % 4]);
    break;
  case 1:
    memset (text, 'f', 64);
    break;
  case 2:
    mask_text (table, arguments->b, text);
    break;
  default:
    mask_text (table, arguments->b, text);
    for (char *digit = text + 2; *digit; digit++)
      *digit = "0123456789abcdef"[15 - g_ascii_xdigit_value (*digit)];
    break;
  }
  write_path (host, path, text);
}

static void
do_apmask (FuzzHost *host, const Arguments *arguments)
{
  write_mask (host, "bus/ap/apmask", adapters, arguments);
}

static void
do_aqmask (FuzzHost *host, const Arguments *arguments)
{
  write_mask (host, "bus/ap/aqmask", domains, arguments);
}

static void
do_create (FuzzHost *host, const Arguments *arguments)
{
  write_path (host, MATRIX "/mdev_supported_types/vfio_ap-passthrough/create",
              PICK (uuids, arguments->a));
}

static void
do_remove (FuzzHost *host, const Arguments *arguments)
{
  char path[128];

  mdev_path (arguments->a, "remove", path);
  write_path (host, path, arguments->b % 8 ? "1\n" : "0\n");
}

static void
do_assign (FuzzHost *host, const Arguments *arguments)
{
  static const struct {
    const char *attribute;
    const guint *table;
  } kinds[] = {
    { "assign_adapter", adapters },        { "assign_domain", domains },
    { "assign_control_domain", domains },  { "unassign_adapter", adapters },
    { "unassign_domain", domains },        { "unassign_control_domain", domains },
  };
  guint kind = arguments->b % G_N_ELEMENTS (kinds);
  char path[128], text[16];

  mdev_path (arguments->a, kinds[kind].attribute, path);
  g_snprintf (text, sizeof text, "%u\n", kinds[kind].table[arguments->c % 4]);
  write_path (host, path, text);
}

static void
do_config (FuzzHost *host, const Arguments *arguments)
{
  char apm[VAP_MASK_TEXT_SIZE], aqm[VAP_MASK_TEXT_SIZE], adm[VAP_MASK_TEXT_SIZE];
  char path[128], text[256];

  mask_text (adapters, arguments->b, apm);
  mask_text (domains, arguments->b >> 4, aqm);
  mask_text (domains, arguments->c, adm);
  g_snprintf (text, sizeof text, "%s,%s,%s\n", apm, aqm, adm);
  mdev_path (arguments->a, "ap_config", path);
  write_path (host, path, text);
}

static void
do_bind (FuzzHost *host, const Arguments *arguments)
{
  char path[64], name[16];

  queue_name (arguments, name);
  g_snprintf (path, sizeof path, "bus/ap/drivers/%s/%s",
              PICK (driver_names, arguments->c / 2u),
              arguments->c & 1 ? "bind" : "unbind");
  write_path (host, path, name);
}

static void
do_probe (FuzzHost *host, const Arguments *arguments)
{
  char name[16];

  queue_name (arguments, name);
  write_path (host, "bus/ap/drivers_probe", name);
}

static void
do_override (FuzzHost *host, const Arguments *arguments)
{
  guint adapter = PICK (adapters, arguments->a);
  gboolean clear = arguments->c % 8 == 0;
  char path[64];

  g_snprintf (path, sizeof path, "devices/ap/card%02x/%02x.%04x/driver_override",
              adapter, adapter, PICK (domains, arguments->b));
  if (write_path (host, path, clear ? "\n" : PICK (driver_names, arguments->c)) == 0
      && !clear)
    vap_mask_set (&host->overridden[adapter], PICK (domains, arguments->b));
}

/* the cards that there are from the next scan on, now and then another type */
static void
do_cards (FuzzHost *host, const Arguments *arguments)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (adapters); i++) {
    if (arguments->a & 1u << i)
      g_string_append_printf (text, "%s%02x:%u:%u", text->len ? "," : "", adapters[i],
                              i == 0 ? 9 : 13 + (arguments->b >> i & 1),
                              i == 0 || arguments->c >> i & 1 ? 4 : 2);
  }
  write_path (host, PARAMETERS "cards", text->len ? text->str : "-");
}

static void
set_domains (FuzzHost *host, const char *path, guint8 chosen)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (domains); i++) {
    if (chosen & 1u << i)
      g_string_append_printf (text, "%s%x", text->len ? "," : "", domains[i]);
  }
  write_path (host, path, text->len ? text->str : "-");
}

static void
do_domains (FuzzHost *host, const Arguments *arguments)
{
  set_domains (host, arguments->b & 1 ? PARAMETERS "udoms" : PARAMETERS "cdoms",
               arguments->a);
}

static void
do_scan (FuzzHost *host, const Arguments *arguments G_GNUC_UNUSED)
{
  write_path (host, "bus/ap/scans", "1\n");
}

static void
do_modprobe (FuzzHost *host, const Arguments *arguments G_GNUC_UNUSED)
{
  write_path (host, PARAMETERS "vfio_ap", "1\n");
}

static void
do_card_state (FuzzHost *host, const Arguments *arguments)
{
  char path[64];

  g_snprintf (path, sizeof path, "devices/ap/card%02x/%s",
              PICK (adapters, arguments->a), arguments->b & 1 ? "online" : "config");
  write_path (host, path, arguments->c & 1 ? "1\n" : "0\n");
}

/* a guest takes a matrix, or gives it back */
static void
do_open (FuzzHost *host, const Arguments *arguments)
{
  g_autofree char *uuid = g_ascii_strdown (PICK (uuids, arguments->a), -1);
  g_autofree char *path = g_strdup_printf (LAB_VFIO_DEVICE, uuid);
  gboolean holds;
  LabNode node;

  if (lab_model_resolve (host->model, path + strlen ("/sys/"), &node) != 0)
    return;
  if (arguments->b % 4 == 0)
    lab_model_close (host->model, node);
  else
    (void)!lab_model_open (host->model, node, arguments->b & 1, &holds);
}

/* what no program would write, to where it might */
static void
do_nonsense (FuzzHost *host, const Arguments *arguments)
{
  static const char *const paths[] = {
    "bus/ap/apmask", "bus/ap/aqmask", "bus/ap/ap_domain", "bus/ap/poll_timeout",
    "bus/ap/config_time", "devices/ap/uevent", "devices/ap/card05/uevent",
    "bus/ap/drivers/vfio_ap/unbind", PARAMETERS "cards", PARAMETERS "udoms",
    MATRIX "/mdev_supported_types/vfio_ap-passthrough/create",
    MATRIX "/62177883-f1bb-47f0-914d-32a22e3a8801/ap_config",
    MATRIX "/62177883-f1bb-47f0-914d-32a22e3a8801/assign_domain",
    MATRIX "/62177883-f1bb-47f0-914d-32a22e3a8801/remove",
  };
  static const char *const texts[] = {
    "", "\n", "0", "+", "-", "+0-", "0x", "0x,0x", ",,", "add", "add 0 A=B", "change x",
    "99999999999999999999", "-1", "05.0004", "card05", "0xffffffffffffffffffffffffffff",
    "05:13", "05:13:4,05:13:4", "0-ff", "ff-0", "+0-255,-5", "1\n\n",
  };
  char text[8] = { (char) arguments->b, (char) arguments->c, '\n', '\0' };

  write_path (host, PICK (paths, arguments->a),
              arguments->b & 1 ? PICK (texts, arguments->c) : text);
}

/* a number that stands for nothing, or for something that was there once */
static void
do_node (FuzzHost *host, const Arguments *arguments)
{
  LabNode node = (guint64) arguments->a << 56 | (guint64) arguments->b << 48
                 | (guint64) arguments->c;
  g_autofree char *target = NULL;
  g_autoptr (GString) content = g_string_new (NULL);
  LabNodeType type;
  LabNode child;
  guint mode;

  lab_model_lookup (host->model, node, "uevent", &child);
  lab_model_readlink (host->model, node, &target);
  if (lab_model_stat (host->model, node, &type, &mode) == 0 && type == LAB_NODE_FILE)
    lab_model_read (host->model, node, content);
}

/* Frequent ones stand here more than once. */
static void (*const operations[]) (FuzzHost *, const Arguments *)
  = { do_apmask, do_aqmask,   do_create,   do_create,     do_remove,     do_assign,
      do_assign, do_assign,   do_assign,   do_config,     do_config,     do_bind,
      do_bind,   do_probe,    do_override, do_cards,      do_domains,    do_scan,
      do_scan,   do_modprobe, do_nonsense, do_card_state, do_node,       do_apmask,
      do_open };

static LabMachine *
pick_machine (guint8 byte)
{
  LabMachine *machine = lab_machine_new_default ();

  machine->kernel = byte % 4 == 3 ? LAB_KERNEL_7_2 : (LabKernel) (byte % 4);
  machine->qci = VAP_QCI_APSC | VAP_QCI_APXA;
  machine->vfio_ap_loaded = !(byte & 0x10);
  machine->facilities[12] = (byte & 0xe0) != 0xe0;
  g_clear_pointer (&machine->cards, g_array_unref);
  if (!lab_machine_parse_cards ("03:9:4,05:13:4,06:13:2", &machine->cards, NULL)
      || !lab_machine_parse_domains ("4,6,47", &machine->usage_domains, NULL)
      || !lab_machine_parse_domains ("4,47", &machine->control_domains, NULL))
    g_error ("the machine is not well described");
  return machine;
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  g_autoptr (LabMachine) machine = pick_machine (length > 0 ? bytes[0] : 0);
  FuzzHost host = { 0 };

  host.model = lab_model_new (machine, fuzz_check_event, NULL, &host);
  fuzz_check_state (&host);
  for (gsize i = 1; i + 4 <= length; i += 4) {
    Arguments arguments = { bytes[i + 1], bytes[i + 2], bytes[i + 3] };

    PICK (operations, bytes[i]) (&host, &arguments);
    fuzz_check_state (&host);
    if (++fuzz_operations % TREE_INTERVAL == 0)
      fuzz_check_tree (&host);
  }
  lab_model_free (host.model);
  return 0;
}
