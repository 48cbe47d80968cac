# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""How many guests may ask one host for activation at the same time."""

from __future__ import annotations

import math
from collections.abc import Mapping


def contenders_of(variables: Mapping[str, object], throttle: object, hosts: int) -> int:
    """As many as Ansible runs at once, shared out among the hosts of which results are known.

    ``throttle`` is the task's keyword, 0 for none. Where more guests than that are on one host, each refusal makes them spread further.
    """
    batch = variables.get("ansible_play_batch")
    limits = (variables.get("ansible_forks"), len(batch) if isinstance(batch, (list, tuple)) else None, throttle)
    at_once = min((limit for limit in limits if isinstance(limit, int) and limit > 0), default=1)
    return math.ceil(at_once / max(hosts, 1))
