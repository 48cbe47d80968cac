# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of hosts, made from their variables as ansible-core's own plugins read them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleUndefinedVariable

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.connection import UnsupportedConnection
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.inventory_connection import connection_of

PASSWORD = "Geheim-Wort-4711!"


def made(timeout: int | None = None, **variables: Any) -> Any:
    return connection_of("hv01", variables, timeout=timeout)


def test_winrm_has_the_host_s_own_settings() -> None:
    connection = made(
        ansible_connection="ansible.builtin.winrm", ansible_user="svc", ansible_password=PASSWORD, ansible_winrm_transport=["ntlm"],
        ansible_port=5985, ansible_winrm_service="HTTP", ansible_winrm_read_timeout_sec=77, avma_cluster="x",
    )  # fmt: skip
    assert connection.transport == "winrm"
    assert connection.get_option("remote_addr") == "hv01"
    assert (connection.get_option("remote_user"), connection.get_option("remote_password")) == ("svc", PASSWORD)
    assert connection.get_option("port") == 5985
    assert connection._options["_extras"] == {"ansible_winrm_service": "HTTP", "ansible_winrm_read_timeout_sec": 77}


def test_address_of_the_host_counts_before_its_name() -> None:
    assert made(ansible_connection="psrp", ansible_host="10.0.0.1").get_option("remote_addr") == "10.0.0.1"


def test_timeout_of_the_source_gives_way_to_that_of_the_host() -> None:
    assert made(25, ansible_connection="psrp").get_option("operation_timeout") == 25
    assert made(25, ansible_connection="psrp").get_option("read_timeout") == 35
    assert made(25, ansible_connection="psrp", ansible_psrp_operation_timeout=5).get_option("operation_timeout") == 5


@pytest.mark.parametrize(
    ("variables", "said"), [({}, "it has no ansible_connection"), ({"ansible_connection": "ssh"}, "its ansible_connection is 'ssh'")]
)
def test_a_connection_without_ws_management_is_refused(variables: dict[str, str], said: str) -> None:
    with pytest.raises(UnsupportedConnection, match=rf"^{said}\. Set it to winrm or psrp"):
        made(**variables)


def test_values_are_rendered_and_an_error_does_not_quote_them() -> None:
    def template(value: Any) -> Any:
        if value == "{{ gone }}" + PASSWORD:
            raise AnsibleUndefinedVariable(f"'gone' is undefined in {value}")
        return {"{{ port }}": 5985}.get(value, value)

    variables = {"ansible_connection": "winrm", "ansible_port": "{{ port }}"}
    assert connection_of("hv01", variables, template).get_option("port") == 5985
    with pytest.raises(
        AnsibleError, match="variable ansible_password cannot be rendered: it uses a variable that is not defined"
    ) as raised:
        connection_of("hv01", {**variables, "ansible_password": "{{ gone }}" + PASSWORD}, template)
    assert PASSWORD not in str(raised.value)
