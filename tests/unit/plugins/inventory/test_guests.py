# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin: what becomes of hosts, machines and options. Against a lab it runs in tests/e2e."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleParserError

from ansible_collections.hyperv.avma.plugins.inventory import guests
from ansible_collections.hyperv.avma.tests.unit.plugins.inventory.sources import CONNECTION, Fleet, Source, members, options, variables, vm

EVIL = "{{ lookup('ansible.builtin.pipe', 'id') }}"


class Made:
    """Makes a source with a fleet, and keeps what it warned of."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.warnings: list[str] = []
        self._folder = folder
        self._monkeypatch = monkeypatch

    def __call__(self, **hosts: Any) -> Source:
        fleet = Fleet(hosts)
        self._monkeypatch.setattr(guests, "ask_hosts", fleet.ask)
        return Source(self._folder / "fleet.avma.yml", fleet, self.warnings.append)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    return Made(tmp_path, monkeypatch)


# files


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("avma.yml", True),
        ("fleet.avma.yaml", True),
        ("20-guests.yml", True),
        ("guests.yaml", True),
        ("hosts.yml", False),
        ("avma.ini", False),
    ],
)
def test_files_are_known_by_the_ends_of_their_names(tmp_path: Path, name: str, wanted: bool) -> None:
    (tmp_path / name).touch()
    assert guests.InventoryModule().verify_file(str(tmp_path / name)) is wanted
    assert not guests.InventoryModule().verify_file(str(tmp_path / "no.avma.yml"))


def test_the_example_works(made: Made) -> None:
    example = yaml.safe_load(guests.EXAMPLES)
    assert example["plugin"] == "hyperv.avma.guests"
    assert set(example) <= set(options())
    source = made(**{"hv01.corp.example": [vm("web01"), vm("template-2022")], "hv02.corp.example": []})
    # a folder of whoever runs the tests
    for option in ("plugin", "cache", "cache_plugin", "cache_connection"):
        del example[option]
    inventory = source.read(**example)
    assert members(inventory, "guests") == ["web01.corp.example"]
    assert members(inventory, "os_2022") == ["web01.corp.example"]
    assert members(inventory, "host_hv01_corp_example") == ["web01.corp.example"]
    assert variables(inventory, "web01.corp.example")["site"] == "CL1"
    assert len(made.warnings) == 1
    assert "no virtual machine of: hv02.corp.example. Either there is none" in made.warnings[0]


GUIDE = Path(__file__).parents[4] / "docs" / "inventory.md"
GUIDES_SOURCES = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("text", GUIDES_SOURCES, ids=lambda text: text.partition("\n")[0])
def test_sources_of_the_guide_work(made: Made, text: str) -> None:
    described = yaml.safe_load(text)
    assert set(described) <= set(options())
    source = made(**{f"hv{number:02}.corp.example": [vm(f"prod-{number}")] for number in range(1, 17)})
    source.fleet.hosts["hv01.corp.example"] = [vm("prod-1"), vm("test-1")]
    for group in described.get("hosts_from", ()):
        source.inventory.add_group(group)
        for host in source.fleet.hosts:
            source.inventory.add_host(host, group=group)
    described.setdefault("host_variables", {"ansible_connection": "winrm"})
    inventory = source.read(**{name: value for name, value in described.items() if name != "plugin"})
    assert {f"prod-{number}.corp.example" for number in range(1, 17)} <= set(members(inventory, "guests"))
    assert ("test-1.corp.example" in inventory.hosts) is ("filters" not in described)
    assert made.warnings == []


# hosts and groups


def test_hosts_clusters_and_machines(made: Made) -> None:
    inventory = made(hv01=[vm("web01"), vm("off01", state=3)], hv02=[vm("spare01", state=3)]).read(
        guest_variables={"ansible_connection": "psrp"}
    )
    assert members(inventory, "hyperv_hosts") == ["hv01", "hv02"]
    assert members(inventory, "hyperv_cluster_CL1") == ["hv01", "hv02"]
    assert members(inventory, "hyperv_clusters") == ["hv01", "hv02"]
    assert members(inventory, "hyperv_vms") == ["off01", "spare01", "web01.corp.example"]
    assert members(inventory, "guests") == ["web01.corp.example"]
    assert inventory.groups["guests"].vars == {"ansible_connection": "psrp"}
    host = variables(inventory, "hv01")
    assert host["avma_host_info"]["host"]["avma"]["ready"] is True
    assert host["avma_cluster"] == "CL1"
    found = variables(inventory, "web01.corp.example")
    assert found["avma_vm"]["guest"]["release"] == "2022"
    assert (found["avma_vm_name"], found["avma_vm_host"], found["avma_cluster"]) == ("web01", "hv01", "CL1")
    assert found["avma_vm_id"] == found["avma_vm"]["id"]
    assert made.warnings == []


def test_a_host_that_does_not_answer_is_told_and_the_others_are_there(made: Made) -> None:
    inventory = made(hv01=[vm("web01")], hv02=None).read()
    assert members(inventory, "hyperv_hosts_failed") == ["hv02"]
    assert members(inventory, "guests") == ["web01.corp.example"]
    assert variables(inventory, "hv02")["avma_host_error"]["msg"] == "hv02: gone. Start it."
    assert made.warnings == ["The virtual machines of a host are not in the inventory. hv02: gone. Start it."]


def test_with_host_failure_error_nothing_is_left_behind(made: Made) -> None:
    source = made(hv01=[vm("web01")], hv02=None)
    source.inventory.add_host("earlier")
    with pytest.raises(AnsibleError, match="1 of 2 Hyper-V hosts could not be asked: hv02: gone"):
        source.read(host_failure="error")
    assert list(source.inventory.hosts) == ["earlier"]


def test_hosts_of_an_earlier_source_are_asked_with_the_variables_that_they_have_there(made: Made) -> None:
    source = made(hv01=[vm("web01")])
    source.inventory.add_group("site")
    source.inventory.set_variable("all", "ansible_connection", "winrm")
    source.inventory.set_variable("site", "ansible_user", "site-admin")
    source.inventory.add_host("hv01", group="site")
    source.inventory.set_variable("hv01", "ansible_port", 5985)
    inventory = source.read(hosts_from=["site"], host_variables={})
    connection = source.fleet.asked["hv01"]
    assert (connection.get_option("remote_user"), connection.get_option("port")) == ("site-admin", 5985)
    assert members(inventory, "hyperv_hosts") == ["hv01"]


def test_group_vars_beside_the_source_count_and_the_host_s_own_count_more(made: Made) -> None:
    source = made(hv01=[], hv02=[])
    folder = source.path.parent / "group_vars"
    folder.mkdir()
    (folder / "hyperv_hosts.yml").write_text("ansible_user: group\nansible_port: 5985\n", encoding="utf-8")
    source.read(hosts={"hv01": None, "hv02": {"ansible_user": "own"}}, host_variables={"ansible_connection": "winrm"})
    asked = {name: connection.get_option("remote_user") for name, connection in source.fleet.asked.items()}
    assert asked == {"hv01": "group", "hv02": "own"}
    assert source.fleet.asked["hv02"].get_option("port") == 5985


def test_user_and_password_of_the_source_are_used_and_not_passed_on(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERV_AVMA_PASSWORD", "from-the-environment")
    source = made(hv01=[vm("web01")], hv02=[])
    inventory = source.read(
        username="svc", hosts={"hv01": None, "hv02": {"ansible_password": "own"}}, host_variables={"ansible_connection": "winrm"}
    )
    asked = {name: (one.get_option("remote_user"), one.get_option("remote_password")) for name, one in source.fleet.asked.items()}
    assert asked == {"hv01": ("svc", "from-the-environment"), "hv02": ("svc", "own")}
    everything = repr([host.vars for host in inventory.hosts.values()] + [group.vars for group in inventory.groups.values()])
    assert "from-the-environment" not in everything


def test_templates_of_variables_are_rendered(made: Made) -> None:
    source = made(hv01=[])
    source.read(host_variables={**CONNECTION, "ansible_user": "{{ prefix }}-{{ inventory_hostname }}", "prefix": "svc"})
    assert source.fleet.asked["hv01"].get_option("remote_user") == "svc-hv01"


def test_ranges_of_hosts(made: Made) -> None:
    source = made(hv01=[], hv02=[])
    source.read(hosts={"hv[01:02]": {"ansible_port": 5985}})
    assert list(source.fleet.asked) == ["hv01", "hv02"]
    assert source.fleet.asked["hv02"].get_option("port") == 5985


# machines


def test_filters(made: Made) -> None:
    source = made(hv01=[vm("web01"), vm("web02", OSEditionId="8"), vm("sql01"), vm("off01", state=3)])
    inventory = source.read(
        filters={
            "include": ["avma_vm.name.startswith('web')", "avma_vm.state == 'off'"],
            "exclude": ["avma_vm.guest.edition == 'Datacenter'"],
        }
    )
    assert members(inventory, "hyperv_vms") == ["off01", "web01.corp.example"]
    assert made.warnings == []


def test_a_condition_that_fails_is_told_once_and_with_strict_an_error(made: Made) -> None:
    source = made(hv01=[vm("web01"), vm("web02")])
    inventory = source.read(filters={"exclude": ["avma_vm.typo.state == 'off'"]})
    assert len(members(inventory, "hyperv_vms")) == 2
    assert len(made.warnings) == 1
    assert made.warnings[0].startswith("filters.exclude: avma_vm.typo.state == 'off' cannot be evaluated for ")
    with pytest.raises(AnsibleParserError, match=r"filters\.exclude: avma_vm\.typo"):
        source.read(filters={"exclude": ["avma_vm.typo.state == 'off'"]}, strict=True)


def test_who_is_a_guest_can_be_chosen(made: Made) -> None:
    source = made(hv01=[vm("web01"), vm("off01", state=3)])
    inventory = source.read(guest_condition="avma_vm.state == 'off'", guest_group="sleepers")
    assert members(inventory, "sleepers") == ["off01"]
    assert "guests" not in inventory.groups


def test_names_by_preference(made: Made) -> None:
    machines = [vm("web01"), vm("other", FullyQualifiedDomainName="dc01.corp.example")]
    source = made(hv01=machines)
    assert members(source.read(), "hyperv_vms") == ["other", "web01.corp.example"]
    by_claim = made(hv01=machines).read(hostnames=["claimed_fqdn"])
    assert members(by_claim, "hyperv_vms") == ["dc01.corp.example", "web01.corp.example"]
    by_expression = made(hv01=machines).read(hostnames=["avma_vm.nothing", "avma_vm_name ~ '.' ~ avma_vm_host"])
    assert members(by_expression, "hyperv_vms") == ["other.hv01", "web01.hv01"]
    by_id = made(hv01=machines).read(hostnames=["id"])
    assert members(by_id, "hyperv_vms") == sorted(one.id.lower() for one in machines)


def test_machines_of_one_name_have_their_guid_in_it(made: Made) -> None:
    twins = [vm("web"), vm("WEB")]
    inventory = made(hv01=twins[:1], hv02=twins[1:]).read(hostnames=["name"])
    assert members(inventory, "hyperv_vms") == sorted(f"{one.name}-{one.id[:8].lower()}" for one in twins)
    assert len(made.warnings) == 1
    assert made.warnings[0].startswith("More than one machine, host or group would be called web. ")


def test_addresses_by_preference(made: Made) -> None:
    addresses = {"NetworkAddressIPv4": "10.0.0.5;192.168.0.5", "NetworkAddressIPv6": "fe80::5;2001:db8::5"}

    def address(**given: Any) -> str | None:
        source = made(hv01=[vm("web01", **addresses)])
        return variables(source.read(**given), "web01.corp.example").get("ansible_host")

    assert address() == "10.0.0.5"
    assert address(address=["ipv6", "ipv4"]) == "2001:db8::5"
    assert address(networks=["192.168.0.0/16"]) == "192.168.0.5"
    assert address(networks=["172.16.0.0/12"], address=["ipv4", "fqdn"]) == "web01.corp.example"
    assert address(exclude_networks=["10.0.0.0/8", "192.168.0.0/16"]) == "2001:db8::5"
    assert address(exclude_networks=["10.0.0.0/8", "192.168.0.0/16"], address=["ipv4"]) is None
    assert address(address=[]) is None
    assert address(address=["fqdn", "ipv4"]) == "web01.corp.example"


def test_contested_addresses_are_nobody_s(made: Made) -> None:
    inventory = made(hv01=[vm("web01", NetworkAddressIPv4="10.0.0.5"), vm("thief", NetworkAddressIPv4="10.0.0.5;10.0.0.1;10.0.0.6")]).read(
        hosts={"hv01": {"ansible_host": "10.0.0.1"}}
    )
    assert "ansible_host" not in variables(inventory, "web01.corp.example")
    assert variables(inventory, "thief.corp.example")["ansible_host"] == "10.0.0.6"
    assert made.warnings == [
        "The address 10.0.0.1 is not used, as more than one machine has it: thief.corp.example, a host.",
        "The address 10.0.0.5 is not used, as more than one machine has it: web01.corp.example, thief.corp.example.",
    ]


# constructed


def test_constructed_variables_and_groups(made: Made) -> None:
    inventory = made(hv01=[vm("web01"), vm("off01", state=3)]).read(
        compose={"site": "avma_cluster ~ '-site'"},
        groups={"asleep": "avma_vm.state == 'off'", "sited": "site is defined"},
        keyed_groups=[{"prefix": "os", "key": "avma_vm.guest.release", "parent_group": "systems"}, {"prefix": "at", "key": "site"}],
    )
    assert members(inventory, "asleep") == ["off01"]
    assert members(inventory, "sited") == ["hv01", "off01", "web01.corp.example"]
    assert members(inventory, "os_2022") == ["web01.corp.example"]
    assert members(inventory, "systems") == ["web01.corp.example"]
    assert members(inventory, "at_CL1_site") == ["hv01", "off01", "web01.corp.example"]
    assert variables(inventory, "hv01")["site"] == "CL1-site"


def test_strict_makes_what_cannot_be_evaluated_an_error(made: Made) -> None:
    with pytest.raises(AnsibleError):
        made(hv01=[vm("web01")]).read(compose={"x": "avma_vm.typo.more"}, strict=True)


# hostile guests

NAMES = (EVIL, "localhost", "guests", "hv01", "all", "../../group_vars/all", "web\u202e01", "-h", "role_db", "__proto__", "127.0.0.1")


def test_hostile_names_break_nothing_and_gain_nothing(made: Made) -> None:
    machines = [vm(name, FullyQualifiedDomainName=name, OSName=EVIL) for name in NAMES]
    inventory = made(hv01=machines).read(
        compose={"copy": "avma_vm_name"},
        groups={"picked": "avma_vm is defined"},
        keyed_groups=[{"key": "'role_db'", "separator": ""}, {"key": "avma_vm_name | default('')", "separator": ""}],
    )
    found = members(inventory, "hyperv_vms")
    assert len(found) == len(NAMES)
    assert members(inventory, "picked") == found
    assert members(inventory, "hyperv_hosts") == ["hv01"]
    assert not any(set(name) & set("{}/ \n\u202e:,") for name in found)
    assert not set(found) & {"localhost", "guests", "hv01", "all", "127.0.0.1"}
    assert inventory.groups["guests"].vars == {}
    assert inventory.groups["guests"].child_groups == []
    assert {variables(inventory, name)["avma_vm_name"] for name in found} == set(NAMES)
    assert {variables(inventory, name)["copy"] for name in found} == set(NAMES)


def test_guests_cannot_choose_groups_that_are_there_already(made: Made) -> None:
    inventory = made(hv01=[vm("web01", OSName="hyperv_hosts")]).read(
        keyed_groups=[{"key": "avma_vm.kvp.intrinsic.OSName | default('')", "separator": ""}]
    )
    assert members(inventory, "hyperv_hosts") == ["hv01"]
    assert members(inventory, "hyperv_hosts_group") == ["web01.corp.example"]


# cache


def test_answers_are_kept_and_failures_are_not(made: Made, tmp_path: Path) -> None:
    cache = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    first = made(hv01=[vm("web01")], hv02=None)
    before = members(first.read(**cache), "hyperv_vms")
    second = made(hv01=[], hv02=[vm("web02")])
    assert members(second.read(**cache), "hyperv_vms") == [*before, "web02.corp.example"]
    assert list(second.fleet.asked) == ["hv02"]
    stored = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "cache").iterdir())
    assert "web01" in stored
    assert CONNECTION["ansible_password"] not in stored


def test_a_refresh_asks_again(made: Made, tmp_path: Path) -> None:
    cache = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    made(hv01=[vm("web01")]).read(**cache)
    renewed = made(hv01=[vm("web02")])
    assert members(renewed.read(refresh=True, **cache), "hyperv_vms") == ["web02.corp.example"]
    later = made(hv01=[])
    assert members(later.read(**cache), "hyperv_vms") == ["web02.corp.example"]
    assert later.fleet.asked == {}


# options that cannot be


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hosts": {}}, "hosts_from: no earlier inventory source has a group hyperv_hosts_gone"),
        ({"hosts": {"hv01": "10.0.0.1"}}, "hosts: what is given for hv01 is not a mapping of variables"),
        ({"filters": {"includes": []}}, "filters: includes is not known"),
        ({"filters": {"include": "true"}}, r"filters\.include is not a list of conditions"),
        ({"networks": ["10.0.0.0/99"]}, "networks: '10.0.0.0/99' is not a network"),
        ({"exclude_networks": ["x"]}, "exclude_networks: 'x' is not a network"),
        ({"guest_group": "my guests"}, "guest_group: 'my guests' is not the name of a group"),
        ({"parallel": 0}, "parallel: 0 is too small"),
        ({"timeout": 0}, "timeout: 0 is too small"),
        ({"guest_group": "earlier"}, "guest_group: a host of an earlier inventory source is called earlier"),
    ],
)
def test_options_that_cannot_be_are_named(made: Made, given: dict[str, Any], said: str) -> None:
    source = made(hv01=[vm("web01")])
    source.inventory.add_host("earlier")
    if given == {"hosts": {}}:
        given = {"hosts": {}, "hosts_from": ["hyperv_hosts_gone"]}
    with pytest.raises(AnsibleParserError, match=said):
        source.read(**given)
    assert list(source.inventory.hosts) == ["earlier"]


def test_a_source_without_hosts_says_so(made: Made) -> None:
    source = made()
    with pytest.raises(AnsibleParserError, match="there is no Hyper-V host to ask"):
        source.read(hosts={})


def test_cache_is_of_the_tables_that_it_was_judged_by(made: Made, tmp_path: Path) -> None:
    cache = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    machine = vm("web01", OSBuildNumber="900100", OSEditionId="7")
    before = variables(made(hv01=[machine]).read(**cache), "web01.corp.example")["avma_vm"]
    assert (before["guest"]["release"], before["avma"]["key"]) == (None, None)
    key = "22222-33333-44444-55555-66666"
    tables = {"releases": [{"name": "Contoso", "build": 900100}], "avma_keys": [{"release": "Contoso", "edition": "Standard", "key": key}]}
    after = variables(made(hv01=[machine]).read(tables=tables, **cache), "web01.corp.example")["avma_vm"]
    assert (after["guest"]["release"], after["avma"]["key"]) == ("Contoso", "*****-*****-*****-*****-66666")
    assert key not in "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "cache").iterdir())
    with pytest.raises(AnsibleParserError, match=r"tables: releases\[0\] \(Contoso\): 'build' is missing"):
        made(hv01=[machine]).read(tables={"releases": [{"name": "Contoso"}]})
