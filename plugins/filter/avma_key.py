# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``avma_key``: the AVMA key of a release and edition."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ..plugin_utils._avma.editions import GUEST_EDITIONS, Edition
from ..plugin_utils._avma.tables import Tables
from ..plugin_utils._avma.user_tables import InvalidTables, with_user_tables
from ..plugin_utils._filter.defined import require_defined
from ..plugin_utils._filter.product import Product, UnclearProduct, edition_from, product_of

_OTHER_SYSTEMS = {"linux": "Linux", "windows_client": "client Windows", "other": "no Windows"}
_OWN_KEY = "Activate it by other means, or give a key of your own."


def avma_key(value: object, edition: object = None, tables: object = None) -> str:
    require_defined(value, edition, tables)
    try:
        known = with_user_tables(tables)
        product = product_of(value, "avma_key", known)
        if edition is not None:
            chosen, evaluation = edition_from(edition, "avma_key: edition")
            product = Product(product.release, chosen, evaluation, product.kind)
        return _key(product, known)
    except InvalidTables as error:
        raise AnsibleFilterError(f"avma_key: tables: {error}") from None
    except UnclearProduct as error:
        raise AnsibleFilterError(str(error)) from None


def _key(product: Product, tables: Tables) -> str:
    if product.kind in _OTHER_SYSTEMS:
        raise UnclearProduct(f"avma_key: the machine runs {_OTHER_SYSTEMS[product.kind]}, which AVMA does not activate. {_OWN_KEY}")
    if product.edition is Edition.AZURE_LOCAL:
        raise UnclearProduct("avma_key: Azure Local is a host and takes no AVMA key. Ask for the release and edition of the guest.")
    if product.release is None:
        raise UnclearProduct(
            "avma_key: the release of the machine is not known: its build is missing or in no table. "
            "Name the release, as in '2022', or give a key of your own."
        )
    if product.edition is None:
        raise UnclearProduct(
            f"avma_key: the edition of {product.release.label} is not known, and the key depends on it. "
            "Name it, as in \"'2022' | hyperv.avma.avma_key('Datacenter')\"."
        )
    if product.evaluation:
        raise UnclearProduct(
            f"avma_key: {product.release.label} {product.edition.value} is an evaluation edition here, which refuses every AVMA key. Convert it with "
            "DISM /Set-Edition; the key for that is the one of the edition that it becomes, so name that edition: 'Datacenter' or 'Standard'."
        )
    row = tables.avma_key(product.release, product.edition)
    if row is None:
        editions = [known.value for known in GUEST_EDITIONS if tables.avma_key(product.release, known)]
        known_keys = f"There are keys for {', '.join(editions)}." if editions else "There is none for this release at all."
        raise UnclearProduct(
            f"avma_key: Microsoft publishes no AVMA key for {product.release.label} {product.edition.value}. {known_keys} "
            "If you hold a key for it, give that, or add it to the tables."
        )
    return row.key


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"avma_key": avma_key}
