# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the controller: whole, and with a mode by one rule."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._whole_file import replace, replacement


@pytest.fixture(params=[0o022, 0o077, 0o000])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield int(request.param)
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_new_file_is_not_for_everybody(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "new folder" / "file"
    replace(str(path), b"content")
    assert path.read_bytes() == b"content"
    assert mode(path) == 0o640 & ~umask
    assert mode(path.parent) == 0o750 & ~umask


@pytest.mark.parametrize("its_own", [0o600, 0o604, 0o644, 0o664, 0o400])
def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path, umask: int, its_own: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(its_own)
    replace(str(path), b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", its_own)


@pytest.mark.parametrize("asked", [0o600, 0o644, 0o660])
@pytest.mark.parametrize("there", [True, False])
def test_a_mode_that_is_asked_for_is_exactly_that(tmp_path: Path, umask: int, asked: int, there: bool) -> None:
    path = tmp_path / "file"
    if there:
        path.write_bytes(b"old")
    replace(str(path), b"new", asked)
    assert (path.read_bytes(), mode(path)) == (b"new", asked)


def test_a_link_becomes_a_file_with_the_mode_of_a_new_one(tmp_path: Path) -> None:
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "link"
    elsewhere.write_bytes(b"private")
    elsewhere.chmod(0o604)
    link.symlink_to(elsewhere)
    replace(str(link), b"new")
    assert (elsewhere.read_bytes(), mode(elsewhere)) == (b"private", 0o604)
    assert not link.is_symlink()
    assert mode(link) & 0o007 == 0


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_broken_off_while_writing_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fails(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    def half() -> None:
        with replacement(str(path)) as new:
            new.file.write(b"half")
            fails()

    def whole() -> None:
        monkeypatch.setattr(os, broken, fails)
        replace(str(path), b"new")

    with pytest.raises(OSError, match="No space left"):
        half() if broken == "write" else whole()
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"file": b"old"}


def test_what_does_not_take_its_place_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replacement(str(path)) as new:
        new.file.write(b"not wanted")
    assert list(tmp_path.iterdir()) == []
