# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The connection plugin of a host, from its variables in the inventory, before there is any play."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from .._ansible.connection import SUPPORTED, UnsupportedConnection
from .._avma.text import safe_text

# Seconds that a request may take, by the connection's own variables; the client waits a little longer than the server works.
_TIMEOUTS = {
    "winrm": {"ansible_winrm_operation_timeout_sec": 0, "ansible_winrm_read_timeout_sec": 10},
    "psrp": {"ansible_psrp_operation_timeout": 0, "ansible_psrp_connection_timeout": 10, "ansible_psrp_read_timeout": 10},
}


def connection_of(host: str, variables: Mapping[str, t.Any], template: Callable[[t.Any], t.Any], timeout: int | None = None) -> t.Any:
    """The plugin with every option that ``variables`` give, as a task on ``host`` would have it. Nothing is sent.

    ``template`` renders a value, as variables of an inventory hold templates. ``timeout`` counts where the variables name none.
    Raises UnsupportedConnection for a connection that carries no WS-Management, and AnsibleError for a value that cannot be used; neither
    holds a value.
    """
    kind = str(_rendered("ansible_connection", variables.get("ansible_connection") or "", template)).rpartition(".")[2]
    if kind not in SUPPORTED:
        said = f"its ansible_connection is {safe_text(kind)!r}" if kind else "it has no ansible_connection"
        raise UnsupportedConnection(f"{said}. Set it to winrm or psrp: hosts are asked through CIM over WS-Management")
    connection = connection_loader.get(kind, PlayContext(), "/dev/null")
    if connection is None:
        raise UnsupportedConnection(f"the connection plugin {kind} is not installed. Install ansible-core whole")
    known = set(C.config.get_plugin_vars("connection", connection._load_name))
    prefix = f"ansible_{getattr(connection, 'extras_prefix', kind)}_"
    given: dict[str, t.Any] = {"inventory_hostname": host}
    if timeout is not None:
        given |= {name: timeout + more for name, more in _TIMEOUTS[kind].items()}
    extras: dict[str, t.Any] = {}
    for name, value in variables.items():
        if name in known:
            given[name] = _rendered(name, value, template)
        elif str(name).startswith(prefix):
            extras[name] = _rendered(name, value, template)
    connection.set_options(var_options={**given, "_extras": extras})
    return connection


def _rendered(name: str, value: t.Any, template: Callable[[t.Any], t.Any]) -> t.Any:
    try:
        return template(value)
    except AnsibleError as error:
        # The error's own text may quote the value, and the value may be a password.
        reason = "it uses a variable that is not defined" if "undefined" in str(error).lower() else type(error).__name__
        raise AnsibleError(
            f"the variable {name} cannot be rendered: {reason}. Define it where inventories are read, not in a play"
        ) from None
