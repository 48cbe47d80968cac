# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few histories of small worlds. ``make truth`` draws as many as it is told to."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from .histories import History, check, histories


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(histories(machines=16, moments=3, steps=6))
def test_no_statement_is_false(history: History) -> None:
    check(history)
