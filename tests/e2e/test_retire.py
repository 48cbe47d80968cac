# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``retire.yml``: what AVMA has left behind is shown first, and removed where it is stale and somebody said so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .labs import CONNECTIONS, Connection, Lab
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

LEFT = {"AvmaHost": "HV01", "LastActivationTime": "2026-11-02", "DeployedBy": "image"}
FORMER = {"channel": "Volume:GVLK", "status": "licensed"}


@pytest.fixture(scope="module")
def process() -> Iterator[Lab]:
    with lab_of(
        hosts=[
            {
                "name": "hv01",
                "release": "2022",
                "edition": "datacenter",
                "vms": [
                    {
                        "name": "former01",
                        "host_items": {"FleetTool_Avma": "1", "Owner": "web"},
                        "windows": {"release": "2022", "edition": "standard", "licence": FORMER, "guest_items": LEFT},
                    },
                    {
                        "name": "avma01",
                        "host_items": {"FleetTool_Avma": "1"},
                        "windows": {
                            "release": "2022",
                            "edition": "standard",
                            "licence": {"channel": "VT:IA", "status": "licensed"},
                            "guest_items": LEFT,
                        },
                    },
                    {"name": "clean01", "windows": {"release": "2022", "edition": "standard", "licence": FORMER, "language": "ja-JP"}},
                ],
            }
        ],
    ) as lab:
        yield lab


@pytest.fixture
def lab(process: Lab) -> Lab:
    process.reset()
    return process


def test_listed_by_default(lab: Lab) -> None:
    before = lab.digest()
    run = lab.player().playbook("retire", avma_retire_host_patterns=["FleetTool_*"])
    assert (run.code, run.changes) == (0, {}), run.output
    assert lab.digest() == before
    assert "former01: left AvmaHost, LastActivationTime" in run.output
    assert "former01: remove FleetTool_Avma" in run.output
    assert "clean01:" not in run.output


@pytest.mark.parametrize("connection", CONNECTIONS, ids=str)
def test_removed_where_it_is_stale_and_never_twice(lab: Lab, connection: Connection) -> None:
    wanted = {"avma_retire_state": "absent", "avma_retire_host_patterns": ["FleetTool_*"]}
    player = lab.player(connection)
    check = player.playbook("retire", check=True, **wanted)
    run = player.playbook("retire", **wanted)
    assert run.code == 0, run.output
    assert run.changes == check.changes == {"former01": ["hyperv.avma.guest_kvp"], "hv01": ["hyperv.avma.host_kvp"]}
    assert run.one("guest_kvp", "former01")["removed"] == ["AvmaHost", "LastActivationTime"]
    assert "removed AvmaHost, LastActivationTime" in run.output
    assert lab.vm("former01")["guest_items"] == {"DeployedBy": "image"}
    assert lab.vm("former01")["host_items"] == {"Owner": "web"}
    assert lab.vm("former01")["parameters"], "what the host writes by itself stays"
    assert lab.vm("avma01")["guest_items"] == LEFT, "a guest on an AVMA key keeps its values"
    assert "GUEST_ON_AVMA_KEY" in [found["code"] for found in run.one("guest_kvp", "avma01")["findings"]]
    assert player.playbook("retire", **wanted).changes == {}


def test_hosts_are_left_alone_without_patterns(lab: Lab) -> None:
    run = lab.player().playbook("retire", avma_retire_state="absent")
    assert lab.vm("former01")["host_items"] == {"FleetTool_Avma": "1", "Owner": "web"}
    assert "hv01" not in lab.actions(), run.output


def test_own_patterns_named_machines_and_force(lab: Lab) -> None:
    lab.player().playbook(
        "retire",
        avma_retire_state="absent",
        avma_retire_force=True,
        avma_retire_patterns=["DeployedBy"],
        avma_retire_host_patterns=["*"],
        avma_retire_vms=["avma01"],
    )
    kept = {name: data for name, data in LEFT.items() if name != "DeployedBy"}
    assert [lab.vm(name)["guest_items"] for name in ("former01", "avma01")] == [kept, kept]
    assert [lab.vm(name)["host_items"] for name in ("former01", "avma01")] == [{"FleetTool_Avma": "1", "Owner": "web"}, {}]


def test_diff_shows_each_value(lab: Lab) -> None:
    run = lab.player().playbook("retire", check=True, diff=True, avma_retire_state="absent", limit="former01")
    assert "-AvmaHost: HV01" in run.output
    assert "-LastActivationTime: 2026-11-02" in run.output


def test_host_does_not_see_what_was_removed(lab: Lab) -> None:
    player = lab.player()
    player.playbook("retire", avma_retire_state="absent", limit="former01")
    vms = {vm["name"]: vm for vm in player.module("kvp_info", "hv01").one("kvp_info", "hv01")["vms"]}
    assert vms["former01"]["kvp"]["guest"] == {"DeployedBy": "image"}
