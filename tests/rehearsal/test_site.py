# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenario ``site`` against a lab that stands for a user's own machines: it changes what it is asked to change."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from e2e.labs import Lab
from e2e.playing import COLLECTIONS, ROOT
from e2e.scenario_files import lab_of

MOLECULE = Path(sys.executable).parent / "molecule"
_TIMEOUT = 240  # seconds
STALE = {"AvmaHost": "HV01", "DeployedBy": "image"}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    windows = {"release": "2022", "edition": "standard"}
    with lab_of(
        hosts=[
            {
                "name": "hv01",
                "release": "2022",
                "edition": "datacenter",
                "vms": [
                    {"name": "web01", "windows": {**windows, "licence": {"channel": "none"}}},
                    {
                        "name": "former01",
                        "windows": {**windows, "licence": {"channel": "Volume:GVLK", "status": "licensed"}, "guest_items": STALE},
                    },
                ],
            }
        ]
    ) as lab:
        yield lab


def site(lab: Lab, folder: Path, changes: str = "") -> tuple[int, str]:
    """Exit status and output of ``molecule test --scenario-name site`` with the lab's inventory."""
    inventory = folder / "inventory.yml"
    inventory.write_text(yaml.safe_dump(lab.get("/inventory")), encoding="utf-8")
    done = subprocess.run(
        [str(MOLECULE), "test", "--scenario-name", "site"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MOLECULE_", "PYTHON"))},
            "PATH": f"{MOLECULE.parent}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "AVMA_SITE_INVENTORY": str(inventory),
            "AVMA_SITE_CHANGES": changes,
            "NO_COLOR": "1",
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout + done.stderr


def test_nothing_is_changed_unasked(lab: Lab, tmp_path: Path) -> None:
    before = lab.digest()
    status, output = site(lab, tmp_path)

    assert status == 0, output
    assert lab.digest() == before
    assert "web01: unlicensed" in output or "web01: no key" in output
    assert "78VHK" in output, "it says what would be done"
    assert "former01: left AvmaHost" in output


def test_what_is_asked_for_is_done(lab: Lab, tmp_path: Path) -> None:
    status, output = site(lab, tmp_path, "activate,retire")

    assert status == 0, output
    assert lab.machine("web01")["licence"]["channel"] == "VT:IA"
    assert lab.machine("former01")["licence"]["channel"] == "Volume:GVLK", "a licensed key of another channel stays"
    assert lab.vm("former01")["guest_items"] == {"DeployedBy": "image"}


def test_a_word_that_it_does_not_know_ends_it_before_a_machine_is_asked(lab: Lab, tmp_path: Path) -> None:
    lab.reset_counters()
    # after earlier runs, of which Molecule remembers what it need not do again
    status, output = site(lab, tmp_path, "activete")

    assert status != 0
    assert "AVMA_SITE_CHANGES may say activate, retire or both" in output
    assert lab.get("/counters") == {}
