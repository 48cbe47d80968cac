# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Building WQL safely. Source: Microsoft, "Querying with WQL"; literals and object paths escape with a backslash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .resource_uri import member_name


def quote(text: str) -> str:
    """The text as a WQL string literal, quotes included."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def any_of(name: str, texts: Iterable[str]) -> str:
    """``(Name = 'a' OR Name = 'b')``: WQL has no IN. ValueError without any text, for it would select everything."""
    terms = [f"{member_name(name)} = {quote(text)}" for text in texts]
    if not terms:
        raise ValueError(f"no value to compare {name} with")
    return "(" + " OR ".join(terms) + ")"


def object_path(class_name: str, keys: Mapping[str, str]) -> str:
    """``Class.Key="value",Other="value"`` as ASSOCIATORS OF {...} takes it."""
    pairs = ",".join(
        '{}="{}"'.format(member_name(name), value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in sorted(keys.items())
    )
    return f"{member_name(class_name)}.{pairs}" if pairs else f"{member_name(class_name)}=@"
