# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The made-up computer behind real listeners, and raw requests to it."""

from __future__ import annotations

from dataclasses import dataclass

import requests

from hyperv_lab.http.tls import TlsMaterial
from hyperv_lab.wsman.recorder import Recorder

from .office_machine import OfficeMachine


@dataclass
class LiveOffice:
    machine: OfficeMachine
    address: str
    recorder: Recorder
    tls: TlsMaterial

    @property
    def http(self) -> str:
        return f"http://{self.address}:5985/wsman"

    @property
    def https(self) -> str:
        return f"https://{self.address}:5986/wsman"

    def post(self, body: str | bytes, *, user: str = "Administrator", password: str = "Lab-Pass1", **headers: str) -> requests.Response:
        """Basic over HTTPS."""
        return requests.post(
            self.https,
            data=body if isinstance(body, bytes) else body.encode(),
            headers={"Content-Type": "application/soap+xml;charset=UTF-8", **headers},
            auth=(user, password),
            verify=str(self.tls.ca_file),
            timeout=20,
        )
