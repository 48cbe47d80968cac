# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules say alike: attributes, and how they reach Windows."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return what would be changed, without changing anything.
  diff_mode:
    description: Returns what has changed, or in check mode would change, when in diff mode.
  idempotent:
    description: When run twice in a row outside check mode, with the same options, the second run reports no change.
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This action does not change anything.
  diff_mode:
    support: N/A
    details:
      - This action does not change anything.
  idempotent:
    support: full
    details:
      - This action does not change anything.
"""

    WINDOWS = r"""
options: {}
attributes:
  platform:
    description: The operating systems that the target can have.
    platforms: windows
    support: full
  connection:
    description: How the action reaches the target.
    support: full
    details:
      - Works over the connections P(ansible.builtin.winrm#connection) and P(ansible.builtin.psrp#connection) with all of their options.
      - It sends WS-Management (CIM) messages. No PowerShell is started, and no shell or runspace is opened.
requirements:
  - pywinrm on the controller, for the connection P(ansible.builtin.winrm#connection)
  - pypsrp on the controller, for the connection P(ansible.builtin.psrp#connection)
  - defusedxml on the controller
notes:
  - Runs on the controller. C(become) does not apply to WS-Management messages, they are sent as the user of the connection.
"""
