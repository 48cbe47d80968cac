# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chance that can be repeated: the same question always gets the same answer."""

from __future__ import annotations

from hashlib import blake2b

_RANGE = 2.0**64


def chance(seed: int, machine: str, number: int, rule: str, about: str = "") -> float:
    """A number in [0, 1) that depends on its arguments alone: not on time, not on other machines, not on what was asked before."""
    question = "\0".join((str(seed), machine.lower(), str(number), rule, about))
    return int.from_bytes(blake2b(question.encode(), digest_size=8).digest(), "big") / _RANGE
