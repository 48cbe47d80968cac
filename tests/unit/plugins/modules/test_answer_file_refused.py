# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer files that are refused: what is said about them, and where."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.module_utils._unattend import answer_file, edit
from ansible_collections.hyperv.avma.plugins.module_utils._unattend.document import MAX_BYTES, UNATTEND, AnswerFileError, parse

KEY = "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"
SHELL = '<component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64">'


def answers(inner: str) -> bytes:
    return f'<unattend xmlns="{UNATTEND}">\n<settings pass="specialize">\n{inner}\n</settings>\n</unattend>'.encode()


@pytest.mark.parametrize(
    ("data", "line", "cause"),
    [
        pytest.param(answers(f"{SHELL}"), 4, "not well-formed XML: mismatched tag", id="malformed"),
        pytest.param(b"", 1, "not well-formed XML: no element found", id="empty"),
        pytest.param(answers("&secret;"), 3, "not well-formed XML: undefined entity", id="entity"),
        pytest.param(b'<?xml version="1.0"?>\n<!DOCTYPE a>\n<a/>', 2, "declares a document type ('a')", id="document type"),
        pytest.param(
            b'<!DOCTYPE unattend [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><unattend xmlns="' + UNATTEND.encode() + b'">&b;</unattend>',
            1,
            "declares a document type",
            id="entities that grow",
        ),
        pytest.param(b"\n<unattend/>", 2, "the root element is 'unattend' in the namespace ''", id="no namespace"),
        pytest.param(f'<settings xmlns="{UNATTEND}"/>'.encode(), 1, "the root element is 'settings'", id="other root"),
        pytest.param(
            b'<?xml version="1.0" encoding="utf-16"?><a/>', 1, "encoding specified in XML declaration is incorrect", id="wrong encoding"
        ),
        pytest.param(
            b'<?xml version="1.0" encoding="shift_jis"?><a/>', 1, "multi-byte encodings are not supported", id="unsupported encoding"
        ),
        pytest.param(b'<?xml version="1.0" encoding="klingon"?><a/>', 1, "unknown encoding: klingon", id="unknown encoding"),
        pytest.param(b" " * (MAX_BYTES + 1), None, "more than 16 MiB", id="an image"),
        pytest.param(
            answers(f"{SHELL}<ProductKey/>\n<ProductKey/></component>"), 4, "element 'ProductKey' of the component", id="two keys"
        ),
        pytest.param(answers(f"{SHELL}</component>\n{SHELL}</component>"), 4, "stands there 2 times (lines 3 and 4)", id="two components"),
        pytest.param(
            answers(f"{SHELL}\n<ProductKey><Key/></ProductKey></component>"),
            4,
            "'ProductKey' holds the element 'Key'",
            id="key of another place",
        ),
    ],
)
def test_refused_with_line_and_cause(data: bytes, line: int | None, cause: str) -> None:
    with pytest.raises(AnswerFileError) as refused:
        edit.with_value(data, answer_file.activation_key("amd64"), KEY)

    assert cause in refused.value.cause
    assert refused.value.line == line
    assert refused.value.remedy.endswith(".")


@pytest.mark.parametrize("text", ["<% if x %>", "{% if n < 3 %}<a>", "{{ key }}<b>"])
def test_a_template_is_to_be_rendered_first(text: str) -> None:
    with pytest.raises(AnswerFileError, match="looks like a template") as refused:
        parse(answers(f"{SHELL}{text}"))
    assert "Render the template first" in refused.value.remedy


@pytest.mark.parametrize("value", ["${arch}", "{{ .Arch }}", "x64", ""])
def test_an_architecture_that_is_not_recognised_gets_no_second_component(value: str) -> None:
    data = answers(SHELL.replace("amd64", value) + "</component>")
    with pytest.raises(AnswerFileError, match="has the processorArchitecture") as refused:
        answer_file.architectures_of(parse(data))
    assert refused.value.line == 3


def test_a_duplicate_elsewhere_is_none_of_our_business() -> None:
    before = answers(f"{SHELL}<ProductKey/></component><component name='X' processorArchitecture='amd64'><A/><A/></component>")

    assert edit.value_of(edit.with_value(before, answer_file.activation_key("amd64"), KEY), answer_file.activation_key("amd64")) == KEY


def test_a_value_that_would_need_escaping_is_refused() -> None:
    with pytest.raises(ValueError, match="letters, digits and hyphens"):
        edit.with_value(answer_file.new_answer_file(), answer_file.activation_key("amd64"), "<Key>")


def test_a_new_answer_file_is_one() -> None:
    assert parse(answer_file.new_answer_file()).root.name == "unattend"
