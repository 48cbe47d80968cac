# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The key-value pairs that a guest gives to its host: the values of one registry key of the guest.

Only values directly in ``Guest`` are ever read or removed. ``Guest\\Parameters`` is written by the host, ``Auto`` by the integration
service, ``External`` belongs to the host. Source: Microsoft, "Data Exchange: using key-value pairs to share information".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._wsman.errors import EffectUnknown, Fault, MethodFailed, OperationTimedOut, WsManError
from .._wsman.session import Session
from .registry import REG_SZ, RegistryValue, delete_value, list_values, read_string

_TRIES = 2
GUEST_KEY = r"SOFTWARE\Microsoft\Virtual Machine\Guest"


@dataclass(frozen=True)
class Removed:
    """``names`` that are gone by what was done here, and what kept the others from it."""

    names: tuple[str, ...]
    error: WsManError | None = None


def read_guest_values(session: Session) -> tuple[RegistryValue, ...]:
    """The values of the guest's own key, empty where the key is not there. One request."""
    return list_values(session, GUEST_KEY) or ()


def read_data(session: Session, value: RegistryValue) -> str | None:
    """The text of a value, None for one of another type or one that cannot be read. One request."""
    if value.kind != REG_SZ:
        return None
    try:
        return read_string(session, GUEST_KEY, value.name)
    except (Fault, MethodFailed):
        return None


def remove_guest_values(session: Session, names: Sequence[str]) -> Removed:
    """Remove values by name. Where an answer is lost, the key is read, and a value that is still there is removed once more. Never raises."""
    removed: list[str] = []
    for name in names:
        error: WsManError | None = None
        for _unused in range(_TRIES):
            error = None
            try:
                if delete_value(session, GUEST_KEY, name):
                    removed.append(name)
                break
            except (EffectUnknown, OperationTimedOut) as lost:
                error = lost
                try:
                    left = {value.name for value in read_guest_values(session)}
                except WsManError:
                    break
                if name not in left:
                    removed.append(name)
                    error = None
                    break
            except WsManError as failure:
                error = failure
                break
        if error is not None:
            return Removed(tuple(removed), error)
    return Removed(tuple(removed))
