# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may happen to the input of the command on its way: functions of it."""

from __future__ import annotations

import base64
from collections.abc import Callable

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[:-42],
    "doubled": lambda data: data + data,
    "doubled request": lambda data: data + data.split(b"\r\n")[1],
    "no JSON": lambda data: data.split(b"\r\n")[0] + b"\r\nSECRET\r\n",
    "no request": lambda data: data.split(b"\r\n")[0],
    "empty request": lambda data: data.split(b"\r\n")[0] + b"\r\n",
    "no object": lambda data: data.split(b"\r\n")[0] + b"\r\n[1]\r\n",
    "no machine": lambda data: data.replace(b'"vm": "', b'"vm": "x'),
    "no operations": lambda data: data.replace(b'"operations": "[', b'"operations": "{').replace(b']"}', b'}"}'),
    "another script": lambda data: base64.b64encode(b"'SECRET'") + b"\r\n" + data.split(b"\r\n")[1],
    "no Base64": lambda data: b"*" + data,
    "nothing": lambda data: b"",
}
