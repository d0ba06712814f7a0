/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything the judge can say, one row an id, sorted by id.  virt-ap explain, the
 * manual and the documentation are made from it.  An example is the first line that
 * a user reads, word for word: a test finds each one again among the rule tests.
 */
#include "check/finding.h"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define UUID "62177883-f1bb-47f0-914d-32a22e3a8801"

static const VapFindingInfo catalogue[] = {
  {
      .id = "adapter-absent",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("The definition assigns an adapter that this host's configuration does not "
              "have. The driver takes it, and a guest gets it as soon as it comes."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_filter_matrix()",
      .cure = N_ ("Leave the adapter out, or add it to the host's configuration."),
      .example = "warning[adapter-absent]: assigned adapters that this host's "
                 "configuration does not have: 07",
  },
  {
      .id = "adapter-filtered",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("A queue of the matrix is not bound to vfio_ap. A guest cannot lack "
                     "a single queue, so it gets no queue of that adapter at all."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_filter_matrix()",
      .cure = N_ ("Bind the queue to vfio_ap, or leave its domain or its adapter out."),
      .example = "warning[adapter-filtered]: queue 05.0047 is not bound to vfio_ap, so a "
                 "guest gets no queue of adapter 05",
  },
  {
      .id = "adapter-offline",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("An adapter of the matrix is deconfigured or checkstopped. A guest "
                     "gets its queues, and none answers."),
      .source = "Linux drivers/s390/crypto/ap_queue.c, ap_sm_event()",
      .cure = N_ ("Configure the adapter, or leave it out."),
      .example = "warning[adapter-offline]: adapter 05 is deconfigured, so its queues "
                 "answer nothing",
  },
  {
      .id = "adapter-out-of-range",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("The definition names an adapter above the highest number that this "
                     "host can have: 255 with extended addressing (APXA), 63 without."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, assign_adapter_store(), "
                "ap_matrix_overflow_check()",
      .errno_name = "ENODEV",
      .cure = N_ ("Name an adapter that lszcrypt shows."),
      .example =
          "error[adapter-out-of-range]: without APXA this host's adapters end at 3f, "
          "but the device names 40",
  },
  {
      .id = "adapter-unsupported",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("An adapter of the matrix is older than CEX4. vfio_ap does not take "
                     "its queues, so no guest gets them."),
      .source = "Linux drivers/s390/crypto/vfio_ap_drv.c, ap_queue_ids[]",
      .cure = N_ ("Leave the adapter out."),
      .example = "warning[adapter-unsupported]: adapter 03 (CEX3C) is older than CEX4, "
                 "so no guest gets it",
  },
  {
      .id = "ap-off",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("The guest has a crypto device, but its CPU has no AP instructions. "
                     "QEMU then makes no AP bus, and the guest does not start."),
      .source = "QEMU hw/s390x/ap-bridge.c, s390_init_ap()",
      .cure = N_ ("Give the guest the CPU feature ap, or take the CPU mode host-model."),
      .example = "error[ap-off]: guest 'web1' has crypto device " UUID
                 " but no AP instructions (ap), so QEMU has no bus for it",
  },
  {
      .id = "apft-off",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The guest has a crypto device, but not the AP facilities test. Linux "
              "in it cannot learn the type of a queue and shows no AP device at all."),
      .source =
          "Linux drivers/s390/crypto/ap_bus.c, ap_apft_available(), ap_queue_info()",
      .cure =
          N_ ("Give the guest the CPU feature apft, or take the CPU mode host-model."),
      .example = "error[apft-off]: guest 'web1' has crypto device " UUID
                 " but no AP facilities test (apft), so Linux in it sees no AP device",
  },
  {
      .id = "apqci-off",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ (
          "The guest has a crypto device, but its CPU cannot ask for the AP "
          "configuration. Linux in it then uses the adapters up to 3f and the domains "
          "up to 000f only. It is an error when that leaves no queue."),
      .source = "Linux drivers/s390/crypto/ap_bus.c, ap_max_adapter_id, ap_max_domain_id",
      .cure =
          N_ ("Give the guest the CPU feature apqci, or take the CPU mode host-model."),
      .example = "warning[apqci-off]: guest 'web1' has no apqci, so Linux in it does not "
                 "use these domains of device " UUID ": 00ab",
  },
  {
      .id = "apqi-off",
      .severity = VAP_SEVERITY_NOTE,
      .meaning = N_ ("The guest has a crypto device, but no interrupts from its queues: "
                     "it asks them again and again instead."),
      .source = "Linux drivers/s390/crypto/ap_bus.c, ap_interrupts_available()",
      .cure =
          N_ ("Give the guest the CPU feature apqi, or take the CPU mode host-model."),
      .example = "note[apqi-off]: guest 'web1' has no apqi, so it polls the queues of "
                 "device " UUID " instead of taking interrupts",
  },
  {
      .id = "arch-mismatch",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("A guest of another architecture than s390x has a crypto device. Only "
              "the s390x emulator has the device vfio-ap."),
      .source = "QEMU hw/vfio/meson.build, CONFIG_VFIO_AP",
      .cure = N_ ("Remove the device from the guest, or correct its architecture."),
      .example = "error[arch-mismatch]: crypto device " UUID
                 " is for s390x guests only, and guest 'web1' is none",
  },
  {
      .id = "attribute-malformed",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The value of an attribute is not what the driver reads: a number in "
              "decimal, octal with a leading 0 or hexadecimal with 0x, or, for "
              "ap_config, three masks."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, assign_adapter_store(), "
                "ap_config_store()",
      .errno_name = "EINVAL",
      .cure = N_ ("Write the number so that the driver can read it."),
      .example =
          "error[attribute-malformed]: 'ab', the value of assign_domain, is no number "
          "that the driver takes",
  },
  {
      .id = "attribute-unknown",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The definition sets an attribute that an AP matrix does not have, or "
              "that this host's driver is too old for. mdevctl fails when it starts "
              "the device, with the attributes before it written."),
      .source = "mdevctl src/mdev.rs; Linux drivers/s390/crypto/vfio_ap_ops.c, "
                "vfio_ap_mdev_attrs[]",
      .errno_name = "ENOENT",
      .cure = N_ ("Correct the attribute's name."),
      .example =
          "error[attribute-unknown]: 'assign_adaptor' is no attribute of an AP matrix",
  },
  {
      .id = "autostart-blocked",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("A device is defined to start at boot, but cannot then: by chzdev's "
                     "rule a queue of it belongs to the host, or another device that "
                     "starts too has the queue."),
      .source = "mdevctl 60-mdevctl.rules; Linux drivers/s390/crypto/vfio_ap_ops.c, "
                "vfio_ap_mdev_validate_masks()",
      .errno_name = "EADDRNOTAVAIL",
      .cure = N_ ("Store the masks that its queues need, or let one of the devices start "
                  "at boot."),
      .example =
          "warning[autostart-blocked]: device 62177883-f1bb-47f0-914d-32a22e3a8801 is to "
          "start at boot, but queue 05.0004 belongs to the host then",
  },
  {
      .id = "control-domain-absent",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ (
          "The definition assigns a control domain that this host's configuration does "
          "not have. The driver takes it, and a guest gets it as soon as it comes."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_filter_cdoms()",
      .cure = N_ ("Leave the control domain out, or add it to the host's configuration."),
      .example = "warning[control-domain-absent]: assigned control domains that this "
                 "host's configuration does not have: 0005",
  },
  {
      .id = "control-domain-missing",
      .severity = VAP_SEVERITY_NOTE,
      .meaning = N_ ("A usage domain of the matrix is no control domain of it. A guest "
                     "uses the domain, but cannot change its keys."),
      .source = "Linux Documentation/arch/s390/vfio-ap.rst, AP control domains",
      .cure =
          N_ ("Assign it as a control domain too, if the guest is to manage its keys."),
      .example = "note[control-domain-missing]: usage domains whose keys a guest cannot "
                 "manage, because they are no control domains: 0004",
  },
  {
      .id = "control-domain-out-of-range",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The definition names a control domain above the highest number that "
              "this host can have: 255 with extended addressing (APXA), 15 without."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, assign_control_domain_store(), "
                "ap_matrix_overflow_check()",
      .errno_name = "ENODEV",
      .cure = N_ ("Name a control domain that lszcrypt -d shows."),
      .example = "error[control-domain-out-of-range]: this host's control domains end at "
                 "00ff, but the device names 0100",
  },
  {
      .id = "definition-unreadable",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("A device that the question hangs on could not be read whole, for "
                     "instance because its definition is cut off. What it holds was not "
                     "compared."),
      .source = "mdevctl src/mdev.rs, load_from_json()",
      .cure = N_ ("Write the definition anew with mdevctl define, or remove it."),
      .example = "warning[definition-unreadable]: mdevctl's definition "
                 "'/etc/mdevctl.d/matrix/62177883-f1bb-47f0-914d-32a22e3a8802' is not "
                 "understood: JSON line 3: unexpected newline near '\"assign_ad'",
  },
  {
      .id = "device-boot-order",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("The guest's crypto device has a boot order. Nothing can boot from "
                     "an AP matrix, and libvirt refuses it."),
      .source = "libvirt src/qemu/qemu_validate.c, qemuValidateDomainMdevDefVFIOAP()",
      .cure = N_ ("Remove <boot order='…'/> from the device."),
      .example = "error[device-boot-order]: guest 'web1' cannot boot from the crypto "
                 "device " UUID,
  },
  {
      .id = "device-duplicate",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("The guest has more than one crypto device. libvirt and the kernel "
                     "allow one: its matrix carries all queues."),
      .source =
          "libvirt src/qemu/qemu_validate.c, qemuValidateDomainMdevDefVFIOAP(); Linux "
          "drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_set_kvm()",
      .errno_name = "EPERM",
      .cure = N_ ("Keep one device and assign all adapters and domains to it."),
      .example =
          "error[device-duplicate]: guest 'web1' has the crypto device " UUID " twice",
  },
  {
      .id = "device-held",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("The device is to be stopped while a guest runs with it. The kernel "
                     "would let whoever asks wait until the guest gives it back."),
      .source = "Linux drivers/vfio/vfio_main.c, vfio_unregister_group_dev()",
      .errno_name = NULL,
      .cure = N_ ("Stop the guest, or unplug the device, first."),
      .example = "error[device-held]: device " UUID
                 " cannot be stopped: guest 'web1' runs with it",
  },
  {
      .id = "device-in-use",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("Another guest, running or defined, has the device. A crypto device "
                     "works in one guest at a time, and libvirt says so only when the "
                     "second one starts. A guest that was defined so before may still "
                     "start while the other does not run: then it is a warning."),
      .source = "libvirt src/hypervisor/virhostdev.c, virHostdevPrepareMediatedDevices()",
      .errno_name = "EBUSY",
      .cure = N_ ("Make a device of its own for each guest."),
      .example = "error[device-in-use]: device " UUID
                 " belongs to guest 'web1', which is running",
  },
  {
      .id = "device-inactive",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The guest is to start with a device that is defined but not active. "
              "libvirt does not start a mediated device for a guest. For a definition it "
              "is a warning: the device may start in time."),
      .source = "libvirt src/util/virmdev.c, virMediatedDeviceNew()",
      .cure = N_ ("Start the device, and mark it for autostart."),
      .example = "error[device-inactive]: device " UUID " is defined but not active",
  },
  {
      .id = "device-model",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The guest names an AP matrix as a device of another model, as OpenStack "
              "Nova does for every mediated device. libvirt refuses to start it."),
      .source = "libvirt src/util/virmdev.c, virMediatedDeviceCheckModel()",
      .cure = N_ ("Write model='vfio-ap'."),
      .example = "error[device-model]: device " UUID
                 " is an AP matrix, which takes model vfio-ap, not vfio-pci",
  },
  {
      .id = "device-needed",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("The device is to be stopped or removed, and a guest is defined with "
              "it. That guest does not start before the device is active again."),
      .source = "libvirt src/hypervisor/virhostdev.c, "
                "virHostdevPrepareMediatedDevices()",
      .cure = N_ ("Take the device out of the guest's definition."),
      .example = "warning[device-needed]: guest 'web1' is defined with device " UUID
                 " and does not start without it",
  },
  {
      .id = "device-not-started",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("A device is defined to start at boot and is not active: it could "
                     "not be started, or was stopped since."),
      .source = "mdevctl 60-mdevctl.rules, start_parent_mdevs_command()",
      .cure = N_ ("Start it, or define it without autostart."),
      .example =
          "warning[device-not-started]: device 62177883-f1bb-47f0-914d-32a22e3a8801 is "
          "defined to start at boot, but is not active",
  },
  {
      .id = "device-not-stored",
      .severity = VAP_SEVERITY_NOTE,
      .meaning =
          N_ ("An active device has no definition, so the next start of this host does "
              "not bring it back. It is a warning when a guest is defined with it."),
      .source = "mdevctl's manual page, define",
      .cure = N_ ("Define it, if it is to stay."),
      .example = "note[device-not-stored]: device 62177883-f1bb-47f0-914d-32a22e3a8801 "
                 "is not stored, so it is gone after the next start of this host",
  },
  {
      .id = "device-orphan",
      .severity = VAP_SEVERITY_NOTE,
      .meaning = N_ (
          "No guest, running or defined, has the device, so its queues serve nobody."),
      .source = "libvirt src/hypervisor/virhostdev.c, virHostdevPrepareMediatedDevices()",
      .cure = N_ ("Put it into a guest, keep it for one, or remove it."),
      .example = "note[device-orphan]: device 62177883-f1bb-47f0-914d-32a22e3a8801 is in "
                 "no guest (queues: 2)",
  },
  {
      .id = "device-type",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("The guest names a mediated device as an AP matrix, but it is one "
                     "of another type. libvirt refuses to start it."),
      .source = "libvirt src/util/virmdev.c, virMediatedDeviceCheckModel()",
      .cure = N_ ("Correct the UUID, or the model."),
      .example = "error[device-type]: device " UUID
                 " is no AP matrix, so model vfio-ap does not fit it",
  },
  {
      .id = "device-unknown",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("The guest names a device that this host does not have: no mediated "
                     "device and no definition has its UUID."),
      .source = "libvirt src/util/virmdev.c, virMediatedDeviceNew()",
      .cure = N_ ("Correct the UUID, or define the device first."),
      .example = "error[device-unknown]: there is no device " UUID
                 " on this host, neither active nor defined",
  },
  {
      .id = "domain-absent",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("The definition assigns a usage domain that this host's configuration does "
              "not have. The driver takes it, and a guest gets it as soon as it comes."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_filter_matrix()",
      .cure = N_ ("Leave the domain out, or add it to the host's configuration."),
      .example = "warning[domain-absent]: assigned domains that this host's "
                 "configuration does not have: 0005",
  },
  {
      .id = "domain-out-of-range",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The definition names a usage domain above the highest number that "
              "this host can have: 255 with extended addressing (APXA), 15 without."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, assign_domain_store(), "
                "ap_matrix_overflow_check()",
      .errno_name = "ENODEV",
      .cure = N_ ("Name a domain that lszcrypt shows."),
      .example =
          "error[domain-out-of-range]: without APXA this host's domains end at 000f, "
          "but the device names 0047",
  },
  {
      .id = "driver-missing",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The driver vfio_ap is not loaded, or the host has no AP bus at all, so "
              "no AP matrix can start. For a definition it is a warning: it may "
              "become right."),
      .source = "Linux drivers/s390/crypto/vfio_ap_drv.c, vfio_ap_matrix_dev_create(); "
                "mdevctl src/mdev.rs, find_parent_dir()",
      .errno_name = "ENOENT",
      .cure = N_ ("Load the driver, and have it loaded at boot."),
      .example =
          "error[driver-missing]: the driver vfio_ap is not loaded, and an AP matrix "
          "needs it",
  },
  {
      .id = "feature-missing",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The guest requires an AP feature that this host does not have. QEMU "
              "refuses to start it."),
      .source = "QEMU target/s390x/cpu_models.c, check_compatibility()",
      .cure = N_ ("Remove the feature from the guest, or run it on another host."),
      .example = "error[feature-missing]: this host does not have the CPU feature 'apft' "
                 "(facility 15), which guest 'web1' requires",
  },
  {
      .id = "feature-needs",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("The guest requires an AP feature without the one it builds on. QEMU "
              "only warns and the feature is of no use. For a feature that comes "
              "with the other alone (apxa) it is an error: the guest would not get "
              "it."),
      .source = "QEMU target/s390x/cpu_models.c, check_consistency()",
      .cure = N_ ("Require the needed feature too."),
      .example = "warning[feature-needs]: the CPU feature 'apqi' needs 'ap', which guest "
                 "'web1' does not have",
  },
  {
      .id = "feature-not-removable",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The guest is to be without an AP feature that every guest with AP "
              "instructions sees on this host (apxa): the machine answers the guest "
              "itself, and nothing can hide it."),
      .source = "Linux arch/s390/kvm/kvm-s390.c, kvm_s390_set_crycb_format()",
      .cure = N_ ("Remove the feature from the guest's CPU."),
      .example =
          "error[feature-not-removable]: the CPU feature 'apxa' comes with 'ap' on "
          "this host, so guest 'web1' cannot be without it",
  },
  {
      .id = "feature-redundant",
      .severity = VAP_SEVERITY_NOTE,
      .meaning = N_ (
          "The guest's CPU names an AP feature that it has from its CPU mode already."),
      .source = "QEMU target/s390x/cpu_models.c, get_max_cpu_model()",
      .cure = N_ ("Leave the feature out."),
      .example = "note[feature-redundant]: guest 'web1' names CPU features that it has "
                 "from its CPU mode host-model already: ap, apft",
  },
  {
      .id = "feature-unknown",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The guest's CPU names a feature that this QEMU has no property for. "
              "libvirt passes any name on for s390x, and QEMU stops with \"Property "
              "not found\"."),
      .source = "QEMU qom/object.c, object_property_find_err()",
      .cure = N_ ("Correct the name, or take a QEMU that has the feature."),
      .example =
          "error[feature-unknown]: QEMU 7.2.22 (/usr/bin/qemu-system-s390x) has no "
          "CPU feature 'apxy', which guest 'web1' names",
  },
  {
      .id = "grant-left",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("The gate made this matrix for a guest of OpenStack Nova's whose flavor "
              "asks for it, and there is no such guest: it was deleted, is just being "
              "rebooted, or the compute service died in between."),
      .source = "virt-ap-nova(7)",
      .cure = N_ ("Wait: it goes to the next guest that needs it, or is taken away. Or "
                  "remove it."),
      .example =
          "warning[grant-left]: device 76617067-0000-8000-8000-000000000001 was made "
          "for a guest of OpenStack Nova's, and no guest has it",
  },
  {
      .id = "guest-device-gone",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("A guest is defined with a crypto device that this host no longer "
                     "has, neither active nor defined. The guest does not start."),
      .source = "libvirt src/util/virmdev.c, virMediatedDeviceNew()",
      .cure = N_ ("Define the device again, or take it from the guest."),
      .example = "error[guest-device-gone]: guest 'web1' is defined with device "
                 "62177883-f1bb-47f0-914d-32a22e3a8801, which this host does not have",
  },
  {
      .id = "guest-drift",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("A guest runs with another crypto device than it is defined with, "
                     "so that its next start makes it another. Attaching or detaching "
                     "with only one of --live and --config does that."),
      .source = "libvirt src/qemu/qemu_driver.c, qemuDomainAttachDeviceLiveAndConfig()",
      .cure = N_ ("Attach or detach what is missing on the other side."),
      .example =
          "warning[guest-drift]: guest 'web1' runs with device "
          "62177883-f1bb-47f0-914d-32a22e3a8801, but is defined without a crypto device",
  },
  {
      .id = "guest-loses",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("The change takes queues away from a guest that runs. What its "
                     "programs were doing with them fails."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, "
                "vfio_ap_mdev_hot_unplug_adapters()",
      .cure = N_ ("Make the change when the guest can do without these queues."),
      .example = "warning[guest-loses]: guest 'web1' loses queues while it runs: "
                 "05.0047",
  },
  {
      .id = "guest-needs-start",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("A running guest is to get a crypto device, but its CPU lacks "
                     "features that the device needs, and a CPU gets its features when "
                     "the guest starts. It is an error when the device was to be plugged "
                     "in at once."),
      .source = "QEMU target/s390x/cpu_models.c, s390_realize_cpu_model()",
      .cure = N_ ("Put device and features into its definition, and start it anew."),
      .example =
          "warning[guest-needs-start]: guest 'web1' runs without the CPU features "
          "ap, apqci, apft, apqi, so it gets device 62177883-f1bb-47f0-914d-32a22e3a8801 "
          "only when it is started anew",
  },
  {
      .id = "host-crypto-used",
      .severity = VAP_SEVERITY_NOTE,
      .meaning =
          N_ ("A queue is to be taken from the host while a process has a device of "
              "zcrypt open. It goes on with the queues that are left; without any, "
              "its requests fail, and the move is refused."),
      .source = "Linux drivers/s390/crypto/zcrypt_api.c, zcrypt_rsa_modexpo(), "
                "_zcrypt_send_cprb()",
      .cure =
          N_ ("End the process, or leave the host a queue of the kind that it needs."),
      .example =
          "note[host-crypto-used]: process 4711 (pkcsslotd) has /dev/z90crypt open "
          "and may notice that the host has fewer queues",
  },
  {
      .id = "host-incomplete",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("Something that the question hangs on could not be read, such as the "
              "guests of libvirt for an ordinary user. What it holds was not "
              "compared."),
      .source = "libvirt keeps /etc/libvirt/qemu and /run/libvirt/qemu from other users",
      .cure = N_ ("Ask again as root."),
      .example = "warning[host-incomplete]: guest 'web9' could not be read, so only its "
                 "new device was judged",
  },
  {
      .id = "mask-blocked",
      .severity = VAP_SEVERITY_NOTE,
      .meaning = N_ (
          "A queue is to be given to vfio_ap, and one of the two ways to do so is "
          "closed: while a queue has a driver_override, apmask and aqmask refuse every "
          "change, and while these are not all ones, driver_override does."),
      .source = "Linux drivers/s390/crypto/ap_bus.c, apmask_store(), aqmask_store(); "
                "ap_queue.c, driver_override_store()",
      .errno_name = "EINVAL",
      .cure = N_ ("Go the way that is in use already."),
      .example = "note[mask-blocked]: apmask and aqmask refuse every change, because a "
                 "queue has a driver_override",
  },
  {
      .id = "mask-drift",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("By chzdev's udev rule, or without one, the next start of this host "
                     "gives queues to another owner than they have now. Masks on the "
                     "kernel's command line (ap.apmask, ap.aqmask) are not looked at."),
      .source =
          "s390-tools zdev/src/ap.c; Linux drivers/s390/crypto/ap_bus.c, ap_perms_init()",
      .cure = N_ ("Store the masks as they are, or change them to what is stored."),
      .example = "warning[mask-drift]: queue 05.0004, the first of 8, goes back to the "
                 "host at its next start",
  },
  {
      .id = "masks-inexpressible",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ (
          "The masks cannot give away, or take back, these queues and no others: the "
          "host "
          "has the product of apmask and aqmask. The hint is the nearest move that they "
          "can make; where the kernel has driver_override and both masks are all ones, "
          "any queue can be moved alone."),
      .source = "Linux drivers/s390/crypto/ap_bus.c, ap_owned_by_def_drv()",
      .cure = N_ ("Move a few queues more, as the hint says."),
      .example = "error[masks-inexpressible]: apmask and aqmask cannot say this alone: a "
                 "queue is the host's when the bits of its adapter and of its domain are "
                 "both set; the nearest that they can say also moves 05.0047",
  },
  {
      .id = "matrix-drift",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("An active device has another matrix than its definition, so that its next "
              "start makes it another. Changing only one of the two does that."),
      .source = "mdevctl's manual page, modify",
      .cure = N_ ("Define the device as it is, or start it anew."),
      .example = "warning[matrix-drift]: device 62177883-f1bb-47f0-914d-32a22e3a8801 is "
                 "active with adapters 05; domains 0004, 0047; control domains 0004, but "
                 "defined with adapters 05; domains 0004, 00ab; control domains 0004",
  },
  {
      .id = "matrix-empty",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("The matrix has no queue, because it lacks an adapter or a usage domain. "
              "The kernel takes it, and a guest gets nothing from it."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_filter_matrix()",
      .cure = N_ ("Assign at least one adapter and one usage domain."),
      .example =
          "warning[matrix-empty]: the matrix has adapters but no usage domain, so it "
          "has no queue",
  },
  {
      .id = "matrix-half-made",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("An active device has only the first attributes of its definition, "
                     "or no queue at all: whoever started it was interrupted, since "
                     "mdevctl writes one attribute after the other."),
      .source = "mdevctl src/mdev.rs, start()",
      .cure = N_ ("Write the rest of it, or remove it."),
      .example = "warning[matrix-half-made]: device 62177883-f1bb-47f0-914d-32a22e3a8801 "
                 "was started only in part: it has adapters 05; domains -; control "
                 "domains - of adapters 05; domains 0004, 00ab; control domains 0004",
  },
  {
      .id = "matrix-truncated",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ (
          "The kernel shows the matrix of another device in a file that ends at one "
          "page, and this one is longer. What the rest of it holds was not compared."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, matrix_show(); "
                "fs/sysfs/file.c, sysfs_kf_seq_show()",
      .cure =
          N_ ("Take a kernel whose vfio_ap has ap_config, which shows a matrix whole."),
      .example = "warning[matrix-truncated]: the kernel shows only a part of the matrix "
                 "of device " UUID ": '/sys/devices/vfio_ap/matrix/" UUID
                 "/matrix' ends after 4095 bytes",
  },
  {
      .id = "move-control-domain",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("The guest may control domains that the target host does not have; "
                     "there it can no longer load their master keys."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_filter_cdoms()",
      .cure =
          N_ ("Add the control domains to the target's configuration, or take leave of "
              "them."),
      .example =
          "warning[move-control-domain]: guest 'web1' can no longer control domains "
          "that the target does not have: 0004",
  },
  {
      .id = "move-feature-lost",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The guest runs with a CPU feature that the target host cannot give "
              "it. What a guest has found when it started it must never lose, APXA "
              "neither, which no XML can switch off."),
      .source = "QEMU target/s390x/cpu_models.c, check_compatibility(); Linux "
                "arch/s390/kvm/kvm-s390.c, kvm_s390_set_processor()",
      .cure = N_ ("Move it to a host that has the feature."),
      .example =
          "error[move-feature-lost]: guest 'web1' runs with apxa, which the target "
          "cannot give it: its machine and AP bus do not have it",
  },
  {
      .id = "move-gap",
      .severity = VAP_SEVERITY_NOTE,
      .meaning = N_ ("A crypto device cannot migrate: it is unplugged before and plugged "
                     "in afterwards, and between the two the guest has none."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c: no migration states; libvirt "
                "src/qemu/qemu_migration.c, qemuMigrationSrcIsAllowedHostdev()",
      .cure = N_ ("Move the guest when it has little to encrypt, or stop its crypto "
                  "programs."),
      .example =
          "note[move-gap]: guest 'web1' is without its 2 queues from the unplugging "
          "here to the plugging there; requests that are under way fail",
  },
  {
      .id = "move-key-differs",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The target has queues of the right kind, but with other master keys: "
              "secure keys that the guest keeps cannot be opened there."),
      .source = "Linux drivers/s390/crypto/zcrypt_cex4.c, cca_mkvps_show(), "
                "ep11_mkvps_show()",
      .cure = N_ ("Load the same master keys into the domains of both hosts."),
      .example = "error[move-key-differs]: adapter 05 of guest 'web1' has nowhere to go "
                 "with its keys: queue 05.0004 of the target has another master key than "
                 "05.0004 here: AES CUR",
  },
  {
      .id = "move-key-unknown",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("zcrypt tells the verification patterns of master keys only of queues "
              "that it drives: the guest's are told in the guest, and those of the "
              "target only while they are the host's. Of these nothing is known."),
      .source = "Linux drivers/s390/crypto/zcrypt_cex4.c, zcrypt_cex4_queue_probe()",
      .cure =
          N_ ("Name documents of virt-ap export --mkvps, written in the guest, and on "
              "the target before the queues were given to guests; or, when you know "
              "that the keys are the same, say --assume-keys: then it is a warning."),
      .example = "error[move-key-unknown]: whether the master keys are the same is not "
                 "known of 2 queues of guest 'web1'",
  },
  {
      .id = "move-no-matrix",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("On the target there are not as many adapters of the same mode and at "
              "least the same generation whose queues in as many domains are given to "
              "guests and free."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_validate_masks()",
      .cure = N_ ("Give such queues to guests there, or free them."),
      .example = "error[move-no-matrix]: nothing on the target can stand for adapter 05 "
                 "(CEX7C) of guest 'web1': queue 05.0004 of the target is not given to "
                 "guests",
  },
  {
      .id = "move-renumbered",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("On the target another adapter or domain stands for the guest's, so that "
              "it finds its queues under other numbers. Its secure keys do not depend on "
              "them, but its settings may."),
      .source = "Linux drivers/s390/crypto/ap_bus.c, ap_scan_adapter(), "
                "ap_select_domain()",
      .cure = N_ ("Free the queues of the same numbers there, or tell the guest's "
                  "programs."),
      .example = "warning[move-renumbered]: guest 'web1' will find its adapter 05 as 06",
  },
  {
      .id = "override-not-kept",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The queues would be moved by their driver_override, and are to stay "
              "so after a restart of the machine. The kernel forgets it then, and "
              "the rule that chzdev keeps has only the masks."),
      .source = "s390-tools zdev/src/ap.c, ap_write_type_udev()",
      .cure = N_ ("Move them for now only, or all by the masks."),
      .example = "error[override-not-kept]: a driver_override is lost when the machine "
                 "restarts, and chzdev's rule keeps only the masks",
  },
  {
      .id = "parent-wrong",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("The parent of an AP matrix is the device matrix of vfio_ap, which libvirt "
              "calls ap_matrix. The definition names another one, or none."),
      .source = "mdevctl src/mdev.rs, find_parent_dir(); libvirt "
                "src/node_device/node_device_driver.c",
      .errno_name = "ENOENT",
      .cure = N_ ("Correct the parent."),
      .example =
          "error[parent-wrong]: the parent of an AP matrix is ap_matrix, not 'matrix'",
  },
  {
      .id = "qemu-not-asked",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("QEMU could not be asked which CPU features it has, so a feature that "
              "it does not know is not found. Features that every QEMU has are not asked "
              "for."),
      .source = "QEMU qapi/qom.json, qom-list-properties",
      .cure = N_ ("See whether the guest's emulator is installed and runs."),
      .example =
          "warning[qemu-not-asked]: QEMU could not be asked for its CPU features, so "
          "those of guest 'web1' are not compared with them",
  },
  {
      .id = "queue-claimed",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("Another device is defined to start at boot and has a queue of the matrix. "
              "Both cannot be active: at the next boot the other one gets the queue."),
      .source = "mdevctl src/main.rs, start_parent_mdevs_command(); Linux "
                "drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_verify_no_sharing()",
      .errno_name = "EADDRINUSE",
      .cure = N_ ("Choose another adapter or domain, or keep the other device from "
                  "starting at boot."),
      .example = "warning[queue-claimed]: queue 05.0047 is claimed by device " UUID
                 ", which is defined to start at boot",
  },
  {
      .id = "queue-defined",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("A queue is to go back to the host, and the definition of a device "
                     "that is not active has it. That device cannot start any more."),
      .source = "Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_validate_masks()",
      .cure = N_ ("Change or remove the definition, or leave the queue to guests."),
      .example = "warning[queue-defined]: the device " UUID
                 " is defined with 05.0004 and cannot start then",
  },
  {
      .id = "queue-held",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ (
          "A queue is to go back to the host, and an active device has it. The kernel "
          "refuses; Linux 7 also when only the adapter or the domain is in a matrix and "
          "no queue of it would change hands."),
      .source = "Linux drivers/s390/crypto/ap_bus.c, apmask_commit(), aqmask_commit(); "
                "vfio_ap_ops.c, vfio_ap_mdev_resource_in_use()",
      .errno_name = "EBUSY",
      .cure = N_ ("Take the device from its guest and stop it first."),
      .example = "error[queue-held]: the active device " UUID
                 ", which no guest has, holds 05.0004",
  },
  {
      .id = "queue-host-owned",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("A queue of the matrix is in use by the host's own driver, zcrypt: both "
              "its adapter's bit in apmask and its domain's bit in aqmask are set, "
              "or its driver_override names a driver of the host."),
      .source =
          "Linux drivers/s390/crypto/ap_bus.c, ap_apqn_in_matrix_owned_by_def_drv(); "
          "vfio_ap_ops.c, vfio_ap_mdev_validate_masks()",
      .errno_name = "EADDRNOTAVAIL",
      .cure =
          N_ ("Give the queue to guests with virt-ap reserve, or take the adapter from "
              "apmask or the domain from aqmask."),
      .example = "error[queue-host-owned]: queue 05.0004 belongs to the host",
  },
  {
      .id = "queue-in-use",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("A queue of the matrix belongs to another active device. A queue is "
                     "never shared."),
      .source =
          "Linux drivers/s390/crypto/vfio_ap_ops.c, vfio_ap_mdev_verify_no_sharing()",
      .errno_name = "EADDRINUSE",
      .cure = N_ ("Choose another adapter or domain, or stop the other device."),
      .example = "error[queue-in-use]: queue 05.0004 belongs to device " UUID
                 ", which guest 'web1' uses",
  },
  {
      .id = "queue-unbound",
      .severity = VAP_SEVERITY_WARNING,
      .meaning =
          N_ ("A queue that the masks leave to guests is not bound to the driver "
              "vfio_ap. A guest that has it in its matrix does not get its adapter."),
      .source = "Linux drivers/s390/crypto/ap_bus.c, ap_bus_revise_bindings()",
      .cure = N_ ("Bind the queue to vfio_ap."),
      .example = "warning[queue-unbound]: queue 05.00ff is meant for guests, but not "
                 "bound to vfio_ap",
  },
  {
      .id = "secure-guest-ap",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("A secure-execution guest (s390-pv) has a crypto device, but not "
                     "the CPU feature appv. The ultravisor then gives it no AP."),
      .source =
          "QEMU target/s390x/cpu_features_def.h.inc, appv; Linux arch/s390/kvm/pv.c, "
          "kvm_s390_pv_init_vm()",
      .cure = N_ ("Give the guest the CPU feature appv, where host and QEMU have it."),
      .example = "error[secure-guest-ap]: guest 'web1' is a secure-execution guest "
                 "without appv, so it cannot use crypto device " UUID,
  },
  {
      .id = "type-wrong",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("The definition has the parent of an AP matrix but another type, or "
                     "none. That parent knows the type vfio_ap-passthrough only."),
      .source = "mdevctl src/mdev.rs, create()",
      .errno_name = "ENOENT",
      .cure = N_ ("Correct the type."),
      .example = "error[type-wrong]: an AP matrix is of the type vfio_ap-passthrough, "
                 "not 'vfio_ap'",
  },
  {
      .id = "usage-domain-missing",
      .severity = VAP_SEVERITY_WARNING,
      .meaning = N_ ("The matrix has control domains but no usage domain. A guest sends "
                     "commands for a control domain through a queue, and gets none."),
      .source = "Linux drivers/s390/crypto/zcrypt_api.c, _zcrypt_send_cprb()",
      .cure = N_ ("Assign at least one usage domain."),
      .example = "warning[usage-domain-missing]: the matrix has control domains but no "
                 "usage domain, so a guest has no queue to control them through",
  },
  {
      .id = "uuid-malformed",
      .severity = VAP_SEVERITY_ERROR,
      .meaning =
          N_ ("What the definition or the guest gives as a device's UUID is none."),
      .source = "Linux drivers/vfio/mdev/mdev_sysfs.c, create_store()",
      .errno_name = "EINVAL",
      .cure = N_ ("Write 32 hexadecimal digits as 8-4-4-4-12."),
      .example = "error[uuid-malformed]: '62177883' is no UUID",
  },
  {
      .id = "uuid-taken",
      .severity = VAP_SEVERITY_ERROR,
      .meaning = N_ ("There is a device of this UUID already: an active one when one is "
                     "to start, a defined one when one is to be defined."),
      .source = "Linux drivers/vfio/mdev/mdev_core.c, mdev_device_create(); mdevctl "
                "src/main.rs, define_command_helper()",
      .errno_name = "EEXIST",
      .cure = N_ ("Take another UUID, or modify the device that there is."),
      .example = "error[uuid-taken]: device " UUID " is active already",
  },
  { .id = NULL },
};

const VapFindingInfo *
vap_finding_catalogue (void)
{
  return catalogue;
}

const VapFindingInfo *
vap_finding_info (const char *id)
{
  for (const VapFindingInfo *info = catalogue; id != NULL && info->id != NULL; info++)
    if (strcmp (info->id, id) == 0)
      return info;

  return NULL;
}
