#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every XML document of this tree, and every --json output that the tests show or can
make of them, is as schemas/ says.  What is wrong on purpose stands in
documents.wrong with the reason, and must be found wrong."""
import fnmatch
import glob
import json
import os
import re
import shlex
import shutil
import subprocess

from cli import SRCDIR, TOPDIR, Scratch, Tap

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMAS = os.path.join(TOPDIR, "schemas")
# what virsh gets in the integration tests: xml.sh makes it
MADE = {
    "matrix": "matrix_xml $first '5 6' '4 0xab' 4",
    "guest": "guest_xml web1 'ap apft=disable' $first $second",
    "hostdev": "hostdev_xml $first",
}


def find(*tops):
    for top in tops:
        for directory, _, names in os.walk(os.path.join(TOPDIR, top)):
            for name in names:
                if name.endswith(".xml"):
                    yield os.path.join(directory, name)


def schema_of(path):
    """By the first element; None for what need not be shown to a validator: nothing
    that declares a document type is loaded, nor what it may name."""
    with open(path, "rb") as file:
        text = file.read()
    if b"<!DOCTYPE" in text:
        return None
    root = re.search(rb"<([a-z]+)", re.sub(rb"(?s)<!--.*?-->|<\?.*?\?>", b"", text))
    return "nodedev-ap" if root and root[1] == b"device" else "domain-crypto"


def validate(paths):
    """Those of the files that are not valid."""
    wrong = {path for path in paths if schema_of(path) is None}
    for schema in ("nodedev-ap", "domain-crypto"):
        chosen = [path for path in paths if schema_of(path) == schema]
        if not chosen:
            continue
        done = subprocess.run(["xmllint", "--noout", "--nonet", "--relaxng",
                               os.path.join(SCHEMAS, schema + ".rng"), *chosen],
                              capture_output=True, check=False)
        said = set(done.stderr.decode(errors="replace").splitlines())
        wrong |= {path for path in chosen if path + " validates" not in said}
    return wrong


def check_tree(tap):
    listed = {}
    with open(os.path.join(SRCDIR, "documents.wrong"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                path, _, why = line.strip().partition(": ")
                listed[path] = why
    tap.ok("documents.wrong has a reason for each", all(listed.values()))
    paths = sorted(find("tests", "docs"))
    wrong = {os.path.relpath(path, TOPDIR) for path in validate(paths)}
    surprising = sorted(path for path in wrong
                        if not any(fnmatch.fnmatch(path, line) for line in listed))
    tap.ok(f"{len(paths)} XML documents of the tree are valid but for those listed",
           len(paths) > 100 and not surprising, surprising)
    idle = sorted(line for line in listed if "*" not in line and line not in wrong)
    tap.ok("those listed are there and not valid", not idle, idle)


def check_made(tap, scratch):
    """The XML of libvirt's files on described hosts, and of the integration tests."""
    trees = glob.glob(os.path.join(SRCDIR, "hosts", "*.tree"))
    # these describe what cannot be read
    names = [os.path.basename(tree)[:-5] for tree in sorted(trees)]
    names = [name for name in names if name not in ("ailing", "broken", "maximum")]
    paths = [path for name in names
             for path in find(os.path.join(scratch.files, scratch.host(name), "etc"),
                              os.path.join(scratch.files, scratch.host(name), "run"))]
    wrong = validate(paths)
    tap.ok(f"{len(paths)} XML documents of {len(names)} described hosts are valid",
           paths and not wrong, sorted(wrong))
    for name, command in MADE.items():
        path = os.path.join(scratch.dir, name + ".xml")
        script = f". ./xml.sh; {command} >{shlex.quote(path)}"
        subprocess.run(["sh", "-c", script], check=True,
                       cwd=os.path.join(TOPDIR, "tests", "integration"))
        tap.ok(f"xml.sh: {command}: is valid", not validate([path]))


CHANGES = ["create", "define", "import", "start", "stop", "remove", "modify", "move", "reserve",
           "apply"]


def json_schema_of(command):
    """What changes something prints the same document, whatever the command is."""
    own = os.path.join(SCHEMAS, command + ".schema.json")
    return own if os.path.exists(own) else os.path.join(SCHEMAS, "change.schema.json")


def check_json(tap, name, command, text):
    with open(json_schema_of(command), encoding="utf-8") as file:
        schema = json.load(file)
    if jsonschema is None:
        tap.skip(name, "python3-jsonschema is not there")
        return
    errors = jsonschema.Draft7Validator(schema).iter_errors(json.loads(text))
    tap.ok(name, not (found := "\n".join(map(str, errors))), found)


def check_golden(tap):
    for path in sorted(glob.glob(os.path.join(SRCDIR, "golden", "*"))):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        run = re.search(r"(?m)^run (\S+) (.*--json.*)$", text)
        output = re.search(r"(?s)---- stdout\n(.+)---- stderr\n", text)
        if run and output and output[1].strip():
            check_json(tap, f"golden/{os.path.basename(path)} is valid", run[1], output[1])


def check_judgements(tap, scratch):
    """virt-ap check --json of every document, in turn on a host like most and on none."""
    documents = sorted([*find("tests", "docs"), *glob.glob(
        os.path.join(TOPDIR, "tests", "*", "**", "*.json"), recursive=True)])
    for first, host in enumerate(("none", "z16-small")):
        chosen = documents[first::2]
        result = scratch.run("check", "--json", *chosen, host=host)
        check_json(tap, f"check --json of {len(chosen)} documents on {host}: is valid",
                   "check", result.raw)


def check_commands(tap, scratch):
    """A command with --json has a schema, and every schema is one."""
    said = scratch.run("--help").out
    commands = re.findall(r"(?m)^  ([a-z][a-z-]*)  +", said)
    tap.ok("the help names the commands", {"check", "status"} <= set(commands), said)
    lacking = [command for command in commands
               if "--json" in scratch.run(command, "--help").out
               and command not in CHANGES and json_schema_of(command).endswith("/change.schema.json")]
    tap.ok("every command with --json has a schema", not lacking, lacking)
    for path in sorted(glob.glob(os.path.join(SCHEMAS, "*.schema.json"))):
        name = os.path.basename(path)
        if jsonschema is None:
            tap.skip(f"{name} is a schema", "python3-jsonschema is not there")
            continue
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        meta = jsonschema.Draft7Validator(jsonschema.Draft7Validator.META_SCHEMA)
        tap.ok(f"{name} is a schema", not (errors := list(meta.iter_errors(schema))), errors)


def main():
    tap = Tap()
    with Scratch() as scratch:
        if shutil.which("xmllint"):
            check_tree(tap)
            check_made(tap, scratch)
        else:
            tap.skip("the XML documents", "xmllint is not there")
        check_golden(tap)
        check_judgements(tap, scratch)
        check_commands(tap, scratch)
    tap.done()


main()
