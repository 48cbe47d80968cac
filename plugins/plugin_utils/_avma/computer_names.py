# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Names of computers: what may be one, the form without a domain, and what is an address and therefore not a name.

Compared without case, as Windows and DNS do."""

from __future__ import annotations

import re
from collections.abc import Iterable

# RFC 1035 and 1123, with the underscore that names of Windows computers may have.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_DNS_NAME = 253
# What resolvers take for the controller itself (RFC 6761 and the hosts files of Linux distributions), and Ansible's own groups.
RESERVED = frozenset(
    ("localhost", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback", "localhost.localdomain", "all", "ungrouped", "_meta")
)
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*")


def is_address(text: str) -> bool:
    """Whether a connection would take ``text`` for an address, whose first part is not a name.

    The notations of inet_aton count too (``127.1``, ``0x7f000001``, ``2130706433``): resolvers take them, and a computer of Windows
    cannot have a name of digits alone. So does whatever holds a colon.
    """
    if ":" in text:
        return True
    parts = (text.split() or [""])[0].split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return False
    *first, last = (_value(part) for part in parts)
    return all(number <= 0xFF for number in first) and last < 256 ** (5 - len(parts))


def _value(part: str) -> int:
    """A number of inet_aton: hexadecimal after 0x, octal after 0. One of many digits is not read, for it is too large in any case."""
    if len(part) > 16:
        return 256**4
    if part[:2] in ("0x", "0X"):
        return int(part, 16)
    return int(part, 8) if part.startswith("0") else int(part)


def dns_name(text: str) -> str | None:
    """``text`` in lower case if it can be a machine's name in DNS, and not the controller's own or an address in disguise."""
    name = text.strip().rstrip(".").lower() if len(text) <= _LONGEST_DNS_NAME + 1 else ""
    labels = name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or "localhost" in (labels[0], labels[-1]):
        return None
    return None if name in RESERVED or is_address(name) or labels[-1].isdigit() else name


def without_domain(name: str) -> str:
    """The name as it stands, without its domain. An address stays whole."""
    return name if is_address(name) else name.partition(".")[0]


def domain_of(name: str) -> str:
    """What stands behind the first dot of a name; empty for an address and for a name without a domain."""
    return name[len(without_domain(name)) + 1 :]


def short_name(name: str) -> str:
    """A name without its domain, for comparison. An address stays whole."""
    return without_domain(name.casefold().rstrip("."))


def forms(name: str) -> tuple[str, ...]:
    """A name as it stands and without its domain, for comparison; empty for an empty one."""
    folded = name.casefold().rstrip(".")
    return tuple(dict.fromkeys(form for form in (folded, short_name(folded)) if form))


def forms_of(names: Iterable[str | None]) -> set[str]:
    return {form for name in names if name for form in forms(name)}


def same_computer(one: str, other: str) -> bool:
    """Whether two names may be one computer's. Two full names must be alike; a name without a domain is compared with the short form."""
    if "." in one and "." in other:
        return forms(one)[:1] == forms(other)[:1]
    return short_name(one) == short_name(other)
