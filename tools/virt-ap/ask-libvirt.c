/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ask-libvirt URI: prints, as JSON, what a libvirt daemon tells of its host's AP.
 * Run by `virt-ap caps`: a process of its own, so that virt-ap and the doors start
 * without libvirt's many libraries, and a daemon that hangs can be left.
 * What it prints is read by host/remote.c.
 */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>

#include "json/writer.h"

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
add_string (VapJson *json, const char *name, const char *value)
{
  vap_json_name (json, name);
  vap_json_string (json, value);
}

static void
add_version (VapJson *json, const char *name, const char *product, unsigned long version)
{
  g_autofree char *text =
      g_strdup_printf ("%s%s%lu.%lu.%lu", product, *product != '\0' ? " " : "",
                       version / 1000000, version / 1000 % 1000, version % 1000);

  add_string (json, name, text);
}

static void
add_versions (VapJson *json, virConnectPtr connection)
{
  const char *type = virConnectGetType (connection);
  unsigned long version;

  if (type != NULL && virConnectGetVersion (connection, &version) == 0)
    add_version (json, "hypervisor", type, version);
  if (virConnectGetLibVersion (connection, &version) == 0)
    add_version (json, "library", "", version);
}

static void
add_devices (VapJson *json, virConnectPtr connection)
{
  const unsigned int kinds = VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_CARD |
                             VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_QUEUE |
                             VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_MATRIX;
  virNodeDevicePtr *devices = NULL;
  int count = virConnectListAllNodeDevices (connection, &devices, kinds);

  if (count < 0) {
    add_string (json, "devices_problem", last_problem ());
    return;
  }
  vap_json_name (json, "devices");
  vap_json_begin_array (json);
  for (int i = 0; i < count; i++) {
    vap_json_string (json, virNodeDeviceGetName (devices[i]));
    virNodeDeviceFree (devices[i]);
  }
  vap_json_end_array (json);
  free (devices);
}

static void
add_capabilities (VapJson *json, virConnectPtr connection)
{
  char *xml =
      virConnectGetDomainCapabilities (connection, NULL, ARCH, NULL, VIRT_TYPE, 0);

  if (xml != NULL)
    add_string (json, "capabilities", xml);
  else
    add_string (json, "capabilities_problem", last_problem ());
  free (xml);
}

static void
print (const VapJson *json)
{
  g_autofree char *text = vap_json_to_text (json, FALSE);

  puts (text);
}

int
main (int argc, char **argv)
{
  g_autoptr (VapJson) json = vap_json_new ();
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
  vap_json_begin_object (json);
  add_string (json, "uri", argv[1]);
  add_versions (json, connection);
  add_devices (json, connection);
  add_capabilities (json, connection);
  vap_json_end_object (json);
  virConnectClose (connection);
  print (json);
  return 0;
}
