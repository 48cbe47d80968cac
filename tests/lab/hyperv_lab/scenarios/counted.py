# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of any size, made by counting: the same arguments always give the same fleet."""

from __future__ import annotations

import random
from typing import Any

from .building import ScenarioError
from .description import Scenario
from .loading import parse

# Release and edition of a guest, with its weight in the mix.
_GUESTS = (
    ("2022", "standard", 30),
    ("2022", "datacenter", 20),
    ("2019", "standard", 20),
    ("2019", "datacenter_core", 10),
    ("2016", "standard", 10),
    ("2012r2", "datacenter", 5),
    ("2019", "essentials", 2),
)
_LINUX_SHARE, _OFF_SHARE, _EXCHANGE_OFF_SHARE = 0.03, 0.02, 0.02
_LICENCES: tuple[tuple[dict[str, str], int], ...] = (
    ({"channel": "VT:IA", "status": "licensed"}, 60),
    ({"channel": "none"}, 20),
    ({"channel": "Volume:GVLK", "status": "notification"}, 15),
    ({"channel": "Volume:MAK", "status": "licensed"}, 5),
)


def counted(clusters: int, hosts: int, vms_per_host: int, seed: int = 1) -> Scenario:
    """``hosts`` Datacenter hosts of 2022 with ``vms_per_host`` VMs each, dealt out to ``clusters`` clusters (0: none)."""
    if hosts < 1 or vms_per_host < 0 or not 0 <= clusters <= hosts:
        raise ScenarioError(
            f"{clusters} clusters, {hosts} hosts, {vms_per_host} VMs a host: at least one host, no more clusters than hosts"
        )
    chance = random.Random(seed)
    names = [f"hv{number:03d}" for number in range(1, hosts + 1)]
    members = [names[index::clusters] for index in range(clusters)]
    document: dict[str, Any] = {
        "name": f"counted-{clusters}-{hosts}-{vms_per_host}-{seed}",
        "domain": "lab.example.com",
        "clusters": [{"name": f"clu{number:02d}", "nodes": nodes} for number, nodes in enumerate(members, 1)],
        "hosts": [
            {
                "name": name,
                "release": "2022",
                "edition": "datacenter",
                "licence": {"channel": "Volume:MAK", "status": "licensed"},
                "vms": [_vm(chance, index * vms_per_host + number) for number in range(vms_per_host)],
            }
            for index, name in enumerate(names)
        ],
    }
    return parse(document, document["name"])


def _vm(chance: random.Random, number: int) -> dict[str, Any]:
    vm: dict[str, Any] = {"name": f"vm{number:05d}"}
    kind = chance.random()
    if kind < _LINUX_SHARE:
        vm["linux"] = {}
        return vm
    if kind < _LINUX_SHARE + _OFF_SHARE:
        vm["state"] = "off"
    elif kind < _LINUX_SHARE + _OFF_SHARE + _EXCHANGE_OFF_SHARE:
        vm["data_exchange"] = False
    release, edition, _weight = chance.choices(_GUESTS, [weight for _release, _edition, weight in _GUESTS])[0]
    licence, _weight = chance.choices(_LICENCES, [weight for _licence, weight in _LICENCES])[0]
    vm["windows"] = {"release": release, "edition": edition, "licence": licence}
    return vm
