# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listeners: one loopback address a machine, HTTP on 5985 and HTTPS on 5986, as HTTP.sys and WinRM answer there."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Server as Listener
from asyncio import Transport
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ssl import SSLContext, SSLObject
from weakref import WeakKeyDictionary

from aiohttp import web
from aiohttp.client_exceptions import ClientError
from aiohttp.http_exceptions import HttpProcessingError

from ..cim.provider import Machine
from ..wsman.answer import CONTENT_TYPE, Answer, Ending
from ..wsman.interceptor import Exchange, Interceptor
from ..wsman.recorder import Recorder
from ..wsman.service import WsmanService
from ..wsman.settings import ServiceSettings
from ..wsman.winrs import Commands
from .accounts import AccountBook, Login
from .authentication import Authenticator, ConnectionSecurity, Verdict
from .delivery import ConnectionTraffic, deliver, reset
from .message_encryption import CannotDecrypt, decrypt, encrypt, encryption_protocol
from .service_keys import ServiceKeys
from .tls import TlsMaterial, certificate_principal

__all__ = ["LabServer", "ServedMachine", "ServiceSettings"]

_log = logging.getLogger(__name__)
_SERVER = "Microsoft-HTTPAPI/2.0"
_SOAP_TYPE = "application/soap+xml"
_IDLE_SECONDS = 120.0  # HTTP.sys' default for idle connections
_SLOWEST_BODY_SECONDS = 120.0  # MaxPacketRetrievalTimeSeconds
# What sealing adds to an envelope: MIME heads, and a signature for each chunk of CredSSP.
_SEALING_BYTES = 16 * 1024


@dataclass
class ServedMachine:
    machine: Machine
    address: str
    settings: ServiceSettings = field(default_factory=ServiceSettings)
    http_port: int | None = 5985
    https_port: int | None = 5986
    commands: Commands | None = None  # None: no command is run


class BodyTooLarge(Exception):
    """The request is larger than MaxEnvelopeSizekb."""


class LabServer:
    """Serves all machines in one event loop. ``interceptors`` see each exchange in their order, the recorder last."""

    def __init__(
        self,
        machines: Iterable[ServedMachine],
        accounts: AccountBook,
        tls: TlsMaterial | None = None,
        recorder: Recorder | None = None,
        interceptors: Sequence[Interceptor] = (),
        keys: ServiceKeys | None = None,
    ) -> None:
        self.recorder = recorder if recorder is not None else Recorder()
        self._machines = list(machines)
        self._accounts = accounts
        self._tls = tls
        self._interceptors = tuple(interceptors)
        self._keys = keys
        self._open: dict[str, _OpenMachine] = {}

    async def start(self) -> None:
        """OSError when an address or port cannot be had; nothing stays open then."""
        try:
            for served in self._machines:
                await self.open(served)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        for address in list(self._open):
            await self.close(address)

    async def open(self, served: ServedMachine) -> None:
        """Start one machine's listeners."""
        if served.address in self._open:
            raise ValueError(f"{served.machine.name}: address {served.address} is already served")
        binding = self._tls.binding if self._tls is not None else None
        authenticator = Authenticator(
            self._accounts, served.settings, served.machine.name, address=served.address, binding=binding, keys=self._keys
        )
        opened = _OpenMachine(served, authenticator, self._accounts, self.recorder, self._interceptors)
        self._open[served.address] = opened
        try:
            await opened.listen(self._tls)
        except BaseException:
            await self.close(served.address)
            raise

    async def close(self, address: str) -> None:
        """End one machine's listeners and cut its connections, as when it is switched off."""
        opened = self._open.pop(address, None)
        if opened is not None:
            await opened.shut()

    def is_open(self, address: str) -> bool:
        return address in self._open


class _OpenMachine:
    def __init__(
        self,
        served: ServedMachine,
        authenticator: Authenticator,
        accounts: AccountBook,
        recorder: Recorder,
        interceptors: tuple[Interceptor, ...],
    ) -> None:
        self._served = served
        self._accounts = accounts
        self._recorder = recorder
        self._interceptors: tuple[Interceptor, ...] = (*interceptors, recorder)
        self._service = WsmanService(served.machine, served.settings, commands=served.commands)
        self._authenticator = authenticator
        self._connections: WeakKeyDictionary[Transport, ConnectionSecurity] = WeakKeyDictionary()
        self._traffic: WeakKeyDictionary[Transport, ConnectionTraffic] = WeakKeyDictionary()
        self._http = web.Server(
            self._handle, access_log=None, keepalive_timeout=_IDLE_SECONDS, max_field_size=128 * 1024, max_line_size=16 * 1024
        )
        self._listeners: list[Listener] = []

    async def listen(self, tls: TlsMaterial | None) -> None:
        served = self._served
        if served.http_port is not None:
            await self._listen(served.http_port, None)
        if served.https_port is not None and tls is not None:
            certificates = "certificate" in served.settings.authentication
            await self._listen(served.https_port, tls.server_context(client_certificates=certificates))

    async def _listen(self, port: int, context: SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        self._listeners.append(await loop.create_server(self._http, self._served.address, port, ssl=context, backlog=512))

    async def shut(self) -> None:
        for listener in self._listeners:
            listener.close()
        for connection in self._http.connections:
            if isinstance(connection.transport, Transport):
                reset(connection.transport)
        await self._http.shutdown(timeout=1.0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._respond(request)
        except BodyTooLarge:
            response = _response(413)
            response.force_close()
            return response
        except TimeoutError:
            response = _response(408)
            response.force_close()
            return response
        except (ConnectionError, ClientError):
            raise
        except HttpProcessingError:
            return _response(400)
        except Exception:
            _log.exception("%s: an exchange failed", self._served.machine.name)
            return _response(500)

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await asyncio.wait_for(self._body(request), _SLOWEST_BODY_SECONDS)
        if request.path.rstrip("/").lower() != "/wsman":
            return _response(404)
        if request.method != "POST":
            return _response(405, {"Allow": "POST"})
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        assert isinstance(transport, Transport)
        self._traffic.setdefault(transport, ConnectionTraffic())
        tls: SSLObject | None = transport.get_extra_info("ssl_object")
        if request.headers.get("WSMANIDENTIFY", "").strip().lower() == "unauthenticated":
            return await self._exchange(request, body, None, transport)
        connection = self._connections.setdefault(transport, ConnectionSecurity())
        verdict = self._authenticator.judge(
            request.headers.get("Authorization"), connection, tls=tls is not None, certificate_account=self._certificate_account(tls)
        )
        if verdict.account is None:
            self._recorder.authentication_leg(self._served.machine.name)
            return _challenge(verdict)
        if not body:
            # The last leg of a handshake, sent without a message.
            self._recorder.authentication_leg(self._served.machine.name)
            return _response(200, verdict.headers)
        return await self._authenticated(request, body, verdict, connection, transport, tls is not None)

    async def _authenticated(
        self,
        request: web.BaseRequest,
        body: bytes,
        verdict: Verdict,
        connection: ConnectionSecurity,
        transport: Transport,
        tls: bool,
    ) -> web.StreamResponse:
        protocol = encryption_protocol(request.headers.get("Content-Type", ""))
        if protocol is None:
            if not tls and not self._served.settings.allow_unencrypted:
                return _response(500)
            return await self._exchange(request, body, verdict.account, transport, verdict.headers)
        context = connection.context
        if context is None or not connection.sealed:
            return _response(400)
        try:
            plain = decrypt(context, body)
        except CannotDecrypt as error:
            _log.debug("%s: %s", self._served.machine.name, error)
            return _response(400)
        answer = await self._answer(request, plain, verdict.account, transport)
        headers = {**answer.headers, **verdict.headers}
        body = answer.body.encode("utf-8", "replace")
        if not body or answer.by_http_sys:
            return await self._sent(request, _response(answer.status, headers, body), answer, transport)
        sealed = encrypt(context, protocol, body)
        return await self._sent(request, _response(answer.status, headers, sealed.body, sealed.content_type), answer, transport)

    async def _exchange(
        self,
        request: web.BaseRequest,
        body: bytes,
        account: Login | None,
        transport: Transport,
        headers: dict[str, str] | None = None,
    ) -> web.StreamResponse:
        if not request.headers.get("Content-Type", _SOAP_TYPE).lower().startswith(_SOAP_TYPE) and self._served.settings.strict:
            return _response(415)
        answer = await self._answer(request, body, account, transport)
        content_type = CONTENT_TYPE if answer.body and not answer.by_http_sys else None
        response = _response(answer.status, {**answer.headers, **(headers or {})}, answer.body.encode("utf-8", "replace"), content_type)
        return await self._sent(request, response, answer, transport)

    async def _sent(self, request: web.BaseRequest, response: web.Response, answer: Answer, transport: Transport) -> web.StreamResponse:
        if answer.ending is Ending.FORGOTTEN:
            self._connections.pop(transport, None)
            tls = transport.get_extra_info("ssl_object") is not None
            return _challenge(Verdict(challenge=self._authenticator.offers(tls=tls)))
        return await deliver(request, response, answer.ending, transport)

    async def _answer(self, request: web.BaseRequest, body: bytes, account: Login | None, transport: Transport) -> Answer:
        received = self._service.receive(body)
        if account is None and (received.request is None or not received.request.identify):
            return Answer(401, headers={"WWW-Authenticate": "Negotiate"})
        traffic = self._traffic[transport]
        exchange = Exchange(
            machine=self._served.machine.name,
            address=self._served.address,
            account=account.name if account else None,
            received=received,
            body=body,
            fault=lambda fault: self._service.fault(received, fault, _host(request)),
            connection_age=traffic.age,
            connection_exchanges=traffic.exchanges,
        )
        traffic.exchanges += 1
        answer: Answer | None = None
        for interceptor in self._interceptors:
            answer = await interceptor.before(exchange)
            if answer is not None:
                break
        if answer is None:
            if account is not None:
                await self._service.wait(received)
            answer = self._service.answer(received, account, _host(request))
        for interceptor in self._interceptors:
            answer = await interceptor.after(exchange, answer)
        return answer

    async def _body(self, request: web.BaseRequest) -> bytes:
        limit = self._served.settings.max_envelope_bytes + _SEALING_BYTES
        if (request.content_length or 0) > limit:
            raise BodyTooLarge
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise BodyTooLarge
        return bytes(body)

    def _certificate_account(self, tls: SSLObject | None) -> Login | None:
        der = tls.getpeercert(binary_form=True) if tls is not None else None
        principal = certificate_principal(der) if der else None
        return self._accounts.find(principal) if principal else None


def _host(request: web.BaseRequest) -> str:
    """The machine as the client called it, without the port."""
    host = request.headers.get("Host", "").strip()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] or "localhost"


def _response(status: int, headers: dict[str, str] | None = None, body: bytes = b"", content_type: str | None = None) -> web.Response:
    response = web.Response(status=status, body=body)
    response.headers["Server"] = _SERVER
    if content_type is not None:
        response.headers["Content-Type"] = content_type
    elif not body:
        response.headers.popall("Content-Type", None)
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def _challenge(verdict: Verdict) -> web.Response:
    response = _response(401)
    for value in verdict.challenge:
        response.headers.add("WWW-Authenticate", value)
    return response
