# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Settings of a KMS host that stay behind in a guest that AVMA activates now.

They do no harm to AVMA and count again as soon as the guest has a KMS client key, so they are reported and never cleared. What was found by DNS is
not a setting. Windows keeps them for the whole service; whether a product that is not a KMS client shows them too is not documented, so both are read.
Source: Microsoft, SoftwareLicensingService and SoftwareLicensingProduct (KeyManagementService* properties).
"""

from __future__ import annotations

from .facts import Channel, GuestFacts, KmsSettings
from .findings import Finding, finding

# Microsoft, "Activate using Key Management Service". 0 where none is set.
_DEFAULT_PORTS = (None, 0, 1688)


def kms_left_findings(guest: GuestFacts) -> tuple[Finding, ...]:
    """The finding on a guest whose Windows has an AVMA key, none if nothing is left."""
    primary = guest.primary
    if primary is None or primary.channel is not Channel.AVMA:
        return ()
    settings = {setting: None for kms in (guest.kms, *(licence.kms for licence in guest.licences)) if kms for setting in _in_words(kms)}
    return (finding("KMS_SETTINGS_LEFT", guest.os.name, settings=tuple(settings)),) if settings else ()


def _in_words(kms: KmsSettings) -> tuple[str, ...]:
    port = None if kms.port in _DEFAULT_PORTS else kms.port
    words = []
    if kms.machine:
        words.append(f"KMS host {kms.machine}" + (f":{port}" if port else ""))
    elif port:
        words.append(f"KMS port {port}")
    if kms.lookup_domain:
        words.append(f"DNS domain {kms.lookup_domain}")
    return tuple(words)
