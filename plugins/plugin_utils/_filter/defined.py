# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Variables that do not exist, given to a filter."""

from __future__ import annotations

from jinja2 import Undefined


def require_defined(*values: object) -> None:
    """Raises Jinja's own error, which names the variable. From ansible-core 2.19 on a filter is not even called then."""
    for value in values:
        if isinstance(value, Undefined):
            str(value)
