# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes of virtual machines: those of the machine, not of its checkpoints, whatever stands in them."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.hyperv import NOTES_LIMIT, read_notes
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import EncodingLimit, InvalidClassOrQuery
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.scripted_session import ScriptedSession
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import projected

V2 = "root/virtualization/v2"
QUERY = "SELECT Notes, VirtualSystemIdentifier, VirtualSystemType FROM Msvm_VirtualSystemSettingData"
WEB = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"
SQL = "0F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D12"


def settings(owner: str | None, *notes: str, kind: str = "Microsoft:Hyper-V:System:Realized") -> Instance:
    return projected(Notes=notes or None, VirtualSystemIdentifier=owner, VirtualSystemType=kind)


def test_notes_by_machine(session: ScriptedSession) -> None:
    session.expect_query(V2, QUERY, [settings(WEB.lower(), "Customer: acme\nsince 2024"), settings(SQL)])
    assert read_notes(session) == {WEB: "Customer: acme\nsince 2024", SQL: ""}


def test_those_of_a_checkpoint_and_of_nobody_are_left_out(session: ScriptedSession) -> None:
    rows = [
        settings(WEB, "now"),
        settings(WEB, "then", kind="Microsoft:Hyper-V:Snapshot:Realized"),
        settings("Definition", "x"),
        settings(None),
    ]
    session.expect_query(V2, QUERY, rows)
    assert read_notes(session) == {WEB: "now"}


def test_several_elements_are_lines_and_long_ones_are_cut(session: ScriptedSession) -> None:
    session.expect_query(V2, QUERY, [settings(WEB, "one", "two"), settings(SQL, "x" * 100_000)])
    assert read_notes(session) == {WEB: "one\ntwo", SQL: "x" * NOTES_LIMIT}


def test_longer_than_an_answer_is_told_as_not_known(session: ScriptedSession) -> None:
    session.expect_query(V2, QUERY, EncodingLimit(code=2150858823))
    assert read_notes(session) is None


def test_other_errors_are_errors(session: ScriptedSession) -> None:
    session.expect_query(V2, QUERY, InvalidClassOrQuery())
    with pytest.raises(InvalidClassOrQuery):
        read_notes(session)


@pytest.mark.parametrize("text", ["<b>&]]>", "{{ 7 * 7 }}", "\u202eevil", "=1+1", "名前"])
def test_markup_is_text(session: ScriptedSession, text: str) -> None:
    session.expect_query(V2, QUERY, [settings(WEB, text)])
    assert read_notes(session) == {WEB: text}
