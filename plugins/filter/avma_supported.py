# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``avma_supported``: whether a host of one release activates guests of another."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ..plugin_utils._avma.editions import GUEST_EDITIONS, Edition
from ..plugin_utils._avma.matrix import can_activate
from ..plugin_utils._avma.tables import Tables
from ..plugin_utils._avma.user_tables import InvalidTables, with_user_tables
from ..plugin_utils._filter.defined import require_defined
from ..plugin_utils._filter.product import Product, UnclearProduct, product_of

_OTHER_SYSTEMS = ("linux", "windows_client", "other")
# On Azure and on Azure Local only, neither of which is an ordinary Hyper-V host. (Microsoft, Azure Local, activate Windows Server VMs)
_GUESTS = tuple(edition for edition in GUEST_EDITIONS if edition is not Edition.DATACENTER_AZURE)


def avma_supported(host: object, guest: object, tables: object = None) -> bool:
    require_defined(host, guest, tables)
    try:
        known = with_user_tables(tables)
        return _supported(product_of(host, "avma_supported: host", known), product_of(guest, "avma_supported: guest", known), known)
    except InvalidTables as error:
        raise AnsibleFilterError(f"avma_supported: tables: {error}") from None
    except UnclearProduct as error:
        raise AnsibleFilterError(str(error)) from None


def _supported(host: Product, guest: Product, tables: Tables) -> bool:
    if host.edition is Edition.AZURE_LOCAL:
        raise UnclearProduct(
            "avma_supported: host: on Azure Local the guests depend on its subscription or on the keys of its nodes, which its version does not show. "
            "Check them with Get-AzureStackHCISubscriptionStatus or Get-VMAutomaticActivation."
        )
    # An evaluation edition counts as licensed for itself, but no source says that it activates guests.
    if host.kind in _OTHER_SYSTEMS or host.evaluation or host.edition not in (None, Edition.DATACENTER):
        return False
    if guest.kind in _OTHER_SYSTEMS or guest.evaluation or guest.edition not in (None, *_GUESTS):
        return False
    for product, role in ((host, "host"), (guest, "guest")):
        if product.release is None:
            raise UnclearProduct(
                f"avma_supported: {role}: the release of the machine is not known: its build is missing or in no table. Name the release, as in '2022'."
            )
    return can_activate(host.release, guest.release, tables)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"avma_supported": avma_supported}
