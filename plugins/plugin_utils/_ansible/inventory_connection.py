# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Connections to other machines than the task's own: with the task's own settings, but for what the inventory says of the machine.

A machine is often known by other names to Windows than to the inventory, so it is looked for by each of them.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible import constants as C
from ansible.plugins.loader import connection_loader

from .._avma.computer_names import is_address, short_name
from .connection import SUPPORTED, UnsupportedConnection

# Options that hold for one machine only: to another they would send tickets or requests meant for the first.
_OF_ONE_MACHINE = ("remote_addr", "negotiate_hostname_override")
_EXTRAS_OF_ONE_MACHINE = ("ansible_winrm_kerberos_hostname_override",)
# The role 'host' registers the result of host_info in it.
_EARLIER_RESULT = "host_result"


class Inventory:
    """The inventory as the variables of a task show it."""

    def __init__(self, variables: Mapping[str, t.Any]) -> None:
        self._hostvars: Mapping[str, t.Any] = variables.get("hostvars") or {}
        groups: Mapping[str, Sequence[str]] = variables.get("groups") or {}
        everything = [str(name) for name in groups.get("all", list(self._hostvars))]
        related = {str(name) for group in variables.get("group_names") or () for name in groups.get(group, ())}
        # Nodes of one cluster mostly share a group, and a guest elsewhere may have the name of a node.
        self._related = [name for name in everything if name in related]
        self._names = [*self._related, *(name for name in everything if name not in related)]

    def variables(self, name: str) -> Mapping[str, t.Any]:
        """Those of a machine, empty if it is not there. Of an unknown one Ansible's own mapping would give an undefined value."""
        if name not in self._hostvars:
            return {}
        found: Mapping[str, t.Any] = self._hostvars[name]
        return found

    def results(self, name: str) -> Mapping[str, t.Any]:
        """The variables of a machine as they stand, for what tasks have registered: to render large results takes seconds for each machine."""
        raw_get = getattr(self._hostvars, "raw_get", None)
        if raw_get is None or name not in self._hostvars:
            return self.variables(name)
        found: Mapping[str, t.Any] = raw_get(name)
        return found

    def find(self, computers: Iterable[str]) -> dict[str, str]:
        """Names in the inventory of computers that Windows names so, by the given name. Those that are not there are left out.

        The name in the inventory counts first, then ``ansible_host``, then the computer name in an earlier result of host_info. The
        variables of machines outside the task's own groups are not read, as reading those of thousands would take long.
        """
        wanted = {short_name(computer): computer for computer in computers}
        found: dict[str, str] = {}

        def note(computer: str | None, name: str) -> None:
            key = short_name(computer) if computer else ""
            if key in wanted:
                found.setdefault(wanted[key], name)

        for name in self._names:
            note(None if is_address(name) else name, name)
        for source in (_address_name, _earlier_name):
            if len(found) == len(wanted):
                break
            for name in self._related:
                note(source(self.variables(name)), name)
        return found


def _address_name(variables: Mapping[str, t.Any]) -> str | None:
    address = str(variables.get("ansible_host") or "")
    return None if not address or is_address(address) else address


def _earlier_name(variables: Mapping[str, t.Any]) -> str | None:
    result = variables.get(_EARLIER_RESULT)
    host = result.get("host") if isinstance(result, Mapping) else None
    name = host.get("name") if isinstance(host, Mapping) else None
    return str(name) if name else None


def connection_like(connection: t.Any, address: str, variables: Mapping[str, t.Any], play_context: t.Any) -> t.Any:
    """A connection plugin for another machine, nothing sent yet.

    Every option is the one of ``connection``, unless ``variables`` (those of the machine in the inventory, empty if it is not there) say
    otherwise. ``address`` is for a machine that is not in the inventory. Raises UnsupportedConnection.
    """
    kind = str(variables.get("ansible_connection") or connection.transport).rpartition(".")[2]
    if kind not in SUPPORTED:
        raise UnsupportedConnection(f"the connection '{kind}' that the inventory names for it cannot carry WS-Management messages")
    other = connection_loader.get(kind, play_context, "/dev/null")
    given: dict[str, t.Any] = {
        name: variables[name] for name in C.config.get_plugin_vars("connection", other._load_name) if name in variables
    }
    prefix = f"ansible_{getattr(other, 'extras_prefix', kind)}_"
    extras = {name: variables[name] for name in variables if str(name).startswith(prefix) and name not in given}
    copied: dict[str, t.Any] = {}
    if kind == connection.transport:
        said = {
            option
            for option, definition in other.option_definitions.items()
            if any(variable["name"] in given for variable in definition.get("vars") or ())
        }
        copied = {
            option: value for option, value in connection.get_options().items() if option not in said and option not in _OF_ONE_MACHINE
        }
        own_extras = {
            name: value for name, value in (connection._options.get("_extras") or {}).items() if name not in _EXTRAS_OF_ONE_MACHINE
        }
        extras = {**own_extras, **extras}
    if not variables:
        copied["remote_addr"] = address
    other.set_options(var_options={**given, "_extras": extras}, direct=copied)
    return other


def connection_of(variables: Mapping[str, t.Any], play_context: t.Any) -> t.Any:
    """A connection plugin for a machine of the inventory with that machine's settings alone, nothing sent yet. Raises UnsupportedConnection."""
    kind = str(variables.get("ansible_connection") or "").rpartition(".")[2]
    if kind not in SUPPORTED:
        raise UnsupportedConnection(f"the connection {kind!r} that the inventory names for it cannot carry WS-Management messages")
    own = connection_loader.get(kind, play_context, "/dev/null")
    own.set_options(var_options={})
    return connection_like(own, "", variables, play_context)


def address_like(own_address: str, own_name: str, name: str) -> str:
    """The address of another computer of the same domain, by its name, in the form in which the own one is addressed."""
    _first, dot, domain = own_address.partition(".")
    if dot and not is_address(own_address) and short_name(own_address) == short_name(own_name):
        return f"{name}.{domain}".lower()
    return name
