# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication as WinRM does it: Basic with each request, Negotiate, Kerberos and CredSSP once for a connection."""

from __future__ import annotations

import base64
import binascii
import logging
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import BadBindingsError, SpnegoError

from ..wsman.settings import ServiceSettings
from .acceptor_environment import acceptor_environment
from .accounts import AccountBook, Login
from .ntlm_token import claimed_identity, is_authenticate, sends_channel_binding
from .service_keys import ServiceKeys, kerberos_available

_log = logging.getLogger(__name__)
_SPNEGO_PROTOCOLS = {"negotiate": "negotiate", "kerberos": "kerberos", "credssp": "credssp"}
_SCHEME_NAMES = {"negotiate": "Negotiate", "kerberos": "Kerberos", "credssp": "CredSSP"}
# pyspnego lets errors of its unpacking out as they are when a token is no token.
_REFUSALS = (SpnegoError, ValueError, TypeError, IndexError, KeyError, OSError, AttributeError, AssertionError)
CERTIFICATE_SCHEME = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"


@dataclass
class ConnectionSecurity:
    """What a TCP connection has agreed on. ``context`` is complete when ``account`` came by it."""

    account: Login | None = None
    context: spnego.ContextProxy | None = None
    scheme: str = ""

    @property
    def sealed(self) -> bool:
        return self.context is not None and self.context.complete and self.account is not None

    def forget(self) -> None:
        self.account, self.context, self.scheme = None, None, ""


@dataclass(frozen=True)
class Verdict:
    """``account`` None: 401, with a token when the handshake goes on. ``leg``: the request was part of a handshake only."""

    account: Login | None = None
    challenge: tuple[str, ...] = ()
    continues: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Authenticator:
    """For one machine's listeners. ``binding`` belongs to the certificate of its HTTPS listener; without ``keys`` no ticket is accepted."""

    def __init__(
        self,
        accounts: AccountBook,
        settings: ServiceSettings,
        host: str,
        *,
        address: str = "",
        binding: GssChannelBindings | None = None,
        keys: ServiceKeys | None = None,
    ) -> None:
        self._accounts = accounts
        self._settings = settings
        self._host = host
        self._address = address
        self._binding = binding if settings.cbt_hardening != "none" else None
        self._keys = keys

    def offers(self, *, tls: bool) -> tuple[str, ...]:
        """The values of the WWW-Authenticate headers of a 401."""
        offered = self._schemes(tls=tls)
        lines = [_SCHEME_NAMES[scheme] for scheme in ("negotiate", "kerberos") if scheme in offered]
        if "basic" in offered:
            lines.append('Basic realm="WSMAN"')
        if "credssp" in offered:
            lines.append("CredSSP")
        return tuple(lines)

    def _schemes(self, *, tls: bool) -> frozenset[str]:
        schemes = self._settings.authentication
        if not tls and not self._settings.allow_unencrypted:
            schemes -= {"basic"}  # nothing would protect the password
        if not kerberos_available():
            schemes -= {"kerberos"}
        return schemes

    def judge(self, header: str | None, connection: ConnectionSecurity, *, tls: bool, certificate_account: Login | None) -> Verdict:
        refused = Verdict(challenge=self.offers(tls=tls))
        if header is None:
            return Verdict(connection.account) if connection.account is not None else refused
        verdict = self._proof(header, connection, tls=tls, certificate_account=certificate_account)
        if verdict is None:
            return refused
        if verdict.account is not None and not self._may_log_on(verdict.account):
            connection.forget()
            return refused
        return verdict

    def _may_log_on(self, account: Login) -> bool:
        return not account.locked and (account.remote_management or self._settings.root_sddl_refusal == "fault")

    def _proof(self, header: str, connection: ConnectionSecurity, *, tls: bool, certificate_account: Login | None) -> Verdict | None:
        """Who the header proves its sender to be, or the next leg of finding out. None: it proves nothing."""
        scheme, _unused, rest = header.strip().partition(" ")
        scheme = scheme.lower()
        if scheme == CERTIFICATE_SCHEME:
            allowed = tls and "certificate" in self._settings.authentication and certificate_account is not None
            return Verdict(certificate_account) if allowed else None
        if scheme not in self._schemes(tls=tls):
            return None
        try:
            token = base64.b64decode(rest.strip(), validate=True)
        except (binascii.Error, ValueError):
            return None
        return self._basic(token) if scheme == "basic" else self._handshake(scheme, token, connection, tls=tls)

    def _basic(self, token: bytes) -> Verdict | None:
        try:
            text = token.decode("utf-8")
        except UnicodeDecodeError:
            text = token.decode("latin-1")
        name, _unused, password = text.partition(":")
        account = self._accounts.verify(name, password)
        return Verdict(account) if account is not None else None

    def _handshake(self, scheme: str, token: bytes, connection: ConnectionSecurity, *, tls: bool) -> Verdict | None:
        """One leg; None when it fails, after which the connection knows nothing any more."""
        if connection.context is None or connection.context.complete or connection.scheme != scheme:
            connection.forget()
        identity = claimed_identity(token)
        if identity is not None:
            self._accounts.admit_ntlm(*identity)
        binding = self._binding if tls and scheme != "credssp" else None
        try:
            with self._environment():
                if binding is not None and self._is_unbound(scheme, token):
                    if self._settings.cbt_hardening == "strict":
                        raise BadBindingsError(context_msg="the client did not bind its handshake")
                    binding = None
                if connection.context is None:
                    connection.context = self._acceptor(scheme)
                    connection.scheme = scheme
                reply = connection.context.step(token, channel_bindings=binding)
                complete = connection.context.complete
        except _REFUSALS as error:
            _log.debug("%s refused: %s", scheme, type(error).__name__)
            connection.forget()
            return None
        answer = f"{_SCHEME_NAMES[scheme]} {base64.b64encode(reply or b'').decode()}".rstrip()
        if not complete:
            return Verdict(challenge=(answer,), continues=True)
        account = self._accounts.find(connection.context.client_principal or "")
        if account is None:
            connection.forget()
            return None
        connection.account = account
        return Verdict(account, headers={"WWW-Authenticate": answer} if reply else {})

    def _is_unbound(self, scheme: str, token: bytes) -> bool:
        """Whether the token ends a handshake that is good for any channel."""
        if is_authenticate(token):
            return not sends_channel_binding(token)
        if b"NTLMSSP\0" in token:
            return False
        # What binds a ticket is sealed in it: it is unbound if it is taken for a channel that cannot be.
        probe = self._acceptor(scheme)
        try:
            probe.step(token, channel_bindings=GssChannelBindings(application_data=secrets.token_bytes(32)))
        except _REFUSALS:
            return False
        return probe.complete

    def _environment(self) -> AbstractContextManager[None]:
        keys = self._keys.environment(self._host, self._address) if self._keys is not None else {}
        return acceptor_environment({"NTLM_USER_FILE": str(self._accounts.ntlm_file), **keys})

    def _acceptor(self, scheme: str) -> spnego.ContextProxy:
        # The pure Python acceptor for Negotiate: GSSAPI's own would look for NTLM in a plug-in that is seldom there.
        options = spnego.NegotiateOptions.use_negotiate if scheme == "negotiate" else spnego.NegotiateOptions.none
        return spnego.server(hostname=self._host, service="HTTP", protocol=_SPNEGO_PROTOCOLS[scheme], options=options)
