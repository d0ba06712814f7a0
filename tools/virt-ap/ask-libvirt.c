/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ask-libvirt URI: prints, as JSON, what a libvirt daemon tells of its host's AP.
 * Run by `virt-ap caps`: a process of its own, so that virt-ap and the doors start
 * without libvirt's many libraries, and a daemon that hangs can be left.
 * What it prints is read by host/remote.c.
 */
#include <json-glib/json-glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>

/* what every s390x guest that can have AP is */
#define ARCH "s390x"
#define VIRT_TYPE "kvm"

/* errors are told in the answer, not on the way */
static void
ignore_error (G_GNUC_UNUSED void *user_data, G_GNUC_UNUSED virErrorPtr error)
{
}

static const char *
last_problem (void)
{
  const char *message = virGetLastErrorMessage ();

  return message != NULL ? message : "?";
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, valid);
}

static void
add_version (JsonBuilder *builder, const char *name, const char *product,
             unsigned long version)
{
  g_autofree char *text =
      g_strdup_printf ("%s%s%lu.%lu.%lu", product, *product != '\0' ? " " : "",
                       version / 1000000, version / 1000 % 1000, version % 1000);

  add_string (builder, name, text);
}

static void
add_versions (JsonBuilder *builder, virConnectPtr connection)
{
  const char *type = virConnectGetType (connection);
  unsigned long version;

  if (type != NULL && virConnectGetVersion (connection, &version) == 0)
    add_version (builder, "hypervisor", type, version);
  if (virConnectGetLibVersion (connection, &version) == 0)
    add_version (builder, "library", "", version);
}

static void
add_devices (JsonBuilder *builder, virConnectPtr connection)
{
  const unsigned int kinds = VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_CARD |
                             VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_QUEUE |
                             VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_MATRIX;
  virNodeDevicePtr *devices = NULL;
  int count = virConnectListAllNodeDevices (connection, &devices, kinds);

  if (count < 0) {
    add_string (builder, "devices_problem", last_problem ());
    return;
  }
  json_builder_set_member_name (builder, "devices");
  json_builder_begin_array (builder);
  for (int i = 0; i < count; i++) {
    json_builder_add_string_value (builder, virNodeDeviceGetName (devices[i]));
    virNodeDeviceFree (devices[i]);
  }
  json_builder_end_array (builder);
  free (devices);
}

static void
add_capabilities (JsonBuilder *builder, virConnectPtr connection)
{
  char *xml =
      virConnectGetDomainCapabilities (connection, NULL, ARCH, NULL, VIRT_TYPE, 0);

  if (xml != NULL)
    add_string (builder, "capabilities", xml);
  else
    add_string (builder, "capabilities_problem", last_problem ());
  free (xml);
}

static void
print (JsonBuilder *builder)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = NULL;

  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, NULL);
  puts (text);
}

int
main (int argc, char **argv)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  virConnectPtr connection;

  if (argc != 2) {
    fprintf (stderr, "usage: ask-libvirt URI\n");
    return 2;
  }
  virSetErrorFunc (NULL, ignore_error);
  connection = virConnectOpen (argv[1]);
  if (connection == NULL) {
    fprintf (stderr, "%s\n", last_problem ());
    return 1;
  }
  json_builder_begin_object (builder);
  add_string (builder, "uri", argv[1]);
  add_versions (builder, connection);
  add_devices (builder, connection);
  add_capabilities (builder, connection);
  json_builder_end_object (builder);
  virConnectClose (connection);
  print (builder);
  return 0;
}
