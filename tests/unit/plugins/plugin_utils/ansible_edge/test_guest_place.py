# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On which host a guest is looked for, and by what it is known."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.guest_place import GuestPlaces, HostPlace, places_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.findings import Finding

WEB, SQL = "11111111-2222-3333-4444-555555555555", "AAAAAAAA-2222-3333-4444-555555555555"


def vm(identifier: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": identifier, "name": name, **more}


def host(*vms: dict[str, Any], cluster: str | None = None, build: int | None = 20348) -> dict[str, Any]:
    found = {"name": "X", "os": {"build": build}, "cluster": {"name": cluster} if cluster else None}
    return {"host_result": {"host": found}, "host_vms": {"vms": list(vms)}}


def variables(hosts: dict[str, dict[str, Any]], **own: Any) -> dict[str, Any]:
    return {"groups": {"hyperv_hosts": list(hosts), "all": list(hosts)}, "hostvars": hosts, **own}


def places(found: GuestPlaces | Finding) -> tuple[str, list[str]]:
    assert isinstance(found, GuestPlaces)
    return found.vm, [place.name for place in found.hosts]


def code(found: GuestPlaces | Finding) -> str:
    assert isinstance(found, Finding)
    return found.code


@pytest.mark.parametrize("guest", ["web01", "WEB01", "web01.corp.example"])
def test_by_the_name_that_the_host_gave_it(guest: str) -> None:
    known = variables({"hv01": host(vm(SQL, "sql01")), "hv02": host(vm(WEB, "web01"))})
    assert places(places_of(known, guest, None, [])) == (WEB, ["hv02"])


def test_what_a_guest_claims_to_be_does_not_count() -> None:
    thief = vm(SQL, "tenant-b", guest={"fqdn": "web01.corp.example"}, kvp={"intrinsic": {"FullyQualifiedDomainName": "web01"}})
    assert code(places_of(variables({"hv01": host(thief)}), "web01", None, [])) == "DIRECT_HOST_UNKNOWN"


@pytest.mark.parametrize("wanted", ["A-SQL", SQL, SQL.lower(), "{" + SQL + "}"])
def test_by_what_the_user_calls_it(wanted: str) -> None:
    known = variables({"hv01": host(vm(WEB, "web01"), vm(SQL, "a-sql"))})
    assert places(places_of(known, "web01", wanted, [])) == (SQL, ["hv01"])


def test_where_the_id_is_known_a_name_does_not_count() -> None:
    known = variables({"hv01": host(vm(SQL, "web01"))}, avma_vm_id=WEB)
    assert code(places_of(known, "web01", None, [])) == "DIRECT_HOST_UNKNOWN"


def test_a_short_name_that_two_guests_share_belongs_to_neither() -> None:
    known = variables({"hv01": host(vm(WEB, "web01"))})
    known["groups"]["all"] += ["web01.a.example", "WEB01.b.example"]
    for guest in ("web01.a.example", "WEB01.b.example"):
        assert code(places_of(known, guest, None, [])) == "DIRECT_HOST_UNKNOWN", "the password of one would go to the other"
    assert places(places_of(known, "web01.a.example", "web01", [])) == (WEB, ["hv01"]), "unless the user says which it is"


@pytest.mark.parametrize(("guest", "name"), [("10.0.0.5", "10"), ("fd00::5.6.7.8", "fd00::5")])
def test_the_first_part_of_an_address_is_no_name(guest: str, name: str) -> None:
    assert code(places_of(variables({"hv01": host(vm(SQL, name))}), guest, None, [])) == "DIRECT_HOST_UNKNOWN"


@pytest.mark.parametrize("own", [{"avma_vm_id": WEB}, {}])
def test_an_id_is_looked_for_among_ids_only(own: dict[str, Any]) -> None:
    thief = variables({"hv01": host(vm(SQL, WEB))}, **own)
    assert code(places_of(thief, "web01", None if own else WEB, [])) == "DIRECT_HOST_UNKNOWN"


def test_where_the_machine_s_name_is_known_the_guest_s_does_not_count() -> None:
    known = variables({"hv01": host(vm(SQL, "web01"))}, avma_vm_name="a-web01")
    assert code(places_of(known, "web01", None, [])) == "DIRECT_HOST_UNKNOWN"


def test_two_machines_of_one_name_are_not_guessed_at() -> None:
    known = variables({"hv01": host(vm(WEB, "web01")), "hv02": host(vm(SQL, "Web01"))})
    found = places_of(known, "web01", None, [])
    assert code(found) == "DIRECT_VM_AMBIGUOUS"
    assert isinstance(found, Finding)
    assert "hv01, hv02" in found.cause


def test_the_nodes_of_its_cluster_follow_for_it_may_have_moved() -> None:
    known = variables(
        {
            "hv01": host(cluster="clu01"),
            "hv02": host(vm(WEB, "web01"), cluster="clu01", build=17763),
            "hv03": host(cluster="clu02"),
            "hv04": host(),
        }
    )
    found = places_of(known, "web01", None, [])
    assert found == GuestPlaces(WEB, (HostPlace("hv02", 17763), HostPlace("hv01", 20348)))


def test_a_replica_is_the_same_machine() -> None:
    known = variables({"hv01": host(vm(WEB, "web01")), "hv02": host(vm(WEB, "web01"))})
    assert places(places_of(known, "web01", None, [])) == (WEB, ["hv01", "hv02"])


def test_the_inventory_plugin_knows_without_a_survey() -> None:
    known = variables({"hv01": {}}, avma_vm_id=WEB, avma_vm_name="web01", avma_vm_host="hv01")
    assert places_of(known, "guest-7", None, []) == GuestPlaces(WEB, (HostPlace("hv01", None),))


def test_only_the_hosts_to_consider_are_looked_at() -> None:
    known = variables({"hv01": host(vm(WEB, "web01")), "other": host(vm(SQL, "web01"))})
    known["groups"] = {"all": ["hv01", "other"]}
    assert code(places_of(known, "web01", None, [])) == "DIRECT_HOST_UNKNOWN"
    assert places(places_of(known, "web01", None, ["hv01"])) == (WEB, ["hv01"])


@pytest.mark.parametrize(
    "damage", [{}, {"host_vms": None}, {"host_vms": {"vms": "none"}}, {"host_result": "failed", "host_vms": {"vms": [1]}}]
)
def test_hosts_without_a_result_are_passed_over(damage: dict[str, Any]) -> None:
    known = variables({"hv01": damage, "hv02": host(vm(WEB, "web01"))})
    assert places(places_of(known, "web01", None, [])) == (WEB, ["hv02"])
