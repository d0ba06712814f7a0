/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes what libvirt would write (src/qemu/qemu_command.c,
 * qemuBuildCpuModelArgStr() and qemuBuildHostdevMediatedDevProps()), but knows which
 * properties the binary has.
 */
#include "host/qemu-flags.h"

#define MDEV_DIR "/sys/bus/mdev/devices/"

VapSyntax
vap_qemu_syntax (const VapQemu *qemu)
{
  g_auto (GStrv) parts = g_strsplit (qemu->version, ".", 3);
  guint64 major = 0, minor = 0;

  if (parts[0] != NULL && parts[1] != NULL) {
    major = g_ascii_strtoull (parts[0], NULL, 10);
    minor = g_ascii_strtoull (parts[1], NULL, 10);
  }
  return major > 6 || (major == 6 && minor >= 2) ? VAP_SYNTAX_JSON : VAP_SYNTAX_OLD;
}

/* A host-model becomes a model by name in libvirt; QEMU's nearest to it is the host
 * itself.  Under TCG there is no "host", and the default is "qemu". */
static const char *
cpu_model (const VapGuest *guest)
{
  static const char *const models[][2] = {
    [VAP_CPU_MODE_NONE] = { "host", "qemu" },
    [VAP_CPU_MODE_CUSTOM] = { "host", "qemu" }, /* only without a model */
    [VAP_CPU_MODE_HOST_MODEL] = { "host", "max" },
    [VAP_CPU_MODE_HOST_PASSTHROUGH] = { "host", "max" },
    [VAP_CPU_MODE_MAXIMUM] = { "max", "max" },
  };
  gboolean is_tcg = g_strcmp0 (guest->type, "qemu") == 0;

  if (guest->cpu_mode == VAP_CPU_MODE_CUSTOM && guest->cpu_model != NULL)
    return guest->cpu_model;
  return models[guest->cpu_mode][is_tcg ? 1 : 0];
}

/* NULL: neither on nor off is said */
static const char *
feature_state (const VapHost *host, const VapFeature *feature, VapPolicy policy)
{
  if (policy == VAP_POLICY_OPTIONAL)
    return vap_host_has_feature (host, feature->id) ? "on" : NULL;
  return vap_policy_wants (policy) ? "on" : "off";
}

static void
add_feature (GString *argument, const VapQemu *qemu, const VapHost *host,
             const VapCpuFeature *asked, GPtrArray *missing)
{
  const VapFeature *feature = vap_feature_find (asked->name);
  const char *state =
      feature != NULL ? feature_state (host, feature, asked->policy) : NULL;

  if (state == NULL)
    return;
  if (vap_qemu_has_property (qemu, feature->name))
    g_string_append_printf (argument, ",%s=%s", feature->name, state);
  else if (feature->removable && vap_policy_wants (asked->policy))
    g_ptr_array_add (missing, (gpointer) feature->name);
}

char *
vap_qemu_cpu_argument (const VapQemu *qemu, const VapHost *host, const VapGuest *guest,
                       GPtrArray *missing)
{
  GString *argument = g_string_new (cpu_model (guest));

  for (guint i = 0; i < guest->features->len; i++) {
    const VapCpuFeature *asked = g_ptr_array_index (guest->features, i);

    if (vap_guest_feature (guest, asked->name) == asked)
      add_feature (argument, qemu, host, asked, missing);
  }
  return g_string_free (argument, FALSE);
}

char *
vap_qemu_device_argument (const char *uuid, guint index, VapSyntax syntax)
{
  if (syntax == VAP_SYNTAX_JSON)
    return g_strdup_printf ("{\"driver\":\"vfio-ap\",\"id\":\"hostdev%u\","
                            "\"sysfsdev\":\"" MDEV_DIR "%s\"}",
                            index, uuid);
  return g_strdup_printf ("vfio-ap,id=hostdev%u,sysfsdev=" MDEV_DIR "%s", index, uuid);
}
