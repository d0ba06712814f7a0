#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every --json output is JSON and as schemas/ says; so are the XML documents."""
import json
import os
import shutil
import subprocess

from cli import TOPDIR, Scratch, Tap

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMAS = os.path.join(TOPDIR, "schemas")
METADATA = """<virt-ap:crypto xmlns:virt-ap='urn:virt-ap:domain:1.0'>
  <virt-ap:feature name='apxa' policy='require'/></virt-ap:crypto>"""

CHANGED = """<virt-ap:crypto xmlns:virt-ap='urn:virt-ap:domain:1.0'>
  <virt-ap:changed device='d' what='model' from='vfio-pci' to='vfio-ap'/>
  <virt-ap:changed feature='apft' what='added'/></virt-ap:crypto>"""

# the guest of the host "ailing"
FORGING = "11111111-2222-4333-8444-555555555508"

CASES = [("status", host, ["status"]) for host in
         ("none", "z16-small", "z16-large", "ailing", "many-devices")]
CASES += [("caps", host, ["caps", "--qemu", "./qemu"]) for host in
          ("none", "z16-small", "ailing")]
CASES += [("caps", "z16-small", ["caps", "--connect", "test:///default"])]
CASES += [("guest-view", host, ["guest-view", *what]) for host, what in
          (("z16-small", ["web1", "--pqap", "3,05.0047", "--pqap", "200"]),
           ("z16-small", ["db2"]), ("z16-small", ["guest-bad.xml"]),
           ("z16-small", ["guest-inactive.xml"]), ("ailing", [FORGING]),
           ("none", ["guest-good.xml"]))]
CASES += [("qemu-flags", "z16-small", ["qemu-flags", "--qemu", "./qemu", guest]) for guest in
          ("web1", "guest-good.xml")]
CASES += [("check", "z16-small", ["check", *files]) for files in
          (["device-free.xml"], ["guest-bad.xml"], ["guest-forging.xml", "device-taken.xml"],
           ["cut.xml", "device-taken.xml"])]
CASES += [("log", host, ["log", *what]) for host, what in
          (("logged", []), ("logged", ["--verdict", "warned"]), ("none", []))]
CASES += [("setup", host, ["setup", "--doors", "/doors"]) for host in ("none", "set-up")]
CASES += [("plan", "planned", ["plan", *what]) for what in
          (["needs.conf"], ["--rearrange", "needs.conf"], ["needs.json"])]
CASES += [("plan-fleet", "planned",
           ["plan", "--fleet", "host-small.json", "--fleet", "cut.json", "needs.conf"])]
CASES += [("profile", "planned", ["profile", *what]) for what in
          (["list"], ["show", "hsm-small"])]
CASES += [("explain", None, ["explain", *what]) for what in
          (["queue-in-use"], ["ap-off"], ["--list"])]

A_MATRIX = ["--uuid", "62177883-f1bb-47f0-914d-32a22e3a8805", "--adapters", "6", "--domains"]
CASES += [("change", "z16-small", [*what, "--dry-run", "--connect", how]) for how in
          ("none", "qemu:///system") for what in
          (["create", *A_MATRIX, "4", "--guest", "web2"], ["create", *A_MATRIX, "0x47"],
           ["define", *A_MATRIX, "4", "--autostart"], ["start", "db2"], ["stop", "web1"],
           ["remove", "db2"], ["modify", "web1", "--domains", "+4,-0x47"],
           ["modify", "db2", "--control-domains", "none"], ["start", "nobody"])]
CASES += [("change", "z16-small", ["move", guest, "--to", "qemu+tcp://z2/system", "--target",
                                   "../z16-small", "--assume-keys", "--dry-run", "-c",
                                   "qemu:///system"])
          for guest in ("web1", "db2")]

# what prints JSON and nothing else
CASES += [("host", host, ["export"]) for host in
          ("none", "z16-small", "ailing", "many-devices")]
CASES += [("host", "z16-small", ["export", "--mkvps", "--qemu", "./qemu"])]
CASES += [("check-move", "z16-small", ["check-move", guest, "--to", where]) for guest, where
          in (("web1", "../z16-small"), ("db2", "../z16-small"))]
CASES += [("drift", host, ["drift"]) for host in ("none", "z16-small", "ailing")]
CASES += [("fleet", None, ["fleet", "../z16-small", "../ailing", "test:///default",
                           "hosts.list"])]
CASES += [("change", "z16-small", ["import", "saved.host", "--dry-run", "--connect", "none"])]
ALWAYS_JSON = ["export"]


def load(name):
    with open(os.path.join(SCHEMAS, name + ".schema.json"), encoding="utf-8") as file:
        return json.load(file)


def closed(schema):
    """Objects that take any key would let a misspelt one through."""
    if isinstance(schema, list):
        return all(closed(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if "object" in schema.get("type", ()) and schema.get("additionalProperties") is not False:
        return False
    return all(closed(part) for part in schema.values())


def check_output(tap, scratch, schema, host, arguments):
    if arguments[0] not in ALWAYS_JSON:
        arguments = [*arguments, "--json"]
    name = f"{' '.join(arguments)} on {host}"
    result = scratch.run(*arguments, host=host, env={"LC_ALL": "C"})
    try:
        document = json.loads(result.raw)
    except ValueError as error:
        tap.ok(name + ": is JSON", False, f"{error}\n{result}")
        return
    tap.ok(name + ": is JSON", True)
    if jsonschema is None:
        tap.skip(name + ": is valid", "python3-jsonschema is not there")
        return
    errors = jsonschema.Draft7Validator(load(schema)).iter_errors(document)
    tap.ok(name + ": is valid", not (text := "\n".join(map(str, errors))), text)


def check_facts(tap, scratch):
    """The numbers are those of the described host."""
    status = json.loads(scratch.run("status", "--json", host="z16-small").raw)
    card = status["adapters"][0]
    tap.ok("status: who holds the queues of adapter 05", card["queues"] == {
        "none": [], "host": [], "free": [4, 255], "claimed": [], "unbound": [],
        "device": [71, 171], "withheld": [192]}, card)
    tap.ok("status: counts add up", sum(status["counts"].values()) == 15, status["counts"])
    first = status["devices"][0]
    tap.ok("status: a device's guest", first["guests"] == [
        {"name": "web1", "uuid": "11111111-2222-4333-8444-555555555501",
         "running": True, "defined": True}], first)
    second = status["devices"][1]
    tap.ok("status: what the guest gets", second["matrix"]["domains"] == [171, 192]
           and second["guest_matrix"]["domains"] == [171], second)
    names = json.loads(scratch.run("status", "--json", host="ailing").raw)["devices"][0]
    tap.ok("status: a name comes out as it went in",
           names["guests"][0]["name"] == "a\x9b31m\n  A forged line\u202e", names)
    caps = json.loads(scratch.run("caps", "--json", "--qemu", "./qemu", host="ailing").raw)
    lost = {row["name"]: row["lost_at"] for row in caps["features"]}
    tap.ok("caps: where a feature is lost", lost == {
        "ap": None, "apqci": None, "apft": "machine", "apqi": "machine", "apxa": None,
        "appv": "machine", "appvi": "machine"}, lost)
    lost = {row["name"]: row["lost_at"] for row in caps["pqap"]}
    tap.ok("caps: where a PQAP function is lost", lost == {
        "TAPQ": None, "RAPQ": None, "ZAPQ": None, "AQIC": "machine", "QCI": None,
        "QACT": "machine", "BAPQ": "machine", "AAPQ": "machine"}, lost)
    view = json.loads(scratch.run("guest-view", "--json", FORGING, host="ailing").raw)
    tap.ok("guest-view: why a queue is missing",
           [(row["reason"], row["adapters"], row["unbound_domains"])
            for row in view["missing"]]
           == [("adapter-absent", [7], []), ("adapter-filtered", [2], [2])], view)


def check_xml(tap, scratch):
    """xmllint knows RELAX NG: a good document passes, a bad one does not."""
    if shutil.which("xmllint") is None:
        tap.skip("the XML schemas", "xmllint is not there")
        return
    with open(os.path.join(scratch.files, "device-free.xml"), encoding="utf-8") as file:
        device = file.read()
    cases = [("nodedev-ap", "a matrix", device, True),
             ("nodedev-ap", "an unknown attribute", device.replace("assign_domain", "x"), False),
             ("nodedev-ap", "a value that is no number", device.replace("'4'", "'4x'"), False),
             ("domain-crypto", "our metadata", METADATA, True),
             ("domain-crypto", "what was changed", CHANGED, True),
             ("domain-crypto", "a change of an unknown kind",
              CHANGED.replace("added", "x"), False),
             ("domain-crypto", "an unknown policy", METADATA.replace("require", "x"), False)]
    for schema, name, text, valid in cases:
        done = subprocess.run(["xmllint", "--noout", "--relaxng",
                               os.path.join(SCHEMAS, schema + ".rng"), "-"],
                              input=text, text=True, capture_output=True, check=False)
        tap.ok(f"{schema}.rng: {name}", done.returncode == (0 if valid else 3), done.stderr)


def main():
    tap = Tap()
    for name in sorted(os.listdir(SCHEMAS)):
        if name.endswith(".schema.json"):
            tap.ok(f"{name} is closed", closed(load(name[:-len(".schema.json")])))
    with Scratch() as scratch:
        for schema, host, arguments in CASES:
            check_output(tap, scratch, schema, host, arguments)
        check_facts(tap, scratch)
        check_xml(tap, scratch)
    tap.done()


main()
