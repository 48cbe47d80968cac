# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The notes of virtual machines, ``Msvm_VirtualSystemSettingData.Notes``: any text of whoever administers the host or the machine."""

from __future__ import annotations

from .._wsman.errors import EncodingLimit
from .._wsman.session import Session
from .hyperv import GUID
from .namespaces import VIRTUALIZATION

# Without WHERE: a host that refuses WQL in this namespace is then asked for the class.
_QUERY = "SELECT Notes, VirtualSystemIdentifier, VirtualSystemType FROM Msvm_VirtualSystemSettingData"
_REALIZED = "Microsoft:Hyper-V:System:Realized"  # a machine's own settings; those of its checkpoints have another type
# How long notes can be is documented nowhere.
LIMIT = 4000


def read_notes(session: Session) -> dict[str, str] | None:
    """The first ``LIMIT`` characters of each machine's notes by its GUID in upper case, "" where there are none. One request a page.

    Notes are an array of texts, of which Hyper-V's own tools fill one element; more are joined as lines. None: notes of some machine are
    longer than an answer of the host can be, so that Windows does not tell those of the others either.
    """
    try:
        rows = list(session.query(VIRTUALIZATION, _QUERY))
    except EncodingLimit:
        return None
    found = {}
    for row in rows:
        owner = row.text("VirtualSystemIdentifier") or ""
        if GUID.fullmatch(owner) and row.text("VirtualSystemType") == _REALIZED:
            found[owner.upper()] = "\n".join(row.texts("Notes"))[:LIMIT]
    return found
