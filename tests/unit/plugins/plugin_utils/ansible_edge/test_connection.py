# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions from connections: plugins as they are in ansible-core, and what is said of connections that will not do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.connection import FirstThatWorks, UnsupportedConnection, open_session
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    MissingLibrary,
    UnencryptedRefused,
    WsManError,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.transport_pypsrp import PypsrpTransport
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.transport_pywinrm import PywinrmTransport

ENDPOINT = "http://web01:5985/wsman"
PASSWORD = "correct horse battery staple"


def plugin(name: str, **options: Any) -> Any:
    """A connection plugin of the installed ansible-core with options as the task executor sets them."""
    connection = connection_loader.get(name, PlayContext(), "/dev/null")
    extras = {key: value for key, value in options.items() if key.startswith("ansible_winrm_")}
    connection.set_options(
        var_options={"_extras": extras, "ansible_host": "web01", "ansible_user": "admin", "ansible_password": PASSWORD, **options}
    )
    return connection


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a shell, a runspace or any connection fails the test."""
    import requests

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("something was sent")

    monkeypatch.setattr(requests.Session, "send", refuse)


# ansible-core's own plugins


def test_winrm_plugin_gives_a_client_and_opens_no_shell() -> None:
    connection = plugin("winrm", ansible_winrm_transport=["ntlm"], ansible_port=5986, ansible_winrm_scheme="https")
    session = open_session(connection)
    transport = session._transport
    assert isinstance(transport, PywinrmTransport)
    assert transport.endpoint == "https://web01:5986/wsman"
    assert connection.shell_id is None
    assert connection.protocol is None


def test_winrm_options_are_handed_through() -> None:
    connection = plugin(
        "winrm",
        ansible_winrm_transport=["ntlm"],
        ansible_winrm_read_timeout_sec=70,
        ansible_winrm_operation_timeout_sec=40,
        ansible_winrm_server_cert_validation="ignore",
        ansible_winrm_message_encryption="always",
        ansible_port=5985,
    )
    session = open_session(connection)
    native = session._transport._transport
    assert (native.username, native.password, native.auth_method) == ("admin", PASSWORD, "ntlm")
    assert native.server_cert_validation == "ignore"
    assert native.message_encryption == "always"
    assert session._transport.read_timeout == 70
    assert session.operation_timeout == 40


def test_winrm_connection_timeout_is_the_operation_timeout() -> None:
    session = open_session(plugin("winrm", ansible_winrm_transport=["ntlm"], ansible_winrm_connection_timeout=45))
    assert session.operation_timeout == 45
    assert session._transport.read_timeout == 55


def test_operation_timeout_stays_below_the_read_timeout() -> None:
    session = open_session(plugin("winrm", ansible_winrm_transport=["ntlm"], ansible_winrm_read_timeout_sec=21))
    assert session.operation_timeout < 21


def test_several_winrm_transports_are_tried_in_their_order() -> None:
    connection = plugin("winrm", ansible_winrm_transport=["ntlm", "basic"], ansible_port=5986)
    session = open_session(connection)
    transport = session._transport
    assert isinstance(transport, FirstThatWorks)
    assert transport._current._transport.auth_method == "ntlm"  # type: ignore[attr-defined]
    assert [client()._transport.auth_method for client in transport._others] == ["basic"]  # type: ignore[attr-defined]
    assert connection._winrm_transport == ["ntlm", "basic"]
    assert connection.shell_id is None


def test_transport_whose_library_is_missing_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = plugin("winrm", ansible_winrm_transport=["kerberos", "ntlm"])
    monkeypatch.setattr(sys.modules[type(connection).__module__], "HAVE_KERBEROS", False)
    session = open_session(connection)
    assert isinstance(session._transport, PywinrmTransport)
    assert session._transport._transport.auth_method == "ntlm"


def test_only_transport_whose_library_is_missing_is_the_plugin_s_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = plugin("winrm", ansible_winrm_transport=["kerberos"])
    monkeypatch.setattr(sys.modules[type(connection).__module__], "HAVE_KERBEROS", False)
    with pytest.raises(AnsibleConnectionFailure, match="kerberos"):
        open_session(connection)


def test_unknown_transport_is_the_plugin_s_own_error() -> None:
    with pytest.raises(Exception, match="telepathy"):
        open_session(plugin("winrm", ansible_winrm_transport=["telepathy"]))


def test_plugin_still_opens_its_shell_for_other_tasks() -> None:
    connection = plugin("winrm", ansible_winrm_transport=["ntlm"])
    open_session(connection)
    with pytest.raises(AnsibleConnectionFailure, match="something was sent"):
        connection._connect()


def test_psrp_plugin_gives_a_client_and_opens_no_runspace() -> None:
    connection = plugin(
        "psrp",
        ansible_psrp_auth="ntlm",
        ansible_psrp_operation_timeout=40,
        ansible_psrp_read_timeout=70,
        ansible_psrp_cert_validation="ignore",
    )
    session = open_session(connection)
    transport = session._transport
    assert isinstance(transport, PypsrpTransport)
    assert transport.endpoint == "https://web01:5986/wsman"
    native = transport._transport
    assert (native.username, native.password, native.auth, native.cert_validation) == ("admin", PASSWORD, "ntlm", False)
    assert (session.operation_timeout, transport.read_timeout) == (40, 70)
    assert connection.runspace is None
    assert session.max_envelope_size == 512000


def test_psrp_envelope_size_that_somebody_set_is_used() -> None:
    assert open_session(plugin("psrp", ansible_psrp_max_envelope_size=300000)).max_envelope_size == 300000


# connections that will not do


@pytest.mark.parametrize("name", ["ssh", "local"])
def test_other_connections_are_refused_by_name(name: str) -> None:
    with pytest.raises(UnsupportedConnection, match=f"'{name}'.*ansible_connection to winrm or psrp"):
        open_session(plugin(name))


def test_connection_without_a_name() -> None:
    with pytest.raises(UnsupportedConnection, match="'unknown'"):
        open_session(SimpleNamespace())


@pytest.mark.parametrize(("name", "module", "library"), [("winrm", "winrm", "pywinrm"), ("psrp", "pypsrp", "pypsrp")])
def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, name: str, module: str, library: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingLibrary, match=f"the Python library {library} cannot be used by"):
        open_session(SimpleNamespace(transport=name))


# one transport after the other


class Scripted:
    """A transport that answers or raises what it is told, and its name as the answer after that."""

    def __init__(self, name: str, *script: Exception | bytes) -> None:
        self.endpoint = f"http://{name}:5985/wsman"
        self.read_timeout = 30.0
        self.script = list(script)
        self.name = name
        self.closed = 0
        self.resets = 0

    def send(self, message: str, allowance: object = None) -> bytes:
        answer = self.script.pop(0) if self.script else self.name.encode()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed += 1


REFUSALS = [AuthenticationFailed(ENDPOINT), UnencryptedRefused(ENDPOINT)]


@pytest.mark.parametrize("refusal", REFUSALS, ids=["401", "unencrypted"])
def test_next_transport_after_a_refusal(refusal: WsManError) -> None:
    first, second, third = Scripted("first", refusal), Scripted("second"), Scripted("third")
    transport = FirstThatWorks(first, [lambda: second, lambda: third])
    assert transport.endpoint == first.endpoint
    assert transport.send("") == b"second"
    assert transport.endpoint == second.endpoint
    assert (first.closed, second.closed) == (1, 0)


def test_last_refusal_is_raised() -> None:
    transport = FirstThatWorks(Scripted("first", REFUSALS[0]), [lambda: Scripted("second", REFUSALS[1])])
    with pytest.raises(UnencryptedRefused):
        transport.send("")


def test_transport_that_answered_once_stays() -> None:
    first = Scripted("first", b"hello", AuthenticationFailed(ENDPOINT))
    transport = FirstThatWorks(first, [lambda: Scripted("second")])
    assert transport.send("") == b"hello"
    with pytest.raises(AuthenticationFailed):
        transport.send("")


def test_dead_network_is_not_tried_by_other_transports() -> None:
    transport = FirstThatWorks(Scripted("first", ConnectionFailed(ENDPOINT, "refused")), [lambda: Scripted("second")])
    with pytest.raises(ConnectionFailed):
        transport.send("")


def test_transport_that_cannot_be_built_later_is_passed_over() -> None:
    def without_library() -> Scripted:
        raise AnsibleConnectionFailure("no kerberos library")

    transport = FirstThatWorks(Scripted("first", REFUSALS[0]), [without_library, lambda: Scripted("third")])
    assert transport.send("") == b"third"


def test_reset_and_close_reach_the_current_transport() -> None:
    first = Scripted("first")
    others: Sequence[Any] = ()
    transport = FirstThatWorks(first, others)
    transport.reset()
    transport.close()
    assert (first.resets, first.closed, transport.read_timeout) == (1, 1, 30.0)
