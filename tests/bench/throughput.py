# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many pages the lab serves for a second of its CPU, so that it is known what part of a benchmark is the lab's.

Clients ask as ``kvp_info`` does (the Data Exchange components of all virtual machines of a host), by pywinrm with NTLM and encrypted
messages; what is counted is the lab's own CPU time, so the clients' speed does not matter. The lab is one process and uses one core.
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

from winrm.protocol import Protocol

from .fleet import Fleet
from .table import Table

_QUERY = "SELECT * FROM Msvm_KvpExchangeComponent"
_URI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/*"
_CONTEXT = re.compile(rb"<n:EnumerationContext>([^<]+)</n:EnumerationContext>")
_ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"


def _envelope(action: str, address: str, body: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        f'xmlns:n="{_ENUMERATION}" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header><a:To>http://{address}:5985/wsman</a:To>'
        f'<w:ResourceURI s:mustUnderstand="true">{_URI}</w:ResourceURI><a:ReplyTo><a:Address s:mustUnderstand="true">'
        "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>"
        f'<a:Action s:mustUnderstand="true">{_ENUMERATION}/{action}</a:Action><w:MaxEnvelopeSize s:mustUnderstand="true">512000'
        "</w:MaxEnvelopeSize><a:MessageID>uuid:A5F0A2B8-0000-4000-8000-000000000001</a:MessageID>"
        f"<w:OperationTimeout>PT60S</w:OperationTimeout></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def _read(address: str) -> tuple[int, int]:
    """Requests and bytes of one host's components."""
    protocol = Protocol(
        f"http://{address}:5985/wsman", transport="ntlm", username="Administrator", password="Lab-Passw0rd!", message_encryption="always"
    )
    body = (
        f'<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements><w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">'
        f"{_QUERY}</w:Filter></n:Enumerate>"
    )
    requests = size = 0
    action = "Enumerate"
    while True:
        answer = protocol.send_message(_envelope(action, address, body))
        requests, size = requests + 1, size + len(answer)
        context = _CONTEXT.search(answer)
        if context is None:
            protocol.transport.close_session()
            return requests, size
        action = "Pull"
        body = f"<n:Pull><n:EnumerationContext>{context[1].decode()}</n:EnumerationContext><n:MaxElements>32000</n:MaxElements></n:Pull>"


def throughput(fleet: Fleet, hosts: int) -> Table:
    addresses = [address for name, address in fleet.addresses.items() if name.startswith("hv")]
    rows: list[tuple[str | int | float, ...]] = []
    for clients in (1, 4):
        before, started = fleet.cpu(), time.monotonic()
        with ThreadPoolExecutor(clients) as pool:
            read = list(pool.map(_read, addresses))
        cpu, wall = fleet.cpu() - before, time.monotonic() - started
        requests, size = sum(count for count, _size in read), sum(size for _count, size in read)
        rows.append((clients, requests, size / requests / 1e3, cpu, requests / cpu, size / 1e6 / cpu, requests / wall))
    return Table(
        f"The lab: pages of Data Exchange, {hosts} hosts",
        ("clients", "requests", "KB a page", "lab CPU s", "requests a CPU second", "MB a CPU second", "requests a second"),
        rows,
        "Handshakes of NTLM are in the CPU time and not in the requests.",
    )
