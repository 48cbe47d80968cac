# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The WMI namespaces that the collection reads."""

from __future__ import annotations

CIMV2 = "root/cimv2"
VIRTUALIZATION = "root/virtualization/v2"
MSCLUSTER = "root/mscluster"
