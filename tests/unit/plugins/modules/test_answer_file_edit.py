# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of answer files: what is set is found again by another parser, and nothing else is touched."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.module_utils._unattend import answer_file, edit
from ansible_collections.hyperv.avma.plugins.module_utils._unattend.document import UNATTEND, parse

KEY = "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"
OLD = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
KEY_SETTING = answer_file.activation_key("amd64")


def namespaced(*names: str) -> str:
    return "/".join(f"{{{UNATTEND}}}{name}" for name in names)


def texts(data: bytes, pass_name: str, component: str, *path: str) -> list[str]:
    """The texts at a place, by ElementTree."""
    found = []
    for settings in ET.fromstring(data).findall(namespaced("settings")):
        for part in settings.findall(namespaced("component")):
            if settings.get("pass") == pass_name and part.get("name") == component:
                found += [element.text or "" for element in part.findall(namespaced(*path))]
    return found


def keys_in(data: bytes) -> list[str]:
    return texts(data, "specialize", "Microsoft-Windows-Shell-Setup", "ProductKey")


def shell_setup(inner: str, tail: str = "") -> str:
    return (
        f'<unattend xmlns="{UNATTEND}"><settings pass="specialize">'
        f'<component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64">{inner}</component></settings>{tail}</unattend>'
    )


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        pytest.param(f"<ProductKey>{OLD}</ProductKey>", f"<ProductKey>{KEY}</ProductKey>", id="other key"),
        pytest.param("<ProductKey/>", f"<ProductKey>{KEY}</ProductKey>", id="empty tag"),
        pytest.param('<ProductKey a="/>" />', f'<ProductKey a="/>" >{KEY}</ProductKey>', id="empty tag with attribute"),
        pytest.param("<ProductKey></ProductKey >", f"<ProductKey>{KEY}</ProductKey >", id="empty"),
        pytest.param(f"<ProductKey>\n  {KEY}\n</ProductKey>", f"<ProductKey>{KEY}</ProductKey>", id="blanks around"),
        pytest.param(f"<ProductKey>{KEY.lower()}</ProductKey>", f"<ProductKey>{KEY}</ProductKey>", id="small letters"),
        pytest.param(f"<ProductKey><![CDATA[{OLD}]]></ProductKey>", f"<ProductKey>{KEY}</ProductKey>", id="CDATA"),
        pytest.param(f"<ProductKey>{OLD[:-1]}&#75;</ProductKey>", f"<ProductKey>{KEY}</ProductKey>", id="character reference"),
        pytest.param(
            f"<ProductKey> <!-- from {OLD} -->{OLD[:5]}<!-- x -->{OLD[5:]}<?y z?></ProductKey>",
            f"<ProductKey><!-- from {OLD} -->{KEY}<!-- x --><?y z?></ProductKey>",
            id="comments stay",
        ),
        pytest.param("<ProductKey><!-- none --></ProductKey>", f"<ProductKey><!-- none -->{KEY}</ProductKey>", id="comment alone"),
        pytest.param(
            '<ProductKey xmlns="urn:other"/>', f'<ProductKey xmlns="urn:other"/><ProductKey>{KEY}</ProductKey>', id="other namespace"
        ),
    ],
)
def test_only_the_text_of_the_key_changes(inner: str, expected: str) -> None:
    after = edit.with_value(shell_setup(inner).encode(), KEY_SETTING, KEY)

    assert after.decode() == shell_setup(expected)
    assert edit.with_value(after, KEY_SETTING, KEY) == after


def test_what_is_missing_takes_the_style_of_the_file() -> None:
    before = (
        "\ufeff<?xml version='1.0' encoding='utf-8'?>\r\n"
        f"<u:unattend xmlns:u='{UNATTEND}'>\r\n"
        "\t<u:settings pass='oobeSystem'>\r\n\t\t<u:component name='X' processorArchitecture='x86'/>\r\n\t</u:settings>\r\n"
        "</u:unattend>"
    )
    setting = answer_file.setup_key("x86")
    added = (
        '\r\n\t<u:settings pass="windowsPE">\r\n'
        '\t\t<u:component name="Microsoft-Windows-Setup" processorArchitecture="x86" publicKeyToken="31bf3856ad364e35"'
        ' language="neutral" versionScope="nonSxS">\r\n'
        f"\t\t\t<u:UserData>\r\n\t\t\t\t<u:ProductKey>\r\n\t\t\t\t\t<u:Key>{KEY}</u:Key>\r\n\t\t\t\t</u:ProductKey>\r\n\t\t\t</u:UserData>\r\n"
        "\t\t</u:component>\r\n\t</u:settings>"
    )
    closing = before.rindex("\r\n</u:unattend>")

    after = edit.with_value(before.encode(), setting, KEY)

    assert after.decode() == before[:closing] + added + before[closing:]


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        pytest.param("", f"<ProductKey>{KEY}</ProductKey>", id="in one line"),
        pytest.param("\n  ", f"\n  <ProductKey>{KEY}</ProductKey>\n  ", id="empty with a line of its own"),
        pytest.param(
            "\n      <TimeZone>UTC</TimeZone>\n    <!-- end -->\n    ",
            f"\n      <TimeZone>UTC</TimeZone>\n    <!-- end -->\n      <ProductKey>{KEY}</ProductKey>\n    ",
            id="behind a comment, indented as its siblings",
        ),
        pytest.param("<A/>  <B/> ", f"<A/>  <B/> <ProductKey>{KEY}</ProductKey>", id="behind siblings in one line"),
    ],
)
def test_where_a_new_element_goes(inner: str, expected: str) -> None:
    assert edit.with_value(shell_setup(inner).encode(), KEY_SETTING, KEY).decode() == shell_setup(expected)


def test_an_empty_root_is_filled() -> None:
    assert keys_in(edit.with_value(f'<unattend xmlns="{UNATTEND}"/>'.encode(), KEY_SETTING, KEY)) == [KEY]


def test_a_key_is_removed_with_its_line() -> None:
    before = shell_setup(f"\n  <TimeZone>UTC</TimeZone>\n  <ProductKey>{OLD}</ProductKey>\n  <!-- x -->\n")

    after = edit.without(before.encode(), KEY_SETTING)

    assert after.decode() == shell_setup("\n  <TimeZone>UTC</TimeZone>\n  <!-- x -->\n")
    assert edit.without(after, KEY_SETTING) == after


def test_what_shares_the_line_of_a_removed_key_keeps_its_place() -> None:
    before = shell_setup(f"\n  <ProductKey>{OLD}</ProductKey><TimeZone>UTC</TimeZone>\n")

    assert edit.without(before.encode(), KEY_SETTING).decode() == shell_setup("\n  <TimeZone>UTC</TimeZone>\n")


def test_a_new_component_goes_into_the_pass_that_is_there() -> None:
    settings = '<settings pass="specialize">{}</settings>'
    other = '<component name="Other" processorArchitecture="amd64"/>'
    before = f'<unattend xmlns="{UNATTEND}">{settings.format(other)}</unattend>'

    after = edit.with_value(before.encode(), KEY_SETTING, KEY).decode()

    assert after.count("<settings") == 1
    assert after.startswith(before[: before.index("</settings>")])
    assert keys_in(after.encode()) == [KEY]


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<UserData><ProductKey><Key>K</Key></ProductKey></UserData>", ""),
        (
            "<UserData><ProductKey> <Key>K</Key> </ProductKey><AcceptEula>true</AcceptEula></UserData>",
            "<UserData><AcceptEula>true</AcceptEula></UserData>",
        ),
        (
            "<UserData><ProductKey><Key>K</Key><WillShowUI>Never</WillShowUI></ProductKey></UserData>",
            "<UserData><ProductKey><WillShowUI>Never</WillShowUI></ProductKey></UserData>",
        ),
        ("<UserData><ProductKey><Key/><!-- why --></ProductKey></UserData>", "<UserData><ProductKey><!-- why --></ProductKey></UserData>"),
    ],
)
def test_with_a_key_of_setup_goes_what_is_empty_without_it(inner: str, expected: str) -> None:
    def answers(content: str) -> bytes:
        return (
            f'<unattend xmlns="{UNATTEND}"><settings pass="windowsPE">'
            f'<component name="Microsoft-Windows-Setup" processorArchitecture="amd64">{content}</component></settings></unattend>'
        ).encode()

    assert edit.without(answers(inner), answer_file.setup_key("amd64")) == answers(expected)


def test_names_are_matched_as_windows_does() -> None:
    before = shell_setup(f"<ProductKey>{OLD}</ProductKey>").replace("amd64", "AMD64").replace("Shell-Setup", "shell-setup")

    assert edit.with_value(before.encode(), KEY_SETTING, KEY) == before.replace(OLD, KEY).encode()


def test_a_pass_in_two_parts_is_edited_where_the_component_is() -> None:
    tail = '<settings pass="specialize"><component name="Other" processorArchitecture="amd64"/></settings>'
    before = shell_setup(f"<ProductKey>{OLD}</ProductKey>", tail)

    assert edit.with_value(before.encode(), KEY_SETTING, KEY).decode() == before.replace(OLD, KEY)


def test_architectures_come_in_the_order_of_the_file() -> None:
    parts = "".join(f'<component name="X" processorArchitecture="{name}"/>' for name in ("x86", "wow64", "amd64", "x86"))

    document = parse(f'<unattend xmlns="{UNATTEND}"><settings pass="generalize">{parts}</settings></unattend>'.encode())

    assert answer_file.architectures_of(document) == ("x86", "amd64")


# Any well-formed answer file, in what differs between the tools and the people that write them.
BREAKS = st.sampled_from(["\n", "\r\n"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16-le with mark", "utf-16-be with mark", "windows-1252"])
WORDS = st.text(alphabet="abcXYZ019 äß.-_", max_size=12)
PREFIXES = st.sampled_from(["", "u:", "unattend_:"])


@st.composite
def noise(draw: st.DrawFn, wide: bool) -> str:
    """Something that may stand between elements and has nothing to do with the key."""
    word = draw(WORDS) + ("𝄞中" if wide and draw(st.booleans()) else "")
    safe = word.replace("--", "").strip("-")
    forms = [
        "",
        f"<!-- {safe} <ProductKey>{OLD}</ProductKey> -->",
        f"<?note {safe}?>",
        f'<x:n xmlns:x="urn:x" a=\'{safe}>"\'>{safe}<![CDATA[</ProductKey>]]></x:n>',
    ]
    return draw(st.sampled_from(forms))


@st.composite
def answer_files(draw: st.DrawFn, depths: tuple[str, ...] = ("root", "settings", "component", "key")) -> tuple[str, str, str, str]:
    """An answer file in two halves around the place of the key, what stands there now, and its encoding."""
    encoding = draw(ENCODINGS)
    wide = not encoding.startswith("windows")
    step = draw(st.sampled_from([None, "  ", "    ", "\t"]))
    line_break = draw(BREAKS)
    prefix = draw(PREFIXES)
    quote = draw(st.sampled_from("\"'"))

    def line(depth: int) -> str:
        return "" if step is None else line_break + step * depth

    def attribute(name: str, value: str) -> str:
        return f" {name}={quote}{value}{quote}"

    declared = {"utf-8-sig": "utf-8", "windows-1252": "windows-1252"}.get(encoding, "utf-8" if encoding == "utf-8" else "utf-16")
    with_declaration = encoding == "windows-1252" or draw(st.booleans())
    head = f"<?xml version={quote}1.0{quote} encoding={quote}{declared}{quote} ?>{line_break}" if with_declaration else ""
    binding = attribute("xmlns" + (":" + prefix[:-1] if prefix else ""), UNATTEND)
    head += f"<{prefix}unattend{binding}>{line(1)}{draw(noise(wide))}"
    other = attribute("name", "Microsoft-Windows-International-Core") + attribute("processorArchitecture", "amd64")
    if draw(st.booleans()):
        head += (
            f"{line(1)}<{prefix}settings{attribute('pass', 'oobeSystem')}>{line(2)}<{prefix}component{other}/>{line(1)}</{prefix}settings>"
        )
    shell = attribute("name", "Microsoft-Windows-Shell-Setup") + attribute("processorArchitecture", "amd64")
    depth = draw(st.sampled_from(depths))
    tail = f"{line(0)}</{prefix}unattend>{line_break}"
    if depth != "root":
        head += f"{line(1)}<{prefix}settings{attribute('pass', 'specialize')}>{line(2)}<{prefix}component{other} />"
        tail = f"{line(1)}</{prefix}settings>{draw(noise(wide))}{tail}"
    if depth in ("component", "key"):
        head += f"{line(2)}<{prefix}component{shell}>{line(3)}{draw(noise(wide))}"
        tail = f"{line(3)}{draw(noise(wide))}{line(2)}</{prefix}component>{tail}"
    now = ""
    if depth == "key":
        now = draw(st.sampled_from([OLD, KEY, "", " ", f"{line_break} {KEY} ", f"<![CDATA[{OLD}]]>", "&#x41;&amp;", "ä"]))
        head += f"{line(3)}<{prefix}ProductKey>"
        tail = f"</{prefix}ProductKey>{tail}"
    return head, now, tail, encoding


def encoded(text: str, encoding: str) -> bytes:
    name = encoding.removesuffix(" with mark")
    mark = "\ufeff" if encoding.endswith("with mark") else ""
    return (mark + text).encode(name)


@given(answer_files())
def test_any_answer_file_gets_the_key_and_keeps_the_rest(file: tuple[str, str, str, str]) -> None:
    head, now, tail, encoding = file
    before = encoded(head + now + tail, encoding)

    after = edit.with_value(before, KEY_SETTING, KEY)

    assert edit.value_of(after, KEY_SETTING) == KEY
    assert edit.with_value(after, KEY_SETTING, KEY) == after
    if not encoding.startswith("utf-16") or encoding.endswith("mark"):
        assert keys_in(after) == [KEY]
    if head.endswith("ProductKey>"):
        assert after == encoded(head + KEY + tail, encoding)
    else:
        # Something was put in at one place, and nothing taken away.
        at = next(index for index, byte in enumerate(after) if index >= len(before) or byte != before[index])
        assert after[len(after) - (len(before) - at) :] == before[at:]


# The component is not removed again, so it has to be there.
@given(answer_files(depths=("component",)))
def test_removing_what_was_added_gives_the_file_back(file: tuple[str, str, str, str]) -> None:
    head, now, tail, encoding = file
    before = encoded(head + now + tail, encoding)

    assert edit.without(edit.with_value(before, KEY_SETTING, KEY), KEY_SETTING) == before


@given(st.binary(max_size=300) | st.text(alphabet='<>/!?&;="unated xmlns:[]-', max_size=80).map(str.encode))
def test_what_is_no_answer_file_is_refused_and_never_edited(data: bytes) -> None:
    with pytest.raises(answer_file.AnswerFileError):
        edit.with_value(data, KEY_SETTING, KEY)


def test_time_to_read_grows_with_the_file_and_not_faster() -> None:
    def seconds(lines: int) -> float:
        data = f'<unattend xmlns="{UNATTEND}">'.encode() + b"x\n" * lines + b"</unattend>"
        began = time.process_time()
        assert len(parse(data).root.text) == 2 * lines
        return time.process_time() - began

    seconds(1000)
    assert seconds(800_000) < 30 * seconds(80_000)
