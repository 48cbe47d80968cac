# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items from a host to its guests, as the guests see them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .labs import CONNECTIONS, Connection, Lab
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def process() -> Iterator[Lab]:
    with lab_of(
        hosts=[
            {
                "name": "hv01",
                "release": "2022",
                "edition": "datacenter",
                "language": "de-DE",
                "vms": [
                    {"name": "web01", "host_items": {"Owner": "web"}, "windows": {"release": "2022", "edition": "standard"}},
                    {"name": "off01", "state": "off", "windows": {"release": "2022", "edition": "standard"}},
                    {"name": "lin01", "linux": {}},
                ],
            }
        ],
    ) as lab:
        yield lab


@pytest.fixture
def lab(process: Lab) -> Lab:
    process.reset()
    return process


@pytest.mark.parametrize("connection", CONNECTIONS, ids=str)
def test_written_read_by_the_guest_and_not_written_twice(lab: Lab, connection: Connection) -> None:
    items = {"Owner": 'Jörg & <Söhne> "1"', "Order": "4711", "€": "日本語 \U0001f600"}
    player = lab.player(connection)
    first = player.module("host_kvp", "hv01", name="web01", items=items, diff=True)
    assert first.changes == {"hv01": ["hyperv.avma.host_kvp"]}, first.output
    assert lab.vm("web01")["host_items"] == items
    assert lab.vm("web01")["external_items"] == items
    assert player.module("host_kvp", "hv01", name="web01", items=items).changes == {}


def test_check_mode_foretells_and_leaves_the_host_alone(lab: Lab) -> None:
    before = lab.digest()
    options = {"all": True, "items": {"Owner": "new", "Order": "1"}}
    check = lab.player().module("host_kvp", "hv01", check=True, **options)
    assert lab.digest() == before
    real = lab.player().module("host_kvp", "hv01", **options)
    assert check.one("host_kvp", "hv01")["vms"] == real.one("host_kvp", "hv01")["vms"]
    assert all(lab.vm(name)["host_items"] == {"Owner": "new", "Order": "1"} for name in ("web01", "off01", "lin01"))


def test_removed_by_name_and_pattern(lab: Lab) -> None:
    player = lab.player()
    player.module("host_kvp", "hv01", all=True, items={"avma_host": "hv09", "LastActivation": "x", "Keep": "1"})
    run = player.module("host_kvp", "hv01", all=True, state="absent", names=["owner"], patterns=["~activat|avma"])
    assert all(row["host_items"] == {"Keep": "1"} for row in run.one("host_kvp", "hv01")["vms"])
    assert all(lab.vm(name)["host_items"] == {"Keep": "1"} for name in ("web01", "off01", "lin01"))
    assert player.module("host_kvp", "hv01", all=True, state="absent", names=["owner"], patterns=["~activat|avma"]).changes == {}


def test_full_pool(lab: Lab) -> None:
    """As many items as Hyper-V takes, in messages below what the service accepts. Were all values full too, no answer could hold them."""
    items = {f"{number:03}{'n' * 252}": "v" * 400 for number in range(127)}
    run = lab.player().module("host_kvp", "hv01", name="web01", items=items)
    assert run.one("host_kvp", "hv01")["changed"] is True, run.output
    assert lab.vm("web01")["host_items"] == {"Owner": "web", **items}
    over = lab.player().module("host_kvp", "hv01", name="web01", items={"more": "1", "than": "2"}).one("host_kvp", "hv01")
    assert "there would be 130 items" in over["msg"]


def test_limit_is_checked_before_anything_is_sent(lab: Lab) -> None:
    run = lab.player().module("host_kvp", "hv01", name="web01", items={"n" * 256: "1"})
    assert "the limit is 255" in run.one("host_kvp", "hv01")["msg"]
    assert lab.actions() == {}


def test_slow_and_vanishing_jobs_are_no_failure(lab: Lab) -> None:
    lab.arrange("rule", section="jobs", name="vanishes", value=True)
    run = lab.player().module("host_kvp", "hv01", name="web01", items={"Owner": "new", "Order": "1"})
    assert run.one("host_kvp", "hv01")["changed"] is True, run.output
    assert lab.vm("web01")["host_items"] == {"Owner": "new", "Order": "1"}


def test_job_that_fails_is_told_with_the_machine(lab: Lab) -> None:
    lab.arrange("rule", section="jobs", name="fails", value=True)
    run = lab.player().module("host_kvp", "hv01", name="web01", items={"Owner": "new"})
    result = run.one("host_kvp", "hv01")
    assert (run.of("host_kvp")[0].kind, result["changed"]) == ("failed", False)
    assert "web01" in result["msg"]
    assert lab.vm("web01")["host_items"] == {"Owner": "web"}


def test_few_requests(lab: Lab) -> None:
    lab.reset_counters()
    lab.player().module("host_kvp", "hv01", name="web01", items={"Owner": "new", "A": "1", "B": "2"})
    methods = {action: count for action, count in lab.actions()["hv01"].items() if "KvpItems" in action}
    assert sorted(action.rpartition(".")[2] for action in methods) == ["AddKvpItems", "ModifyKvpItems"]
    assert set(methods.values()) == {1}
