# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An event as XML, as the event service writes it (recorded traffic of Windows Server 2012; Microsoft, "Event Schema")."""

from __future__ import annotations

from ..cim.provider import LoggedEvent
from .text import escape

_EVENT = "http://schemas.microsoft.com/win/2004/08/events/event"
_LEVELS = {2: "Error", 3: "Warning", 4: "Information"}
# By which a manifest's provider is told, and the name that it had as a source of the classic log (public event manifests).
_MANIFESTS = {
    "Microsoft-Windows-Security-SPP": ("{E23B33B0-C8C9-472C-A5F9-F2BDFEA0F156}", "Software Protection Platform Service"),
}


def render_event(event: LoggedEvent, culture: str | None) -> str:
    """``culture`` None: as the log holds it. Else with what Windows makes of it for a reader of that language."""
    data = "".join(f"<Data>{escape(one)}</Data>" for one in event.strings)
    user = f'<Security UserID="{escape(event.user)}"/>' if event.user else "<Security/>"
    name, classic = escape(event.source), _MANIFESTS.get(event.source)
    provider = f'<Provider Name="{name}"/>'
    if classic is not None:
        provider = f'<Provider Name="{name}" Guid="{classic[0]}" EventSourceName="{classic[1]}"/>'
    time = f"{event.time:%Y-%m-%dT%H:%M:%S}.{event.time.microsecond:06d}000Z"
    return (
        f'<Event xmlns="{_EVENT}"><System>{provider}<EventID Qualifiers="{event.qualifiers}">{event.id}</EventID>'
        f"<Level>{event.level}</Level><Task>0</Task><Keywords>0x80000000000000</Keywords>"
        f'<TimeCreated SystemTime="{time}"/><EventRecordID>{event.record}</EventRecordID><Channel>{escape(event.channel)}</Channel>'
        f"<Computer>{escape(event.computer)}</Computer>{user}</System><EventData>{data}</EventData>"
        f"{_rendering(event, culture) if culture else ''}</Event>"
    )


def _rendering(event: LoggedEvent, culture: str) -> str:
    return (
        f'<RenderingInfo Culture="{escape(culture)}"><Message>{escape(event.message)}</Message>'
        f"<Level>{_LEVELS.get(event.level, '')}</Level><Task/><Opcode>Info</Opcode><Channel/><Provider/>"
        "<Keywords><Keyword>Classic</Keyword></Keywords></RenderingInfo>"
    )
