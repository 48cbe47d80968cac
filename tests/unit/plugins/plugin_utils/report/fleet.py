# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of the modules as a run of any size leaves them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.events import HOST_EVENT, LogEvent, LogOrigin, event_result
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.findings import finding
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.times import iso
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import GuestMaterial, HostMaterial, Material, Settings
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.tenancy import TenantRule, pattern_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SUCCESS = "0x00000000"
NOT_ACTIVATED = "0xC004FD02"
_RELEASES = ("2016", "2019", "2022", "2025")


def vm_id(number: int) -> str:
    return str(uuid.UUID(int=number + (0xA << 124))).upper()


def settings(**changes: Any) -> Settings:
    return Settings(
        **{
            "now": NOW,
            "observed": NOW,
            "since": NOW - timedelta(days=90),
            "tenants": TenantRule(None, pattern_of(r"^([a-z]+)-")),
            **changes,
        }
    )


def host_info(name: str, *, ready: bool = True, cluster: str | None = None) -> dict[str, Any]:
    findings = [] if ready else [finding("HOST_NOT_DATACENTER", name, edition="Standard").as_dict()]
    return {
        "host": {
            "name": name.upper(),
            "fqdn": f"{name}.corp.example",
            "os": {"release": "2022", "edition": "Datacenter" if ready else "Standard", "evaluation": False, "build": 20348, "sku": 8},
            "hyperv": True,
            "licence": {"channel": "mak", "status": "licensed", "licensed": True},
            "cluster": {"member": cluster is not None, "name": cluster, "nodes": []},
            "avma": {"ready": ready, "can_activate": ["2016", "2019", "2022"] if ready else []},
        },
        "findings": findings,
    }


def vm(number: int, name: str, *, kind: str = "windows_server", state: str = "running", **items: dict[str, str]) -> dict[str, Any]:
    server = kind == "windows_server"
    return {
        "id": vm_id(number),
        "name": name,
        "state": state,
        "data_exchange": {"enabled": True, "health": "ok"},
        "guest": {
            "kind": kind,
            "name": "Ubuntu" if not server else "Windows Server",
            "release": _RELEASES[number % 4] if server else None,
            "edition": ("Standard", "Datacenter")[number % 2] if server else None,
            "build": 20348 if server else None,
            "sku": 7 if server else None,
            "evaluation": False,
            "fqdn": f"{name}.corp.example",
            "trust": "kvp",
        },
        "avma": {"status": "eligible" if server else "not_eligible", "key": None},
        "findings": [] if server else [finding("GUEST_IS_LINUX", name).as_dict()],
        "kvp": {"intrinsic": {}, "guest": {}, "host": {}, **items},
    }


def kvp_info(host: str, *vms: dict[str, Any]) -> dict[str, Any]:
    return {"host": {"name": host.upper()}, "vms": list(vms)}


def guest_info(
    number: int, name: str, host: str, *, licensed: bool = True, channel: str = "avma", minutes: int = 10000, last: datetime | None = None
) -> dict[str, Any]:
    return {
        "guest": {
            "name": name.upper()[:15],
            "os": {"release": _RELEASES[number % 4], "edition": ("Standard", "Datacenter")[number % 2], "build": 20348, "sku": 7},
            "placement": {"host": host.upper(), "host_fqdn": f"{host}.corp.example", "vm_id": vm_id(number), "vm_name": name},
            "licence": {
                "channel": channel,
                "status": "licensed" if licensed else "notification",
                "licensed": licensed,
                "partial_product_key": "78VHK",
                "minutes_remaining": minutes if licensed else 0,
                "avma": {"iaid": f"{number:063d}", "host": f"{host}.corp.example", "last_activation": iso(last) if last else None},
            },
        },
        "findings": [],
    }


def event(
    record: int, host: str, number: int, *, code: str = SUCCESS, time: datetime = NOW, strings: tuple[str, ...] = ()
) -> dict[str, Any]:
    origin = LogOrigin(host.upper(), f"{uuid.uuid5(uuid.NAMESPACE_DNS, host)}/Application", None)
    said = strings or (f"{code},{vm_id(number).lower()},2026/11/01 00:00,10080",)
    return event_result(LogEvent(record, time, HOST_EVENT, f"{host}.corp.example", "Microsoft-Windows-Security-SPP", said, said[0]), origin)


def events_of(host: str, numbers: list[int], *, count: int) -> dict[str, Any]:
    """``count`` events, the newest now, spread over 60 days."""
    found = [
        event(
            record,
            host,
            numbers[record % len(numbers)],
            code=NOT_ACTIVATED if record % 17 == 0 else SUCCESS,
            time=NOW - timedelta(minutes=(count - record) * 60 * 24 * 60 // max(count, 1) + 1),
        )
        for record in range(1, count + 1)
    ]
    return {"machine": host, "events": found, "complete": True, "findings": []}


def large(hosts: int, vms_per_host: int, *, events: int = 0, asked: int = 2) -> Material:
    """Every ``asked``-th machine has a guest that answered; hosts four by four in clusters; every 16th host is not ready."""
    of_hosts, guests = [], []
    for number in range(hosts):
        name = f"hv{number:02d}"
        numbers = [number * vms_per_host + one for one in range(vms_per_host)]
        names = {one: f"{('acme', 'globex', 'initech', 'umbrella')[one % 4]}-vm{one:05d}" for one in numbers}
        machines = [vm(one, names[one], kind="linux" if one % 11 == 0 else "windows_server") for one in numbers]
        of_hosts.append(
            HostMaterial(
                name,
                host_info(name, ready=number % 16 != 15, cluster=f"clu{number // 4:02d}"),
                kvp_info(name, *machines),
                events_of(name, [one for one in numbers if one % 11], count=events // hosts) if events else {},
            )
        )
        guests += [
            GuestMaterial(
                names[one],
                guest_info(
                    one,
                    names[one],
                    name,
                    licensed=one % 13 != 0,
                    channel="mak" if one % 7 == 0 else "avma",
                    last=NOW - timedelta(days=one % 8),
                ),
            )
            for one in numbers
            if one % asked == 0 and one % 11
        ]
    return Material(tuple(of_hosts), tuple(guests))
