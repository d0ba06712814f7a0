/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The macros of a described host: each writes what the real drivers, mdevctl or
 * libvirt would show, for the files that virt-ap reads.
 */
#include "tree-priv.h"

#include <string.h>

#define MATRIX_DIR "/sys/devices/vfio_ap/matrix"

/* sysfs shows at most a page of these attributes, less the byte that ends it */
#define MATRIX_TEXT_MAX 4095u

typedef struct {
  VapMask usage_domains;
  VapMask control_domains;
  VapMask apmask;
  VapMask aqmask;
  const char *vfio; /* the key's value */
} Bus;

/* the value of KEY=VALUE among the words, else @fallback */
static const char *
value_of (char **words, const char *key, const char *fallback)
{
  gsize length = strlen (key);

  for (; *words != NULL; words++) {
    if (strncmp (*words, key, length) == 0 && (*words)[length] == '=')
      return *words + length + 1;
  }
  return fallback;
}

static guint
number (const Tree *tree, const char *text, guint base, guint max)
{
  guint64 value;

  if (base == 0)
    base = g_str_has_prefix (text, "0x") ? 16 : 10;
  if (base == 16 && g_str_has_prefix (text, "0x"))
    text += 2;
  if (!g_ascii_string_to_unsigned (text, base, 0, max, &value, NULL))
    tree_fail (tree, "no such number", text);
  return (guint)value;
}

/* "5" or "5-8" */
static void
range (const Tree *tree, const char *text, guint base, guint *first, guint *last)
{
  g_auto (GStrv) ends = g_strsplit (text, "-", 2);

  *first = number (tree, ends[0] != NULL ? ends[0] : "", base, VAP_MASK_BITS - 1);
  *last = *first;
  if (ends[0] != NULL && ends[1] != NULL)
    *last = number (tree, ends[1], base, VAP_MASK_BITS - 1);
}

/* "4,47,a0-af" */
static VapMask
mask_of_list (const Tree *tree, const char *list)
{
  g_auto (GStrv) items = g_strsplit (list, ",", -1);
  VapMask mask = { 0 };

  for (char **item = items; *item != NULL; item++) {
    guint first, last;

    range (tree, *item, 16, &first, &last);
    for (guint bit = first; bit <= last; bit++)
      vap_mask_set (&mask, bit);
  }
  return mask;
}

/* apmask and aqmask: all ones changed by "-5,+0x10-0x12", or "0x…" */
static VapMask
mask_of_value (const Tree *tree, const char *text)
{
  g_auto (GStrv) items = g_strsplit (text, ",", -1);
  g_autoptr (GError) error = NULL;
  VapMask mask = vap_mask_up_to (VAP_MASK_BITS - 1);

  if (g_str_has_prefix (text, "0x")) {
    if (!vap_mask_parse (text, 0, &mask, &error))
      tree_fail (tree, error->message, text);
    return mask;
  }
  for (char **item = items; *item != NULL; item++) {
    guint first, last;

    if (**item != '-' && **item != '+')
      tree_fail (tree, "neither +N, -N nor 0x…", *item);
    range (tree, *item + 1, 0, &first, &last);
    for (guint bit = first; bit <= last; bit++)
      (**item == '+' ? vap_mask_set : vap_mask_clear) (&mask, bit);
  }
  return mask;
}

static void
write_mask (const Tree *tree, const char *path, const VapMask *mask)
{
  char text[VAP_MASK_TEXT_SIZE];

  vap_mask_format (mask, text);
  tree_line (tree, path, text);
}

static gboolean
bound_to_vfio (const Bus *bus, guint adapter, guint domain, const char *queue)
{
  if (bus->vfio == NULL)
    return !vap_mask_test (&bus->apmask, adapter)
           || !vap_mask_test (&bus->aqmask, domain);
  return strstr (bus->vfio, queue) != NULL;
}

static void
add_queues (const Tree *tree, const Bus *bus, guint adapter)
{
  VAP_MASK_FOREACH (&bus->usage_domains, domain) {
    const char *driver;
    char queue[VAP_QUEUE_TEXT_SIZE];
    g_autofree char *device = NULL;
    g_autofree char *bound = NULL;
    g_autofree char *target = NULL;

    vap_queue_format ((VapQueue){ (guint8)adapter, (guint8)domain }, queue);
    device = g_strconcat ("/sys/bus/ap/devices/", queue, NULL);
    target = g_strdup_printf ("../../../devices/ap/card%02x/%s", adapter, queue);
    tree_link (tree, device, target);

    driver = bound_to_vfio (bus, adapter, (guint)domain, queue) ? "vfio_ap" : "cex4queue";
    bound = g_strdup_printf ("/sys/bus/ap/drivers/%s/%s", driver, queue);
    g_clear_pointer (&target, g_free);
    target = g_strdup_printf ("../../../../devices/ap/card%02x/%s", adapter, queue);
    tree_link (tree, bound, target);
  }
}

static void
add_card (const Tree *tree, const Bus *bus, guint adapter, guint hwtype, const char *mode)
{
  static const char *const letters[] = { NULL, "A", "P", NULL, "C" };
  const char *letter = letters[number (tree, mode, 10, G_N_ELEMENTS (letters) - 1)];
  g_autofree char *dir = g_strdup_printf ("/sys/devices/ap/card%02x", adapter);
  g_autofree char *link = g_strdup_printf ("/sys/bus/ap/devices/card%02x", adapter);
  g_autofree char *target = g_strdup_printf ("../../../devices/ap/card%02x", adapter);
  g_autofree char *type
      = g_strdup_printf ("CEX%u%s", hwtype - 6, letter != NULL ? letter : "");
  g_autofree char *hwtype_text = g_strdup_printf ("%u", hwtype);
  const struct {
    const char *name;
    const char *text;
  } attributes[] = {
    { "hwtype", hwtype_text }, { "raw_hwtype", hwtype_text },
    { "type", type },          { "config", "1" },
    { "chkstop", "0" },        { "online", "1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (attributes); i++) {
    g_autofree char *path = g_build_filename (dir, attributes[i].name, NULL);

    tree_line (tree, path, attributes[i].text);
  }
  tree_link (tree, link, target);
  add_queues (tree, bus, adapter);
}

/* the cards in the recordings' format; gives their mask */
static VapMask
add_cards (const Tree *tree, const Bus *bus, const char *list)
{
  g_auto (GStrv) cards = g_strsplit (list, ",", -1);
  VapMask adapters = { 0 };

  for (char **card = cards; *card != NULL; card++) {
    g_auto (GStrv) parts = g_strsplit (*card, ":", -1);
    guint first, last;

    if (g_strv_length (parts) != 3)
      tree_fail (tree, "a card is ADAPTER:HWTYPE:MODE, this is not", *card);
    range (tree, parts[0], 16, &first, &last);
    for (guint adapter = first; adapter <= last; adapter++) {
      add_card (tree, bus, adapter, number (tree, parts[1], 10, 99), parts[2]);
      vap_mask_set (&adapters, adapter);
    }
  }
  return adapters;
}

static void
add_bus_attributes (const Tree *tree, const Bus *bus, const VapMask *adapters,
                    const char *features)
{
  gboolean has_qci = !g_str_equal (features, "-");
  gboolean has_apxa
      = strstr (features, "APXA") != NULL || g_str_equal (features, "absent");

  if (has_qci) {
    write_mask (tree, "/sys/bus/ap/ap_adapter_mask", adapters);
    write_mask (tree, "/sys/bus/ap/ap_usage_domain_mask", &bus->usage_domains);
    write_mask (tree, "/sys/bus/ap/ap_control_domain_mask", &bus->control_domains);
  } else {
    tree_line (tree, "/sys/bus/ap/ap_adapter_mask", "not supported");
    tree_line (tree, "/sys/bus/ap/ap_usage_domain_mask", "not supported");
    tree_line (tree, "/sys/bus/ap/ap_control_domain_mask", "not supported");
  }
  write_mask (tree, "/sys/bus/ap/apmask", &bus->apmask);
  write_mask (tree, "/sys/bus/ap/aqmask", &bus->aqmask);
  tree_line (tree, "/sys/bus/ap/ap_interrupts", "1");
  tree_line (tree, "/sys/bus/ap/ap_max_adapter_id", has_apxa ? "255" : "63");
  tree_line (tree, "/sys/bus/ap/ap_max_domain_id", has_apxa ? "255" : "15");
  if (!g_str_equal (features, "absent")) {
    g_autofree char *text = g_strdelimit (g_strdup (features), ",", ' ');

    tree_line (tree, "/sys/bus/ap/features", text);
  }
}

static void
macro_ap_bus (const Tree *tree, char **words)
{
  const char *usage_domains = value_of (words, "udoms", "");
  Bus bus = {
    .usage_domains = mask_of_list (tree, usage_domains),
    .control_domains = mask_of_list (tree, value_of (words, "cdoms", usage_domains)),
    .apmask = mask_of_value (tree, value_of (words, "apmask", "+0")),
    .aqmask = mask_of_value (tree, value_of (words, "aqmask", "+0")),
    .vfio = value_of (words, "vfio", NULL),
  };
  VapMask adapters;

  tree_dir (tree, "/sys/bus/ap/devices");
  tree_dir (tree, "/sys/bus/ap/drivers/cex4queue");
  tree_dir (tree, "/sys/bus/ap/drivers/cex4card");
  adapters = add_cards (tree, &bus, value_of (words, "cards", ""));
  add_bus_attributes (tree, &bus, &adapters, value_of (words, "features", "APSC,APXA"));
  if (g_strcmp0 (bus.vfio, "unloaded") == 0)
    return;
  tree_line (tree, "/sys/bus/ap/drivers/vfio_ap/uevent", "");
  tree_line (tree, "/sys/bus/ap/drivers/vfio_ap/bind", "");
  tree_line (tree, "/sys/bus/ap/drivers/vfio_ap/unbind", "");
  tree_line (tree, MATRIX_DIR "/features", "guest_matrix hotplug ap_config");
  tree_line (tree, MATRIX_DIR "/uevent", "DRIVER=vfio_ap");
  tree_dir (tree, MATRIX_DIR "/mdev_supported_types/vfio_ap-passthrough/devices");
  tree_dir (tree, "/sys/bus/mdev/devices");
}

static void
macro_cpuinfo (const Tree *tree, char **words)
{
  g_auto (GStrv) facilities
      = g_strsplit (value_of (words, "facilities", "0,1,12,15,65"), ",", -1);
  g_autofree char *list = g_strjoinv (" ", facilities);
  g_autofree char *text = g_strdup_printf (
      "vendor_id       : %s\n"
      "# processors    : 1\n"
      "bogomips per cpu: 3241.00\n"
      "features\t: esan3 zarch stfle msa ldisp eimm dfp edat etf3eh highgprs te vx \n"
      "facilities      : %s\n"
      "processor 0: version = FF,  identification = 0C8F68,  machine = %s\n",
      value_of (words, "vendor", "IBM/S390"), list, value_of (words, "machine", "3931"));

  tree_file (tree, "/proc/cpuinfo", text);
}

static VapMatrix
matrix_of_words (const Tree *tree, char **words)
{
  return (VapMatrix){
    .adapters = mask_of_list (tree, value_of (words, "adapters", "")),
    .domains = mask_of_list (tree, value_of (words, "domains", "")),
    .control_domains = mask_of_list (tree, value_of (words, "control", "")),
  };
}

/* the attribute matrix (drivers/s390/crypto/vfio_ap_ops.c, matrix_show()) */
static char *
matrix_text (const VapMatrix *matrix)
{
  GString *text = g_string_new (NULL);

  VAP_MASK_FOREACH (&matrix->adapters, adapter) {
    if (vap_mask_is_empty (&matrix->domains))
      g_string_append_printf (text, "%02x.\n", (guint)adapter);
    VAP_MASK_FOREACH (&matrix->domains, domain)
      g_string_append_printf (text, "%02x.%04x\n", (guint)adapter, (guint)domain);
  }
  if (vap_mask_is_empty (&matrix->adapters)) {
    VAP_MASK_FOREACH (&matrix->domains, domain)
      g_string_append_printf (text, ".%04x\n", (guint)domain);
  }
  if (text->len > MATRIX_TEXT_MAX)
    g_string_truncate (text, MATRIX_TEXT_MAX);
  return g_string_free (text, FALSE);
}

static void
macro_device (const Tree *tree, char **words)
{
  const char *uuid = words[1] != NULL ? words[1] : "";
  VapMatrix matrix = matrix_of_words (tree, words);
  g_autofree char *dir = g_build_filename (MATRIX_DIR, uuid, NULL);
  g_autofree char *ap_config_path = g_build_filename (dir, "ap_config", NULL);
  g_autofree char *matrix_path = g_build_filename (dir, "matrix", NULL);
  g_autofree char *control_path = g_build_filename (dir, "control_domains", NULL);
  g_autofree char *link = g_build_filename ("/sys/bus/mdev/devices", uuid, NULL);
  g_autofree char *target
      = g_strconcat ("../../..", MATRIX_DIR + strlen ("/sys"), "/", uuid, NULL);
  g_autofree char *queues = matrix_text (&matrix);
  g_autoptr (GString) control = g_string_new (NULL);
  g_autofree char *ap_config = NULL;
  char adapters[VAP_MASK_TEXT_SIZE];
  char domains[VAP_MASK_TEXT_SIZE];
  char control_domains[VAP_MASK_TEXT_SIZE];

  vap_mask_format (&matrix.adapters, adapters);
  vap_mask_format (&matrix.domains, domains);
  vap_mask_format (&matrix.control_domains, control_domains);
  ap_config = g_strjoin (",", adapters, domains, control_domains, NULL);
  VAP_MASK_FOREACH (&matrix.control_domains, domain)
    g_string_append_printf (control, "%04x\n", (guint)domain);
  tree_line (tree, ap_config_path, ap_config);
  tree_file (tree, matrix_path, queues);
  tree_file (tree, control_path, control->str);
  tree_link (tree, link, target);
}

static void
add_attributes (GString *json, const char *name, const VapMask *mask)
{
  VAP_MASK_FOREACH (mask, bit) {
    if (json->str[json->len - 1] == '}')
      g_string_append_c (json, ',');
    g_string_append_printf (json, "\n    {\n      \"%s\": \"0x%x\"\n    }", name,
                            (guint)bit);
  }
}

static void
macro_definition (const Tree *tree, char **words)
{
  const char *uuid = words[1] != NULL ? words[1] : "";
  VapMatrix matrix = matrix_of_words (tree, words);
  g_autofree char *path = g_build_filename ("/etc/mdevctl.d/matrix", uuid, NULL);
  g_autoptr (GString) json
      = g_string_new ("{\n  \"mdev_type\": \"vfio_ap-passthrough\",\n");

  g_string_append_printf (json, "  \"start\": \"%s\",\n  \"attrs\": [",
                          value_of (words, "start", "manual"));
  add_attributes (json, "assign_adapter", &matrix.adapters);
  add_attributes (json, "assign_domain", &matrix.domains);
  add_attributes (json, "assign_control_domain", &matrix.control_domains);
  g_string_append (json, "\n  ]\n}\n");
  tree_file (tree, path, json->str);
}

static char *
domain_xml (const char *name, char **words)
{
  g_auto (GStrv) devices = g_strsplit (value_of (words, "devices", ""), ",", -1);
  g_auto (GStrv) features = g_strsplit (value_of (words, "features", ""), ",", -1);
  GString *xml = g_string_new ("<domain type='kvm'>\n");

  g_string_append_printf (xml, "  <name>%s</name>\n  <uuid>%s</uuid>\n", name,
                          value_of (words, "uuid", ""));
  g_string_append (xml,
                   "  <memory unit='KiB'>1048576</memory>\n"
                   "  <os><type arch='s390x' machine='s390-ccw-virtio'>hvm</type></os>\n"
                   "  <cpu mode='custom' match='exact' check='partial'>\n"
                   "    <model fallback='forbid'>gen15a-base</model>\n");
  for (char **feature = features; *feature != NULL; feature++)
    g_string_append_printf (xml, "    <feature policy='require' name='%s'/>\n", *feature);
  g_string_append (xml, "  </cpu>\n  <devices>\n");
  for (char **device = devices; *device != NULL; device++)
    g_string_append_printf (xml,
                            "    <hostdev mode='subsystem' type='mdev' model='vfio-ap'>\n"
                            "      <source><address uuid='%s'/></source>\n"
                            "    </hostdev>\n",
                            *device);
  g_string_append (xml, "  </devices>\n</domain>\n");
  return g_string_free (xml, FALSE);
}

static void
macro_guest (const Tree *tree, char **words)
{
  const char *name = words[1] != NULL ? words[1] : "";
  const char *state = value_of (words, "state", "defined");
  g_autofree char *defined = g_strdup_printf ("/etc/libvirt/qemu/%s.xml", name);
  g_autofree char *running = g_strdup_printf ("/run/libvirt/qemu/%s.xml", name);
  g_autofree char *xml = domain_xml (name, words);
  g_autofree char *status = g_strdup_printf (
      "<domstatus state='running' reason='booted' pid='4711'>\n%s</domstatus>\n", xml);

  if (!g_str_equal (state, "running"))
    tree_file (tree, defined, xml);
  if (!g_str_equal (state, "defined"))
    tree_file (tree, running, status);
}

gboolean
tree_macro (const Tree *tree, const char *line)
{
  g_auto (GStrv) words = g_strsplit_set (line, " \t", -1);
  static const struct {
    const char *name;
    void (*expand) (const Tree *tree, char **words);
  } macros[] = {
    { "ap-bus", macro_ap_bus },         { "cpuinfo", macro_cpuinfo },
    { "device", macro_device },         { "guest", macro_guest },
    { "definition", macro_definition },
  };

  for (guint i = 0; i < G_N_ELEMENTS (macros); i++) {
    if (g_str_equal (words[0], macros[i].name)) {
      macros[i].expand (tree, words);
      return TRUE;
    }
  }
  return FALSE;
}
