# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A WS-Man transport from the connection of the task: its options, its credentials, but no shell and no runspace.

Ansible's ``winrm`` and ``psrp`` connection plugins open a WinRS shell or a runspace when they connect. CIM needs neither, and
shells are a quota. So the plugins are asked only to turn their options into a client (``_winrm_connect`` with a shell that is claimed to be
there already, ``_build_kwargs``), which is then spoken to directly. These methods are the same in ansible-core 2.16 to 2.21.
"""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable, Sequence
from dataclasses import replace

from ansible.errors import AnsibleConnectionFailure

from .._wsman.bounds import Allowance
from .._wsman.command import Shell
from .._wsman.errors import AuthenticationFailed, OptionsRefused, UnencryptedRefused
from .._wsman.libraries import require
from .._wsman.session import Session
from .._wsman.transport import DEFAULT_ALLOWANCE, Transport
from .._wsman.transport_pypsrp import PypsrpTransport
from .._wsman.transport_pywinrm import PywinrmTransport
from .connection_options import check_address, check_logon

SUPPORTED = ("winrm", "psrp")
_PSRP_DEFAULT_ENVELOPE = 153600  # of pypsrp: only another value is somebody's wish
_SHELL_NOT_WANTED = "no shell is opened"


class UnsupportedConnection(Exception):
    """The task's connection carries no WS-Man."""


def open_session(connection: t.Any) -> Session:
    """A session over the options of the task's own connection. Nothing is sent yet.

    Raises UnsupportedConnection, MissingLibrary and OptionsRefused. What the connection plugin itself refuses (unknown transport, kinit) is
    raised as it is.
    """
    kind = getattr(connection, "transport", None) or "unknown"
    if kind == "winrm":
        return _winrm_session(connection)
    if kind == "psrp":
        return _psrp_session(connection)
    raise UnsupportedConnection(
        f"the connection '{kind}' cannot carry WS-Management messages. Set ansible_connection to winrm or psrp for this host: "
        "the modules of hyperv.avma read and change Windows through CIM over WS-Management, without a shell."
    )


def _winrm_session(connection: t.Any) -> Session:
    for module in ("xmltodict", "winrm"):
        require(module)
    connection._build_winrm_kwargs()
    check_address(str(connection._winrm_host or ""))
    protocols: list[t.Any] = []

    def client(name: str) -> Callable[[], Transport]:
        def build() -> Transport:
            protocol = _winrm_protocol(connection, name)
            protocols.append(protocol)
            return PywinrmTransport(protocol)

        return build

    others = [client(name) for name in connection._winrm_transport]
    first = _next_that_can_be_built(others)
    transport: Transport = FirstThatWorks(first, others) if others else first
    return Session(transport, operation_timeout=float(protocols[0].operation_timeout_sec))


def _next_that_can_be_built(clients: list[Callable[[], Transport]]) -> Transport:
    """The next client, taken from the list. One whose library is missing is passed over as the winrm plugin does, except for the last."""
    while True:
        build = clients.pop(0)
        try:
            return build()
        except (AnsibleConnectionFailure, OptionsRefused):
            if not clients:
                raise


def _winrm_protocol(connection: t.Any, name: str) -> t.Any:
    """pywinrm's client for one transport, made by the plugin itself so that each of its options is honoured (Kerberos tickets too)."""
    if not (name in ("ssl", "certificate") and connection._winrm_kwargs.get("cert_pem")):
        check_logon(f"the connection winrm ({name})", name, connection._winrm_user, connection._winrm_pass)
    wanted, shell = connection._winrm_transport, connection.shell_id
    connection._winrm_transport = [name]
    connection.shell_id = _SHELL_NOT_WANTED
    try:
        return connection._winrm_connect()
    finally:
        connection._winrm_transport, connection.shell_id = wanted, shell


def _psrp_session(connection: t.Any) -> Session:
    require("pypsrp")
    from pypsrp.wsman import WSMan

    connection._build_kwargs()
    options = dict(connection._psrp_conn_kwargs)
    check_address(str(options["server"] or ""))
    method = str(options["auth"])
    check_logon(f"the connection psrp ({method})", method, options["username"], options["password"])
    try:
        client = WSMan(**options)
        session = Session(PypsrpTransport(client), operation_timeout=float(options["operation_timeout"]))
        if options["max_envelope_size"] != _PSRP_DEFAULT_ENVELOPE:
            session.max_envelope_size = int(options["max_envelope_size"])
    except ValueError as error:  # it names the options that do not go together
        raise OptionsRefused("the connection psrp", f"it does not take its options together: {str(error).rstrip('.')}") from error
    return session


class FirstThatWorks:
    """Several authentication transports, tried in their order until one gets an answer; that one stays (as the winrm plugin does)."""

    def __init__(self, first: Transport, others: Sequence[Callable[[], Transport]]) -> None:
        self._current = first
        self._others = list(others)  # not built before they are needed: kinit runs when a Kerberos client is

    def send(self, message: str, allowance: Allowance = DEFAULT_ALLOWANCE) -> bytes:
        ends = time.monotonic() + allowance.seconds
        while True:
            try:
                answer = self._current.send(message, replace(allowance, seconds=ends - time.monotonic()))
            except (AuthenticationFailed, UnencryptedRefused):
                # Another way to authenticate may do; it does not mend a network, so other errors are raised.
                if not self._others:
                    raise
                self._current.close()
                self._current = _next_that_can_be_built(self._others)
                continue
            self._others.clear()
            return answer

    @property
    def endpoint(self) -> str:
        return self._current.endpoint

    @property
    def read_timeout(self) -> float | None:
        return self._current.read_timeout

    def shell(self) -> Shell:
        """Over the transport that has worked; asking for anything else first finds that out."""
        return self._current.shell()

    def reset(self) -> None:
        self._current.reset()

    def close(self) -> None:
        self._current.close()
