# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource winrm/config: the service's settings as clients read them (recorded from Windows Server 2012 R2)."""

from __future__ import annotations

from typing import Union

from .answer import Answer, transfer_answer
from .faults import ACTION_NOT_SUPPORTED, INVALID_URI
from .namespaces import CONFIG, TRANSFER
from .operation import Operation
from .text import escape

_Tree = dict[str, Union[str, int, bool, "_Tree"]]
_ROOT_SDDL = "O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)"


def _configuration(operation: Operation) -> _Tree:
    settings = operation.settings
    offered = settings.authentication
    ports: _Tree = {"HTTP": 5985, "HTTPS": 5986}
    client_auth: _Tree = {"Basic": True, "Digest": True, "Kerberos": True, "Negotiate": True, "Certificate": True, "CredSSP": False}
    service_auth: _Tree = {
        "Basic": "basic" in offered,
        "Kerberos": "kerberos" in offered,
        "Negotiate": "negotiate" in offered,
        "Certificate": "certificate" in offered,
        "CredSSP": "credssp" in offered,
        "CbtHardeningLevel": settings.cbt_hardening.capitalize(),
    }
    client: _Tree = {
        "NetworkDelayms": 5000,
        "URLPrefix": "wsman",
        "AllowUnencrypted": False,
        "Auth": client_auth,
        "DefaultPorts": ports,
        "TrustedHosts": "",
    }
    service: _Tree = {
        "RootSDDL": _ROOT_SDDL,
        "MaxConcurrentOperations": 4294967295,
        "MaxConcurrentOperationsPerUser": settings.max_operations_per_user,
        "EnumerationTimeoutms": settings.enumeration_timeout_ms,
        "MaxConnections": 300,
        "MaxPacketRetrievalTimeSeconds": 120,
        "AllowUnencrypted": settings.allow_unencrypted,
        "Auth": service_auth,
        "DefaultPorts": ports,
        "IPv4Filter": "*",
        "IPv6Filter": "*",
        "EnableCompatibilityHttpListener": False,
        "EnableCompatibilityHttpsListener": False,
        "CertificateThumbprint": "",
        "AllowRemoteAccess": True,
    }
    winrs: _Tree = {
        "AllowRemoteShellAccess": True,
        "IdleTimeout": 7200000,
        "MaxConcurrentUsers": 2147483647,
        "MaxShellRunTime": 2147483647,
        "MaxProcessesPerShell": 2147483647,
        "MaxMemoryPerShellMB": 2147483647,
        "MaxShellsPerUser": 2147483647,
    }
    return {
        "MaxEnvelopeSizekb": settings.max_envelope_kb,
        "MaxTimeoutms": settings.max_timeout_ms,
        "MaxBatchItems": settings.max_batch_items,
        "MaxProviderRequests": 4294967295,
        "Client": client,
        "Service": service,
        "Winrs": winrs,
    }


def _render(tree: _Tree) -> str:
    parts: list[str] = []
    for name, value in tree.items():
        if isinstance(value, dict):
            content = _render(value)
        elif isinstance(value, bool):
            content = "true" if value else "false"
        else:
            content = escape(str(value))
        parts.append(f"<cfg:{name}>{content}</cfg:{name}>")
    return "".join(parts)


def is_config_uri(uri: str) -> bool:
    return uri.lower() == CONFIG or uri.lower().startswith(f"{CONFIG}/")


def get_config(operation: Operation) -> Answer:
    """The whole configuration, or one of its sections by a longer URI (…/config/service/auth)."""
    if operation.request.action != f"{TRANSFER}/Get":
        raise ACTION_NOT_SUPPORTED.fault()
    name, tree, uri = "Config", _configuration(operation), CONFIG
    for segment in operation.request.resource_uri[len(CONFIG) :].strip("/").split("/"):
        if not segment:
            continue
        section = next(((key, value) for key, value in tree.items() if key.lower() == segment.lower()), None)
        if section is None or not isinstance(section[1], dict):
            raise INVALID_URI.fault()
        name, tree = section[0], section[1]
        uri = f"{uri}/{name.lower()}"
    body = f'<cfg:{name} xmlns:cfg="{uri}">{_render(tree)}</cfg:{name}>'
    return transfer_answer(f"{TRANSFER}/GetResponse", body, to=operation.addressing, language=operation.language)
