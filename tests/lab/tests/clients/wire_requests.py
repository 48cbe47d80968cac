# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to a ``Wire`` in the plainest form, for tests that are about the answers."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET

from .wire import ADDRESSING, ANONYMOUS, ENUMERATION, SOAP, WQL, WSMAN, Wire, context_of, items


def envelope(action: str, uri: str, body: str, selectors: str = "") -> str:
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}"><s:Header>'
        f'<a:Action s:mustUnderstand="true">{action}</a:Action><a:To>http://hv01:5985/wsman</a:To>'
        f'<w:ResourceURI s:mustUnderstand="true">{uri}</w:ResourceURI><a:MessageID>uuid:{uuid.uuid4()}</a:MessageID>'
        f"<a:ReplyTo><a:Address>{ANONYMOUS}</a:Address></a:ReplyTo>{selectors}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def enumerate_all(wire: Wire, uri: str, filter_element: str = "", selectors: str = "") -> list[ET.Element]:
    """The items of all pages."""
    body = f'<n:Enumerate xmlns:n="{ENUMERATION}">{filter_element}</n:Enumerate>'
    answer = wire.send(envelope(f"{ENUMERATION}/Enumerate", uri, body, selectors))
    found = items(answer)
    while (context := context_of(answer)) is not None:
        body = (
            f'<n:Pull xmlns:n="{ENUMERATION}"><n:EnumerationContext>{context}</n:EnumerationContext>'
            "<n:MaxElements>1000</n:MaxElements></n:Pull>"
        )
        answer = wire.send(envelope(f"{ENUMERATION}/Pull", uri, body, selectors))
        found += items(answer)
    return found


def query_all(wire: Wire, root: str, query: str) -> list[ET.Element]:
    text = query.replace("&", "&amp;").replace("<", "&lt;")
    return enumerate_all(wire, f"{root}/*", f'<w:Filter Dialect="{WQL}">{text}</w:Filter>')
