# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data Exchange on hosts of each age and language, with jobs that are slow, fail or vanish."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .labs import Lab
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

HOSTS = {"old01": ("2012r2", "en-US"), "hv16": ("2016", "de-DE"), "hv22": ("2022", "ja-JP"), "hv25": ("2025", "ru-RU")}


@pytest.fixture(scope="module")
def lab_process() -> Iterator[Lab]:
    with lab_of(
        hosts=[
            {
                "name": name,
                "release": release,
                "edition": "datacenter",
                "language": language,
                "vms": [
                    {"name": f"{name}-on", "windows": {"release": "2012r2", "edition": "standard"}},
                    {"name": f"{name}-off", "data_exchange": False, "windows": {"release": "2012r2", "edition": "standard"}},
                    {"name": f"{name}-stopped", "data_exchange": False, "state": "off"},
                    {"name": "twin", "state": "off"},
                    {"name": "twin", "state": "off", "id": "AAAAAAAA-0000-4000-8000-00000000000" + str(index)},
                ],
            }
            for index, (name, (release, language)) in enumerate(HOSTS.items())
        ],
    ) as lab:
        yield lab


@pytest.fixture
def lab(lab_process: Lab) -> Lab:
    lab_process.reset()
    return lab_process


@pytest.mark.parametrize("host", HOSTS)
def test_switched_on_by_guid_whatever_the_language(lab: Lab, host: str) -> None:
    run = lab.player().module("data_exchange", host, all=True)
    rows = {row["name"]: row for row in run.one("data_exchange", host)["vms"]}
    assert rows[f"{host}-off"]["changed"]
    assert rows[f"{host}-stopped"]["changed"]
    assert not rows[f"{host}-on"]["changed"]
    assert lab.vm(f"{host}-off")["data_exchange"] is True
    methods = {action.rpartition(".")[2] for action in lab.actions()[host]}
    assert ("ModifyResourceSettings" in methods) == (host == "old01"), methods
    assert lab.player().module("data_exchange", host, all=True).changes == {}


def test_named_machines_only_and_back_again(lab: Lab) -> None:
    player = lab.player()
    assert player.module("data_exchange", "hv22", name=["HV22-ON"], state="disabled").changes
    assert lab.vm("hv22-on")["data_exchange"] is False
    assert lab.vm("hv22-off")["data_exchange"] is False
    assert player.module("data_exchange", "hv22", name=["hv22-on"], state="disabled").changes == {}


def test_name_of_two_machines_is_refused_and_the_id_accepted(lab: Lab) -> None:
    before = lab.digest()
    run = lab.player().module("data_exchange", "hv22", name=["twin"], state="disabled")
    assert "2 virtual machines are named twin" in run.one("data_exchange", "hv22")["msg"]
    assert lab.digest() == before
    by_id = lab.player().module("data_exchange", "hv22", id=["{aaaaaaaa-0000-4000-8000-000000000002}"], state="disabled")
    assert [row["changed"] for row in by_id.one("data_exchange", "hv22")["vms"]] == [True]


def test_check_mode_foretells_and_leaves_the_host_alone(lab: Lab) -> None:
    before = lab.digest()
    check = lab.player().module("data_exchange", "hv25", all=True, check=True)
    assert lab.digest() == before
    real = lab.player().module("data_exchange", "hv25", all=True)
    assert [row["changed"] for row in check.one("data_exchange", "hv25")["vms"]] == [
        row["changed"] for row in real.one("data_exchange", "hv25")["vms"]
    ]


def test_job_that_vanishes_is_no_failure(lab: Lab) -> None:
    lab.arrange("rule", section="jobs", name="vanishes", value=True)
    run = lab.player().module("data_exchange", "hv22", name=["hv22-off"])
    assert run.one("data_exchange", "hv22")["vms"][0]["changed"] is True
    assert lab.vm("hv22-off")["data_exchange"] is True


def test_job_that_fails_is_told_with_the_machine(lab: Lab) -> None:
    lab.arrange("rule", section="jobs", name="fails", value=True)
    run = lab.player().module("data_exchange", "hv22", name=["hv22-off"])
    result = run.one("data_exchange", "hv22")
    assert run.of("data_exchange")[0].kind == "failed"
    assert result["changed"] is False
    assert "hv22-off" in result["msg"]
    assert result["vms"][0]["error"]
    assert lab.vm("hv22-off")["data_exchange"] is False
