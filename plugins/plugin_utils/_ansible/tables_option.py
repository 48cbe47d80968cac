# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The option by which a user adds releases and AVMA keys to the published ones."""

from __future__ import annotations

import typing as t

from .._avma.tables import Tables
from .._avma.user_tables import InvalidTables, secrets_in, with_user_tables
from .action import Task
from .options import OptionError

TABLES_OPTION: dict[str, t.Any] = {"tables": {"type": "dict"}}


def tables_of(task: Task) -> Tables:
    """The tables that a task reckons with. Keys that are not published become secrets of the task. Raises OptionError."""
    try:
        tables = with_user_tables(task.given["tables"])
    except InvalidTables as error:
        raise OptionError(f"tables: {error}") from None
    task.secrets |= secrets_in(tables)
    return tables
