# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The guest's side: what its first runspace needs before the script comes. Its CIM cmdlets are in modules/.

Microsoft.PowerShell.Utility\Add-Type -Path $env:STAND_IN_TYPES

function global:Add-Type {
    param([string] $AssemblyName)
}
