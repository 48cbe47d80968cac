# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is printed at the end of a run."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import Played, play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import FakeGuest
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_host import FakeHost, FakeVm

WEB = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"
TENANT = "0F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D12"


def variables(tenant_name: str = "linux01") -> dict[str, Any]:
    """As a run of the playbook leaves them, made by the actions themselves."""
    host = FakeHost(FakeVm(WEB, "web01"), FakeVm(TENANT, tenant_name, intrinsic={"OSName": "Ubuntu"}))
    evaluation = FakeGuest()
    evaluation.os.update(OperatingSystemSKU=79, CSName="EVAL01")
    return {
        "groups": {"guests": ["web01", "eval01", "gone01"], "hyperv_hosts": ["hv01"]},
        "hostvars": {
            "web01": {"activate_result": play("guest_key", FakeGuest(), machine="web01").result},
            "eval01": {"activate_result": play("guest_key", evaluation, machine="eval01").result},
            "hv01": {"host_result": play("host_info", host).result, "host_vms": play("kvp_info", host).result},
        },
    }


def summary(found: dict[str, Any] | None = None, **options: Any) -> Played:
    return play("summary", variables=found or variables(), machine="localhost", **options)


def test_every_guest_and_host_has_its_row() -> None:
    played = summary()
    assert played.result["changed"] is False
    assert [(row["guest"], row["outcome"], row["managed"]) for row in played.result["rows"]] == [
        ("web01", "activated", True),
        ("eval01", "refused", True),
        ("gone01", "not_run", True),
        ("linux01", "not_eligible", False),
    ]
    assert played.result["counts"] == {"activated": 1, "refused": 1, "not_run": 1}
    assert [(row["host"], row["ready"], row["vms"]) for row in played.result["hosts"]] == [("hv01", True, 2)]
    assert played.result["stats"] == {
        "check": False,
        "hosts": {"total": 1, "ready": 1, "not_ready": 0, "unknown": 0},
        "guests": {"total": 3, "activated": 1, "refused": 1, "not_run": 1},
        "other_vms": {"not_eligible": 1},
        "deferred": 1,
        "deferred_limit": "gone01",
    }
    assert played.opened == 0


def test_table_counts_and_remedies_are_printed() -> None:
    printed = "\n".join(summary().printed)
    assert "web01" in printed
    assert "Guests: 1 activated, 1 not_run, 1 refused." in printed
    assert "(not_eligible)" in printed
    assert "NEEDS ATTENTION" in printed
    assert "A domain controller cannot be converted." in printed


def test_where_only_hosts_were_asked_nothing_is_said_of_the_inventory() -> None:
    """As validate.yml does: its table must not call the guests of the inventory strangers."""
    printed = "\n".join(summary(guests=[]).printed)
    assert "In brackets: what the hosts say of their 2 virtual machines. No guest was asked." in printed
    assert "seen from its host only" in printed
    assert "inventory" not in printed


def test_only_what_needs_attention_of_many_rows() -> None:
    played = summary(max_rows=2)
    printed = "\n".join(played.printed)
    assert "4 rows: only those that need attention are shown" in printed
    assert not any(line.startswith("web01") for line in played.printed)
    assert any(line.startswith("eval01") for line in played.printed)
    assert len(played.result["rows"]) == 4


def test_chosen_guests_and_variables() -> None:
    found = variables()
    found["hostvars"]["web01"] = {"other": found["hostvars"]["web01"]["activate_result"], "avma_vm_id": WEB}
    result = summary(found, guests=["web01"], hosts=[], guest_variable="other").result
    assert [(row["guest"], row["outcome"]) for row in result["rows"]] == [("web01", "activated")]
    assert result["hosts"] == []


def test_inventory_without_groups() -> None:
    played = play("summary", variables={}, machine="localhost")
    assert (played.result["rows"], played.result["hosts"], played.result["counts"]) == ([], [], {})


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\nb\nGuests: 99 activated.", "\u202eevil", "\u2066x\u2069", "tab\tbed", "\ud800"])
def test_name_of_a_tenant_gives_the_terminal_no_orders(name: str) -> None:
    found = variables()
    found["hostvars"]["hv01"]["host_vms"]["vms"][1]["name"] = name
    lines = summary(found).printed
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for line in lines for character in line)
    assert not any(line.startswith("Guests: 99") for line in lines)
