# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is not ready is reported, and fails only where that is asked for."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import FakeHost

STANDARD, DATACENTER, UNHEARD_OF = 7, 8, 9999


def host(sku: int) -> FakeHost:
    made = FakeHost()
    made.os["OperatingSystemSKU"] = sku
    return made


@pytest.mark.parametrize(("sku", "ready"), [(DATACENTER, True), (STANDARD, False), (UNHEARD_OF, None)])
def test_any_host_is_reported(sku: int, ready: bool | None) -> None:
    result = play("host_info", host(sku)).result
    assert result["host"]["avma"]["ready"] is ready
    assert "failed" not in result


def test_ready_host_does_not_fail() -> None:
    assert "failed" not in play("host_info", host(DATACENTER), require_ready=True).result


@pytest.mark.parametrize(
    ("sku", "said"),
    [
        (STANDARD, "hv01 cannot activate guests: the host runs Standard; only Windows Server Datacenter activates guests. Move the guests"),
        (UNHEARD_OF, "hv01 may not be able to activate guests: the host reports the SKU 9999, which is not a known edition. Check with"),
    ],
)
def test_host_that_is_required_to_be_ready_fails_with_cause_and_remedy(sku: int, said: str) -> None:
    result = play("host_info", host(sku), require_ready=True, query="host.name").result
    assert result["failed"] is True
    assert result["msg"].startswith(said)
    assert result["host"]["name"] == "HV01", "what was read is there to be looked at, whatever the query"
