# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys that the module knows on a target are those that the collection knows on the controller."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.module_utils._unattend import product_keys
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma import keys


def test_avma_keys_are_the_same() -> None:
    published: dict[str, set[str]] = {}
    for row in keys.AVMA_KEYS:
        published.setdefault(row.key, set()).add(f"{row.release_name} {row.edition.value}")

    assert {key: set(names) for key, names in product_keys.AVMA_KEYS.items()} == published


def test_kms_client_keys_are_the_same() -> None:
    assert {row.key: f"{row.release_name} {row.edition}" for row in keys.KMS_CLIENT_KEYS} == product_keys.KMS_CLIENT_KEYS


@pytest.mark.parametrize(
    "text",
    [
        "W3GNR-8DDXR-2TFRP-H8P33-DV9BG",
        " wx4nm-kywyw-qjjr4-xv3qb-6vm33\n",
        "ABCDE-12345-ABCDE-12345-ABCDE",
        "ABCDE-12345-ABCDE-12345",
        "ABCDE-12345-ABCDE-12345-ABCD\u0416",
        "%KEY%",
    ],
)
def test_keys_are_shown_and_told_apart_alike(text: str) -> None:
    assert product_keys.display(text) == keys.display_key(text)
    normal = product_keys.normalise(text)
    if normal is None:
        with pytest.raises(keys.InvalidProductKey):
            keys.normalise_key(text)
    else:
        assert keys.normalise_key(text) == normal
        assert product_keys.kind_of(normal) == keys.classify_key(text).value
