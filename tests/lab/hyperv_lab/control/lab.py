# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running lab: the fleet of a scenario, the server that speaks for it, and what resets and switches them together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from ssl import SSLContext
from typing import Any

from ..chaos.interceptor import Chaos
from ..chaos.loading import CALM
from ..chaos.rules import Profile
from ..http.accounts import AccountBook
from ..http.server import LabServer, ServedMachine
from ..http.service_keys import ServiceKeys, kerberos_available
from ..http.tls import TlsMaterial
from ..powershell_direct.host_commands import HostCommands
from ..providers.machine import SimulatedMachine
from ..scenarios.building import ScenarioError, build
from ..scenarios.description import Scenario
from ..world.host import Host
from ..world.restarts import Restart
from ..world.windows import Windows
from ..wsman.interceptor import Interceptor
from ..wsman.recorder import Recorder
from ..wsman.settings import ServiceSettings
from .realm import Realm, RealmFailure

# The lab has one certificate for all of its machines, which a large fleet's addresses would bloat.
_LARGEST_WITH_HTTPS = 300


class _SharedTls(TlsMaterial):
    """One context for all listeners: each would hold a copy of the certificate otherwise."""

    def __init__(self, folder: Path, hosts: Iterable[str]) -> None:
        super().__init__(folder, hosts)
        self._contexts: dict[bool, SSLContext] = {}

    def server_context(self, *, client_certificates: bool) -> SSLContext:
        if client_certificates not in self._contexts:
            self._contexts[client_certificates] = super().server_context(client_certificates=client_certificates)
        return self._contexts[client_certificates]


class Lab:
    """Everything of one lab. ``start`` and ``stop`` belong to one event loop."""

    def __init__(
        self,
        scenario: Scenario,
        base: str,
        folder: Path | None = None,
        *,
        http_port: int = 5985,
        https_port: int | None = None,
        keep_messages: int = 200,
        chaos: Profile = CALM,
        chaos_seed: int = 0,
        interceptors: Iterable[Interceptor] = (),
        kerberos: bool = False,
    ) -> None:
        """``kerberos``: with a KDC of its own in ``folder``. ScenarioError or RealmFailure when that cannot be."""
        self.scenario = scenario
        self.base = base
        self.http_port = http_port
        self.fleet = build(scenario, base)
        self.recorder = Recorder(keep_messages)
        self.chaos = Chaos(self, chaos, chaos_seed)
        self._restarting: dict[str, asyncio.Task[None]] = {}
        self._machines = {windows.name.lower(): SimulatedMachine(self.fleet, windows) for windows in self.windows()}
        self._accounts = AccountBook(self.fleet.accounts.values())
        addresses = list(self.addresses().values())
        if https_port is None:
            https_port = 5986 if len(addresses) <= _LARGEST_WITH_HTTPS else 0
        self.https_port = https_port
        self.tls = _SharedTls(folder, [*addresses, "localhost"]) if folder is not None and https_port else None
        settings = service_settings(scenario.service)
        # Files of the certificate that stands for the first account, and of its key.
        self.client_certificate: tuple[str, str] | None = None
        if self.tls is not None and "certificate" in settings.authentication:
            issued = self.tls.issue_client(next(iter(self.fleet.accounts.values())).name)
            self.client_certificate = (str(issued.certificate_file), str(issued.key_file))
        self._served = {
            name: ServedMachine(
                machine,
                machine.windows.address,
                replace(settings, version=machine.windows.release.version),
                http_port,
                https_port if self.tls is not None else None,
                HostCommands(machine, self.machine, self._accounts, settings) if isinstance(machine.windows, Host) else None,
            )
            for name, machine in self._machines.items()
            if machine.windows.address
        }
        running = [served for name, served in self._served.items() if self._wanted(self._machines[name])]
        self.realm = self._realm(folder) if kerberos else None
        keys = ServiceKeys(self.realm.keytab) if self.realm is not None else None
        self._server = LabServer(running, self._accounts, self.tls, self.recorder, (self.chaos, *interceptors), keys)
        self._switching: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()
        self.fleet.watchers.append(self._power_changed)

    def _realm(self, folder: Path | None) -> Realm:
        domain = next((windows.domain for windows in self.windows() if windows.domain), None)
        if domain is None or folder is None:
            raise ScenarioError("Kerberos needs machines of a domain and a folder for the KDC: give the scenario a domain")
        if not kerberos_available():
            raise RealmFailure("Kerberos needs the Python packages gssapi and krb5: pip install -r requirements-kerberos.txt")
        return Realm(folder / "realm", domain, self.fleet.accounts.values(), self.addresses())

    def windows(self) -> list[Windows]:
        """Hosts first, then guests."""
        return [*self.fleet.hosts, *self.fleet.guests()]

    def addresses(self) -> dict[str, str]:
        """Of all machines that have a network, by name."""
        return {windows.name: windows.address for windows in self.windows() if windows.address}

    def machine(self, name: str) -> SimulatedMachine:
        self.fleet.windows(name)
        return self._machines[name.lower()]

    @property
    def listening(self) -> int:
        return sum(self._server.is_open(served.address) for served in self._served.values())

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._give_up_restarts()
        await self.settled()
        await self._server.stop()
        self._accounts.close()
        if self.realm is not None:
            self.realm.close()

    async def settled(self) -> None:
        """Returns when every listener is as its machine wants it."""
        while self._switching:
            await asyncio.gather(*self._switching)

    async def reset(self) -> None:
        """Back to the scenario, counters included. Connections of machines that keep running are kept, and so is the profile of chaos."""
        await self._give_up_restarts()
        fleet = build(self.scenario, self.base)
        fleet.watchers.append(self._power_changed)
        self.fleet.watchers.clear()
        self.fleet = fleet
        for name, machine in self._machines.items():
            machine.rebind(fleet, fleet.windows(name))
        for name in self._served:
            await self._switch(name)
        self.recorder.reset()
        self.chaos.restart()

    def restart(self, machine: str, seconds: float) -> None:
        """Takes a host or guest down now and has it back after so many seconds. Nothing if it is down already."""
        windows = self.fleet.windows(machine)
        name = windows.name.lower()
        if name not in self._restarting:
            restart = Restart(self.fleet, windows)
            self._restarting[name] = asyncio.get_running_loop().create_task(self._outage(name, restart, seconds))

    def is_restarting(self, machine: str) -> bool:
        return machine.lower() in self._restarting

    async def _outage(self, name: str, restart: Restart, seconds: float) -> None:
        await self._switch(name)
        await asyncio.sleep(seconds)
        restart.finish()
        del self._restarting[name]
        await self._switch(name)

    async def _give_up_restarts(self) -> None:
        for task in self._restarting.values():
            task.cancel()
        await asyncio.gather(*self._restarting.values(), return_exceptions=True)
        self._restarting.clear()

    def _power_changed(self, windows: Windows) -> None:
        """The fleet says so in the middle of a request, so the listeners follow a moment later."""
        task = asyncio.get_running_loop().create_task(self._switch(windows.name.lower()))
        self._switching.add(task)
        task.add_done_callback(self._switching.discard)

    def _wanted(self, machine: SimulatedMachine) -> bool:
        return machine.listening and not self.is_restarting(machine.name)

    async def _switch(self, name: str) -> None:
        if name not in self._served:
            return
        served, machine = self._served[name], self._machines[name]
        async with self._lock:
            if self._wanted(machine) and not self._server.is_open(served.address):
                await self._server.open(served)
            elif not self._wanted(machine) and self._server.is_open(served.address):
                await self._server.close(served.address)


def service_settings(described: dict[str, Any]) -> ServiceSettings:
    """Settings of the WinRM services from a scenario. ScenarioError names what is unknown or out of range."""
    values = dict(described)
    if "authentication" in values:
        values["authentication"] = frozenset(values["authentication"])
    try:
        return ServiceSettings(**values)
    except (TypeError, ValueError) as error:
        raise ScenarioError(f"service: {error}") from None
