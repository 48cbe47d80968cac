# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What became of a guest: the words in which a run is counted."""

from __future__ import annotations

from enum import Enum


class Outcome(str, Enum):
    ACTIVATED = "activated"  # changed, and the guest says that it is licensed by AVMA
    ALREADY_ACTIVATED = "already_activated"
    KEYED = "keyed"  # has the AVMA key, activation was not asked for
    KEPT = "kept"  # licensed in another way, left alone
    REFUSED = "refused"  # nothing was tried; a finding says why
    FAILED = "failed"  # tried, without success
    DEFERRED = "deferred"  # a further run may activate it: the refusal will pass, or its host could not be judged now
