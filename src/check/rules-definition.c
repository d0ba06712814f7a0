/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a definition of an AP matrix as such, whatever its matrix is: its UUID,
 * its type and its parent.  check.c runs them.
 */
#include "check/rules.h"

#include "config.h"

#include <glib/gi18n-lib.h>

/* A new UUID is made for a definition without one.  EINVAL from create_store() (Linux
 * drivers/vfio/mdev/mdev_sysfs.c); libvirt and mdevctl refuse it before. */
void
vap_rule_uuid_malformed (const VapDeviceQuestion *question)
{
  const char *uuid = question->device->uuid;

  if (uuid == NULL || question->uuid[0] != '\0')
    return;

  vap_findings_take (question->findings, "uuid-malformed", VAP_SEVERITY_ERROR, uuid,
                     g_strdup_printf (_ ("'%s' is no UUID"), uuid),
                     g_strdup (_ ("leave <uuid> out, or take one from: uuidgen")));
}

static void
report_active (const VapDeviceQuestion *question, const char *uuid)
{
  g_autofree char *node = vap_device_node_name (uuid);

  vap_findings_take (
      question->findings, "uuid-taken", VAP_SEVERITY_ERROR, uuid,
      g_strdup_printf (_ ("device %s is active already"), uuid),
      g_strdup_printf (_ ("take another UUID, or stop it with: virsh nodedev-destroy %s"),
                       node));
}

static void
report_defined (const VapDeviceQuestion *question, const char *uuid)
{
  g_autofree char *node = vap_device_node_name (uuid);

  vap_findings_take (question->findings, "uuid-taken", VAP_SEVERITY_ERROR, uuid,
                     g_strdup_printf (_ ("device %s is defined already"), uuid),
                     g_strdup_printf (_ ("change it with mdevctl modify, or remove it "
                                         "with: virsh nodedev-undefine %s"),
                                      node));
}

/* EEXIST from mdev_device_create() (Linux drivers/vfio/mdev/mdev_core.c).  mdevctl
 * overwrites no definition (mdevctl src/main.rs, define_command_helper()), but takes
 * one for a device that is active, and starts one by its definition. */
void
vap_rule_uuid_taken (const VapDeviceQuestion *question)
{
  const VapHostDevice *known = vap_host_find_device (question->host, question->uuid);

  if (known == NULL)
    return;

  if (question->action == VAP_ACTION_START && known->active)
    report_active (question, known->uuid);
  else if (question->action == VAP_ACTION_DEFINE && known->definition != NULL)
    report_defined (question, known->uuid);
}

/* mdevctl looks for the type below the parent's mdev_supported_types (mdevctl
 * src/mdev.rs, create()); vfio_ap has one (vfio_ap_ops.c, VFIO_AP_MDEV_TYPE_HWVIRT) */
void
vap_rule_type_wrong (const VapDeviceQuestion *question)
{
  const char *type = question->device->type;
  char *message;

  if (g_strcmp0 (type, VAP_DEVICE_TYPE) == 0)
    return;

  if (type != NULL)
    message = g_strdup_printf (_ ("an AP matrix is of the type %s, not '%s'"),
                               VAP_DEVICE_TYPE, type);
  else
    message = g_strdup_printf (
        _ ("an AP matrix is of the type %s, and the definition has none"),
        VAP_DEVICE_TYPE);
  vap_findings_take (question->findings, "type-wrong", VAP_SEVERITY_ERROR,
                     type != NULL ? type : VAP_DEVICE_TYPE, message,
                     question->device->of_mdevctl
                         ? g_strdup ("\"mdev_type\": \"" VAP_DEVICE_TYPE "\"")
                         : g_strdup ("<type id='" VAP_DEVICE_TYPE "'/>"));
}

/* libvirt names the parent by its node device (src/node_device/node_device_driver.c),
 * mdevctl by its directory in /sys/class/mdev_bus (src/mdev.rs, find_parent_dir()) */
void
vap_rule_parent_wrong (const VapDeviceQuestion *question)
{
  const VapDevice *device = question->device;
  const char *right = device->of_mdevctl ? VAP_DEVICE_PARENT : VAP_DEVICE_PARENT_LIBVIRT;
  char *message;

  if (g_strcmp0 (device->parent, right) == 0)
    return;

  if (device->parent != NULL)
    message = g_strdup_printf (_ ("the parent of an AP matrix is %s, not '%s'"), right,
                               device->parent);
  else
    message = g_strdup_printf (
        _ ("the parent of an AP matrix is %s, and the definition has none"), right);
  vap_findings_take (question->findings, "parent-wrong", VAP_SEVERITY_ERROR,
                     device->parent != NULL ? device->parent : right, message,
                     device->of_mdevctl
                         ? g_strdup ("--parent=" VAP_DEVICE_PARENT)
                         : g_strdup ("<parent>" VAP_DEVICE_PARENT_LIBVIRT "</parent>"));
}
