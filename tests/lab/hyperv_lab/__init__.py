# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator of Hyper-V hosts and Windows guests that speaks WS-Management, to test WinRM clients without Windows."""

# The lab's own: it changes when what the lab answers or its command line does, whatever the collection does.
__version__ = "0.1.0"
