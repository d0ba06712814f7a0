/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * KVM's own answer, for `virt-ap caps`.  The virtual machine that is asked has no
 * memory and no processor, and is gone when its descriptor is closed.
 * Source: Linux Documentation/virt/kvm/devices/vm.rst; arch/s390/kvm/kvm-s390.c,
 * kvm_s390_get_machine(), kvm_s390_get_machine_uv_feat(), kvm_s390_vm_has_attr()
 */
#include "config.h"

#include "host/kvm.h"

#include <glib/gi18n-lib.h>

static gboolean
has_facility (const VapKvm *kvm, guint facility)
{
  guint64 bit = G_GUINT64_CONSTANT (1) << (63 - facility % 64);

  return (kvm->facility_list[facility / 64] & kvm->facility_mask[facility / 64] & bit) !=
         0;
}

gboolean
vap_kvm_has_feature (const VapKvm *kvm, VapFeatureId id)
{
  const VapFeature *feature = vap_feature_get (id);

  if (feature->facility >= 0)
    return has_facility (kvm, (guint) feature->facility);
  if (feature->uv_feature >= 0)
    return (kvm->uv_features >> (63 - feature->uv_feature) & 1) != 0;
  return kvm->apie;
}

#ifdef __s390x__

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* in the headers since Linux 6.6 */
#ifndef KVM_S390_VM_CPU_MACHINE_UV_FEAT_GUEST
#define KVM_S390_VM_CPU_MACHINE_UV_FEAT_GUEST 7
#endif

static gboolean
get_attribute (int vm, guint32 group, guint64 attribute, void *value)
{
  struct kvm_device_attr request = {
    .group = group,
    .attr = attribute,
    .addr = (guint64) (guintptr) value,
  };

  return ioctl (vm, KVM_GET_DEVICE_ATTR, &request) == 0;
}

static gboolean
has_attribute (int vm, guint32 group, guint64 attribute)
{
  struct kvm_device_attr request = { .group = group, .attr = attribute };

  return ioctl (vm, KVM_HAS_DEVICE_ATTR, &request) == 0;
}

static VapKvm *
ask_vm (int vm, GError **error)
{
  g_autofree struct kvm_s390_vm_cpu_machine *machine =
      g_new0 (struct kvm_s390_vm_cpu_machine, 1);
  VapKvm *kvm;

  if (!get_attribute (vm, KVM_S390_VM_CPU_MODEL, KVM_S390_VM_CPU_MACHINE, machine)) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("KVM does not tell the facilities it knows: %s"), g_strerror (errno));
    return NULL;
  }
  kvm = g_new0 (VapKvm, 1);
  memcpy (kvm->facility_list, machine->fac_list, sizeof kvm->facility_list);
  memcpy (kvm->facility_mask, machine->fac_mask, sizeof kvm->facility_mask);
  kvm->apie = has_attribute (vm, KVM_S390_VM_CRYPTO, KVM_S390_VM_CRYPTO_ENABLE_APIE);
  if (!get_attribute (vm, KVM_S390_VM_CPU_MODEL, KVM_S390_VM_CPU_MACHINE_UV_FEAT_GUEST,
                      &kvm->uv_features))
    kvm->uv_features = 0;
  return kvm;
}

VapKvm *
vap_kvm_ask (GError **error)
{
  int device = open ("/dev/kvm", O_RDWR | O_CLOEXEC);
  int vm = device >= 0 ? ioctl (device, KVM_CREATE_VM, 0) : -1;
  VapKvm *kvm = NULL;

  if (vm >= 0)
    kvm = ask_vm (vm, error);
  else
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE, _ ("cannot use '%s': %s"),
                 "/dev/kvm", g_strerror (errno));
  if (vm >= 0)
    close (vm);
  if (device >= 0)
    close (device);
  return kvm;
}

#else

VapKvm *
vap_kvm_ask (GError **error)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
               _ ("this machine is no s390x, and its KVM knows nothing of AP"));
  return NULL;
}

#endif
