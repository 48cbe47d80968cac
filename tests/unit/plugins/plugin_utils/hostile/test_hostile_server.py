# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a machine answers in WinRM's place: it ends in time, in little memory, by an error that says what it was, and reaches nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import ansible
import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils import _wsman
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.hostile import client
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.hostile.server import BEHAVIOURS, Asked, HostileServer

pytest.importorskip("winrm")
pytest.importorskip("pypsrp")
if "ansible_forked" in os.environ.get("PYTEST_PLUGINS", ""):
    pytest.skip("ansible-test forks for each test, so each would ask all servers: make tests runs these", allow_module_level=True)

LIBRARIES = ("pywinrm", "pypsrp")
CASES = [f"{library} {name}" for library in LIBRARIES for name in sorted(BEHAVIOURS)]
MOST_SECONDS = 2 * client.READ_TIMEOUT + 10
MOST_MEGABYTES = 200

Outcome = dict[str, object]

# The folder that holds ansible_collections, and that of Ansible: with ansible-test the interpreter alone would not find it.
FOLDERS = (str(Path(next(iter(_wsman.__path__))).parents[5]), str(Path(ansible.__file__).parents[1]))


@pytest.fixture(scope="module")
def canary() -> Iterator[HostileServer]:
    """A machine that nobody was told to speak to."""

    def hear(asked: Asked, wire: object) -> None:
        raise ConnectionError

    server = HostileServer(hear)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def outcomes(canary: HostileServer) -> Iterator[dict[str, Outcome]]:
    servers = []
    lines = []
    for case in CASES:
        library, _blank, name = case.partition(" ")
        behaviour = BEHAVIOURS[name](f"127.0.0.1:{canary.port}")
        servers.append(HostileServer(behaviour.answer))
        lines.append(f"{library} {name} {behaviour.auth} {servers[-1].port}")
    done = subprocess.run(
        [sys.executable, client.__file__],
        input="\n".join(lines),
        env={"PYTHONPATH": os.pathsep.join(FOLDERS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    yield {found["case"]: found for found in map(json.loads, done.stdout.splitlines())}
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("case", CASES)
def test_what_comes_of_it(outcomes: dict[str, Outcome], case: str) -> None:
    outcome = outcomes[case]
    assert outcome["error"] in BEHAVIOURS[case.partition(" ")[2]].expected, outcome
    assert outcome["kind"] != "error"
    assert "correct-horse" not in str(outcome["text"])
    assert float(str(outcome["seconds"])) < MOST_SECONDS
    assert int(str(outcome["megabytes"])) < MOST_MEGABYTES


def test_nothing_reaches_another_machine(outcomes: dict[str, Outcome], canary: HostileServer) -> None:
    assert len(outcomes) == len(CASES)
    assert canary.connections == 0
