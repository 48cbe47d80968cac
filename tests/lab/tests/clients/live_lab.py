# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole lab in a thread of the test process, reached as clients reach Windows: by address, port and account."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hyperv_lab.control.lab import Lab
from hyperv_lab.scenarios.description import AccountDescription, Scenario
from hyperv_lab.scenarios.loading import load

DOMAIN = "lab.example.com"
REALM = "LAB.EXAMPLE.COM"
ADMINISTRATOR = AccountDescription(name="Administrator", password="Lab-Passw0rd!")
SERVICE = AccountDescription(name="svc-avma", password='Lab "Service" 1!', domain=DOMAIN)
OPERATOR = AccountDescription(name="operator", password="Lab-Operator1!", administrator=False)
VISITOR = AccountDescription(name="visitor", password="Lab-Visitor1!", administrator=False, remote_management=False)
FILTERED = AccountDescription(name="localadmin", password="Lab-Filtered1!", uac_filtered=True)
LOCKED = AccountDescription(name="locked", password="Lab-Locked1!", locked=True)
ACCOUNTS = [ADMINISTRATOR, SERVICE, OPERATOR, VISITOR, FILTERED, LOCKED]
ALL_SCHEMES = ["basic", "negotiate", "kerberos", "credssp", "certificate"]
OPERATING_SYSTEM = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_OperatingSystem"


def demo_scenario(**service: object) -> Scenario:
    """The demo fleet with accounts of every kind and all schemes of authentication."""
    return load("demo").model_copy(update={"accounts": ACCOUNTS, "service": {"authentication": ALL_SCHEMES, **service}})


class LiveLab:
    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def address(self, machine: str) -> str:
        return self.lab.fleet.windows(machine).address

    def endpoint(self, machine: str, scheme: str) -> str:
        return f"{scheme}://{self.address(machine)}:{5986 if scheme == 'https' else 5985}/wsman"

    @property
    def ca_file(self) -> str:
        assert self.lab.tls is not None
        return str(self.lab.tls.ca_file)

    @property
    def krb5_config(self) -> Path:
        assert self.lab.realm is not None
        return self.lab.realm.config

    def handshakes(self, machine: str) -> int:
        return self.lab.recorder.counts(machine).authentication_legs


@contextmanager
def live_lab(folder: Path, scenario: Scenario, number: int, *, kerberos: bool = False) -> Iterator[LiveLab]:
    """``number`` tells the labs of one test process apart."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    base = f"127.{44 + number}.{os.getpid() % 250}.0"
    try:
        lab = Lab(scenario, base, folder, kerberos=kerberos)
        asyncio.run_coroutine_threadsafe(lab.start(), loop).result(30)
        try:
            yield LiveLab(lab)
        finally:
            asyncio.run_coroutine_threadsafe(lab.stop(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
