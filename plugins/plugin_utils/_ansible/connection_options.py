# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Options of a connection that cannot work, found before anything is sent: no account is locked by them and no machine passes for unreachable."""

from __future__ import annotations

import re

from .._wsman.errors import AddressRefused, NoPassword, NotForBasic

# By pywinrm's and pypsrp's names; "plaintext" and, without a certificate, "ssl" are pywinrm's older names of Basic.
_BASIC = ("basic", "plaintext", "ssl")
# Kerberos, and Negotiate with it, also take a ticket that is there already; a certificate needs none.
_WITH_PASSWORD = (*_BASIC, "ntlm", "credssp")
_NOT_IN_A_NAME = re.compile(r"[\s/\\@?#]")


def check_address(address: str) -> None:
    """Raises AddressRefused where ``ansible_host`` is neither a name nor an address."""
    shown = repr(address)[:100]
    if not address.strip():
        raise AddressRefused("ansible_host", "it is empty")
    if "://" in address or _NOT_IN_A_NAME.search(address) or address.count(":") == 1 or re.search(r"\]:?\d", address):
        raise AddressRefused("ansible_host", f"{shown} is not a name or an address")


def check_logon(endpoint: str, method: str, user: str | None, password: str | None) -> None:
    """``method``: as the library calls it. Raises NoPassword and NotForBasic; neither shows a part of the password."""
    if method in _WITH_PASSWORD and user and not password:
        raise NoPassword(endpoint, f"no password is given for the user {user[:100]}: ansible_password is empty or not set")
    if method not in _BASIC:
        return
    for option, text in (("ansible_user", user or ""), ("ansible_password", password or "")):
        foreign = next((character for character in text if ord(character) > 0xFF), None)
        if foreign is not None:
            which = f"the character {foreign} (U+{ord(foreign):04X})" if option == "ansible_user" else "a character"
            raise NotForBasic(endpoint, f"Basic cannot carry {which} of {option}")
