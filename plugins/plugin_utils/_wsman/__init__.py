# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""CIM over WS-Management: the part of WinRM that serves WMI classes, without a shell.

Import from the modules: ``session`` (what one does), ``instance`` (what comes back), ``values`` (what goes in), ``errors`` and
``transport_pywinrm`` / ``transport_pypsrp`` (how it travels).
"""
