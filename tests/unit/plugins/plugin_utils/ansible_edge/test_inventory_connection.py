# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to other machines: found in the inventory by their computer names, with the settings of the task's own connection."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.connection import UnsupportedConnection
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.inventory_connection import (
    Inventory,
    address_like,
    connection_like,
    connection_of,
)

PASSWORD = "correct horse battery staple"


def own(kind: str = "winrm", **variables: Any) -> Any:
    connection = connection_loader.get(kind, PlayContext(), "/dev/null")
    prefix = f"ansible_{kind}_"
    given = {"ansible_host": "hv01.corp.example", "ansible_user": "admin", "ansible_password": PASSWORD, **variables}
    extras = {name: value for name, value in variables.items() if name.startswith(prefix)}
    connection.set_options(var_options={"_extras": extras, **given})
    return connection


def options(connection: Any, *names: str) -> list[Any]:
    return [connection.get_option(name) for name in names]


# settings


@pytest.mark.parametrize(("kind", "timeout"), [("winrm", "connection_timeout"), ("psrp", "connection_timeout")])
def test_machine_that_is_not_in_the_inventory_gets_the_same_settings(kind: str, timeout: str) -> None:
    mine = own(kind, **{"ansible_port": 5985, f"ansible_{kind}_{timeout}": 7})
    other = connection_like(mine, "HV02", {}, PlayContext())
    assert options(other, "remote_addr", "remote_user", "remote_password", "port") == ["HV02", "admin", PASSWORD, 5985]
    assert int(other.get_option(timeout)) == 7
    assert options(mine, "remote_addr") == ["hv01.corp.example"]


def test_inventory_overrides_what_it_says_and_nothing_else() -> None:
    variables = {"inventory_hostname": "hv02", "ansible_host": "10.0.0.2", "ansible_user": "other", "ansible_winrm_scheme": "https"}
    mine = own(ansible_port=5986, ansible_winrm_scheme="http", ansible_winrm_transport=["ntlm"])
    other = connection_like(mine, "unused", variables, PlayContext())
    assert options(other, "remote_addr", "remote_user", "remote_password", "scheme", "port", "transport") == [
        "10.0.0.2",
        "other",
        PASSWORD,
        "https",
        5986,
        ["ntlm"],
    ]


def test_name_in_the_inventory_is_the_address_unless_it_says_otherwise() -> None:
    assert options(connection_like(own(), "unused", {"inventory_hostname": "hv02.corp.example"}, PlayContext()), "remote_addr") == [
        "hv02.corp.example"
    ]


def test_other_kind_of_connection_takes_only_what_the_inventory_says() -> None:
    variables = {
        "inventory_hostname": "hv02",
        "ansible_connection": "ansible.builtin.psrp",
        "ansible_user": "other",
        "ansible_password": "x",
    }
    other = connection_like(own(), "unused", variables, PlayContext())
    assert other.transport == "psrp"
    assert options(other, "remote_addr", "remote_user", "remote_password") == ["hv02", "other", "x"]


def test_connection_that_carries_no_messages_is_refused() -> None:
    with pytest.raises(UnsupportedConnection, match="its ansible_connection is 'ssh'"):
        connection_like(own(), "hv02", {"inventory_hostname": "hv02", "ansible_connection": "ssh"}, PlayContext())


def test_name_that_tickets_are_asked_for_is_not_carried_over() -> None:
    mine = own(ansible_winrm_kerberos_hostname_override="hv01.corp.example", ansible_winrm_server_cert_validation="ignore")
    other = connection_like(mine, "hv02", {}, PlayContext())
    assert other.get_option("_extras") == {"ansible_winrm_server_cert_validation": "ignore"}
    own_name = {"inventory_hostname": "hv02", "ansible_winrm_kerberos_hostname_override": "hv02.corp.example"}
    assert connection_like(mine, "x", own_name, PlayContext()).get_option("_extras")["ansible_winrm_kerberos_hostname_override"] == (
        "hv02.corp.example"
    )
    psrp = own("psrp", ansible_psrp_negotiate_hostname_override="hv01.corp.example")
    assert options(connection_like(psrp, "hv02", {}, PlayContext()), "negotiate_hostname_override") == [None]


@pytest.mark.parametrize(
    ("own_address", "address"),
    [
        ("hv01.corp.example", "hv02.corp.example"),
        ("HV01.Corp.Example", "hv02.corp.example"),
        ("hv01", "HV02"),
        ("10.0.0.1", "HV02"),
        ("cluster.corp.example", "HV02"),
        ("fe80::1", "HV02"),
    ],
)
def test_address_has_the_form_of_the_own_one(own_address: str, address: str) -> None:
    assert address_like(own_address, "HV01", "HV02") == address


# the inventory


def inventory(
    hosts: dict[str, dict[str, Any]], groups: dict[str, list[str]] | None = None, own_groups: tuple[str, ...] = ("hosts",)
) -> Inventory:
    named = groups or {"hosts": list(hosts)}
    return Inventory({"hostvars": hosts, "groups": {"all": list(hosts), **named}, "group_names": list(own_groups)})


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("hv02", {}),
        ("HV02.corp.example", {}),
        ("second", {"ansible_host": "hv02.corp.example"}),
        ("second", {"ansible_host": "10.0.0.2", "host_result": {"host": {"name": "HV02"}}}),
    ],
)
def test_node_is_found_by_each_of_its_names(name: str, variables: dict[str, Any]) -> None:
    assert inventory({"hv01": {}, name: variables, "web01": {}}).find(["HV01", "HV02", "HV03"]) == {"HV01": "hv01", "HV02": name}


def test_machine_of_a_shared_group_comes_first() -> None:
    hosts: dict[str, dict[str, Any]] = {"hv02.tenant.example": {}, "hv02.corp.example": {}}
    found = inventory(hosts, {"hosts": ["hv02.corp.example"], "guests": ["hv02.tenant.example"]}).find(["HV02"])
    assert found == {"HV02": "hv02.corp.example"}


def test_addresses_are_no_names() -> None:
    assert inventory({"10.0.0.2": {"ansible_host": "10.0.0.2"}}).find(["10"]) == {}


class Counted(dict[str, dict[str, Any]]):
    """Variables that know how often they were read."""

    read = 0

    def __getitem__(self, name: str) -> dict[str, Any]:
        self.read += 1
        return super().__getitem__(name)


def test_variables_of_thousands_of_guests_are_not_read() -> None:
    hosts = Counted({f"web{number}": {} for number in range(3000)} | {"a": {"ansible_host": "hv02"}, "b": {"ansible_host": "hv03"}})
    found = inventory(hosts, {"hosts": ["a", "b"], "guests": [name for name in hosts if name.startswith("web")]}).find(["HV02", "HV04"])
    assert found == {"HV02": "a"}
    assert hosts.read <= 4


class Rendering(dict[str, dict[str, Any]]):
    """Ansible's own mapping: what it gives is rendered, but for ``raw_get``."""

    def __getitem__(self, name: str) -> dict[str, Any]:
        raise AssertionError("rendered")

    def raw_get(self, name: str) -> dict[str, Any]:
        return super().__getitem__(name)


def test_results_are_read_without_being_rendered() -> None:
    known = Inventory({"hostvars": Rendering({"hv01": {"host_vms": {"vms": []}}})})
    assert known.results("hv01") == {"host_vms": {"vms": []}}
    assert known.results("gone") == {}
    assert inventory({"hv01": {"a": 1}}).results("hv01") == {"a": 1}


def test_connection_of_a_machine_has_nothing_of_another_one() -> None:
    variables = {
        "ansible_connection": "ansible.builtin.winrm",
        "inventory_hostname": "hv01",
        "ansible_user": "HostAdmin",
        "ansible_port": 5986,
    }
    connection = connection_of("hv01", variables, play_context=PlayContext())
    assert connection.get_option("remote_user") == "HostAdmin"
    assert connection.get_option("remote_password") is None
    assert (connection.get_option("remote_addr"), connection.get_option("port")) == ("hv01", 5986)


@pytest.mark.parametrize("kind", ["ssh", "", None])
def test_connection_that_carries_no_messages(kind: str | None) -> None:
    with pytest.raises(UnsupportedConnection):
        connection_of("hv01", {"ansible_connection": kind}, play_context=PlayContext())


def test_inventory_without_anything() -> None:
    assert Inventory({}).find(["HV02"]) == {}
    assert Inventory({}).variables("hv02") == {}
