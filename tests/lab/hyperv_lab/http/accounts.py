# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may log on to the lab's machines. The accounts of a lab are public: nothing real is behind them."""

from __future__ import annotations

import hmac
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from ..cim.provider import Account

# Spellings of domains that clients may make up, before new ones are refused.
_MAX_ADMITTED = 10000


class Login(Account, Protocol):
    """An account that can prove who it is."""

    @property
    def password(self) -> str:
        """In the clear: NTLM and the KDC derive from it."""

    @property
    def domain(self) -> str | None:
        """None: an account of the machine itself, which answers to any domain nobody else claims, as on Windows."""

    @property
    def locked(self) -> bool:
        """Locked out: its right password is refused like a wrong one."""


def split_principal(principal: str) -> tuple[str, str]:
    r"""Domain (or an empty string) and name of ``DOMAIN\name``, ``name@domain`` or ``name``."""
    domain, backslash, name = principal.partition("\\")
    if backslash:
        return domain, name
    name, _unused, domain = principal.partition("@")
    return domain, name


def _same_domain(left: str, right: str) -> bool:
    """``LAB`` and ``lab.example`` name one domain: its NetBIOS and its DNS name."""
    left, right = left.lower(), right.lower()
    return left == right or left.partition(".")[0] == right.partition(".")[0]


def _has_mark(*texts: str) -> bool:
    return any(mark in text for mark in ":\r\n" for text in texts)


class AccountBook:
    """ValueError for an account with a colon or a line break in its name, domain or password."""

    def __init__(self, accounts: Iterable[Login]) -> None:
        self._accounts = tuple(accounts)
        for account in self._accounts:
            # The format of the credential file that NTLM's acceptor reads has no escape for these.
            if _has_mark(account.name, account.password, account.domain or ""):
                raise ValueError(f"account {account.name!r}: name, domain and password must hold no colon and no line break")
        self._admitted: set[tuple[str, str]] = set()
        self._folder = tempfile.TemporaryDirectory(prefix="hyperv-lab-accounts-")
        self._file = Path(self._folder.name) / "ntlm"
        self._file.touch(mode=0o600)
        # CredSSP hides who is coming inside TLS, so every account is known from the start under its own domain.
        for account in self._accounts:
            domain = account.domain or ""
            for spelling in dict.fromkeys((domain, domain.partition(".")[0])):
                self.admit_ntlm(spelling, account.name)

    def close(self) -> None:
        self._folder.cleanup()

    def find(self, principal: str) -> Login | None:
        domain, name = split_principal(principal)
        named = [account for account in self._accounts if account.name.lower() == name.lower()]
        for account in named:
            if account.domain is not None and domain and _same_domain(account.domain, domain):
                return account
        return next((account for account in named if account.domain is None), None)

    def verify(self, principal: str, password: str) -> Login | None:
        account = self.find(principal)
        if account is None or not hmac.compare_digest(account.password.encode(), password.encode("utf-8", "surrogateescape")):
            return None
        return account

    def admit_ntlm(self, domain: str, name: str) -> None:
        """Make an account known to NTLM's acceptor under the domain that the client gives."""
        account = self.find(f"{domain}\\{name}" if domain else name)
        claim = (domain.upper(), name.upper())
        known = claim in self._admitted or len(self._admitted) >= _MAX_ADMITTED
        if account is None or known or _has_mark(domain, name):
            return
        self._admitted.add(claim)
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(f"{domain}:{name}:{account.password}\n")

    @property
    def ntlm_file(self) -> Path:
        """Where NTLM's acceptor finds its accounts (pyspnego: ``NTLM_USER_FILE``)."""
        return self._file
