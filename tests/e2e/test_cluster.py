# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on a failover cluster, made in the one task of one of its nodes."""

from __future__ import annotations

import copy
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .labs import CONNECTIONS, NTLM, Connection, Lab, running_lab
from .playing import Player, Run
from .scenario_files import ADMINISTRATOR, lab_of

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def process() -> Iterator[Lab]:
    with lab_of(
        domain="lab.example.com",
        clusters=[
            {"name": "clu01", "nodes": ["hv01", "hv02"]},
            {"name": "mixed", "nodes": ["new01", "old01"]},
            {"name": "part", "nodes": ["dc01", "std01"]},
        ],
        hosts=[
            {"name": "hv01", "release": "2022", "edition": "datacenter"},
            {"name": "hv02", "release": "2022", "edition": "datacenter", "language": "de-DE"},
            {
                "name": "new01",
                "release": "2022",
                "edition": "datacenter",
                "vms": [
                    {"name": "web22", "windows": {"release": "2022", "edition": "standard", "licence": {"channel": "none"}}},
                    {"name": "web19", "windows": {"release": "2019", "edition": "standard", "licence": {"channel": "none"}}},
                ],
            },
            {"name": "old01", "release": "2019", "edition": "datacenter"},
            {
                "name": "dc01",
                "release": "2022",
                "edition": "datacenter",
                "vms": [{"name": "app22", "windows": {"release": "2022", "edition": "standard", "licence": {"channel": "none"}}}],
            },
            {"name": "std01", "release": "2022", "edition": "standard", "licence": {"channel": "Retail", "status": "licensed"}},
            {"name": "alone", "release": "2022", "edition": "datacenter"},
        ],
    ) as lab:
        yield lab


@pytest.fixture
def lab(process: Lab) -> Lab:
    process.reset()
    return process


def asked(lab: Lab, host: str, connection: Connection = NTLM, **options: Any) -> tuple[Run, dict[str, Any]]:
    run = lab.player(connection).module("host_info", host, cluster_nodes=True, **options)
    return run, run.one("host_info", host)


def verdict(result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = result["host"]["cluster"]["verdict"]
    return found


def codes(result: dict[str, Any]) -> list[str]:
    return [found["code"] for found in result["findings"]]


@pytest.mark.parametrize("connection", CONNECTIONS, ids=str)
def test_two_nodes_in_one_task_and_three_requests_more(lab: Lab, connection: Connection) -> None:
    run, result = asked(lab, "hv01", connection)
    assert [(task.host, task.action) for task in run.tasks] == [("hv01", "hyperv.avma.host_info")]
    assert (verdict(result)["ready"], verdict(result)["effective_release"]) == (True, "2022")
    assert [(node["name"], node["reachable"], node["ready"]) for node in verdict(result)["nodes"]] == [
        ("HV01", True, True),
        ("HV02", True, True),
    ]
    assert 0 < lab.requests("hv01") <= 8, lab.actions()
    assert lab.requests("hv02") == 3, lab.actions()
    assert set(lab.actions()) == {"hv01", "hv02"}


def test_nodes_are_left_alone_unless_asked_for(lab: Lab) -> None:
    result = lab.player().module("host_info", "new01").one("host_info", "new01")
    assert set(lab.actions()) == {"new01"}
    assert verdict(result) == {"asked": False, "ready": None, "effective_release": "2019", "nodes": []}


def test_host_without_cluster_has_no_verdict(lab: Lab) -> None:
    _run, result = asked(lab, "alone")
    assert result["host"]["cluster"] == {"member": False, "name": None, "nodes": [], "verdict": None}


def test_node_that_is_down_leaves_the_verdict_open_and_is_not_asked(lab: Lab) -> None:
    lab.arrange("node_state", host="hv02", state="down")
    run, result = asked(lab, "hv01", require_ready=True)
    assert verdict(result)["ready"] is None
    assert verdict(result)["effective_release"] == "2022", "the cluster knows the release of a node that is down"
    assert verdict(result)["nodes"][1] == {
        "name": "HV02",
        "state": "down",
        "reachable": None,
        "ready": None,
        "release": "2022",
        "edition": None,
        "problem": "the cluster says that it is down",
        "findings": [],
    }
    assert "CLUSTER_NODE_DOWN" in codes(result)
    assert "hv02" not in lab.actions()
    assert run.of("host_info")[0].kind == "failed", "require_ready asks for a cluster that is known to be ready"
    assert "may not be able to" in result["msg"]


def test_node_that_does_not_answer_leaves_the_verdict_open(lab: Lab) -> None:
    player = lab.player()
    player.inventory = copy.deepcopy(player.inventory)
    player.inventory["all"]["children"]["hyperv_hosts"]["hosts"]["hv02"]["ansible_host"] = "127.0.0.1"  # nobody listens there
    result = player.module("host_info", "hv01", cluster_nodes=True).one("host_info", "hv01")
    node = verdict(result)["nodes"][1]
    assert (verdict(result)["ready"], node["reachable"], node["ready"]) == (None, False, None)
    assert "127.0.0.1" in node["problem"]
    assert "hv02" in node["problem"]
    assert "CLUSTER_NODE_NOT_ASKED" in codes(result)
    assert result["host"]["avma"]["ready"] is True, "the host itself is none the worse"


def test_node_that_only_the_host_names_gets_no_credentials(lab: Lab) -> None:
    player = lab.player()
    player.inventory = copy.deepcopy(player.inventory)
    for group in player.inventory["all"]["children"].values():
        group.get("hosts", {}).pop("hv02", None)
    result = player.module("host_info", "hv01", cluster_nodes=True).one("host_info", "hv01")
    node = verdict(result)["nodes"][1]
    assert (verdict(result)["ready"], node["reachable"]) == (None, None)
    assert "not in the inventory" in node["problem"]
    assert "hv02" not in lab.actions()
    # Where the user says so it is tried, by its name.
    result = player.module("host_info", "hv01", cluster_nodes=True, unlisted_nodes=True).one("host_info", "hv01")
    assert verdict(result)["nodes"][1]["reachable"] is not None


def test_machine_that_answers_in_place_of_a_node_is_not_counted(lab: Lab) -> None:
    player = lab.player()
    player.inventory = copy.deepcopy(player.inventory)
    hosts = player.inventory["all"]["children"]["hyperv_hosts"]["hosts"]
    hosts["hv02"]["ansible_host"] = hosts["alone"]["ansible_host"]
    result = player.module("host_info", "hv01", cluster_nodes=True).one("host_info", "hv01")
    assert verdict(result)["ready"] is None
    assert "CLUSTER_NODE_IS_ANOTHER" in codes(result)


def test_standard_node_makes_the_cluster_not_ready(lab: Lab) -> None:
    run, result = asked(lab, "dc01", require_ready=True)
    assert result["host"]["avma"]["ready"] is True
    assert verdict(result)["ready"] is False
    assert [found["code"] for found in verdict(result)["nodes"][1]["findings"]] == ["HOST_NOT_DATACENTER"]
    assert run.of("host_info")[0].kind == "failed"
    assert "STD01" in result["msg"]


def test_older_node_counts_for_the_cluster(lab: Lab) -> None:
    _run, result = asked(lab, "new01")
    assert (verdict(result)["ready"], verdict(result)["effective_release"]) == (True, "2019")
    assert "CLUSTER_NODE_OLDER" in codes(result)
    assert result["readiness"]["host"]["cluster"] == {
        "name": "mixed",
        "effective_release": "2019",
        "nodes": [{"name": "OLD01", "ready": True, "release": "2019"}],
    }


def test_credentials_of_a_node_come_from_the_inventory(lab: Lab) -> None:
    player = lab.player()
    player.inventory = copy.deepcopy(player.inventory)
    player.inventory["all"]["children"]["hyperv_hosts"]["hosts"]["hv02"]["ansible_password"] = "wrong"
    result = player.module("host_info", "hv01", cluster_nodes=True).one("host_info", "hv01")
    assert verdict(result)["nodes"][1]["reachable"] is False
    assert "authentication failed" in verdict(result)["nodes"][1]["problem"]


# guests


def test_guest_newer_than_another_node_is_refused_only_where_that_is_wished(lab: Lab) -> None:
    strict = lab.player().playbook("activate", avma_require_all_nodes=True, limit="new01,web22,web19")
    assert strict.outcomes() == {"web22": "refused", "web19": "activated"}
    assert "OLD01 runs Windows Server 2019" in strict.one("guest_key", "web22")["reason"]
    assert lab.machine("web22")["licence"]["channel"] != "VT:IA"

    run = lab.player().playbook("activate", limit="new01,web22,web19")
    assert run.outcomes() == {"web22": "activated", "web19": "already_activated"}
    assert codes(run.one("guest_key", "web22")) == ["CLUSTER_NODE_CANNOT_RENEW"]
    assert codes(run.one("guest_key", "web19")) == []

    # What the warning is about: on the older node the activation works on for a while, and is then not renewed.
    for name in ("web22", "web19"):
        lab.arrange("migrate", vm=name, host="old01")
    lab.post("/clock", {"advance_minutes": 8 * 24 * 60})
    assert lab.machine("web22")["licence"]["status"] != 1
    assert lab.machine("web19")["licence"]["status"] == 1


def test_guest_is_told_which_nodes_could_not_renew_it(lab: Lab) -> None:
    run = lab.player().playbook("activate", avma_cluster_nodes=True, limit="dc01,app22")
    result = run.one("guest_key", "app22")
    assert result["outcome"] == "activated"
    (found,) = [found for found in result["findings"] if found["code"] == "CLUSTER_NODE_CANNOT_RENEW"]
    assert "STD01 cannot activate guests" in found["cause"]


# kinds of connections

SECOND = {"name": "second", "password": "Lab-Second-Passw0rd!"}
WAYS = {
    "k01": Connection("winrm", "kerberos", "http"),
    "k02": Connection("winrm", "kerberos", "https"),
    "k03": Connection("psrp", "kerberos", "http"),
    "k04": Connection("winrm", "credssp", "http"),
    "k05": Connection("psrp", "ntlm", "https"),
    "k06": Connection("winrm", "kerberos", "http"),
}


@pytest.fixture
def realm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    programs = ["kinit", "krb5kdc", "kadmin.local", "kdb5_util"]
    missing = [name for name in programs if shutil.which(name) is None and not Path("/usr/sbin", name).exists()]
    missing += [f"Python package {name}" for name in ("gssapi", "krb5", "kerberos") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"Kerberos: not installed: {', '.join(missing)}")
    described = {
        "name": "realm",
        "domain": "corp.example.com",
        "service": {"authentication": ["basic", "negotiate", "kerberos", "credssp"]},
        # Who comes with the other's ticket is refused.
        "accounts": [{**ADMINISTRATOR, "machines": [name for name in WAYS if name != "k06"]}, {**SECOND, "machines": ["k06"]}],
        "clusters": [{"name": "clu01", "nodes": list(WAYS)}],
        "hosts": [{"name": name, "release": "2022", "edition": "datacenter"} for name in WAYS],
    }
    path = tmp_path / "scenario.yml"
    path.write_text(yaml.safe_dump(described), encoding="utf-8")
    with running_lab(str(path), "--kerberos") as lab:
        monkeypatch.setenv("KRB5_CONFIG", lab.get("/status")["krb5_config"])
        monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'cache'}")
        yield lab


@pytest.mark.parametrize("asked_first", ["k01", "k03", "k05"])
def test_each_node_by_its_own_kind_of_connection_and_its_own_user(realm: Lab, asked_first: str) -> None:
    """Tickets of several users too, which a process can only have one after the other."""
    hosts: dict[str, Any] = {}
    for name, way in WAYS.items():
        everything = realm.player(way).inventory["all"]
        hosts[name] = {**everything["vars"], **everything["children"]["hyperv_hosts"]["hosts"][name]}
    hosts["k06"].update(ansible_user=f"{SECOND['name']}@CORP.EXAMPLE.COM", ansible_password=SECOND["password"])
    player = Player({"all": {"children": {"hyperv_hosts": {"hosts": hosts}}}})
    run = player.module("host_info", asked_first, cluster_nodes=True)
    result = run.one("host_info", asked_first)
    assert verdict(result)["ready"] is True, verdict(result)
    assert ADMINISTRATOR["password"] not in run.output


# a full cluster


def test_sixty_four_nodes_with_one_down_one_standard_and_one_older() -> None:
    names = [f"n{number:02}" for number in range(1, 65)]
    hosts: list[dict[str, Any]] = [{"name": name, "release": "2022", "edition": "datacenter"} for name in names]
    with lab_of(domain="lab.example.com", clusters=[{"name": "full", "nodes": names}], hosts=hosts) as lab:
        run = lab.player().module("host_info", "n33", cluster_nodes=True)
        result = run.one("host_info", "n33")
        assert verdict(result)["ready"] is True, [node for node in verdict(result)["nodes"] if not node["ready"]]
        assert len(verdict(result)["nodes"]) == 64
        assert len(run.tasks) == 1
        requests = {name: lab.requests(name) for name in names if name != "n33"}
        assert set(requests.values()) == {3}, requests
    hosts[5].update(node_state="down")
    hosts[6].update(edition="standard", licence={"channel": "Retail", "status": "licensed"})
    hosts[7].update(release="2016")
    with lab_of(domain="lab.example.com", clusters=[{"name": "full", "nodes": names}], hosts=hosts) as lab:
        result = lab.player().module("host_info", "n01", cluster_nodes=True).one("host_info", "n01")
        assert (verdict(result)["ready"], verdict(result)["effective_release"]) == (False, "2016")
        assert sorted(set(codes(result))) == ["CLUSTER_NODE_DOWN", "CLUSTER_NODE_NOT_READY", "CLUSTER_NODE_OLDER", "HOST_IN_CLUSTER"]
        assert [node["name"] for node in verdict(result)["nodes"] if node["ready"] is not True] == ["N06", "N07"]
