# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of host_info, read back by a task on a guest."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_view import HostView, InvalidHostView, host_view
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

RESULT: dict[str, Any] = {
    "changed": False,
    "failed": False,
    "host": {
        "name": "HV01",
        "os": {"build": 20348, "release": "2022", "edition": "Datacenter", "sku": 8},
        "avma": {"ready": True, "can_activate": ["2022", "2019", "2016", "2012 R2"]},
    },
    "findings": [{"code": "HOST_IN_CLUSTER", "severity": "info"}, {"code": "HOST_ON_KMS", "severity": "info"}],
}


def with_os(**os: Any) -> dict[str, Any]:
    return {"host": {**RESULT["host"], "os": os}}


def test_a_registered_result_is_read() -> None:
    assert host_view(RESULT, PUBLISHED) == HostView("HV01", True, PUBLISHED.release_of(20348), False, ("HOST_IN_CLUSTER", "HOST_ON_KMS"))


@pytest.mark.parametrize(
    ("os", "build", "entitled"),
    [
        ({"build": 17763}, 17763, None),
        ({"release": "2019"}, 17763, None),
        ({}, 20348, None),  # what it can activate begins with its own release
        ({"build": 31000}, 20348, None),
        ({"build": 20348, "sku": 406}, None, True),
        ({"build": 20348, "edition": "Datacenter: Azure Edition"}, 20348, True),
        ({"build": 20348, "sku": 7}, 20348, False),
    ],
)
def test_what_is_missing_is_taken_from_what_is_there(os: dict[str, Any], build: int | None, entitled: bool | None) -> None:
    view = host_view(with_os(**os), PUBLISHED)
    assert (view.release.build if view.release else None, view.azure_entitled) == (build, entitled)


def test_a_host_that_could_not_be_judged_is_known_by_its_name() -> None:
    assert host_view({"unjudged": "hv03", "reason": "hv03: no answer. "}, PUBLISHED) == HostView(
        "hv03", None, None, problem="hv03: no answer"
    )
    assert host_view({"unjudged": "hv03"}, PUBLISHED).problem == "it could not be asked"
    with pytest.raises(InvalidHostView):
        host_view({"unjudged": " ", "reason": "x"}, PUBLISHED)


def test_readiness_may_be_unknown() -> None:
    assert host_view({"host": {"name": "HV01", "avma": {"ready": None}}}, PUBLISHED) == HostView("HV01", None, None)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "the value is not a dictionary"),
        ("HV01", "the value is not a dictionary"),
        ({}, "'host' is missing. Give the whole registered result"),
        ({"failed": True}, r"'host' is missing \(the task that it was registered from failed or was skipped\)"),
        ({"host": "HV01"}, "'host' is not a dictionary"),
        ({"host": {"name": "HV01"}}, "'host.avma' is not a dictionary"),
        ({"host": {"name": "HV01", "avma": {}}}, "'host.avma.ready' is missing"),
        ({"host": {"name": "HV01", "avma": {"ready": "yes"}}}, "'host.avma.ready' is neither true, false nor null"),
        ({"host": {"avma": {"ready": True}}}, "'host.name' is missing"),
    ],
)
def test_what_is_no_such_result_is_told_by_what_is_missing(value: object, message: str) -> None:
    with pytest.raises(InvalidHostView, match=message):
        host_view(value, PUBLISHED)


@pytest.mark.parametrize("findings", [None, "HOST_ON_KMS", [None, {}, {"code": ""}, "x"]])
def test_odd_findings_are_passed_over(findings: object) -> None:
    assert host_view({**RESULT, "findings": findings}, PUBLISHED).findings == ()
