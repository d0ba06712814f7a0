#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virt-ap plan --fleet over many saved hosts: time and memory.

usage: fleet.py VIRT-AP MKTREE [HOSTS NEEDS]   goal: 10,000 and 100,000 in 60 s, 2 GB"""
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time

SHAPES = [("00-07:13:4,08-0b:13:2,0c-0f:13:1", "0-54"), ("00-0f:14:4", "0-54"),
          ("00-03:12:4,04-05:12:2", "0-27"), ("05:13:4,06:13:2,0a:13:1", "4,47,ab,ff")]


def templates(virt_ap, mktree, directory):
    """The documents of a few described hosts, with some guests on each."""
    for number, (cards, domains) in enumerate(SHAPES):
        tree = os.path.join(directory, f"tree{number}")
        lines = ["cpuinfo machine=3931",
                 f"ap-bus cards={cards} udoms={domains} aqmask=-0-0xff"]
        for i in range(20 if domains == "0-54" else 0):
            lines.append(f"device 5b1f0c3e-0000-4000-8000-{i:012x} "
                         f"adapters={i % 4},{i % 4 + 4} domains={i:x} control={i:x}")
        description = tree + ".txt"
        with open(description, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        subprocess.run([mktree, description, tree], check=True)
        done = subprocess.run([virt_ap, "--root", tree, "export"], check=True,
                              capture_output=True)
        yield json.loads(done.stdout)


def write_hosts(documents, directory, count):
    os.mkdir(directory)
    size = 0
    for i in range(count):
        document = documents[i % len(documents)]
        document["name"] = f"host{i:05}"
        path = os.path.join(directory, f"host{i:05}.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
        size += os.path.getsize(path)
    return size


def write_needs(path, count):
    """As many kinds as chance brings together: some hundreds."""
    chance = random.Random(1)
    guests = []
    for i in range(count):
        guest = {"name": f"guest{i:06}", "queues": chance.choice([1, 2, 2, 4, 4, 8, 12, 16])}
        if chance.random() < 0.7:
            guest["mode"] = [chance.choice(["CCA", "EP11", "accelerator"])]
        if chance.random() < 0.3:
            guest["min_generation"] = chance.choice(["CEX6", "CEX7", "CEX8"])
        if chance.random() < 0.5:
            guest["spread"] = chance.choice([1, 2, 3])
        if chance.random() < 0.02 and i > 0:
            guest["away_from"] = [f"guest{i - 1:06}"]
        guests.append(guest)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"guests": guests}, file)


def main():
    virt_ap, mktree = sys.argv[1:3]
    hosts, needs = map(int, sys.argv[3:5]) if len(sys.argv) > 3 else (10000, 100000)
    with tempfile.TemporaryDirectory(prefix="virt-ap-fleet-") as directory:
        documents = list(templates(virt_ap, mktree, directory))
        size = write_hosts(documents, os.path.join(directory, "hosts"), hosts)
        write_needs(os.path.join(directory, "needs.json"), needs)
        start = time.monotonic()
        done = subprocess.run([virt_ap, "plan", "--json", "--fleet",
                               os.path.join(directory, "hosts"),
                               os.path.join(directory, "needs.json")],
                              capture_output=True, check=False)
        seconds = time.monotonic() - start
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        if done.returncode not in (0, 1):
            sys.exit(done.stderr.decode())
        answer = json.loads(done.stdout)
        placed = sum(need["host"] is not None for need in answer["needs"])
        print(f"{len(answer['hosts'])} hosts ({size / 1e6:.0f} MB), {needs} needs of "
              f"{len(answer['kinds'])} kinds, {placed} of them fit: {seconds:.1f} s (goal 60), "
              f"{memory / 1024:.0f} MB (goal 2048)")


main()
