# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands in for the rest of nova-compute around Nova's own libvirt driver.

Real: Nova's configuration, objects, LibvirtDriver, image cache and disks, events,
privileged calls (in this process, which is root in the lab), libvirt-python, and the
gate as the connection.  Stood in for: the database and the conductor (instances live
in Computer.instances, and saving one keeps it there), Glance (the image cache is filled
beforehand), Neutron (guests have no network), the notifications.
"""

import eventlet

eventlet.monkey_patch(os=False)

import hashlib  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import uuid  # noqa: E402

from oslo_log import log as logging  # noqa: E402
from nova import config, context, exception, objects, rpc, version  # noqa: E402
from nova import conf as nova_conf  # noqa: E402
import nova.privsep  # noqa: E402
from nova.compute import utils as compute_utils  # noqa: E402
from nova.compute import power_state, task_states, vm_states  # noqa: E402
from nova.network import model as network_model  # noqa: E402
from nova.virt import driver as virt_driver  # noqa: E402
from nova.virt import fake  # noqa: E402

objects.register_all()

RELEASE = version.version_string()
NAMESPACES = {"nova": "http://openstack.org/xmlns/libvirt/nova/1.1",
              "virt-ap": "urn:virt-ap:domain:1.0"}
IMAGE = "0c0ffee0-0000-4000-8000-000000000001"
KERNEL = "0c0ffee0-0000-4000-8000-000000000002"
IDLE_KERNEL = "/run/virt-ap-lab/idle-kernel"

# without O_DIRECT, which QEMU cannot use on a file system of memory for an image of just
# any size ("not a multiple of request alignment", block.c)
SETTINGS = """[DEFAULT]
state_path = {place}
instances_path = {instances}
host = {host}
my_ip = {address}
compute_driver = libvirt.LibvirtDriver
force_config_drive = false
log_file = {place}/nova.log
debug = {debug}
[oslo_concurrency]
lock_path = {place}/locks
[libvirt]
virt_type = qemu
connection_uri = {uri}
cpu_mode = {cpu_mode}
{cpu_models}
images_type = raw
disk_cachemodes = file=writeback
rng_dev_path =
num_pcie_ports = 0
[vnc]
enabled = false
[spice]
enabled = false
[workarounds]
skip_cpu_compare_at_startup = true
{more}
"""


class Computer:
    """One nova-compute; start() is what a restart of the service does again."""

    def __init__(self, place, uri, host="z1", more="", cpu_model="qemu", shared=None,
                 address="127.0.0.1"):
        """@shared: where several hosts have the instances' files, as on NFS"""
        self.place, self.uri, self.host = place, uri, host
        self.instances = {}
        self.instances_path = f"{shared or place}/instances"
        os.makedirs(f"{self.instances_path}/_base", exist_ok=True)
        self._fill_image_cache()
        settings = f"{place}/nova.conf"
        with open(settings, "w") as file:
            file.write(SETTINGS.format(
                place=place, host=host, uri=uri, more=more, address=address,
                instances=self.instances_path,
                debug=str(bool(os.environ.get("VIRT_AP_NOVA_DEBUG"))).lower(),
                cpu_mode="custom" if cpu_model else "none",
                cpu_models=f"cpu_models = {cpu_model}" if cpu_model else ""))
        config.parse_args(["nova-compute", "--config-file", settings])
        logging.setup(nova_conf.CONF, "nova")
        # as ComputeManager.init_host() does
        nova_conf.neutron.register_dynamic_opts(nova_conf.CONF)
        nova_conf.devices.register_dynamic_opts(nova_conf.CONF)
        # what nova-rootwrap would start as another process of root's
        nova.privsep.sys_admin_pctxt.set_client_mode(False)
        # notifications go nowhere
        nova_conf.CONF.set_override("transport_url", "fake:/")
        rpc.init(nova_conf.CONF)
        self.context = context.get_admin_context()
        self._keep_objects_here()
        self.driver = None

    def _fill_image_cache(self):
        """the images, where Nova would have put them after fetching them"""
        base = f"{self.instances_path}/_base"
        with open(f"{base}/{hashlib.sha1(IMAGE.encode()).hexdigest()}", "wb") as file:
            file.truncate(1 << 20)
        shutil.copy(IDLE_KERNEL, f"{base}/{hashlib.sha1(KERNEL.encode()).hexdigest()}")

    def _keep_objects_here(self):
        def save(instance, *_, **__):
            self.instances[instance.uuid] = instance
            instance.obj_reset_changes(recursive=True)

        def get_by_host(_context, _host, expected_attrs=None, use_slave=False):
            return objects.InstanceList(objects=list(self.instances.values()))

        def no_service(_context, host):
            raise exception.ComputeHostNotFound(host=host)

        def no_interfaces(_context, _uuid):
            return objects.VirtualInterfaceList(objects=[])

        def no_volumes(_context, _uuid):
            return objects.BlockDeviceMappingList(objects=[])

        objects.Instance.save = save
        objects.InstanceList.get_by_host = get_by_host
        objects.Service.get_by_compute_host = no_service
        objects.VirtualInterfaceList.get_by_instance_uuid = no_interfaces
        objects.BlockDeviceMappingList.get_by_instance_uuid = no_volumes
        compute_utils.notify_about_libvirt_connect_error = lambda *_, **__: None

    def start(self):
        self.driver = virt_driver.load_compute_driver(fake.FakeVirtAPI())
        # libvirt tells the models of the processor that runs it, which is no Z
        self.driver._get_cpu_model_mapping = lambda model: model
        self.driver.init_host(self.host)
        return self.driver

    def instance(self, name, flavor):
        """an instance as the conductor would hand it to this host"""
        made = objects.Instance(
            self.context, id=len(self.instances) + 1, uuid=str(uuid.uuid5(
                uuid.NAMESPACE_DNS, name)),
            project_id="project", user_id="user", image_ref=IMAGE, kernel_id=KERNEL,
            ramdisk_id="", hostname=name, display_name=name, host=self.host,
            node=self.host, memory_mb=flavor.memory_mb, vcpus=flavor.vcpus,
            root_gb=flavor.root_gb, ephemeral_gb=0, os_type="linux", architecture=None,
            vm_mode=None, vm_state=vm_states.BUILDING, task_state=task_states.SPAWNING,
            power_state=power_state.NOSTATE, launch_index=0, config_drive="", key_data=None,
            key_name=None, user_data=None, root_device_name=None, default_swap_device=None,
            default_ephemeral_device=None, auto_disk_config=False, progress=0,
            cleaned=False, ephemeral_key_uuid=None, instance_type_id=flavor.id,
            created_at=None, launched_at=None, shutdown_terminate=False, metadata={},
            system_metadata={f"image_{key}": value for key, value in (
                ("disk_format", "raw"), ("container_format", "bare"), ("min_disk", "0"),
                ("min_ram", "0"), ("hw_emulation_architecture", "s390x"),
                ("hw_architecture", "s390x"), ("hw_machine_type", "s390-ccw-virtio"),
                ("hw_video_model", "virtio"), ("hw_disk_bus", "virtio"))},
            flavor=flavor, old_flavor=None, new_flavor=None, numa_topology=None,
            pci_requests=objects.InstancePCIRequests(requests=[]),
            pci_devices=objects.PciDeviceList(objects=[]), vcpu_model=None,
            trusted_certs=None, resources=None, device_metadata=None,
            keypairs=objects.KeyPairList(objects=[]), tags=objects.TagList(objects=[]),
            info_cache=objects.InstanceInfoCache(
                network_info=network_model.NetworkInfo([])),
            migration_context=None, fault=None, ec2_ids=objects.EC2Ids(
                instance_id="", ami_id=""), deleted=False, availability_zone=None)
        made.obj_reset_changes(recursive=True)
        self.instances[made.uuid] = made
        return made

    # what ComputeManager calls for each of a user's wishes, with its arguments

    def spawn(self, instance, power_on=True):
        self.driver.spawn(self.context, instance, instance.image_meta, [], "", {},
                          network_info=network_model.NetworkInfo([]),
                          block_device_info=self.disks(), power_on=power_on)
        instance.vm_state = vm_states.ACTIVE

    def hard_reboot(self, instance):
        self.driver.reboot(self.context, instance, network_model.NetworkInfo([]), "HARD",
                           block_device_info=self.disks())

    def power_off(self, instance):
        self.driver.power_off(instance)

    def power_on(self, instance):
        self.driver.power_on(self.context, instance, network_model.NetworkInfo([]),
                             block_device_info=self.disks())

    def suspend(self, instance):
        self.driver.suspend(self.context, instance)

    def resume(self, instance):
        self.driver.resume(self.context, instance, network_model.NetworkInfo([]),
                           block_device_info=self.disks())

    def rescue(self, instance):
        image = instance.image_meta
        image.id = IMAGE
        self.driver.rescue(self.context, instance, network_model.NetworkInfo([]), image,
                           "", self.disks())

    def unrescue(self, instance):
        self.driver.unrescue(self.context, instance)

    def destroy(self, instance, destroy_disks=True):
        self.driver.destroy(self.context, instance, network_model.NetworkInfo([]),
                            block_device_info=self.disks(), destroy_disks=destroy_disks)
        self.instances.pop(instance.uuid, None)

    # a resize or cold migration, in the order of its calls: on the source, on the
    # destination, and then one of the last two on the source

    def leave(self, instance, destination, new_flavor):
        """what finish() is to be told"""
        instance.old_flavor, instance.new_flavor = instance.flavor, new_flavor
        return self.driver.migrate_disk_and_power_off(
            self.context, instance, destination, new_flavor, network_model.NetworkInfo([]),
            block_device_info=self.disks())

    def finish(self, instance, disk_info, source):
        instance.host = instance.node = self.host
        self.driver.finish_migration(
            self.context, objects.Migration(source_compute=source), instance, disk_info,
            network_model.NetworkInfo([]), instance.image_meta, resize_instance=True,
            allocations={}, block_device_info=self.disks())

    def confirm(self, instance):
        self.driver.confirm_migration(self.context, None, instance,
                                      network_model.NetworkInfo([]))

    def revert(self, instance):
        self.driver.finish_revert_migration(
            self.context, instance, network_model.NetworkInfo([]), None,
            block_device_info=self.disks())

    def state(self, instance):
        return self.driver.get_info(instance).state

    @staticmethod
    def disks():
        return {"root_device_name": "/dev/vda", "swap": None, "ephemerals": [],
                "block_device_mapping": [], "image": []}


def tell_extra_specs():
    """a guest's flavor as Nova tells it since 2025.2 (nova/virt/libvirt/config.py,
    LibvirtConfigGuestMetaNovaFlavor), for the releases before"""
    from nova.virt.libvirt import config as guest_config, driver as libvirt_driver

    meta_flavor = guest_config.LibvirtConfigGuestMetaNovaFlavor
    format_dom = meta_flavor.format_dom

    def format_with_specs(flavor):
        meta = format_dom(flavor)
        specs = flavor._new_node("extraSpecs")
        for key, value in meta_flavor.extra_specs.items():
            node = flavor._text_node("extraSpec", value)
            node.set("name", key)
            specs.append(node)
        meta.append(specs)
        return meta

    told = libvirt_driver.LibvirtDriver._get_guest_config_meta

    def tell(driver, instance, network_info):
        meta_flavor.extra_specs = instance.flavor.extra_specs
        return told(driver, instance, network_info)

    meta_flavor.format_dom = format_with_specs
    libvirt_driver.LibvirtDriver._get_guest_config_meta = tell


def flavor(name, extra_specs=None, number=1):
    return objects.Flavor(
        id=number, name=name, memory_mb=128, vcpus=1, root_gb=0, ephemeral_gb=0,
        flavorid=name, swap=0, rxtx_factor=1.0, vcpu_weight=0, disabled=False,
        is_public=True, extra_specs=extra_specs or {}, projects=[], description=None)
