# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API and the lab behind it, with real listeners."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestClient, TestServer

from hyperv_lab.control.api import application
from hyperv_lab.control.inventory import inventory
from hyperv_lab.control.lab import Lab, service_settings
from hyperv_lab.scenarios.building import ScenarioError
from hyperv_lab.scenarios.loading import load

BASE = "127.91.17.0"
Talk = Callable[["Client"], Awaitable[None]]


class Client:
    def __init__(self, lab: Lab, client: Any) -> None:
        self.lab = lab
        self._client = client

    async def get(self, path: str, status: int = 200) -> Any:
        async with self._client.get(path) as answer:
            assert answer.status == status, await answer.text()
            text = await answer.text()
        return json.loads(text) if answer.content_type == "application/json" else text

    async def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        async with self._client.post(path, data=json.dumps(body)) as answer:
            assert answer.status == status, await answer.text()
            return json.loads(await answer.text())

    async def arrange(self, do: str, **more: Any) -> Any:
        return await self.post("/arrange", {"do": do, **more})


def talk(conversation: Talk) -> None:
    async def run() -> None:
        lab = Lab(load("demo"), BASE, http_port=15985)
        await lab.start()
        try:
            async with TestClient(TestServer(application(lab))) as client:
                await conversation(Client(lab, client))
        finally:
            await lab.stop()

    asyncio.run(run())


async def _connects(address: str) -> bool:
    try:
        _reader, writer = await asyncio.open_connection(address, 15985)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def test_status_and_views() -> None:
    async def conversation(client: Client) -> None:
        status = await client.get("/status")
        assert (status["scenario"], status["hosts"], status["vms"], status["guests"]) == ("demo", 4, 15, 14)
        assert status["listening"] == 17
        assert len(await client.get("/machines")) == 18
        guest = await client.get("/machines/app01")
        assert guest["licence"]["status"] == 1
        assert guest["vm"]["host"] == "hv01"
        assert (await client.get("/vms/lin01"))["intrinsic_items"]["OSName"] == "Ubuntu"
        assert "no host or guest is named 'nobody'" in (await client.get("/machines/nobody", 404))["error"]
        assert "MK2B2-" not in json.dumps([await client.get("/machines/sql01"), await client.get("/state")])

    talk(conversation)


@pytest.mark.parametrize(
    "arrangement",
    [
        {"do": "vm_state", "vm": "web01", "state": "saved"},
        {"do": "migrate", "vm": "web01", "host": "hv02"},
        {"do": "data_exchange", "vm": "web01", "enabled": False},
        {"do": "kvp_service", "guest": "web01", "state": "disabled"},
        {"do": "licence", "machine": "hv01", "status": "notification", "reason": 0xC004F009},
        {"do": "install_key", "machine": "web01", "key": "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"},
        {"do": "guest_item", "vm": "web01", "name": "Role", "data": "web"},
        {"do": "host_item", "vm": "web01", "name": "Site", "data": "A"},
        {"do": "event", "machine": "web01", "id": 12309, "strings": ["?"]},
    ],
)
def test_arrangement_changes_the_world_and_reset_undoes_it(arrangement: dict[str, Any]) -> None:
    async def conversation(client: Client) -> None:
        await client.post("/clock", {"freeze": True})
        before = (await client.get("/digest"))["digest"]
        assert (await client.get("/digest"))["digest"] == before
        assert (await client.post("/arrange", arrangement))["digest"] != before
        await client.post("/reset")
        view = json.dumps([await client.get("/machines/web01"), await client.get("/machines/hv01")])
        fresh = Lab(load("demo"), BASE)
        await client.post("/arrange", [])
        assert fresh.fleet.guest("web01").licence.channel is None
        assert '"channel": null' in view
        assert '"state": "running"' in view
        assert client.lab.fleet.guest("web01").pools.guest == {}

    talk(conversation)


@pytest.mark.parametrize(
    ("arrangement", "status", "text"),
    [
        ({"do": "fly"}, 400, "expected tags"),
        ({"do": "throttle", "host": "hv01"}, 400, "requests"),
        ({"do": "throttle", "host": "hv9", "requests": 1}, 404, "no host is named 'hv9'"),
        ({"do": "rule", "section": "jobs", "name": "speed", "value": 1}, 400, "it has asynchronous"),
        ({"do": "rule", "section": "jobs", "name": "reads", "value": "many"}, 400, "reads"),
        ({"do": "install_key", "machine": "web01", "key": "H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW"}, 409, "0xC004F050"),
    ],
)
def test_wrong_arrangement_is_explained(arrangement: dict[str, Any], status: int, text: str) -> None:
    async def conversation(client: Client) -> None:
        before = (await client.get("/digest"))["digest"]
        assert text in (await client.post("/arrange", arrangement, status))["error"]
        assert (await client.get("/digest"))["digest"] == before

    talk(conversation)


def test_listeners_follow_the_power_of_their_vm() -> None:
    async def conversation(client: Client) -> None:
        address = client.lab.fleet.guest("web01").address
        assert await _connects(address)
        await client.arrange("vm_state", vm="web01", state="off")
        assert not await _connects(address)
        await client.arrange("vm_state", vm="web01", state="running")
        assert await _connects(address)
        await client.arrange("vm_state", vm="web01", state="off")
        await client.post("/reset")
        assert await _connects(address)
        assert not await _connects(client.lab.fleet.guest("spare01").address)

    talk(conversation)


def test_clock_is_advanced_and_rules_are_switched() -> None:
    async def conversation(client: Client) -> None:
        await client.arrange("rule", section="licensing", name="renew", value=False)
        await client.post("/clock", {"advance_days": 8})
        assert (await client.get("/machines/app01"))["licence"]["status"] == 5
        await client.post("/reset")
        assert client.lab.fleet.rules.licensing.renew
        assert (await client.get("/machines/app01"))["licence"]["status"] == 1
        assert "advance_minutes" in (await client.post("/clock", {"advance_minutes": -1}, 400))["error"]

    talk(conversation)


def test_counters_and_trace_are_empty_at_first() -> None:
    async def conversation(client: Client) -> None:
        assert await client.get("/counters") == {}
        assert (await client.get("/trace?last=5")).strip() == ""
        assert "last" in (await client.get("/trace?last=x", 400))["error"]
        await client.post("/counters/reset")

    talk(conversation)


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("", {"ansible_connection": "winrm", "ansible_winrm_transport": "ntlm", "ansible_winrm_message_encryption": "always"}),
        ("?connection=psrp", {"ansible_connection": "psrp", "ansible_psrp_auth": "ntlm", "ansible_psrp_protocol": "http"}),
        ("?transport=basic&scheme=https", {"ansible_port": 5986, "ansible_winrm_transport": "basic", "ansible_winrm_scheme": "https"}),
    ],
)
def test_inventory_names_every_machine(query: str, variables: dict[str, Any]) -> None:
    async def conversation(client: Client) -> None:
        listed = yaml.safe_load(await client.get(f"/inventory{query}"))["all"]
        assert variables.items() <= listed["vars"].items()
        assert list(listed["children"]["hyperv_hosts"]["hosts"]) == ["hv01", "hv02", "hv03", "hv04"]
        assert listed["children"]["guests"]["hosts"]["spare01"]["ansible_host"].startswith("127.91.17.")
        assert list(listed["children"]["cluster_clu01"]["hosts"]) == ["hv01", "hv02"]

    talk(conversation)


def test_basic_without_tls_is_not_offered() -> None:
    lab = Lab(load("demo"), BASE)
    with pytest.raises(ValueError, match="https"):
        inventory(lab.fleet, transport="basic", scheme="http")


def test_wrong_service_settings_are_named(tmp_path: Path) -> None:
    assert service_settings({"authentication": ["basic"], "first_page": "all"}).first_page == "all"
    for wrong in ({"authentication": ["magic"]}, {"speed": 1}, {"max_envelope_kb": 1}):
        with pytest.raises(ScenarioError, match="service: "):
            service_settings(wrong)
