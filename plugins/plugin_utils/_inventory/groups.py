# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Groups that are constructed from what machines say, kept apart from machines.

Ansible's ``add_child`` and ``set_variable`` take a name for a group's before they take it for a machine's. A tenant who names a machine
like a group, or a group like a machine, must not gain anything by that.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible.errors import AnsibleError
from ansible.inventory.group import to_safe_group_name

from .._avma.text import safe_text


class MachineGroups:
    """Stands for the inventory while groups are constructed: the four methods that Ansible's ``Constructable`` uses of it."""

    def __init__(self, inventory: t.Any, warn: Callable[[str], None]) -> None:
        self._inventory = inventory
        self._warn = warn
        self._renamed: dict[str, str] = {}
        # Groups that machines do not get into by a name that they can choose themselves.
        self.closed: frozenset[str] = frozenset()

    def add_group(self, name: str) -> str:
        """The name under which the group is there: another one if a machine has it, or if the group of that name is closed."""
        safe = to_safe_group_name(str(name), force=True, silent=True)
        if safe in self._inventory.hosts or safe in self.closed:
            if safe not in self._renamed:
                self._renamed[safe] = f"{safe}_group"
                owner = "a machine" if safe in self._inventory.hosts else "another group"
                self._warn(f"The constructed group {safe_text(safe)} is named {safe_text(self._renamed[safe])}: {owner} has its name.")
            safe = self._renamed[safe]
        return str(self._inventory.add_group(safe))

    def add_host(self, host: str, group: str) -> None:
        self._inventory.groups[group].add_host(self._inventory.hosts[host])

    def add_child(self, group: str, child: str) -> None:
        """``child`` is a machine for ``groups``, and a group for the ``parent_group`` of ``keyed_groups``."""
        if child in self._inventory.hosts:
            self.add_host(child, self.add_group(group))
            return
        parent = self.add_group(group)
        try:
            if parent != child:
                self._inventory.add_child(parent, child)
        except AnsibleError as error:  # a loop
            self._warn(f"The group {safe_text(child)} cannot be in {safe_text(parent)}: {safe_text(error, limit=300)}")

    def get_host(self, name: str) -> t.Any:
        return self._inventory.hosts.get(name)
