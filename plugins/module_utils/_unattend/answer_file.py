# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Where a setting stands in an answer file: pass, component, architecture and the elements below the component.

Source: Microsoft, Unattended Windows Setup Reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.hyperv.avma.plugins.module_utils._unattend.document import UNATTEND, AnswerFileError, Document, Element

ARCHITECTURES = ("amd64", "x86", "arm64")
DEFAULT_ARCHITECTURE = "amd64"
_WITH_A_KEY = ("microsoft-windows-shell-setup", "microsoft-windows-setup")

# The same in every component that Microsoft ships: its public key, any language, not side by side.
_COMPONENT_IDENTITY = (("publicKeyToken", "31bf3856ad364e35"), ("language", "neutral"), ("versionScope", "nonSxS"))


@dataclass(frozen=True)
class Setting:
    """One setting. ``path`` names the elements from the component down to the one that holds the value."""

    pass_name: str
    component: str
    architecture: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.pass_name} {self.component} {self.architecture} {'/'.join(self.path)}"


@dataclass(frozen=True)
class Missing:
    """An element that is not there yet."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()


# The key that Windows is activated with. It is for this pass only; Setup fails on an invalid one.
def activation_key(architecture: str) -> Setting:
    return Setting("specialize", "Microsoft-Windows-Shell-Setup", architecture, ("ProductKey",))


# The key by which Setup chooses the image to install. It may differ from the one above.
def setup_key(architecture: str) -> Setting:
    return Setting("windowsPE", "Microsoft-Windows-Setup", architecture, ("UserData", "ProductKey", "Key"))


# Whether Setup shows its page for the key.
def setup_key_page(architecture: str) -> Setting:
    return Setting("windowsPE", "Microsoft-Windows-Setup", architecture, ("UserData", "ProductKey", "WillShowUI"))


def architectures_of(document: Document) -> tuple[str, ...]:
    """The architectures that the file has components for, in the order of their first component."""
    found: dict[str, None] = {}
    for settings in document.root.named("settings"):
        for component in settings.named("component"):
            value = component.attributes.get("processorArchitecture", "")
            # wow64 stands beside another architecture. Beside a value that is rendered later a second component would be made.
            if (
                value.lower() not in (*ARCHITECTURES, "wow64", "ia64", "msil")
                and component.attributes.get("name", "").lower() in _WITH_A_KEY
            ):
                raise AnswerFileError(
                    f"the component '{component.attributes.get('name')}' has the processorArchitecture '{value[:60]}', which is not one of "
                    f"{', '.join(ARCHITECTURES)}.",
                    "Render the template first, or correct the attribute.",
                    component.line,
                )
            found.setdefault(value.lower())
    return tuple(architecture for architecture in found if architecture in ARCHITECTURES)


def locate(document: Document, setting: Setting) -> tuple[Element, tuple[Missing, ...]]:
    """The innermost element on the way to a setting that exists, and what is missing below it. Raises AnswerFileError on duplicates."""
    passes = [found for found in document.root.named("settings") if _same(found.attributes.get("pass"), setting.pass_name)]
    components = [found for settings in passes for found in settings.named("component") if _is_component(found, setting)]
    path = tuple(Missing(name) for name in setting.path)
    if not components:
        new = Missing("component", (("name", setting.component), ("processorArchitecture", setting.architecture), *_COMPONENT_IDENTITY))
        if passes:
            return passes[0], (new, *path)
        return document.root, (Missing("settings", (("pass", setting.pass_name),)), new, *path)
    what = f"component '{setting.component}' for {setting.architecture} in the pass {setting.pass_name}"
    element = _only(components, what)
    for depth, name in enumerate(setting.path):
        found = element.named(name)
        if not found:
            return element, path[depth:]
        element = _only(found, f"element '{'/'.join(setting.path[: depth + 1])}' of the {what}")
    if element.children:
        raise AnswerFileError(
            f"'{element.name}' holds the element '{element.children[0].name}', where the {what} has a text.",
            "Correct the answer file by hand.",
            element.line,
        )
    return element, ()


def passes_done(document: Document) -> tuple[str, ...]:
    """Passes that Windows has marked as done in its own copy of the answer file. It does not read them again."""
    return tuple(
        found.attributes.get("pass", "")
        for found in document.root.named("settings")
        if _same(found.attributes.get("wasPassProcessed"), "true")
    )


def new_answer_file() -> bytes:
    """An answer file without settings."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n<unattend xmlns="{UNATTEND}">\n</unattend>\n'.encode("ascii")


def _is_component(element: Element, setting: Setting) -> bool:
    return _same(element.attributes.get("name"), setting.component) and _same(
        element.attributes.get("processorArchitecture"), setting.architecture
    )


def _same(value: str | None, wanted: str) -> bool:
    # Windows does not tell small from capital letters in these.
    return (value or "").lower() == wanted.lower()


def _only(found: list[Element], what: str) -> Element:
    if len(found) > 1:
        lines = " and ".join(str(element.line) for element in found)
        raise AnswerFileError(
            f"the {what} stands there {len(found)} times (lines {lines}), and it is unknown which one Windows uses.",
            "Leave one of them in the file.",
            found[1].line,
        )
    return found[0]
