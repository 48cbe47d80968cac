# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose Hyper-V needs longer than the operation timeout for an answer. The lab's time passes at once."""

from __future__ import annotations

import pytest

from .labs import NTLM, PSRP, Connection
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

WINDOWS = {"release": "2022", "edition": "standard"}
HOST = {"name": "hv01", "release": "2022", "edition": "datacenter", "vms": [{"name": f"web{n:02}", "windows": WINDOWS} for n in range(12)]}


@pytest.mark.parametrize("connection", [NTLM, PSRP], ids=str)
@pytest.mark.parametrize("service", [{"provider_seconds": 25.0}, {"provider_seconds": 90.0}, {"row_seconds": 3.0}], ids=str)
def test_a_slow_provider_is_asked_in_smaller_pages(connection: Connection, service: dict[str, float]) -> None:
    with lab_of(service=service, hosts=[HOST]) as lab:
        run = lab.player(connection).module("kvp_info", "hv01", items=False)
        result = run.one("kvp_info", "hv01")
        assert len(result.get("vms", ())) == 12, result


def test_a_provider_that_never_answers_in_time() -> None:
    with lab_of(service={"provider_seconds": 10_000.0}, hosts=[HOST]) as lab:
        result = lab.player().module("kvp_info", "hv01").one("kvp_info", "hv01")
        assert result["error"]["kind"] == "operation_timed_out"
        for variable in ("ansible_winrm_operation_timeout_sec", "ansible_winrm_read_timeout_sec", "ansible_psrp_read_timeout"):
            assert variable in result["msg"]
        open_requests = lab.actions()["hv01"]
        assert open_requests["Pull"] <= 30, open_requests
