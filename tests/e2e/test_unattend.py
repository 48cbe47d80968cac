# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer files by the real ansible-playbook: playbook, role, module and filters together, on the controller."""

from __future__ import annotations

import json
import re
import stat
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.avma.plugins.modules.unattend_key import EXAMPLES

from .playing import ROOT, Player, Run

pytestmark = pytest.mark.e2e

AVMA_2022 = "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"
KMS_2022 = "WX4NM-KYWYW-QJJR4-XV3QB-6VM33"
SECRET = "SECRT-AAAAA-BBBBB-CCCCC-LAST5"
PASSWORD = "UABhAHMAcwB3ADAAcgBkAA=="
ANSWERS = f"""<?xml version="1.0" encoding="utf-8"?>\r
<unattend xmlns="urn:schemas-microsoft-com:unattend">\r
\t<settings pass="specialize"><!-- kept: \u00e4 \U0001d11e -->\r
\t\t<component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64" publicKeyToken='31bf3856ad364e35'>\r
\t\t\t<UserAccounts><AdministratorPassword><Value>{PASSWORD}</Value></AdministratorPassword></UserAccounts>\r
\t\t</component>\r
\t</settings>\r
</unattend>"""


@pytest.fixture
def player() -> Player:
    return Player({"all": {"hosts": {"localhost": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}})


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "autounattend.xml"
    path.write_bytes(ANSWERS.replace('"utf-8"', '"utf-16"').encode("utf-16"))
    return path


def result_of(run: Run) -> dict[str, Any]:
    return run.one("unattend_key", "localhost")


def test_the_playbook_predicts_sets_and_then_leaves_the_file_alone(player: Player, answers: Path) -> None:
    answers.chmod(0o640)
    before = answers.read_bytes()
    product = {"avma_unattend_path": str(answers), "avma_unattend_release": "2022", "avma_unattend_edition": "Datacenter"}

    predicted = player.playbook("unattend", check=True, diff=True, **product)
    assert predicted.code == 0, predicted.output
    assert answers.read_bytes() == before

    first = player.playbook("unattend", diff=True, verbosity=3, **product)
    assert first.code == 0, first.output
    assert result_of(first)["settings"] == result_of(predicted)["settings"]
    assert result_of(first)["changed"]
    assert result_of(predicted)["changed"]
    assert f"+specialize Microsoft-Windows-Shell-Setup amd64 ProductKey: {AVMA_2022}" in first.output
    assert PASSWORD not in first.output
    assert stat.S_IMODE(answers.stat().st_mode) == 0o640

    after = answers.read_bytes()
    added = f"\r\n\t\t\t<ProductKey>{AVMA_2022}</ProductKey>".encode("utf-16-le")
    assert after.replace(added, b"", 1) == before
    (key,) = ET.fromstring(after).findall(".//{urn:schemas-microsoft-com:unattend}ProductKey")
    assert key.text == AVMA_2022

    second = player.playbook("unattend", **product)
    assert (second.code, second.changes) == (0, {})
    assert answers.read_bytes() == after


def test_a_key_that_is_not_published_is_shown_nowhere(player: Player, tmp_path: Path) -> None:
    path = tmp_path / "new.xml"
    options = {"avma_unattend_path": str(path), "avma_unattend_key": SECRET, "avma_unattend_create": True, "avma_unattend_mode": "0600"}

    run = player.playbook("unattend", diff=True, verbosity=3, **options)

    assert run.code == 0, run.output
    assert SECRET in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "LAST5" in run.output
    assert SECRET not in run.output + json.dumps([task.result for task in run.tasks])


def test_a_wrong_option_beside_a_secret_key_does_not_show_it(player: Player, answers: Path) -> None:
    options = {"avma_unattend_path": str(answers), "avma_unattend_key": SECRET, "avma_unattend_will_show_ui": "Sometimes"}

    run = player.playbook("unattend", verbosity=3, **options)

    assert run.code != 0
    assert "Sometimes" in run.output
    assert SECRET not in run.output + json.dumps([task.result for task in run.tasks])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"avma_unattend_key": KMS_2022}, "is the KMS client key of Windows Server 2022 Datacenter"),
        (
            {"avma_unattend_release": "2022", "avma_unattend_edition": "Essentials"},
            "Microsoft publishes no AVMA key for Windows Server 2022 Essentials",
        ),
        ({}, "avma_unattend_release"),
        ({"avma_unattend_path": "autounattend.xml", "avma_unattend_key": AVMA_2022}, "'autounattend.xml' is not a whole path"),
        ({"avma_unattend_path": "", "avma_unattend_key": AVMA_2022}, "avma_unattend_path: '' is not a whole path"),
    ],
    ids=["KMS client key", "no published key", "neither key nor release", "relative path", "no path"],
)
def test_what_cannot_be_set_fails_and_changes_nothing(player: Player, answers: Path, options: dict[str, Any], message: str) -> None:
    before = answers.read_bytes()

    run = player.playbook("unattend", **{"avma_unattend_path": str(answers), **options})

    assert run.code != 0
    assert message in " ".join(run.output.split())
    assert answers.read_bytes() == before


def test_the_key_is_removed_without_naming_a_product(player: Player, answers: Path) -> None:
    before = answers.read_bytes()
    player.playbook("unattend", avma_unattend_path=str(answers), avma_unattend_key=AVMA_2022)
    assert answers.read_bytes() != before

    run = player.playbook("unattend", avma_unattend_path=str(answers), avma_unattend_state="absent")

    assert run.code == 0, run.output
    assert result_of(run)["changed"]
    assert answers.read_bytes() == before


def documented_tasks() -> list[dict[str, Any]]:
    """The tasks in the guide and in the module's documentation. Of a play, its tasks."""
    guide = (ROOT / "docs" / "images-and-answer-files.md").read_text(encoding="utf-8")
    blocks = [*re.findall(r"^```yaml\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE), EXAMPLES]
    entries = [entry for block in blocks for entry in yaml.safe_load(block)]
    return [task for entry in entries for task in entry.get("tasks", [entry])]


def test_the_documented_tasks_run(player: Player, tmp_path: Path) -> None:
    tasks = documented_tasks()
    assert len(tasks) >= 8
    for name in ("images/autounattend.xml", "images/unattend.xml", "images/cloudbase-init/conf/Unattend.xml", "packer/README"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ANSWERS, encoding="utf-8")

    run = player.tasks("localhost", json.loads(json.dumps(tasks).replace("/srv/", f"{tmp_path}/")))

    assert run.code == 0, run.output
    assert len(run.of("unattend_key")) == sum("unattend_key" in json.dumps(task) or "import_role" in json.dumps(task) for task in tasks)
    assert json.loads((tmp_path / "packer" / "avma.auto.pkrvars.json").read_text(encoding="utf-8")) == {"avma_key": AVMA_2022}


def test_filters_in_a_play(player: Player) -> None:
    machine = {"name": "web01", "guest": {"kind": "windows_server", "build": 20348, "sku": 8}}
    expected = {
        "key": "{{ '2022' | hyperv.avma.avma_key('Datacenter') }}",
        "of_machine": "{{ machine | hyperv.avma.avma_key }}",
        "supported": "{{ 2019 | hyperv.avma.avma_supported(machine) }}",
        "symbol": "{{ (-1073414910 | hyperv.avma.avma_error).symbol }}",
    }

    run = player.tasks("localhost", [{"name": "Ask", "ansible.builtin.debug": {"msg": expected}}], machine=machine)

    assert run.code == 0, run.output
    assert run.one("debug", "localhost")["msg"] == {
        "key": AVMA_2022,
        "of_machine": AVMA_2022,
        "supported": False,
        "symbol": "SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED",
    }


def test_a_filter_names_what_is_undefined(player: Player) -> None:
    run = player.tasks(
        "localhost", [{"name": "Ask", "ansible.builtin.debug": {"msg": "{{ nothing | hyperv.avma.avma_key('Datacenter') }}"}}]
    )

    assert run.code != 0
    assert "'nothing' is undefined" in run.output


@pytest.mark.parametrize("given", [{"key": None}, {"key": ""}, {"path": None, "key": AVMA_2022}, {"key": None, "state": None}], ids=str)
def test_null_removes_nothing(tmp_path: Path, player: Player, given: dict[str, Any]) -> None:
    path = tmp_path / "unattend.xml"
    path.write_text(ANSWERS, encoding="utf-8", newline="")
    assert player.module("unattend_key", "localhost", path=str(path), key=AVMA_2022).code == 0
    before = path.read_bytes()
    run = player.module("unattend_key", "localhost", **{"path": str(path), **given})
    assert run.code == 2, run.output
    assert path.read_bytes() == before
