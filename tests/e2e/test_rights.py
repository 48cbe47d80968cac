# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account that Hyper-V shows less than there is: it is told so, and never that there is no Hyper-V or no machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .labs import Lab
from .playing import TIMEOUT, Player, environment
from .scenario_files import ADMINISTRATOR, lab_of

pytestmark = pytest.mark.e2e

GROUP = "Hyper-V Administrators"
SHAPES = ("none", "host", "services")
WINDOWS = {"release": "2022", "edition": "standard"}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with lab_of(
        accounts=[
            ADMINISTRATOR,
            *(
                {"name": f"sees-{rows}", "password": "Lab-Reader1!", "administrator": False, "wmi_rights": True, "hyperv_rows": rows}
                for rows in SHAPES
            ),
        ],
        hosts=[
            {"name": "hv01", "release": "2022", "edition": "datacenter", "vms": [{"name": "web01", "windows": WINDOWS}, {"name": "old01"}]},
            {"name": "hv02", "release": "2022", "edition": "datacenter", "vms": [{"name": "web02", "windows": WINDOWS}]},
            {"name": "gone01", "release": "2022", "edition": "datacenter", "hyperv": False, "hyperv_removed": True},
        ],
    ) as running:
        yield running


def reader(lab: Lab, rows: str) -> Player:
    made = lab.player()
    made.inventory["all"]["vars"].update(ansible_user=f"sees-{rows}", ansible_password="Lab-Reader1!")
    return made


@pytest.mark.parametrize(("rows", "hyperv", "ready"), [("none", None, None), ("host", None, None), ("services", True, True)])
def test_hyperv_that_shows_nothing_is_not_said_to_be_missing(lab: Lab, rows: str, hyperv: bool | None, ready: bool | None) -> None:
    info = reader(lab, rows).module("host_info", "hv01").one("host_info", "hv01")
    codes = {found["code"]: found["remedy"] for found in info["findings"]}
    assert "HOST_WITHOUT_HYPERV" not in codes
    assert (info["host"]["hyperv"], info["host"]["avma"]["ready"]) == (hyperv, ready)
    assert ("HYPERV_UNKNOWN" in codes) == (hyperv is None)
    assert GROUP in codes.get("HYPERV_UNKNOWN", GROUP)


@pytest.mark.parametrize("rows", SHAPES)
def test_no_machine_is_never_the_whole_answer(lab: Lab, rows: str) -> None:
    run = reader(lab, rows).module("kvp_info", "hv01")
    result = run.one("kvp_info", "hv01")
    if rows == "none":
        assert (run.of("kvp_info")[0].kind, result["error"]["kind"]) == ("failed", "machines_not_shown")
        assert GROUP in result["msg"]
    else:
        assert result["vms"] == []
        assert any(GROUP in warning for warning in result["warnings"])
        assert GROUP in run.output
    named = reader(lab, rows).module("data_exchange", "hv01", name=["web01"]).one("data_exchange", "hv01")
    assert GROUP in named["msg"]


@pytest.mark.parametrize("module", ["host_info", "kvp_info"])
def test_a_role_that_was_removed(lab: Lab, module: str) -> None:
    """The namespace stays without classes."""
    result = lab.player().module(module, "gone01").one(module, "gone01")
    if module == "host_info":
        assert "HOST_WITHOUT_HYPERV" in [found["code"] for found in result["findings"]]
    else:
        assert result["error"]["kind"] == "namespace_missing"
        assert "Install the Hyper-V role" in result["msg"]


def listed(lab: Lab, folder: Path, user: str, *, flush: bool = False, **options: Any) -> tuple[set[str], str]:
    """The virtual machines that ``ansible-inventory`` lists of hv01 and hv02, and all that it says."""
    everything = lab.player().inventory["all"]
    hosts = everything["children"]["hyperv_hosts"]["hosts"]
    password = {} if user == ADMINISTRATOR["name"] else {"ansible_password": "Lab-Reader1!"}
    source = {
        "plugin": "hyperv.avma.guests",
        "hosts": {name: hosts[name] for name in ("hv01", "hv02")},
        "host_variables": {**everything["vars"], **password, "ansible_user": user},
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(folder / "cache"),
        **options,
    }
    path = folder / "lab.avma.yml"
    path.write_text(yaml.safe_dump(source), encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "inventory", "-i", str(path), "--list", *["--flush-cache"] * flush]
    done = subprocess.run(command, env=environment(folder / "record"), capture_output=True, text=True, timeout=TIMEOUT, check=False)
    return set(json.loads(done.stdout).get("hyperv_vms", {}).get("hosts", ())), " ".join(done.stderr.split())


@pytest.mark.parametrize("rows", SHAPES)
def test_machines_do_not_vanish_from_an_inventory_silently(lab: Lab, tmp_path: Path, rows: str) -> None:
    assert listed(lab, tmp_path, "Administrator")[0] == {"web01", "old01", "web02"}
    for _unused in range(2):
        left, said = listed(lab, tmp_path, f"sees-{rows}", flush=True)
        assert left == set()
        for host in ("hv01", "hv02"):
            assert f"The virtual machines of a host are not in the inventory. {host}: " in said
        assert GROUP in said
    left, said = listed(lab, tmp_path, f"sees-{rows}", flush=True, host_failure="error")
    assert "2 of 2 Hyper-V hosts could not be asked" in said
    assert listed(lab, tmp_path, "Administrator", flush=True) == ({"web01", "old01", "web02"}, "")


def test_a_host_whose_machines_have_all_moved_has_not_failed(lab: Lab, tmp_path: Path) -> None:
    assert len(listed(lab, tmp_path, "Administrator")[0]) == 3
    lab.arrange("migrate", vm="web02", host="hv01")
    try:
        left, said = listed(lab, tmp_path, "Administrator", flush=True)
    finally:
        lab.reset()
    assert left == {"web01", "old01", "web02"}
    assert "are not in the inventory" not in said
    assert "Hyper-V shows this account no virtual machine of: hv02." in said


def test_an_inventory_of_an_account_without_rights_says_so_from_the_start(lab: Lab, tmp_path: Path) -> None:
    assert "Hyper-V shows this account no virtual machine of: hv01, hv02." in listed(lab, tmp_path, "sees-host", cache=False)[1]
    assert "2 of 2 Hyper-V hosts could not be asked" in listed(lab, tmp_path, "sees-none", cache=False, host_failure="error")[1]
