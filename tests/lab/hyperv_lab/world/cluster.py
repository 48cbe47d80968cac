# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover cluster of Hyper-V hosts."""

from __future__ import annotations

from dataclasses import dataclass, field

from .host import Host


@dataclass(slots=True, eq=False)
class Cluster:
    name: str
    domain: str | None = None
    nodes: list[Host] = field(default_factory=list)

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{self.domain}" if self.domain else self.name
