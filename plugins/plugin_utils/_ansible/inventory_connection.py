# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Connections to machines of the inventory: with a machine's own settings alone, or with those of a task, except for what the inventory says.

A machine is often known by other names to Windows than to the inventory, so it is looked for by each of them.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Mapping, Sequence

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from .._avma.computer_names import domain_of, is_address, short_name
from .._avma.text import safe_text
from .connection import SUPPORTED, UnsupportedConnection

# Options that hold for one machine only: to another they would send tickets or requests meant for the first.
_OF_ONE_MACHINE = ("remote_addr", "negotiate_hostname_override")
_EXTRAS_OF_ONE_MACHINE = ("ansible_winrm_kerberos_hostname_override",)
# The role 'host' registers the result of host_info in it.
_EARLIER_RESULT = "host_result"

# Seconds that a request may take, by the connection's own variables; the client waits a little longer than the server works.
_TIMEOUTS = {
    "winrm": {"ansible_winrm_operation_timeout_sec": 0, "ansible_winrm_read_timeout_sec": 10},
    "psrp": {"ansible_psrp_operation_timeout": 0, "ansible_psrp_connection_timeout": 10, "ansible_psrp_read_timeout": 10},
}

Template = Callable[[t.Any], t.Any]


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


def connection_of(
    name: str,
    variables: Mapping[str, t.Any],
    template: Template = lambda value: value,
    timeout: int | None = None,
    play_context: t.Any = None,
) -> t.Any:
    """The connection plugin of a machine with its own settings alone, as a task on it would have it. Nothing is sent.

    ``template`` renders a value, where ``variables`` are those of an inventory and may hold templates. ``timeout`` counts where they name
    none. Raises UnsupportedConnection for a connection that carries no WS-Management, and AnsibleError for a value that cannot be used;
    neither holds a value.
    """
    kind = _kind(_rendered("ansible_connection", variables.get("ansible_connection") or "", template))
    connection = _plugin(kind, PlayContext() if play_context is None else play_context)
    given, extras = _settings(connection, kind, variables, template)
    timeouts = {} if timeout is None else {variable: timeout + more for variable, more in _TIMEOUTS[kind].items()}
    connection.set_options(var_options={"inventory_hostname": name, **timeouts, **given, "_extras": extras})
    return connection


def connection_like(connection: t.Any, address: str, variables: Mapping[str, t.Any], play_context: t.Any) -> t.Any:
    """A connection plugin for another machine, nothing sent yet.

    Every option is the one of ``connection``, unless ``variables`` (those of the machine in the inventory, empty if it is not there) say
    otherwise. ``address`` is for a machine that is not in the inventory. Raises UnsupportedConnection.
    """
    kind = _kind(variables.get("ansible_connection") or connection.transport)
    other = _plugin(kind, play_context)
    given, extras = _settings(other, kind, variables, lambda value: value)
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


def _kind(connection: object) -> str:
    """The short name of a connection plugin that carries WS-Management. Raises UnsupportedConnection."""
    kind = str(connection).rpartition(".")[2]
    if kind not in SUPPORTED:
        said = f"its ansible_connection is {safe_text(kind)!r}" if kind else "it has no ansible_connection"
        raise UnsupportedConnection(f"{said}. Set it to winrm or psrp: hosts are asked through CIM over WS-Management")
    return kind


def _plugin(kind: str, play_context: t.Any) -> t.Any:
    plugin = connection_loader.get(kind, play_context, "/dev/null")
    if plugin is None:
        raise UnsupportedConnection(f"the connection plugin {kind} is not installed. Install ansible-core whole")
    return plugin


def _settings(plugin: t.Any, kind: str, variables: Mapping[str, t.Any], template: Template) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """What ``variables`` hold of the plugin's options, and what they hold beyond them for the library behind it."""
    known = set(C.config.get_plugin_vars("connection", plugin._load_name))
    prefix = f"ansible_{getattr(plugin, 'extras_prefix', kind)}_"
    given: dict[str, t.Any] = {}
    extras: dict[str, t.Any] = {}
    for name in variables:
        if name in known:
            given[name] = _rendered(name, variables[name], template)
        elif str(name).startswith(prefix):
            extras[name] = _rendered(name, variables[name], template)
    return given, extras


def _rendered(name: str, value: t.Any, template: Template) -> t.Any:
    try:
        return template(value)
    except AnsibleError as error:
        # The error's own text may quote the value, and the value may be a password.
        reason = "it uses a variable that is not defined" if "undefined" in str(error).lower() else type(error).__name__
        raise AnsibleError(
            f"the variable {name} cannot be rendered: {reason}. Define it where inventories are read, not in a play"
        ) from None


def address_like(own_address: str, own_name: str, name: str) -> str:
    """The address of another computer of the same domain, by its name, in the form in which the own one is addressed."""
    domain = domain_of(own_address)
    return f"{name}.{domain}".lower() if domain and short_name(own_address) == short_name(own_name) else name
