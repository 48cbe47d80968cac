# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key-value pairs as no honest guest sends them.

Whoever administers a guest writes them (Microsoft: KVP data is not secured), so each is aimed at something that shows or uses them: pages,
templates, spreadsheets, terminals, numbers, lengths.
"""

from __future__ import annotations

LONGEST_VALUE = 1023  # characters of a value: 2 KB as UTF-16, which is what the integration service carries

# In place of what the integration service would say of itself.
FALSE_ITEMS: tuple[dict[str, str], ...] = (
    {"OSName": "<script>document.title='owned'</script><img src=x onerror=alert(1)>"},
    {"OSName": "{{ lookup('ansible.builtin.pipe', 'id') }}{% raw %}"},
    {"OSName": "=cmd|' /C calc'!A0", "CSDVersion": '@SUM(1+1)*cmd|"/C calc"!A0'},
    {"OSName": "\x1b[2J\x1b[31mWindows\x07\r\nok: [hv001]", "CSDVersion": "\x00\x08\x7f\u0085"},
    {"OSName": "\u202egnp.exe\u2066", "FullyQualifiedDomainName": "web\u200b01.lab.example.com"},
    {"OSName": "\U0001f5a5 Ｗｉｎｄｏｗｓ ".ljust(LONGEST_VALUE, "x")},
    {"FullyQualifiedDomainName": "../../../../etc/passwd", "NetworkAddressIPv4": "10.0.0.1;" * 100},
    {"FullyQualifiedDomainName": "hv001.lab.example.com' OR '1'='1"},
    {"OSBuildNumber": "20348; DROP TABLE events", "OSEditionId": "8"},
    {"OSBuildNumber": "٢٠٣٤٨", "OSEditionId": "-8", "ProductType": "3.0"},
    {"OSBuildNumber": "9" * 400, "OSEditionId": "0x8"},
    {"OSEditionId": "8", "ProductType": "3"},  # a Standard that says Datacenter
    {"OSName": "", "OSBuildNumber": "", "OSEditionId": "", "ProductType": ""},
    {"OSName": '</VALUE></PROPERTY></INSTANCE><INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem">&amp;]]>'},
)

# In the guest's own pool.
GUEST_ITEMS: tuple[dict[str, str], ...] = (
    {"AVMA": "activated", "LicenseStatus": "1", "ActivatedBy": "HV-ELSEWHERE"},
    {"<b>name</b>": "<svg/onload=alert(1)>", "{{ 7 * 7 }}": "{{ hostvars }}"},
    {"+1-800": "-2+3", "=1+1": "\t=1+1"},
    {f"key{number:03d}": "x" * LONGEST_VALUE for number in range(8)},
    {"n" * 255: "\u202eegassem"},
)
