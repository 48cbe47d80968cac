# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible inventory of the lab itself."""

from __future__ import annotations

from typing import Any

import yaml

from ..world.fleet import Fleet
from ..world.windows import Windows

CONNECTIONS = ("winrm", "psrp")
TRANSPORTS = ("ntlm", "basic", "kerberos", "credssp")
SCHEMES = ("http", "https")


def inventory(
    fleet: Fleet,
    connection: str = "winrm",
    transport: str = "ntlm",
    scheme: str = "http",
    ca_file: str | None = None,
    http_port: int = 5985,
    https_port: int = 5986,
) -> dict[str, Any]:
    """Groups ``hyperv_hosts``, ``guests`` and one for each cluster, with the connection variables of the lab's first account."""
    if transport == "basic" and scheme == "http":
        raise ValueError("basic authentication over http is refused by Windows' defaults: use the scheme https")
    account = next(iter(fleet.accounts.values()))
    variables: dict[str, Any] = {
        "ansible_connection": connection,
        "ansible_user": account.name,
        "ansible_password": account.password,
        "ansible_port": https_port if scheme == "https" else http_port,
    }
    if connection == "winrm":
        variables["ansible_winrm_transport"] = transport
        variables["ansible_winrm_scheme"] = scheme
        if transport != "basic":
            variables["ansible_winrm_message_encryption"] = "auto" if scheme == "https" else "always"
        if scheme == "https" and ca_file:
            variables["ansible_winrm_ca_trust_path"] = ca_file
    else:
        variables["ansible_psrp_auth"] = transport
        variables["ansible_psrp_protocol"] = scheme
        if transport != "basic":
            variables["ansible_psrp_message_encryption"] = "auto" if scheme == "https" else "always"
        if scheme == "https" and ca_file:
            variables["ansible_psrp_ca_cert"] = ca_file
    children: dict[str, Any] = {
        "hyperv_hosts": {"hosts": {host.name: _address(host) for host in fleet.hosts}},
        "guests": {"hosts": {guest.name: _address(guest) for guest in fleet.guests()}},
    }
    for cluster in fleet.clusters:
        children[f"cluster_{cluster.name.replace('-', '_')}"] = {"hosts": {node.name: {} for node in cluster.nodes}}
    return {"all": {"vars": variables, "children": children}}


def inventory_yaml(described: dict[str, Any]) -> str:
    return "---\n# Made by the lab. Accounts and passwords are public and open nothing but the simulator.\n" + yaml.safe_dump(
        described, sort_keys=False
    )


def _address(windows: Windows) -> dict[str, str]:
    return {"ansible_host": windows.address}
