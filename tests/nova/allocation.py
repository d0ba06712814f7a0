#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real Placement over SQLite, told by Nova's own provider-tree code of two hosts, says
which of them can take a guest of a flavor with crypto.

usage: allocation.py                 the whole test
       allocation.py report NAME     inside a lab: the host NAME tells what it has

Real: Placement's WSGI application and its database, the server that Debian's placement-api
runs it in (uwsgi; without it Python's wsgiref, which calls the same application), Nova's
resource tracker, provider configuration, report client and the scheduler's request for a
flavor, the libvirt driver over the gate and libvirtd.  Stood in for: keystone (Placement's noauth2), Nova's database (the compute
node is made here)."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import uuid

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
import lab  # noqa: E402

lab.need_nova()
try:
    import placement.wsgi  # noqa: F401
except ImportError as error:
    print(f"1..0 # SKIP {error} (Debian: python3-placement)")
    sys.exit(0)

CLASS = "CUSTOM_VIRT_AP_SIGNING"
TRAIT = "CUSTOM_VIRT_AP_APXA"
PORT = 8778
PROFILE = "[profile signing]\nqueues=2\n"


def placement_settings(place):
    return f"""[DEFAULT]
log_file = {place}/placement.log
[api]
auth_strategy = noauth2
[placement_database]
connection = sqlite:///{place}/placement.sqlite
sync_on_startup = true
"""


class Service:
    """Placement on this network namespace's loopback"""

    # as Debian's placement-api does, but for one process: two would make the database
    UWSGI = ["uwsgi_python3", "--master", "--need-app", "--lazy-apps", "--no-orphans",
             "--die-on-term", "--enable-threads", "--processes", "1", "--threads", "4",
             "--buffer-size", "65535", "--rem-header", "Content-Length",
             "--http-socket", f"127.0.0.1:{PORT}"]
    APPLICATION = "from placement import wsgi\napplication = wsgi.init_application()\n"
    SERVE = """
import sys
from wsgiref.simple_server import make_server, WSGIRequestHandler
from placement import wsgi
class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass
make_server("127.0.0.1", int(sys.argv[1]), wsgi.init_application(),
            handler_class=Quiet).serve_forever()
"""

    def __init__(self, place):
        lab.write(f"{place}/placement.conf", placement_settings(place))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        lab.write(f"{place}/placement-app.py", self.APPLICATION)
        command = [sys.executable, "-c", self.SERVE, str(PORT)]
        if shutil.which(self.UWSGI[0]):
            command = [*self.UWSGI, "--wsgi-file", f"{place}/placement-app.py"]
        with open(f"{place}/server.log", "a") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, "OS_PLACEMENT_CONFIG_DIR": place},
                stdout=log, stderr=log)

    def __enter__(self):
        lab.until(self.answers)
        return adapter()

    def answers(self):
        """Placement is up"""
        assert self.process.poll() is None, "Placement ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=30) as answer:
                return answer.status == 200
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def adapter():
    """how Nova's report client reaches it"""
    from keystoneauth1 import adapter as ks_adapter, noauth, session

    class Admin(noauth.NoAuth):
        """whom Placement's noauth2 takes for the administrator"""

        def get_token(self, session, **_):
            return "admin"

    return ks_adapter.Adapter(session.Session(auth=Admin()),
                              endpoint_override=f"http://127.0.0.1:{PORT}",
                              service_type="placement")


def provider_file(place, name):
    """what this host has for the profile, as Nova reads it"""
    path = f"{place}/{name}.d/virt-ap.yaml"
    os.makedirs(os.path.dirname(path))
    subprocess.run(["virt-ap", "nova-provider", "--output", path], check=True)
    return os.path.dirname(path)


def report(place, name):
    """as ResourceTracker does for nova-compute, for one host"""
    import compute
    from nova import objects
    from nova.compute import provider_tree  # noqa: F401
    from nova.compute import resource_tracker
    from nova.scheduler.client import report as nova_report

    lab.write("/etc/virt-ap/profiles.d/nova.conf", PROFILE)
    if name == "z1":
        lab.write("/sys/bus/ap/apmask", "-5,-6")
    folder = provider_file(place, name)
    home = tempfile.mkdtemp(dir=place)
    computer = compute.Computer(home, lab.GATE, host=name, cpu_model=None,
                                more=f"[compute]\nprovider_config_location = {folder}")
    driver = computer.start()
    with Service(place) as client:
        tracker = resource_tracker.ResourceTracker(
            name, driver, nova_report.SchedulerReportClient(adapter=client))
        node = objects.ComputeNode(
            computer.context, uuid=str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
            hypervisor_hostname=lab.direct("hostname").strip(), host=name)
        # the PCI tracker is made from Nova's database
        tracker._should_expose_remote_managed_ports_trait = lambda *_: False
        # two labs may have one host name: Placement's names must differ
        node.hypervisor_hostname = name
        driver._host.get_hostname = lambda: name
        tracker._update_to_placement(computer.context, node, startup=True)
    shutil.rmtree(home)


def in_a_lab(place, machine, name):
    command = [f"{here}/../../run", "virt-ap-lab", "--machine", machine, "--libvirt", "--",
               sys.executable, f"{here}/allocation.py", "report", name]
    done = subprocess.run(command, capture_output=True, text=True,
                          env={**os.environ, "VIRT_AP_TEST_PLACE": place})
    logs = glob.glob(f"{place}/*/nova.log")
    told = open(logs[0]).read() if logs else ""
    assert done.returncode == 0, told[-3000:] + done.stdout + done.stderr


if sys.argv[1:2] == ["report"]:
    sys.exit(report(os.environ["VIRT_AP_TEST_PLACE"], sys.argv[2]))

place = tempfile.mkdtemp(prefix="virt-ap-placement.")
CANDIDATES = "/allocation_candidates?resources=VCPU:1,MEMORY_MB:128"
VERSION = {"OpenStack-API-Version": "placement 1.36"}


def get(client, path):
    answer = client.get(path, headers=VERSION, raise_exc=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def hosts_for(client, more):
    """the names of the hosts that Placement offers"""
    summaries = get(client, CANDIDATES + more)["provider_summaries"]
    names = {p["uuid"]: p["name"] for p in get(client, "/resource_providers")
             ["resource_providers"]}
    return sorted(names[provider] for provider in summaries)


def hosts_for_flavor(client, extra_specs):
    """as Nova's scheduler asks for a flavor with them"""
    import compute
    from nova import context, objects
    from nova.scheduler import utils
    from nova.scheduler.client import report as nova_report

    spec = objects.RequestSpec(
        flavor=compute.flavor("m1.signing", extra_specs), num_instances=1, is_bfv=False,
        image=objects.ImageMeta(properties=objects.ImageMetaProps()), pci_requests=None,
        requested_resources=[], request_level_params=objects.RequestLevelParams())
    summaries = nova_report.SchedulerReportClient(adapter=client).get_allocation_candidates(
        context.get_admin_context(), utils.ResourceRequest.from_request_spec(spec))[1] or {}
    names = {p["uuid"]: p["name"] for p in get(client, "/resource_providers")
             ["resource_providers"]}
    return sorted(names[provider] for provider in summaries)


def test_a_host_with_queues_reports():
    in_a_lab(place, "z16", "z1")


def test_a_host_without_reports():
    in_a_lab(place, "no-vfio-ap", "z2")


def check_providers(client):
    providers = get(client, "/resource_providers")["resource_providers"]
    assert sorted(p["name"] for p in providers) == ["z1", "z2"], providers
    found = {}
    for provider in providers:
        path = f"/resource_providers/{provider['uuid']}"
        found[provider["name"]] = get(client, path + "/inventories")["inventories"]
        traits = get(client, path + "/traits")["traits"]
        # a host without queues for guests may have cards all the same
        assert provider["name"] == "z2" or TRAIT in traits, traits
    assert found["z1"][CLASS]["total"] >= 1, found["z1"]
    assert CLASS not in found["z2"], found["z2"]
    assert "VCPU" in found["z1"] and "VCPU" in found["z2"], found
    return found["z1"][CLASS]["total"]


def test_placement_offers_the_host_that_fits():
    with Service(place) as client:
        total = check_providers(client)
        assert hosts_for(client, "") == ["z1", "z2"]
        assert hosts_for(client, f",{CLASS}:1") == ["z1"]
        assert hosts_for(client, f",{CLASS}:1&required={TRAIT}") == ["z1"]
        assert hosts_for(client, f",{CLASS}:{total + 1}") == []
        assert hosts_for_flavor(client, {}) == ["z1", "z2"]
        assert hosts_for_flavor(client, {f"resources:{CLASS}": "1"}) == ["z1"]
        assert hosts_for_flavor(client, {f"resources:{CLASS}": "1",
                                         f"trait:{TRAIT}": "required"}) == ["z1"]
        assert hosts_for_flavor(client, {f"resources:{CLASS}": "1",
                                         f"trait:{TRAIT}": "forbidden"}) == []


if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
    print("1..0 # SKIP the simulated host needs root and /dev/fuse")
    sys.exit(0)
# a network namespace of its own
if "VIRT_AP_TEST_NET" not in os.environ:
    os.execvpe("unshare", ["unshare", "-n", sys.executable, *sys.argv],
               {**os.environ, "VIRT_AP_TEST_NET": "1"})
status = lab.run(globals())
shutil.rmtree(place)
sys.exit(status)
