# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What is wrong with a guest's side of Hyper-V's integration services.

Whether activation needs Data Exchange at all is open (Microsoft says so, reverse engineering shows a device of its own for it), and the device
is known from drivers and reports only: nothing here refuses anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from .facts import IntegrationFacts
from .findings import Finding, finding
from .releases import Release

# VMBus type of the "Microsoft Hyper-V Activation Component". Its name is localised. (wvmic.inf)
ACTIVATION_DEVICE = "3375BAF4-9E15-4B30-B765-67ACB10D607B"
# From this release on integration services come with the updates of Windows itself. (Microsoft, Manage Hyper-V integration services)
_FIRST_SERVICED_BUILD = 14393


def integration_findings(
    integration: IntegrationFacts | None, release: Release | None, name: str | None, *, activates: bool = True
) -> Iterator[Finding]:
    """Warnings only. What was not asked, or could not be, is not spoken of; nor is the device of a guest that AVMA does not activate."""
    if integration is None:
        return
    remedy = update_remedy(release)
    device, service = integration.device, integration.data_exchange
    if device is not None and activates:
        about = f"{{{ACTIVATION_DEVICE.lower()}}}"
        if not device.present:
            yield finding("ACTIVATION_DEVICE_MISSING", name, device=about, remedy=remedy)
        elif device.problem:
            yield finding("ACTIVATION_DEVICE_FAILED", name, device=about, problem=device.problem, remedy=remedy)
    if service is not None:
        if not service.installed:
            yield finding("DATA_EXCHANGE_SERVICE_MISSING", name, remedy=remedy)
        elif service.disabled:
            yield finding("DATA_EXCHANGE_SERVICE_DISABLED", name)
        elif service.running is False:
            yield finding("DATA_EXCHANGE_SERVICE_STOPPED", name)


def update_remedy(release: Release | None) -> str:
    """How a guest gets integration services that work: an update of them is there for old guests only."""
    if release is None or release.build < _FIRST_SERVICED_BUILD:
        return (
            "Bring the guest's integration services up to date: by Windows Update, or from vmguest.iso on a host before Windows Server 2016. "
            "Windows Server 2016 and later have them as a part of Windows."
        )
    return (
        "Install the latest updates of Windows in the guest, which include its integration services, and see whether Device Manager shows a "
        "device of the system without a driver."
    )
