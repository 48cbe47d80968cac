# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""By which address a guest is reached, of those that it claims in Data Exchange.

The guest's administrator writes them, and a connection sends credentials to the address. So an address counts only if a machine elsewhere
can have it, and if nobody else claims it.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

IPV4, IPV6 = "ipv4", "ipv6"
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_MOST = 64  # addresses of one machine that are looked at


class InvalidNetwork(ValueError):
    """The text is not a network in CIDR notation."""


@dataclass(frozen=True)
class AddressRule:
    """``families`` in order of preference. Without ``networks`` any address counts that is not special; with them only theirs do."""

    families: Sequence[str] = (IPV4, IPV6)
    networks: Sequence[Network] = ()
    excluded: Sequence[Network] = ()

    def admits(self, address: Address) -> bool:
        if any(address in network for network in self.excluded):
            return False
        if self.networks:
            return any(address in network for network in self.networks)
        return not _special(address)


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Raises InvalidNetwork."""
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError as error:
            raise InvalidNetwork(
                f"{text!r} is not a network. Write it as address/prefix, such as 10.0.0.0/8 or fd00::/8 ({error})"
            ) from error
    return tuple(found)


def usable_addresses(claimed: Iterable[str], rule: AddressRule) -> tuple[str, ...]:
    """The addresses that ``rule`` admits, the preferred family first, each in its canonical form."""
    found: dict[str, list[str]] = {IPV4: [], IPV6: []}
    for _count, text in zip(range(_MOST), claimed):  # noqa: B905  (the shorter one ends it)
        address = _address(text)
        if address is not None and rule.admits(address):
            found[IPV4 if address.version == 4 else IPV6].append(str(address))
    return tuple(dict.fromkeys(address for family in rule.families for address in found.get(family, ())))


def own_addresses(usable: Mapping[str, Sequence[str]], others: Collection[str] = ()) -> tuple[dict[str, str | None], dict[str, list[str]]]:
    """The first address of each machine that it alone claims (None: there is none), and who claims an address that was passed over so.

    ``usable``: addresses by machine; ``others``: addresses of hosts, which no guest can have.
    """
    claims = Counter(address for addresses in usable.values() for address in set(addresses))
    contested = {address for address, count in claims.items() if count > 1} | (set(others) & set(claims))
    chosen: dict[str, str | None] = {}
    passed_over: set[str] = set()
    for machine, addresses in usable.items():
        own = [address for address in addresses if address not in contested]
        chosen[machine] = own[0] if own else None
        # Only what stood before the chosen one matters: many share an address of a virtual switch or a load balancer at the end.
        passed_over.update(addresses[: addresses.index(own[0])] if own else addresses)
    claimants = {address: [machine for machine, addresses in usable.items() if address in addresses] for address in sorted(passed_over)}
    return chosen, claimants


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip()) if len(text) <= 64 else None
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return None  # a zone is an interface of the guest's own
        return address.ipv4_mapped or address
    return address


def _special(address: Address) -> bool:
    """No machine elsewhere is reached by it: the controller itself, the link, a group, nobody."""
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
        or address in _THIS_NETWORK
    )
