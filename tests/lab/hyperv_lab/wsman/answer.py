# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers: their envelope, in Windows' order of headers and without an XML declaration."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from .envelope import Addressing
from .namespaces import ANONYMOUS, ENUMERATION_ROOT, FAULT_ROOT, MS_WSMAN, TRANSFER_ROOT
from .text import escape

CONTENT_TYPE = "application/soap+xml;charset=UTF-8"


class Ending(Enum):
    """What becomes of the connection that an answer goes over."""

    KEPT = "kept"
    FORGOTTEN = "forgotten"  # kept, but what was agreed on it is forgotten: 401, and the handshake begins again
    CLOSED = "closed"  # after the whole answer, and without having said so
    CUT = "cut"  # instead of an answer
    RESET = "reset"  # in the middle of the answer


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP before any encryption.

    ``by_http_sys``: WinRM never saw the request, and the body is sent as it is, HTML and unencrypted.
    ``injected``: the effects of chaos that made the answer what it is. ``unserved``: Windows would have done it, and the lab did nothing.
    """

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault_code: int | None = None
    ending: Ending = Ending.KEPT
    by_http_sys: bool = False
    injected: tuple[str, ...] = ()
    unserved: bool = False


def new_uuid() -> str:
    return f"uuid:{str(uuid.uuid4()).upper()}"


def envelope(root: str, action: str, body: str, *, to: Addressing, language: str, extra_header: str = "", before_relates: str = "") -> str:
    operation = ""
    if to.operation_id is not None:
        # WinRM of 2012 and later counts its answers to an operation; each operation here has one.
        declared = "" if "xmlns:p=" in root else f' xmlns:p="{MS_WSMAN}"'
        operation = (
            f'<p:OperationID{declared} s:mustUnderstand="false">{escape(to.operation_id)}</p:OperationID>'
            f"<p:SequenceId{declared}>1</p:SequenceId>"
        )
    relates = f"<a:RelatesTo>{escape(to.message_id)}</a:RelatesTo>" if to.message_id is not None else ""
    return (
        f'<s:Envelope xml:lang="{language}" {root}><s:Header><a:Action>{escape(action)}</a:Action>'
        f"<a:MessageID>{new_uuid()}</a:MessageID>{operation}<a:To>{ANONYMOUS}</a:To>{before_relates}{relates}{extra_header}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


def enumeration_answer(action: str, body: str, *, to: Addressing, language: str) -> Answer:
    return Answer(200, envelope(ENUMERATION_ROOT, action, body, to=to, language=language))


def transfer_answer(action: str, body: str, *, to: Addressing, language: str, extra_header: str = "") -> Answer:
    return Answer(200, envelope(TRANSFER_ROOT, action, body, to=to, language=language, extra_header=extra_header))


def fault_answer(action: str, body: str, code: int, *, to: Addressing, language: str) -> Answer:
    return Answer(500, envelope(FAULT_ROOT, action, body, to=to, language=language), fault_code=code)
