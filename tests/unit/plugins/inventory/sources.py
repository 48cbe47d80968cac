# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the inventory plugin on a source file, with hosts that answer from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible import constants as C
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.doc_fragments import constructed, inventory_cache

from ansible_collections.hyperv.avma.plugins.inventory import guests
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.failure import Failure
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import Tables
from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.conditions import trusted
from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.survey import HostAnswer, Target, read_answer
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import INTRINSIC, FakeHost, FakeVm

NAME = "hyperv.avma.guests"
CONNECTION = {
    "ansible_connection": "winrm",
    "ansible_user": "svc",
    "ansible_password": "Geheim-Wort-4711!",
    "ansible_winrm_transport": "ntlm",
}
_names = iter(range(1, 10**6))


def vm(name: str, /, *, state: int = 2, **items: str) -> FakeVm:
    """A machine whose guest claims the full name that fits, unless ``items`` say otherwise, and no address."""
    number = next(_names)
    intrinsic = {**INTRINSIC, "FullyQualifiedDomainName": f"{name}.corp.example", "NetworkAddressIPv4": "", **items}
    return FakeVm(f"{number:08X}-0000-4000-8000-{number:012X}", name, state=state, intrinsic=intrinsic)


class Fleet:
    """Hosts by name; one that is None does not answer. ``asked`` are those that were, with the options of their connections."""

    def __init__(self, hosts: Mapping[str, Iterable[FakeVm] | None]) -> None:
        self.hosts = {name: None if vms is None else list(vms) for name, vms in hosts.items()}
        self.asked: dict[str, Any] = {}

    def ask(self, targets: Iterable[Target], *, items: bool, notes: bool, parallel: int, tables: Tables) -> dict[str, HostAnswer]:
        assert parallel >= 1
        answers: dict[str, HostAnswer] = {}
        for target in targets:
            self.asked[target.host] = target.connect()
            vms = self.hosts[target.host]
            if vms is None:
                answers[target.host] = HostAnswer(target.host, failure=Failure(f"{target.host}: gone. Start it.", "connection_failed"))
            else:
                info, found = read_answer(FakeHost(*vms), items=items, tables=tables)
                answers[target.host] = HostAnswer(target.host, info, found, requests=9)
        return answers


class Source:
    """The plugin on one source file."""

    def __init__(self, path: Path, fleet: Fleet, warn: Callable[[str], None]) -> None:
        self.path = path
        self.fleet = fleet
        self.inventory = InventoryData()
        self._warn = warn

    def read(self, *, refresh: bool = False, **options: Any) -> InventoryData:
        """The inventory that comes of it, with Ansible's last touch."""
        if "hosts" not in options and "hosts_from" not in options:
            options = {"hosts": dict.fromkeys(self.fleet.hosts), **options}
        options = {"plugin": NAME, "host_variables": CONNECTION, **options}
        self.path.write_text(yaml.safe_dump(options, allow_unicode=True), encoding="utf-8")
        plugin = self._plugin()
        plugin.parse(self.inventory, DataLoader(), str(self.path), cache=not refresh)
        if hasattr(plugin, "_cache"):
            plugin.update_cache_if_changed()
        self.inventory.reconcile_inventory()
        return self.inventory

    def _plugin(self) -> guests.InventoryModule:
        plugin = guests.InventoryModule()
        # What Ansible's loader does when it finds a plugin.
        plugin._load_name = NAME
        plugin._redirected_names = [NAME]
        plugin.ansible_name = NAME
        C.config.initialize_plugin_configuration_definitions("inventory", NAME, options())
        plugin.display = _Display(self._warn)
        return plugin


def options() -> dict[str, Any]:
    """The options that the plugin documents, with those of its fragments."""
    found = dict(yaml.safe_load(guests.DOCUMENTATION)["options"])
    for fragment in (constructed, inventory_cache):
        found |= yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"]
    # Ansible's loader of documentation trusts it, so that a default may be an expression.
    found["guest_condition"]["default"] = trusted(found["guest_condition"]["default"])
    return found


class _Display:
    def __init__(self, warn: Callable[[str], None]) -> None:
        self.warning = warn

    def __getattr__(self, name: str) -> Callable[..., None]:
        assert name.startswith("v")
        return lambda *_args, **_kwargs: None


def members(inventory: InventoryData, group: str) -> list[str]:
    return sorted(host.name for host in inventory.groups[group].get_hosts()) if group in inventory.groups else []


def variables(inventory: InventoryData, host: str) -> dict[str, Any]:
    return dict(inventory.hosts[host].vars)
