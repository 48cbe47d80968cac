# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What licences say, where it is easily taken for something else; and numbers that Windows writes into a text alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .labs import Lab
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

DIRECTORY = {"channel": "Volume:GVLK", "status": "licensed", "activated_through": "active_directory"}
TWO = {"channel": "VT:IA", "status": "licensed", "second_channel": "Volume:GVLK", "second_licensed": True}
HOST = {"release": "2022", "edition": "datacenter"}


@pytest.fixture(scope="module", params=["code", "text"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """``text``: no fault has a number of its own for what WinRM does not know, a missing namespace among it."""
    with lab_of(
        service={"unknown_errors": request.param},
        hosts=[
            {"name": "hv01", **HOST, "vms": [{"name": "web01", "windows": {"release": "2022", "edition": "standard", "licence": TWO}}]},
            {"name": "ad01", **HOST, "licence": DIRECTORY},
            {"name": "low01", **HOST, "licence": {**DIRECTORY, "minutes": 20_000}},
            {"name": "kms01", **HOST, "licence": {**DIRECTORY, "activated_through": "kms", "minutes": 20_000}},
            {"name": "arc01", **HOST, "licence": {"channel": "Volume:MAK", "status": "licensed", "shown_channel": "PAYG"}},
            {"name": "plain01", **HOST, "hyperv": False},
            {"name": "gone01", **HOST, "hyperv": False, "hyperv_removed": True},
        ],
    ) as running:
        yield running


def test_what_hosts_say_of_their_own_licence(lab: Lab) -> None:
    run = lab.player().module("host_info", "hyperv_hosts")
    found = {task.host: {one["code"]: one for one in task.result["findings"]} for task in run.of("host_info")}
    ready = {task.host: task.result["host"]["avma"]["ready"] for task in run.of("host_info")}
    assert {host: sorted(codes) for host, codes in found.items()} == {
        "hv01": [],
        "ad01": ["HOST_ON_ACTIVE_DIRECTORY"],
        "low01": ["HOST_KMS_NOT_RENEWED", "HOST_ON_ACTIVE_DIRECTORY"],
        "kms01": ["HOST_KMS_NOT_RENEWED", "HOST_ON_KMS"],
        "arc01": ["HOST_LICENCE_OF_UNKNOWN_KIND"],
        "plain01": ["HOST_WITHOUT_HYPERV"],
        "gone01": ["HOST_WITHOUT_HYPERV"],
    }
    assert ready == {"hv01": True, "ad01": True, "low01": True, "kms01": True, "arc01": None, "plain01": False, "gone01": False}
    assert "1688" in found["kms01"]["HOST_KMS_NOT_RENEWED"]["remedy"]
    assert "1688" not in found["low01"]["HOST_KMS_NOT_RENEWED"]["remedy"]
    assert "domain controller" in found["low01"]["HOST_KMS_NOT_RENEWED"]["remedy"]
    licence = run.one("host_info", "ad01")["host"]["licence"]
    assert (licence["channel"], licence["volume_activation"]) == ("kms_client", "active_directory")


def test_a_guest_with_two_licensed_products_is_activated_by_avma(lab: Lab) -> None:
    before = lab.digest()
    run = lab.player().playbook("activate", limit="hv01,web01")
    assert run.outcomes() == {"web01": "already_activated"}
    info = lab.player().module("guest_info", "web01").one("guest_info", "web01")
    assert (info["guest"]["licence"]["channel"], info["guest"]["licence"]["licensed"]) == ("avma", True)
    assert lab.digest() == before


def test_a_machine_without_hyperv_has_no_machines(lab: Lab) -> None:
    run = lab.player().module("kvp_info", "plain01,gone01")
    assert {task.host: task.result["error"]["kind"] for task in run.of("kvp_info")} == dict.fromkeys(
        ("plain01", "gone01"), "namespace_missing"
    )
