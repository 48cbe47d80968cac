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
TRANSPORTS = ("ntlm", "basic", "kerberos", "credssp", "certificate")
SCHEMES = ("http", "https")


def inventory(
    fleet: Fleet,
    connection: str = "winrm",
    transport: str = "ntlm",
    scheme: str = "http",
    ca_file: str | None = None,
    http_port: int = 5985,
    https_port: int = 5986,
    client_certificate: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """Groups ``hyperv_hosts``, ``guests`` (with a network) and one for each cluster, with the connection variables of the lab's first account.

    ``client_certificate``: files with the certificate that stands for that account and with its key.
    """
    if transport in ("basic", "certificate") and scheme == "http":
        raise ValueError(f"{transport} authentication over http is refused by Windows' defaults: use the scheme https")
    if transport == "certificate" and client_certificate is None:
        raise ValueError("the lab takes no client certificates: add certificate to service.authentication of its scenario")
    account = next(iter(fleet.accounts.values()))
    variables: dict[str, Any] = {"ansible_connection": connection, "ansible_port": https_port if scheme == "https" else http_port}
    if transport != "certificate":
        variables["ansible_user"] = account.name
        variables["ansible_password"] = account.password
    variables |= (_winrm if connection == "winrm" else _psrp)(transport, scheme, ca_file, client_certificate)
    override = None
    if transport == "kerberos":
        realm = next((host.domain for host in fleet.hosts if host.domain), None)
        if realm is None:
            raise ValueError("kerberos authentication needs machines of a domain: give the scenario a domain")
        variables["ansible_user"] = f"{account.name}@{realm.upper()}"
        # The machines' names are in no DNS, so they are reached by address and asked for by name.
        override = {"winrm": "ansible_winrm_kerberos_hostname_override", "psrp": "ansible_psrp_negotiate_hostname_override"}[connection]
    children: dict[str, Any] = {
        "hyperv_hosts": {"hosts": {host.name: _address(host, override) for host in fleet.hosts}},
        "guests": {"hosts": {guest.name: _address(guest, override) for guest in fleet.guests() if guest.network}},
    }
    for cluster in fleet.clusters:
        children[f"cluster_{cluster.name.replace('-', '_')}"] = {"hosts": {node.name: {} for node in cluster.nodes}}
    return {"all": {"vars": variables, "children": children}}


def _winrm(transport: str, scheme: str, ca_file: str | None, client_certificate: tuple[str, str] | None) -> dict[str, Any]:
    variables: dict[str, Any] = {"ansible_winrm_transport": transport, "ansible_winrm_scheme": scheme}
    if transport not in ("basic", "certificate"):
        variables["ansible_winrm_message_encryption"] = "auto" if scheme == "https" else "always"
    if scheme == "https" and ca_file:
        variables["ansible_winrm_ca_trust_path"] = ca_file
    if transport == "certificate" and client_certificate is not None:
        variables["ansible_winrm_cert_pem"], variables["ansible_winrm_cert_key_pem"] = client_certificate
    if transport == "kerberos":
        variables["ansible_winrm_kinit_env_vars"] = ["KRB5_CONFIG"]
    return variables


def _psrp(transport: str, scheme: str, ca_file: str | None, client_certificate: tuple[str, str] | None) -> dict[str, Any]:
    variables: dict[str, Any] = {"ansible_psrp_auth": transport, "ansible_psrp_protocol": scheme}
    if transport not in ("basic", "certificate"):
        variables["ansible_psrp_message_encryption"] = "auto" if scheme == "https" else "always"
    if scheme == "https" and ca_file:
        variables["ansible_psrp_ca_cert"] = ca_file
    if transport == "certificate" and client_certificate is not None:
        variables["ansible_psrp_certificate_pem"], variables["ansible_psrp_certificate_key_pem"] = client_certificate
    return variables


def inventory_yaml(described: dict[str, Any]) -> str:
    return "---\n# Made by the lab. Accounts and passwords are public and open nothing but the simulator.\n" + yaml.safe_dump(
        described, sort_keys=False
    )


def _address(windows: Windows, override: str | None) -> dict[str, str]:
    address = {"ansible_host": windows.address}
    return address if override is None else {**address, override: windows.fqdn}
