# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of any size, made by counting: the same arguments always give the same fleet.

Each host draws from a sequence of its own, so that its VMs do not hang on how many hosts there are. The shares are those of a plausible data
centre, not of a survey.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, TypeVar

from ..world import keys
from ..world.releases import RELEASES
from .building import ScenarioError
from .description import Scenario
from .loading import parse
from .tampered import FALSE_ITEMS, GUEST_ITEMS

_T = TypeVar("_T")
_Weighted = Sequence[tuple[_T, int]]
_Description = dict[str, Any]

_DOMAIN = "lab.example.com"

_HOST_RELEASES: _Weighted[str] = (("2022", 55), ("2019", 20), ("2025", 15), ("2016", 7), ("2012r2", 3))
_HOST_LICENCES: _Weighted[_Description] = (
    ({"channel": keys.MAK, "status": "licensed"}, 60),
    ({"channel": "OEM:DM", "status": "licensed"}, 20),
    ({"channel": keys.KMS_CLIENT, "status": "licensed"}, 14),
    ({"channel": keys.KMS_CLIENT, "status": "notification"}, 2),  # lost its KMS: its guests lapse
    ({"channel": keys.MAK, "status": "grace"}, 2),
    ({"channel": keys.RETAIL, "status": "licensed"}, 2),
)
_HOST_EDITIONS: _Weighted[str] = (("datacenter", 60), ("datacenter_core", 34), ("standard", 4), ("datacenter_eval", 2))

# Release and edition of a guest.
_GUESTS: _Weighted[tuple[str, str]] = (
    (("2022", "standard"), 26),
    (("2022", "datacenter"), 12),
    (("2022", "standard_core"), 6),
    (("2019", "standard"), 16),
    (("2019", "datacenter_core"), 8),
    (("2016", "standard"), 9),
    (("2025", "datacenter"), 5),
    (("2025", "standard"), 4),
    (("2012r2", "datacenter"), 4),
    (("2012r2", "standard"), 3),
    (("2019", "essentials"), 2),
    (("2022", "standard_eval"), 2),
    (("2022", "azure_edition"), 1),
    (("2012", "standard"), 1),
    (("23h2", "datacenter_core"), 1),
)
_GUEST_LICENCES: _Weighted[_Description] = (
    ({"channel": keys.AVMA, "status": "licensed"}, 55),
    ({"channel": "none"}, 15),
    ({"channel": keys.KMS_CLIENT, "status": "notification"}, 15),
    ({"channel": keys.AVMA, "status": "notification"}, 5),
    ({"channel": keys.MAK, "status": "licensed"}, 5),
    ({"channel": keys.KMS_CLIENT, "status": "licensed"}, 3),
    ({"channel": keys.RETAIL, "status": "grace"}, 2),
)
_LINUX: _Weighted[_Description] = (
    ({"distribution": "Ubuntu", "version": "24.04", "kernel": "6.8.0-45-generic"}, 5),
    ({"distribution": "Red Hat Enterprise Linux", "version": "9.4", "kernel": "5.14.0-427.el9.x86_64"}, 3),
    ({"distribution": "Debian GNU/Linux", "version": "12", "kernel": "6.1.0-25-amd64"}, 2),
)
_LANGUAGES: _Weighted[str] = (("en-US", 70), ("de-DE", 14), ("ja-JP", 9), ("ru-RU", 7))
_STATES: _Weighted[str] = (("running", 93), ("off", 4), ("saved", 2), ("paused", 1))
_KVP_SERVICES: _Weighted[str] = (("running", 97), ("stopped", 1), ("disabled", 2))

_LINUX_SHARE, _EMPTY_SHARE, _EXCHANGE_OFF_SHARE, _CHECKPOINT_SHARE, _TAMPERED_SHARE, _CLONE_SHARE = 0.08, 0.005, 0.03, 0.06, 0.02, 0.02
_NEWER_SHARE = 0.05  # of the guests: drawn without regard to the host's release
_NAMED_ALIKE_SHARE, _NAMED_FREELY_SHARE = 0.02, 0.05
_ALIKE = ("web", "New Virtual Machine", "template", "Copy of sql01")
_FREELY = (
    "Büro-Server {0}",
    "データベース{0}",
    "сервер {0}",
    "Łódź {0}",
    "lab & test <{0}>",
    "web{0} (old, do not start!)",
    "'{0}' \"prod\" %d ${{x}}",
)


def counted(
    clusters: int, hosts: int, vms_per_host: int, seed: int = 1, guests_reachable: int | None = None, past_activations: int = 0
) -> Scenario:
    """``hosts`` hosts with ``vms_per_host`` VMs each, dealt out to ``clusters`` clusters (0: none).

    ``guests_reachable`` Windows guests that run, spread over the hosts, have a network, so that they answer WinRM at addresses of their own;
    no other guest has one. None: all have. ``past_activations``: what each host has logged of its guests in the last 60 days.
    """
    if hosts < 1 or vms_per_host < 0 or not 0 <= clusters <= hosts:
        raise ScenarioError(
            f"{clusters} clusters, {hosts} hosts, {vms_per_host} VMs a host: at least one host, no more clusters than hosts"
        )
    names = [f"hv{number:03d}" for number in range(1, hosts + 1)]
    members = [names[index::clusters] for index in range(clusters)]
    described = []
    for index, name in enumerate(names):
        # The nodes of a cluster have one release, as Windows wants it but for the time of an upgrade.
        cluster = f"cluster {index % clusters}" if clusters else name
        release = _drawn(random.Random(f"{seed}/release/{cluster}"), _HOST_RELEASES)
        described.append(_host(name, release, random.Random(f"{seed}/{name}"), index * vms_per_host, vms_per_host))
        if any(vm.get("windows", {}).get("licence", {}).get("channel") == keys.AVMA for vm in described[-1]["vms"]):
            described[-1]["past_activations"] = past_activations
    if guests_reachable is not None:
        _cut_off(described, guests_reachable)
    document: _Description = {
        "name": f"counted-{clusters}-{hosts}-{vms_per_host}-{seed}",
        "domain": _DOMAIN,
        "clusters": [{"name": f"clu{number:02d}", "nodes": nodes} for number, nodes in enumerate(members, 1)],
        "hosts": described,
    }
    return parse(document, document["name"])


def _drawn(chance: random.Random, choices: _Weighted[_T]) -> _T:
    return chance.choices([choice for choice, _weight in choices], [weight for _choice, weight in choices])[0]


def _host(name: str, release: str, chance: random.Random, first_number: int, vms: int) -> _Description:
    host: _Description = {
        "name": name,
        "release": release,
        "edition": _drawn(chance, _HOST_EDITIONS),
        "language": _drawn(chance, _LANGUAGES),
        "licence": _drawn(chance, _HOST_LICENCES),
    }
    activates = host["edition"] in ("datacenter", "datacenter_core") and host["licence"]["status"] == "licensed"
    host["vms"] = [_vm(chance, number, host, activates) for number in range(first_number, first_number + vms)]
    return host


def _vm(chance: random.Random, number: int, host: _Description, activates: bool) -> _Description:
    computer = f"vm{number:05d}"
    vm: _Description = {
        "name": _vm_name(chance, computer),
        # Names may repeat, so what is derived must not hang on them.
        "id": _guid(chance),
        "state": _drawn(chance, _STATES),
        "generation": chance.choice((1, 2, 2, 2)),
        "processors": chance.choice((1, 2, 2, 4, 8)),
        "memory_mb": chance.choice((2048, 4096, 8192, 16384)),
        "data_exchange": chance.random() >= _EXCHANGE_OFF_SHARE,
    }
    if chance.random() < _CHECKPOINT_SHARE:
        vm["checkpoints"] = [f"{vm['name']} - ({day}/3/2026 - 8:00:00 AM)" for day in range(1, chance.randint(2, 4))]
    kind = chance.random()
    if kind < _EMPTY_SHARE:
        return vm
    guest = {"kvp_service": _drawn(chance, _KVP_SERVICES)}
    if kind < _EMPTY_SHARE + _LINUX_SHARE:
        vm["linux"] = {"name": computer, **_drawn(chance, _LINUX), **guest}
        return vm
    vm["windows"] = {"name": computer, **_windows(chance, host, activates), **guest}
    _tamper(chance, vm["windows"])
    return vm


def _windows(chance: random.Random, host: _Description, activates: bool) -> _Description:
    newest = RELEASES[host["release"]].build
    anything = chance.random() < _NEWER_SHARE
    release, edition = _drawn(chance, [(guest, weight) for guest, weight in _GUESTS if anything or RELEASES[guest[0]].build <= newest])
    licence = dict(_drawn(chance, _GUEST_LICENCES))
    if edition == "azure_edition" or edition.endswith("_eval") or release in ("2012", "23h2"):
        licence = {"channel": "none"}  # nobody publishes an AVMA key for these, or no host here takes it
    elif licence == {"channel": keys.AVMA, "status": "licensed"} and not (activates and RELEASES[release].build <= newest):
        licence["activated_by"] = host["name"]  # in better days
    return {"release": release, "edition": edition, "language": _drawn(chance, _LANGUAGES), "licence": licence}


def _tamper(chance: random.Random, windows: _Description) -> None:
    draw = chance.random()
    if draw < _TAMPERED_SHARE / 2:
        windows["false_items"] = chance.choice(FALSE_ITEMS)
    elif draw < _TAMPERED_SHARE:
        windows["guest_items"] = chance.choice(GUEST_ITEMS)
    elif draw < _TAMPERED_SHARE + _CLONE_SHARE:
        # Copied from an activated template: its name and notes of its activation came along.
        windows["false_items"] = {"FullyQualifiedDomainName": f"template01.{_DOMAIN}"}
        windows["guest_items"] = {"ActivatedBy": f"hv900.{_DOMAIN}", "ActivationTime": "2024-02-01T06:00:00Z", "LicenseStatus": "1"}


def _vm_name(chance: random.Random, computer: str) -> str:
    draw = chance.random()
    if draw < _NAMED_ALIKE_SHARE:
        return chance.choice(_ALIKE)
    if draw < _NAMED_ALIKE_SHARE + _NAMED_FREELY_SHARE:
        return chance.choice(_FREELY).format(computer[2:])
    return computer


def _guid(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032X}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _cut_off(hosts: list[_Description], reachable: int) -> None:
    """Takes the network from all Windows guests but so many: the first that runs of each host, then the second of each, and so on."""
    of_host = [[vm for vm in host["vms"] if "windows" in vm] for host in hosts]
    running = [[vm["windows"] for vm in vms if vm["state"] == "running"] for vms in of_host]
    turns = sorted((turn, index) for index, guests in enumerate(running) for turn in range(len(guests)))
    if not 0 <= reachable <= len(turns):
        raise ScenarioError(f"{reachable} reachable guests: this fleet has {len(turns)} Windows guests that run")
    for vms in of_host:
        for vm in vms:
            vm["windows"]["network"] = False
    for turn, index in turns[:reachable]:
        running[index][turn]["network"] = True
