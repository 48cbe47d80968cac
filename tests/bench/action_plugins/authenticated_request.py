# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that any task pays which speaks to Windows: one authentication and one request, by pywinrm alone, without the collection's code."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from winrm.protocol import Protocol

_IDENTIFY = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>'
)


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core is untyped
    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars) or {}
        option = self._connection.get_option
        protocol = Protocol(
            f"http://{option('remote_addr')}:{option('port')}/wsman",
            transport=option("transport")[0],
            username=str(option("remote_user")),
            password=str(option("remote_password")),
            message_encryption="always",  # as the lab's inventory has it
        )
        answer = protocol.send_message(_IDENTIFY)
        protocol.transport.close_session()
        return {**result, "changed": False, "bytes": len(answer)}
