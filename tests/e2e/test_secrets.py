# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No password and no key outside Microsoft's public table in any output, at any verbosity."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .labs import BASIC, NTLM, PSRP, Connection, Lab
from .playing import Run
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

PASSWORD = "Geheim-Wort-4711!"
# Well-formed, published nowhere. The lab knows the first as a MAK of this release, and has never seen the second.
KNOWN_KEY = "NK7M4-Q2W9R-H6T3V-B8Y4X-J2C6P"
UNKNOWN_KEY = "PK9D3-V7F2G-M4H8J-R6Q2T-W3X9B"
SECRETS = (PASSWORD, KNOWN_KEY, UNKNOWN_KEY, KNOWN_KEY.replace("-", ""), UNKNOWN_KEY[:-6], KNOWN_KEY[:-6])


@pytest.fixture(scope="module")
def lab_process() -> Iterator[Lab]:
    vms = [{"name": name, "windows": {"release": "2022", "edition": "standard"}} for name in ("web01", "web02", "web03")]
    with lab_of(
        accounts=[{"name": "Administrator", "password": PASSWORD}],
        keys=[{"key": KNOWN_KEY, "channel": "Volume:MAK", "release": "2022", "edition": "standard", "activations": 5}],
        hosts=[{"name": "hv01", "release": "2022", "edition": "datacenter", "vms": vms}],
    ) as lab:
        yield lab


def leaks(run: Run) -> list[str]:
    """Secrets in what was printed or returned."""
    everything = run.output + repr(run.tasks)
    return [secret for secret in SECRETS if secret.lower() in everything.lower()]


@pytest.mark.parametrize("connection", [NTLM, BASIC, PSRP], ids=str)
@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_nothing_secret_is_shown(lab_process: Lab, connection: Connection, check: bool) -> None:
    lab_process.reset()
    player = lab_process.player(connection)
    tasks = [
        {"hyperv.avma.guest_key": {"key": "{{ keys[inventory_hostname] | default(omit) }}", "wait": 5}, "ignore_errors": True},
        {"hyperv.avma.guest_info": {}},
    ]
    run = player.tasks("guests", tasks, check=check, diff=True, verbosity=4, keys={"web01": KNOWN_KEY, "web02": UNKNOWN_KEY})
    outcomes = run.outcomes()
    assert outcomes["web03"] == "activated", run.output
    assert leaks(run) == []
    # What may be shown is: the last five characters, and published keys.
    assert "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK" in repr(run.one("guest_key", "web03"))


def test_a_key_with_a_typing_error_is_still_a_secret(lab_process: Lab) -> None:
    run = lab_process.player().tasks("web01", [{"hyperv.avma.guest_key": {"key": KNOWN_KEY[:-1]}}], verbosity=4)
    assert run.of("guest_key")[0].kind == "failed"
    assert KNOWN_KEY[:-1] not in run.output + repr(run.tasks)


def test_wrong_password_is_not_shown_either(lab_process: Lab) -> None:
    player = lab_process.player()
    player.inventory["all"]["vars"]["ansible_password"] = UNKNOWN_KEY
    run = player.tasks("web01", [{"hyperv.avma.guest_info": {}}], verbosity=4)
    assert run.of("guest_info")[0].kind == "unreachable"
    assert leaks(run) == []
