# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a fleet out of a scenario's description."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from ..world import avma, keys, licence
from ..world.accounts import LabAccount
from ..world.clock import Clock
from ..world.cluster import Cluster
from ..world.errors import SL_E_EUL_NOT_AVAILABLE, SL_E_VL_BINDING_SERVICE_UNAVAILABLE, SL_I_OOB_GRACE_PERIOD
from ..world.eventlog import EventLog
from ..world.fleet import Fleet
from ..world.guest import Guest, LinuxGuest
from ..world.host import Host
from ..world.keys import KeyBook, ProductKey
from ..world.licence import Licence, activation_id
from ..world.past_activations import Asking, PastActivations
from ..world.registry import REG_SZ, string_values
from ..world.releases import EDITIONS, RELEASES, Edition, EditionKind, Release
from ..world.vm import Checkpoint, Vm, VmState, configuration_version, derived_guid
from .description import (
    GuestDescription,
    HostDescription,
    LicenceDescription,
    LinuxDescription,
    Scenario,
    VmDescription,
    WindowsDescription,
)

_KEY_ALPHABET = "BCDFGHJKMPQRTVWXY2346789"
_NODE_STATES = {"up": 0, "down": 1, "paused": 2, "joining": 3}
_PAST = timedelta(days=60)  # as far back as a host with past_activations has logged them
_STATUS = {
    "licensed": (licence.LICENSED, 0),
    "notification": (licence.NOTIFICATION, SL_E_EUL_NOT_AVAILABLE),
    "grace": (licence.OOB_GRACE, SL_I_OOB_GRACE_PERIOD),
    "unlicensed": (licence.UNLICENSED, 0),
}


class ScenarioError(ValueError):
    """A scenario that cannot be. The text names the place in it, the cause and what is allowed."""


def made_up_key(seed: str) -> str:
    """A text in the form of a product key that is none: the same for the same seed."""
    digest = hashlib.sha256(f"lab product key {seed}".encode()).digest()
    letters = "".join(_KEY_ALPHABET[byte % len(_KEY_ALPHABET)] for byte in digest[:25])
    return "-".join(letters[start : start + 5] for start in range(0, 25, 5))


def build(scenario: Scenario, base: str | None = None) -> Fleet:
    """The fleet of ``scenario``. ``base`` is the network address after which its machines with a network get consecutive addresses."""
    return _Builder(scenario).fleet(IPv4Address(base) if base else None)


class _Builder:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.rules = deepcopy(scenario.rules)  # the lab may change its rules, a reset brings the scenario's back
        self.clock = Clock(scenario.clock.start, frozen=scenario.clock.frozen)
        self.now = self.clock.now()
        self.keys = KeyBook(
            ProductKey(
                key.key, key.channel, RELEASES[key.release].keys or key.release, EditionKind(key.edition), key.blocked, key.activations
            )
            for key in scenario.keys
        )
        self.guests: list[tuple[Guest, LicenceDescription]] = []
        self._number = 0

    def fleet(self, base: IPv4Address | None) -> Fleet:
        scenario = self.scenario
        accounts = [
            LabAccount(
                account.name,
                account.password,
                account.domain,
                account.administrator and not account.uac_filtered,
                account.remote_management and not account.uac_filtered,
                frozenset(name.lower() for name in account.denied),
                frozenset(name.lower() for name in account.machines) if account.machines is not None else None,
                account.locked,
                account.wmi_rights,
                account.hyperv_rows,
                account.event_log,
            )
            for account in scenario.accounts
        ]
        hosts = [self._host(host) for host in scenario.hosts]
        by_name = {host.name.lower(): host for host in hosts}
        clusters = [
            Cluster(cluster.name, scenario.domain, [by_name[node.lower()] for node in cluster.nodes]) for cluster in scenario.clusters
        ]
        if base is not None:
            for number, windows in enumerate([*hosts, *(guest for guest, _licence in self.guests if guest.network)], 1):
                windows.address = str(base + number)
        fleet = Fleet(self.clock, self.rules, self.keys, accounts, clusters, hosts)
        for host in hosts:
            for vm in host.vms.values():
                self._settle(fleet, host, vm)
        activated = [(guest, wanted) for guest, wanted in self.guests if _begins_activated(guest, wanted)]
        # In the order of their times, as logs are written.
        for guest, wanted in sorted(activated, key=lambda pair: self._last_activation(pair[1])):
            self._activate(fleet, guest, wanted)
        return fleet

    def _settle(self, fleet: Fleet, host: Host, vm: Vm) -> None:
        """A VM that runs has been in contact for a while when the scenario begins."""
        vm.update_contact(self.now - timedelta(hours=1))
        if vm.contact_since is not None:
            vm.had_contact = True
            fleet.deliver(host, vm)

    # -- machines

    def _host(self, wanted: HostDescription) -> Host:
        host = Host(
            name=wanted.name,
            release=RELEASES[wanted.release],
            edition=EDITIONS[wanted.edition],
            licence=self._licence(wanted.name, wanted),
            log=self._log(days=30),
            booted=self.now - timedelta(days=30),
            installed=self.now - timedelta(days=400),
            language=wanted.language,
            domain=self._domain(wanted),
            denied_namespaces=frozenset(name.lower() for name in wanted.denied_namespaces),
            kms_reachable=wanted.kms_reachable,
            licensing_refusals={method: [*codes] for method, codes in wanted.licensing_refusals.items()},
            hyperv=wanted.hyperv,
            hyperv_removed=wanted.hyperv_removed and not wanted.hyperv,
            platform=wanted.platform,
            entitlement=wanted.entitlement,
            synchronised=wanted.synchronised,
            throttle=wanted.throttle,
            activations_at_once=wanted.activations_at_once,
            node_state=_NODE_STATES[wanted.node_state],
        )
        self._write_registry(host, wanted)
        for vm in wanted.vms:
            made = self._vm(wanted, vm)
            host.vms[made.id] = made
        if wanted.past_activations:
            begin = self.now - _PAST
            host.log = EventLog(begin, self.rules.events.background, self._past(host, begin, wanted.past_activations))
        return host

    def _past(self, host: Host, begin: datetime, count: int) -> PastActivations:
        """What the machines' present follows from: only guests with an AVMA key have asked, and all of it lies before their last activation."""
        described = {id(guest): wanted for guest, wanted in self.guests}
        asking: list[Asking] = []
        end = self.now
        for vm in host.vms.values():
            guest = vm.guest
            if not isinstance(guest, Guest) or guest.licence.channel != keys.AVMA:
                continue
            wanted = described[id(guest)]
            activated = _begins_activated(guest, wanted) and wanted.activated_by in (None, host.name)
            if activated:
                end = min(end, self._last_activation(wanted))
            sku = activation_id(guest.release, guest.edition, keys.AVMA)
            asking.append(Asking(guest.fqdn, vm.id, vm.name, sku, avma.identity(vm), activated))
        if not asking:
            raise ScenarioError(f"{host.name}: past_activations needs a Windows guest with an AVMA key, which has asked")
        # after the background events
        begin += timedelta(days=1)
        return PastActivations(host.fqdn, tuple(asking), begin, end, count, self.rules.events.shape, self.rules.licensing.lease_minutes)

    def _vm(self, host: HostDescription, wanted: VmDescription) -> Vm:
        self._number += 1
        created = self.now - timedelta(days=200, minutes=self._number)
        vm = Vm(
            id=wanted.id or derived_guid("vm", self.scenario.name, host.name, wanted.name),
            name=wanted.name,
            created=created,
            state=VmState[wanted.state.upper()],
            changed=self.now - timedelta(days=10),
            generation=wanted.generation,
            direct=wanted.direct,
            version=wanted.version or configuration_version(RELEASES[host.release].build),
            processors=wanted.processors,
            memory_mb=wanted.memory_mb,
            notes=wanted.notes,
            host_items=dict(wanted.host_items),
            host_only_items=dict(wanted.host_only_items),
        )
        vm.checkpoints = [
            Checkpoint(derived_guid("checkpoint", vm.id, name), name, created + timedelta(days=1)) for name in wanted.checkpoints
        ]
        if not wanted.data_exchange:
            vm.disabled_components.add("kvp")
        ip_address = f"10.20.{self._number // 250}.{self._number % 250 + 1}"
        if wanted.windows is not None:
            vm.guest = self._guest(wanted.name, wanted.windows, ip_address)
        elif wanted.linux is not None:
            vm.guest = self._linux(wanted.name, wanted.linux, ip_address)
        return vm

    def _guest(self, vm_name: str, wanted: GuestDescription, ip_address: str) -> Guest:
        name = wanted.name or vm_name
        if len(name) > 15:
            raise ScenarioError(f"VM {vm_name!r}: its guest needs a computer name of at most 15 characters: set windows.name")
        guest = Guest(
            name=name,
            release=RELEASES[wanted.release],
            edition=EDITIONS[wanted.edition],
            licence=self._licence(name, wanted),
            log=self._log(days=10),
            booted=self.now - timedelta(days=10),
            installed=self.now - timedelta(days=200),
            language=wanted.language,
            domain=self._domain(wanted),
            denied_namespaces=frozenset(namespace.lower() for namespace in wanted.denied_namespaces),
            kms_reachable=wanted.kms_reachable,
            licensing_refusals={method: [*codes] for method, codes in wanted.licensing_refusals.items()},
            ip_address=ip_address,
            product_type=wanted.product_type,
            kvp_service=wanted.kvp_service,
            hypervisor=wanted.hypervisor,
            kvp_protocol=wanted.kvp_protocol,
            activation_device=wanted.activation_device,
            activation_driver=wanted.activation_driver,
            network=wanted.network,
            activation_items=self.rules.data_exchange.activation_items,
            false_items=dict(wanted.false_items),
        )
        guest.pools.guest.update(string_values(wanted.guest_items))
        self._write_registry(guest, wanted)
        self.guests.append((guest, wanted.licence))
        return guest

    def _linux(self, vm_name: str, wanted: LinuxDescription, ip_address: str) -> LinuxGuest:
        guest = LinuxGuest(wanted.name or vm_name, wanted.distribution, wanted.version, wanted.kernel, ip_address, wanted.kvp_service)
        guest.false_items = dict(wanted.false_items)
        guest.pools.guest.update(string_values(wanted.guest_items))
        return guest

    def _domain(self, wanted: WindowsDescription) -> str | None:
        return self.scenario.domain if wanted.domain is None else wanted.domain or None

    def _log(self, days: int) -> EventLog:
        return EventLog(self.now - timedelta(days=days), self.rules.events.background)

    @staticmethod
    def _write_registry(windows: Host | Guest, wanted: WindowsDescription) -> None:
        for path, values in wanted.registry.items():
            windows.registry.create(path)
            for name, data in values.items():
                windows.registry.set(path, name, REG_SZ, data)
        if wanted.registry:
            windows.registry.installed()

    # -- licences

    def _licence(self, name: str, wanted: WindowsDescription) -> Licence:
        release, edition, described = RELEASES[wanted.release], EDITIONS[wanted.edition], wanted.licence
        state = Licence(release, edition)
        if described.second_channel in (described.channel, "none"):
            raise ScenarioError(f"{name}: second_channel names another channel than channel, {described.channel}")
        state.second_channel, state.second_licensed = described.second_channel, described.second_licensed
        if described.addon_key:
            state.addon_partial_key = described.addon_key[-5:]
        if edition.evaluation:
            left = timedelta(minutes=described.minutes) if described.minutes is not None else timedelta(days=120)
            state.begin_evaluation(self.now + left, self.now)
            return state
        if described.channel == "none":
            return state
        if described.channel not in licence.channels_of(release, edition):
            raise ScenarioError(f"{name}: {release.product} {edition.label} has no licence of the channel {described.channel}")
        state.use_key(self._key(name, release, edition, described))
        status, reason = _STATUS[described.status]
        if described.status == "notification" and described.channel == keys.KMS_CLIENT:
            reason = SL_E_VL_BINDING_SERVICE_UNAVAILABLE
        state.activated_through = described.activated_through
        state.shown_channel = described.shown_channel
        state.status = status
        state.reason = reason if described.reason is None else described.reason
        state.expires = self._expiry(described, status)
        return state

    def _expiry(self, described: LicenceDescription, status: int) -> datetime | None:
        minutes = described.minutes
        if minutes is None and status == licence.OOB_GRACE:
            minutes = self.rules.licensing.grace_minutes
        if minutes is None and status == licence.LICENSED and described.channel == keys.KMS_CLIENT:
            minutes = self.rules.licensing.kms_lease_minutes
        return self.now + timedelta(minutes=minutes) if minutes else None

    def _key(self, name: str, release: Release, edition: Edition, described: LicenceDescription) -> ProductKey:
        if described.key is not None:
            known = self.keys.find(described.key)
            if known is not None:
                if known.channel != described.channel:
                    raise ScenarioError(
                        f"{name}: the key ending in {known.partial} is of the channel {known.channel}, not {described.channel}"
                    )
                return known
            made = ProductKey(described.key, described.channel, release.keys or release.name, edition.kind)
            self.keys.add(made)
            return made
        generic = self.keys.generic(described.channel, release.keys, edition.kind)
        if generic is not None:
            return generic
        if described.channel in (keys.AVMA, keys.KMS_CLIENT):
            raise ScenarioError(f"{name}: no generic {described.channel} key of {release.product} {edition.label} is published; give one")
        made = ProductKey(made_up_key(f"{self.scenario.name}/{name}"), described.channel, release.keys or release.name, edition.kind)
        self.keys.add(made)
        return made

    def _activate(self, fleet: Fleet, guest: Guest, wanted: LicenceDescription) -> None:
        """Brings a guest that begins activated by AVMA to that state, through its host or as another host had done it."""
        at = self._last_activation(wanted)
        if wanted.activated_by is None:
            code = avma.request(fleet, guest, at)
            if code:
                host, _vm = fleet.placement(guest)
                raise ScenarioError(
                    f"{guest.name}: its host {host.name} does not activate it (0x{code:08X}); "
                    "set licence.activated_by if another host did so before"
                )
        else:
            avma.was_activated(fleet, guest, fleet.host(wanted.activated_by), at)
        if wanted.minutes is not None:
            guest.licence.expires = self.now + timedelta(minutes=wanted.minutes)

    def _last_activation(self, wanted: LicenceDescription) -> datetime:
        """What is left of the lease tells when it began; another host did it a day ago, unless that is said."""
        if wanted.minutes is not None:
            return min(self.now, self.now - timedelta(minutes=self.rules.licensing.lease_minutes - wanted.minutes))
        return self.now - timedelta(days=wanted.activated_by is not None)


def _begins_activated(guest: Guest, wanted: LicenceDescription) -> bool:
    """An evaluation edition cannot have AVMA, whatever its description asks for."""
    return guest.licence.channel == keys.AVMA and wanted.status == "licensed"
