# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``__NAMESPACE``: the children of each namespace (Microsoft, "WMI system classes").

Scripts ask ``SELECT Name FROM __NAMESPACE`` in root or root/virtualization before they choose a version of Hyper-V's classes.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..cim.types import CimClass, Instance
from .base import Provider

# As Windows spells them; a name that is not here is shown in small letters.
_SPELLED = {"cimv2": "CIMV2", "default": "DEFAULT", "mscluster": "MSCluster"}


class Namespaces(Provider):
    serves = ("__NAMESPACE",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        from .machine import namespaces_of

        for name in namespaces_of(self.fleet, self.windows):
            parent, _slash, child = name.rpartition("/")
            if parent == cls.namespace:
                yield Instance(cls, {"Name": _SPELLED.get(child, child)})
