# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""All that a guest reports about itself."""

from __future__ import annotations

from .._avma.facts import GuestFacts
from .._wsman.cim import Cim
from .integration import DEVICE, SERVICE
from .licensing import LICENCES, LICENSING_SERVICE, read_kms_settings, read_licences
from .placement import host_name_calls, placement_calls, read_placement, vm_id_call
from .system import ASSET_TAG, COMPUTER, OS, read_computer, read_os


def read_guest(session: Cim) -> GuestFacts:
    """Operating system, computer, licences and their service, and where it runs: four requests, and one for each value of the placement."""
    return GuestFacts(
        os=read_os(session),
        licences=read_licences(session),
        placement=read_placement(session),
        computer=read_computer(session),
        kms=read_kms_settings(session),
    )


def read_licence_state(session: Cim) -> GuestFacts:
    """Just enough to see that nothing is to be done: two requests."""
    return GuestFacts(os=read_os(session), licences=read_licences(session))


def foresee_guest(session: Cim) -> None:
    """Announces what will be asked of a guest that is only looked at."""
    session.prefetch(OS, LICENCES, LICENSING_SERVICE, COMPUTER, *placement_calls(), DEVICE, SERVICE, ASSET_TAG)


def foresee_key(session: Cim) -> None:
    """Announces what will be asked until a key is installed."""
    session.prefetch(OS, LICENCES, COMPUTER, vm_id_call(), *host_name_calls(), LICENSING_SERVICE, ASSET_TAG)


def foresee_diagnosis(session: Cim) -> None:
    """Announces what will be asked after a refusal that the guest may explain."""
    session.prefetch(ASSET_TAG, DEVICE, SERVICE)
