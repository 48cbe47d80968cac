# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pywinrm and pypsrp as their users configure them, and the one request that proves that they are in."""

from __future__ import annotations

from typing import Any, cast

import xmltodict
from pypsrp.wsman import WSMan
from winrm.protocol import Protocol

from hyperv_lab.scenarios.description import AccountDescription

from .live_lab import OPERATING_SYSTEM, LiveLab

_GET = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"


def logon_name(account: AccountDescription) -> str:
    r"""``DOMAIN\name`` for an account of a domain: a name alone is one of the machine itself."""
    return account.name if account.domain is None else f"{account.domain.partition('.')[0].upper()}\\{account.name}"


def pywinrm(lab: LiveLab, transport: str, scheme: str, account: AccountDescription, machine: str = "hv01", **options: Any) -> Protocol:
    return Protocol(
        lab.endpoint(machine, scheme),
        transport=cast(Any, transport),
        username=options.pop("username", logon_name(account)),
        password=options.pop("password", account.password),
        ca_trust_path=lab.ca_file,
        **options,
    )


def ask_by_pywinrm(protocol: Protocol) -> str:
    """A Get of Win32_OperatingSystem; what comes back."""
    envelope = protocol.build_wsman_header(_GET, OPERATING_SYSTEM)
    envelope["env:Body"] = {}
    return str(protocol.send_message(xmltodict.unparse({"env:Envelope": envelope})).decode())


def pypsrp(lab: LiveLab, auth: str, scheme: str, account: AccountDescription, machine: str = "hv01", **options: Any) -> WSMan:
    return WSMan(
        lab.address(machine),
        port=5986 if scheme == "https" else 5985,
        ssl=scheme == "https",
        auth=auth,
        username=options.pop("username", logon_name(account)),
        password=options.pop("password", account.password),
        cert_validation=cast(Any, lab.ca_file),
        **options,
    )


def ask_by_pypsrp(wsman: WSMan) -> str:
    """The computer's name by a Get of Win32_OperatingSystem."""
    body = wsman.get(OPERATING_SYSTEM)
    return str(body.findtext(f"{{{OPERATING_SYSTEM}}}Win32_OperatingSystem/{{{OPERATING_SYSTEM}}}CSName"))
