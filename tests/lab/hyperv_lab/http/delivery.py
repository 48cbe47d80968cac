# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends an answer and ends its connection as the answer says, which is not always well."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from asyncio import Transport
from dataclasses import dataclass, field

from aiohttp import web

from ..wsman.answer import Ending


@dataclass
class ConnectionTraffic:
    """What went over a TCP connection so far."""

    opened: float = field(default_factory=time.monotonic)  # when its first request came
    exchanges: int = 0

    @property
    def age(self) -> float:
        return time.monotonic() - self.opened


async def deliver(request: web.BaseRequest, response: web.Response, ending: Ending, transport: Transport) -> web.StreamResponse:
    if ending is Ending.CUT:
        transport.abort()
    elif ending is Ending.CLOSED:
        # HTTP.sys says nothing when it drops an idle connection, so there is no "Connection: close" here either.
        await response.prepare(request)
        await response.write_eof()
        transport.close()
    elif ending is Ending.RESET:
        return await _half_of(request, response, transport)
    return response


async def _half_of(request: web.BaseRequest, response: web.Response, transport: Transport) -> web.StreamResponse:
    """The head and half of the body, then RST."""
    body = bytes(response.body) if isinstance(response.body, (bytes, bytearray)) else b""
    half = web.StreamResponse(status=response.status, headers=response.headers)
    half.content_length = len(body)
    with contextlib.suppress(ConnectionError):
        await half.prepare(request)
        await half.write(body[: len(body) // 2])
    reset(transport)
    return half


def reset(transport: Transport) -> None:
    """Ends a connection by RST, as a machine does that has just been restarted."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
