# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP around the messages, as HTTP.sys and WinRM answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest
import requests

from hyperv_lab.http.accounts import AccountBook
from hyperv_lab.http.server import LabServer, ServedMachine
from hyperv_lab.wsman.answer import Answer, Ending
from hyperv_lab.wsman.interceptor import Exchange
from hyperv_lab.wsman.settings import ServiceSettings

from .live_office import LiveOffice
from .messages import OFFICE, TRANSFER, fault_code_in, message
from .office_machine import OfficeAccount, OfficeMachine

Serve = Callable[..., LiveOffice]
_GET = message(f"{TRANSFER}Get", f"{OFFICE}Office_Building")
_IDENTIFY = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>'
)
_SOAP = {"Content-Type": "application/soap+xml;charset=UTF-8"}


def test_an_answer_over_https(serve: Serve, office: OfficeMachine) -> None:
    response = serve(office).post(_GET)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/soap+xml;charset=UTF-8"
    assert response.headers["Server"] == "Microsoft-HTTPAPI/2.0"
    assert not response.content.startswith(b"<?xml")


def test_offers_of_a_401(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office, authentication=frozenset({"basic", "negotiate", "credssp"}))
    plain = requests.post(live.http, data=_GET, headers=_SOAP, timeout=10)
    assert plain.status_code == 401
    assert plain.content == b""
    assert plain.headers["WWW-Authenticate"] == "Negotiate, CredSSP"
    secure = requests.post(live.https, data=_GET, headers=_SOAP, verify=str(live.tls.ca_file), timeout=10)
    assert secure.headers["WWW-Authenticate"] == 'Negotiate, Basic realm="WSMAN", CredSSP'


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/", 404), ("POST", "/wsman/other", 404), ("GET", "/wsman", 405), ("PUT", "/wsman", 405)]
)
def test_other_paths_and_methods(serve: Serve, office: OfficeMachine, method: str, path: str, status: int) -> None:
    live = serve(office)
    response = requests.request(method, f"http://{live.address}:5985{path}", data=_GET, headers=_SOAP, timeout=10)
    assert (response.status_code, response.content) == (status, b"")


def test_the_path_is_read_without_case_and_query(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    response = requests.post(f"http://{live.address}:5985/WSMAN/?PSVersion=5.1", data=_GET, headers=_SOAP, timeout=10)
    assert response.status_code == 401


@pytest.mark.fidelity(
    "A request larger than MaxEnvelopeSizekb: 413",
    source="[MS-WSMV] 3.1.4.1.20",
    confidence="M",
)
def test_a_body_larger_than_the_envelope_allowed(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office, max_envelope_kb=64)
    assert live.post(_GET + " " * 100 * 1024).status_code == 413
    chunks = (b"x" * 4096 for _unused in range(100))
    response = requests.post(live.http, data=chunks, headers=_SOAP, timeout=10)
    assert response.status_code == 413


def test_another_content_type(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    response = requests.post(
        live.https,
        data=_GET,
        headers={"Content-Type": "text/plain"},
        auth=("Administrator", "Lab-Pass1"),
        verify=str(live.tls.ca_file),
        timeout=10,
    )
    assert response.status_code == 415


@pytest.mark.fidelity(
    "A body that cannot be unsealed: 400",
    source="pywinrm and libvirt handle it so",
    confidence="H",
)
def test_sealed_rubbish_is_400(serve: Serve, office: OfficeMachine) -> None:
    kind = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
    assert serve(office).post("--Encrypted Boundary\r\nrubbish", **{"Content-Type": kind}).status_code == 400


@pytest.mark.parametrize("token", ["", "!!!", "TlRMTVNTUAADAAAA", "TlRMTVNTUAABAAAA", "YIGYBgYrBgEFBQKg", "AAAA"])
@pytest.mark.parametrize("scheme", ["Negotiate", "CredSSP", "Basic", "Bearer"])
def test_broken_tokens_are_401(serve: Serve, office: OfficeMachine, scheme: str, token: str) -> None:
    live = serve(office, authentication=frozenset({"basic", "negotiate", "credssp"}))
    headers = {**_SOAP, "Authorization": f"{scheme} {token}"}
    response = requests.post(live.https, data=_GET, headers=headers, verify=str(live.tls.ca_file), timeout=10)
    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.fidelity(
    "Identify reports OS 0.0.0 before authentication and the version after it",
    source="Microsoft, Test-WSMan; OpenVAS",
    confidence="H",
)
def test_identify_before_and_after_authentication(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    stranger = requests.post(live.http, data=_IDENTIFY, headers={**_SOAP, "WSMANIDENTIFY": "unauthenticated"}, timeout=10)
    assert stranger.status_code == 200
    assert "OS: 0.0.0 SP: 0.0 Stack: 3.0" in stranger.text
    assert "SecurityProfiles" not in stranger.text
    known = live.post(_IDENTIFY)
    assert "OS: 10.0.20348 SP: 0.0 Stack: 3.0" in known.text
    assert "<wsmid:SecurityProfiles>" in known.text


def test_identify_is_all_that_a_stranger_gets(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    response = requests.post(live.http, data=_GET, headers={**_SOAP, "WSMANIDENTIFY": "unauthenticated"}, timeout=10)
    assert (response.status_code, response.content) == (401, b"")
    assert requests.post(live.http, data=_IDENTIFY, headers=_SOAP, timeout=10).status_code == 401


def test_faults_name_the_machine_as_the_client_called_it(serve: Serve, office: OfficeMachine) -> None:
    response = serve(office).post(message(f"{TRANSFER}Get", f"{OFFICE}Office_Chair"))
    assert response.status_code == 500
    assert fault_code_in(response.text) == 2150858752
    assert 'Code="2150858752" Machine="127.9.9.1"' in response.text
    assert 'Code="2150858752" Machine="OFFICE01"' in response.text


def test_a_request_that_is_no_http(serve: Serve, office: OfficeMachine) -> None:
    live = serve(office)
    with socket.create_connection((live.address, 5985), timeout=10) as connection:
        connection.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert b" 400 " in connection.recv(4096).partition(b"\r\n")[0]


class _Weather:
    """An interceptor that refuses one request and drops the next."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def before(self, exchange: Exchange) -> Answer | None:
        self.seen.append(exchange.received.resource_uri)
        return (Answer(503), Answer(0, ending=Ending.CUT), None)[min(len(self.seen), 3) - 1]

    async def after(self, exchange: Exchange, answer: Answer) -> Answer:
        return answer


def test_interceptors_stand_between(office: OfficeMachine) -> None:
    async def scene() -> list[object]:
        weather = _Weather()
        book = AccountBook([OfficeAccount("Administrator", "Lab-Pass1")])
        settings = ServiceSettings(allow_unencrypted=True)
        server = LabServer([ServedMachine(office, "127.9.9.2", settings, https_port=None)], book, interceptors=[weather])
        await server.start()
        seen: list[object] = []
        try:
            for _unused in range(3):
                try:
                    response = await asyncio.to_thread(
                        requests.post,
                        "http://127.9.9.2:5985/wsman",
                        data=_GET,
                        headers=_SOAP,
                        auth=("Administrator", "Lab-Pass1"),
                        timeout=10,
                    )
                    seen.append(response.status_code)
                except requests.ConnectionError:
                    seen.append("dropped")
        finally:
            await server.stop()
            book.close()
        return [*seen, len(weather.seen)]

    assert asyncio.run(scene()) == [503, "dropped", 200, 3]


def test_a_machine_can_be_switched_off_and_on(office: OfficeMachine) -> None:
    async def scene() -> list[bool]:
        book = AccountBook([])
        served = ServedMachine(office, "127.9.9.3", https_port=None)
        server = LabServer([], book)
        found: list[bool] = []
        for step in (server.open(served), server.close("127.9.9.3"), server.open(served)):
            await step
            found.append(await asyncio.to_thread(_answers, "127.9.9.3"))
        await server.stop()
        book.close()
        return found

    assert asyncio.run(scene()) == [True, False, True]


def _answers(address: str) -> bool:
    try:
        return requests.post(f"http://{address}:5985/wsman", timeout=10).status_code == 401
    except requests.ConnectionError:
        return False


def test_an_address_in_use_leaves_nothing_open(office: OfficeMachine) -> None:
    async def scene() -> None:
        book = AccountBook([])
        with socket.create_server(("127.9.9.5", 5985)):
            server = LabServer([ServedMachine(office, address, https_port=None) for address in ("127.9.9.4", "127.9.9.5")], book)
            with pytest.raises(OSError, match=r"127\.9\.9\.5"):
                await server.start()
            assert not server.is_open("127.9.9.4")
        book.close()

    asyncio.run(scene())
    assert not _answers("127.9.9.4")


@pytest.mark.parametrize("account", [OfficeAccount("a:b", "p"), OfficeAccount("a", "p\nq"), OfficeAccount("a", "p", domain="d:")])
def test_accounts_that_the_credential_file_cannot_hold(account: OfficeAccount) -> None:
    with pytest.raises(ValueError, match="no colon"):
        AccountBook([account])


@pytest.mark.parametrize("options", [{"authentication": frozenset({"digest"})}, {"max_envelope_kb": 1}])
def test_settings_that_winrm_does_not_have(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"digest|max_envelope_kb"):
        ServiceSettings(**options)  # type: ignore[arg-type]
