# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests whose endpoint misbehaves on purpose, among good ones: those are served, and nobody is asked in their place."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.hostile.server import (
    HostileServer,
    PagesOfSmallItems,
    PlainFault,
    Redirect,
    SlowBody,
)

from .labs import NTLM, PSRP, Connection, Lab
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

GOOD = ("web01", "web02")
HOSTILE = {"redirects": Redirect, "drips": SlowBody, "forges": PlainFault, "endless": PagesOfSmallItems}


@pytest.fixture(scope="module")
def process() -> Iterator[Lab]:
    windows = {"release": "2022", "edition": "standard", "licence": {"channel": "none"}}
    vms = [{"name": name, "windows": windows} for name in (*GOOD, *HOSTILE)]
    with lab_of(hosts=[{"name": "hv01", "release": "2022", "edition": "datacenter", "vms": vms}]) as lab:
        yield lab


@pytest.fixture
def lab(process: Lab) -> Lab:
    process.reset()
    return process


@pytest.mark.parametrize("connection", [NTLM, PSRP], ids=str)
def test_good_guests_are_served(lab: Lab, connection: Connection) -> None:
    player = lab.player(connection)
    player.inventory = copy.deepcopy(player.inventory)
    guests = player.inventory["all"]["children"]["guests"]["hosts"]
    victim = f"{guests['web01']['ansible_host']}:5985"
    servers = []
    for name, behaviour in HOSTILE.items():
        servers.append(HostileServer(behaviour(victim).answer))
        guests[name].update(ansible_host="127.0.0.1", ansible_port=servers[-1].port)
        guests[name].update(
            ansible_winrm_read_timeout_sec=3,
            ansible_winrm_operation_timeout_sec=2,
            ansible_psrp_read_timeout=3,
            ansible_psrp_operation_timeout=2,
        )
        if name == "endless":  # which can only be told to somebody who does not encrypt
            guests[name].update(
                ansible_winrm_transport="basic",
                ansible_winrm_message_encryption="auto",
                ansible_psrp_auth="basic",
                ansible_psrp_message_encryption="never",
            )
    run = player.playbook("activate")
    for server in servers:
        server.shutdown()
        server.server_close()
    outcomes = run.outcomes()
    assert {name: outcomes[name] for name in GOOD} == dict.fromkeys(GOOD, "activated")
    assert {name: outcomes[name] for name in HOSTILE} == dict.fromkeys(HOSTILE, "failed")
    kinds = {name: run.one("guest_key", name)["error"]["kind"] for name in HOSTILE}
    assert kinds == {"redirects": "redirected", "drips": "answer_too_slow", "forges": "answer_not_encrypted", "endless": "endless_answer"}
    assert victim in run.one("guest_key", "redirects")["msg"]
    for name in HOSTILE:
        assert lab.machine(name)["licence"]["channel"] != "VT:IA"
