# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""An answer file as its parser sees it, with the place of each element in the file's own bytes.

An answer file is edited in place, never written again: whatever is not touched stays as it was written. So a real parser (expat) says where
elements are, and the edits are made there. Nothing is decoded for it. Expat counts in bytes, so the file is looked at as a string of code
units: one character for each byte, or for each two bytes where the file is UTF-16. Markup is ASCII in either.
"""

from __future__ import annotations

import array
import re
import sys
from dataclasses import dataclass, field
from xml.parsers import expat

UNATTEND = "urn:schemas-microsoft-com:unattend"

# An answer file has some kilobytes. What is this large is something else, such as an image given by mistake.
MAX_BYTES = 16 * 1024 * 1024

# Not a character that XML allows, so no name and no namespace can hold it.
_SEPARATOR = "\x1f"
_BLANKS = " \t\r\n"


# Of ERB and ASP, Jinja, Go and Mustache templates.
_TEMPLATE = re.compile(rb"<%|{%|{{")


class AnswerFileError(Exception):
    """An answer file that cannot be edited safely. ``line`` is None where no line is to blame."""

    def __init__(self, cause: str, remedy: str, line: int | None = None) -> None:
        super().__init__(f"{cause} {remedy}")
        self.cause = cause
        self.remedy = remedy
        self.line = line


@dataclass
class TextRun:
    """Character data between two other things in an element, CDATA sections and character references among it."""

    start: int
    end: int
    value: str


@dataclass
class Element:
    """One element. Places count code units from the start of the file. ``tag`` is the name as written, with its prefix."""

    namespace: str
    name: str
    tag: str
    attributes: dict[str, str]
    line: int
    start: int
    parent: Element | None
    content_start: int = 0
    content_end: int = 0
    end: int = 0
    empty_tag: bool = False  # written as <name/>
    children: list[Element] = field(default_factory=list)
    runs: list[TextRun] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(run.value for run in self.runs)

    @property
    def prefix(self) -> str:
        """The prefix of the tag with its colon, or nothing."""
        head, colon, _name = self.tag.rpartition(":")
        return head + colon

    def named(self, name: str) -> list[Element]:
        """Children of that name in the namespace of answer files."""
        return [child for child in self.children if child.namespace == UNATTEND and child.name == name]


@dataclass(frozen=True)
class Document:
    """``units`` is the whole file as code units, byte order mark and declaration included."""

    units: str
    encoding: str
    root: Element

    def edited(self, edits: list[tuple[int, int, str]]) -> bytes:
        """The file with each (start, end, new text) put in its place. The places must not overlap."""
        units = self.units
        for start, end, text in sorted(edits, reverse=True):
            units = units[:start] + text + units[end:]
        return units.encode(self.encoding, "surrogatepass")


def parse(data: bytes) -> Document:
    """Raises AnswerFileError for what is not an answer file, is malformed or declares a document type (and with it entities)."""
    if len(data) > MAX_BYTES:
        raise AnswerFileError(
            f"the file has more than {MAX_BYTES // 1024 // 1024} MiB, which no answer file has.",
            "Check the path: it has to be an answer file, not an image.",
        )
    encoding = _encoding_of(data)
    units = _units_of(data, encoding)
    reader = _Reader(units, 1 if encoding == "latin-1" else 2)
    root = reader.read(data)
    if (root.namespace, root.name) != (UNATTEND, "unattend"):
        raise AnswerFileError(
            f"the root element is '{root.name}' in the namespace '{root.namespace}', not 'unattend' in '{UNATTEND}'.",
            "Check that the file is a Windows answer file, and that its root element states this namespace.",
            root.line,
        )
    return Document(units, encoding, root)


def _encoding_of(data: bytes) -> str:
    """How code units are stored: as bytes ("latin-1" keeps any byte as it is) or as UTF-16. By the same signs that parsers go by."""
    if data.startswith((b"\xff\xfe", b"<\x00")):
        return "utf-16-le"
    return "utf-16-be" if data.startswith((b"\xfe\xff", b"\x00<")) else "latin-1"


def _units_of(data: bytes, encoding: str) -> str:
    if encoding == "latin-1":
        return data.decode("latin-1")
    # Decoding would make one character of two surrogates, and the places would not be expat's any more.
    units = array.array("H", data[: len(data) // 2 * 2])
    if (encoding == "utf-16-le") != (sys.byteorder == "little"):
        units.byteswap()
    return "".join(map(chr, units))


class _Reader:
    """Handlers of expat. Each event says where it begins, and so where the one before it ends."""

    def __init__(self, units: str, width: int) -> None:
        self._units = units
        self._width = width
        self._open: list[Element] = []
        self._root: Element | None = None
        self._content_not_begun: Element | None = None
        self._run: TextRun | None = None
        self._pieces: list[str] = []  # of the run; joined at its end, as expat gives each line by itself
        self._parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartCdataSectionHandler = self._text
        self._parser.EndCdataSectionHandler = self._text
        self._parser.CommentHandler = self._other
        self._parser.ProcessingInstructionHandler = self._other
        self._parser.StartDoctypeDeclHandler = self._document_type

    def read(self, data: bytes) -> Element:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            if _TEMPLATE.search(data.replace(b"\x00", b"")):
                raise AnswerFileError(
                    "the file is not well-formed XML and looks like a template that has not been rendered.",
                    "Render the template first, then edit the file that comes of it.",
                    error.lineno,
                ) from None
            raise AnswerFileError(
                f"the file is not well-formed XML: {expat.ErrorString(error.code)} (column {error.offset + 1}).",
                "Correct the file, for example with Windows System Image Manager, or create it again.",
                error.lineno,
            ) from None
        except (LookupError, ValueError) as error:
            raise AnswerFileError(
                f"the encoding that the file declares cannot be read: {error}.", "Save the file as UTF-8 or UTF-16.", 1
            ) from None
        if self._root is None:  # pragma: no cover - expat calls such a file not well-formed
            raise AnswerFileError("the file has no element.", "Create it again.")
        return self._root

    def _place(self) -> int:
        """Where the present event begins. Ends what came before it."""
        place = self._parser.CurrentByteIndex // self._width
        if self._content_not_begun is not None:
            self._content_not_begun.content_start = place
            self._content_not_begun = None
        return place

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        place = self._place()
        self._close_run(place)
        namespace, _separator, name = qualified.rpartition(_SEPARATOR)
        parent = self._open[-1] if self._open else None
        element = Element(namespace, name, self._tag_at(place), attributes, self._parser.CurrentLineNumber, place, parent)
        if parent is None:
            self._root = element
        else:
            parent.children.append(element)
        self._open.append(element)
        self._content_not_begun = element

    def _end(self, _qualified: str) -> None:
        nothing_inside = self._content_not_begun is not None
        place = self._place()
        self._close_run(place)
        element = self._open.pop()
        element.content_end = place
        # Of <name/> expat reports the end behind the tag. An attribute cannot end it so: it ends with a quotation mark.
        element.empty_tag = nothing_inside and self._units[place - 2 : place] == "/>"
        element.end = place if element.empty_tag else self._units.index(">", place) + 1

    def _text(self, value: str = "") -> None:
        place = self._place()
        if self._run is None:
            self._run = TextRun(place, place, "")
            self._open[-1].runs.append(self._run)
        self._pieces.append(value)

    def _other(self, *_content: str) -> None:
        self._close_run(self._place())

    def _document_type(self, name: str, *_ids: object) -> None:
        raise AnswerFileError(
            f"the file declares a document type ('{name}'), which answer files do not have and which can define entities.",
            "Remove the <!DOCTYPE ...> declaration.",
            self._parser.CurrentLineNumber,
        )

    def _close_run(self, place: int) -> None:
        if self._run is not None:
            self._run.end = place
            self._run.value = "".join(self._pieces)
            self._pieces.clear()
            self._run = None

    def _tag_at(self, place: int) -> str:
        end = place + 1
        while self._units[end] not in _BLANKS + "/>":
            end += 1
        return self._units[place + 1 : end]
