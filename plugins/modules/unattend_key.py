# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: unattend_key
short_description: Set the AVMA key in a Windows answer file
description:
  - Sets the product key of C(Microsoft-Windows-Shell-Setup) in the pass C(specialize) of an answer file, so that Windows installs the key by itself and its
    Hyper-V host can activate it at the first start, without a network. With O(windows_pe=true) also the key by which Setup chooses the image.
  - Edits the file in place. Encoding, byte order mark, declaration, line breaks, indentation, comments and everything else but the key stay as they are.
  - Runs where the file is, on the controller or any other machine with Python. It does not run on Windows.
  - Refuses a file that is malformed, is not an answer file, declares a document type, or holds the setting twice. Nothing is written then.
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options:
  path:
    description:
      - The answer file. A symbolic link is followed.
    type: path
    required: true
  key:
    description:
      - The AVMA key of the release and edition that is installed. P(hyperv.avma.avma_key#filter) knows the published ones.
      - Needed with O(state=present), and not used with O(state=absent).
      - Of a key that is not published, only the last five characters ever appear in output.
      - Setup fails on the key of another release or edition, and on any key with evaluation media.
    type: str
  allow_other_channel:
    description:
      - Accept a published KMS client key as O(key). With it Windows looks for a KMS host and is never activated by AVMA.
    type: bool
    default: false
  architecture:
    description:
      - The architectures whose components get the key.
      - Left out, it is those that the file has components for, and V(amd64) for a file without any.
    type: list
    elements: str
    choices: [amd64, x86, arm64]
  windows_pe:
    description:
      - Set or remove also C(UserData/ProductKey/Key) of C(Microsoft-Windows-Setup) in the pass C(windowsPE). Setup chooses the image by it.
      - It plays no part for images that are already installed, as with Sysprep.
    type: bool
    default: false
  windows_pe_key:
    description:
      - The key for the pass C(windowsPE), if it is to be another than O(key). A published KMS client key is accepted here, since this key does not activate.
      - Needs O(windows_pe=true).
    type: str
  will_show_ui:
    description:
      - When Setup shows its page for the product key, the setting C(WillShowUI) beside the key. Left out, it is left as it is.
      - Needs O(windows_pe=true), and is not used with O(state=absent).
    type: str
    choices: [Always, OnError, Never]
  state:
    description:
      - With V(absent), whatever key is set is removed, and elements of C(Microsoft-Windows-Setup) that are empty without it.
    type: str
    choices: [present, absent]
    default: present
  create:
    description:
      - Create the file if there is none. Otherwise that is a failure.
    type: bool
    default: false
  backup:
    description:
      - Keep the file as it was, beside it under a name with the time.
    type: bool
    default: false
extends_documentation_fragment:
  - ansible.builtin.files
  - hyperv.avma.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows the settings, not the file. Answer files hold passwords.
  idempotent:
    support: full
  platform:
    description: The operating systems that the target can have.
    platforms: posix
    support: full
seealso:
  - plugin: hyperv.avma.avma_key
    plugin_type: filter
  - module: hyperv.avma.guest_key
"""

EXAMPLES = r"""
- name: Set the AVMA key of Windows Server 2022 Datacenter
  hyperv.avma.unattend_key:
    path: /srv/images/autounattend.xml
    key: "{{ '2022' | hyperv.avma.avma_key('Datacenter') }}"

- name: Create an answer file for Setup, with the key that chooses the image
  hyperv.avma.unattend_key:
    path: /srv/images/autounattend.xml
    key: "{{ '2025' | hyperv.avma.avma_key('Standard') }}"
    windows_pe: true
    will_show_ui: OnError
    create: true
    mode: "0644"

- name: Serve machines of both architectures
  hyperv.avma.unattend_key:
    path: /srv/images/unattend.xml
    key: "{{ '2019' | hyperv.avma.avma_key('Standard') }}"
    architecture: [amd64, x86]

- name: Remove the key from an answer file
  hyperv.avma.unattend_key:
    path: /srv/images/unattend.xml
    state: absent
    backup: true
"""

RETURN = r"""
path:
  description: The answer file, symbolic links followed.
  returned: success
  type: str
  sample: /srv/images/autounattend.xml
created:
  description: Whether the file was created, or in check mode would be.
  returned: success
  type: bool
key:
  description: The key. In full only if it is a published one.
  returned: success and O(state=present)
  type: str
  sample: W3GNR-8DDXR-2TFRP-H8P33-DV9BG
key_kind:
  description:
    - V(avma) for a published AVMA key and V(kms_client) for a published KMS client key.
    - V(other) for any other key, whose purpose is unknown.
  returned: success and O(state=present)
  type: str
  sample: avma
key_releases:
  description: The releases and editions that the key is published for.
  returned: success and O(state=present)
  type: list
  elements: str
  sample: [2022 Datacenter]
settings:
  description: Each setting that was looked at.
  returned: success
  type: list
  elements: dict
  contains:
    pass:
      description: The configuration pass.
      type: str
      sample: specialize
    component:
      description: The component.
      type: str
      sample: Microsoft-Windows-Shell-Setup
    architecture:
      description: The architecture of the component.
      type: str
      sample: amd64
    setting:
      description: The element below the component.
      type: str
      sample: ProductKey
    before:
      description: Its value before, keys as in RV(key). V(null) if it was not in the file.
      type: str
    after:
      description: Its value after, V(null) if it is not in the file.
      type: str
      sample: W3GNR-8DDXR-2TFRP-H8P33-DV9BG
    changed:
      description: Whether it was changed, or in check mode would be.
      type: bool
backup_file:
  description: The copy of the file as it was.
  returned: changed and O(backup=true)
  type: str
"""

import os
import tempfile
import typing as t
from dataclasses import dataclass

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.avma.plugins.module_utils._product_keys import (
    InvalidProductKey,
    KeyKind,
    classify_key,
    display_key,
    kms_client_row,
    mask_likely_keys,
    normalise_key,
    published_for,
)
from ansible_collections.hyperv.avma.plugins.module_utils._unattend import answer_file, edit
from ansible_collections.hyperv.avma.plugins.module_utils._unattend.answer_file import Setting
from ansible_collections.hyperv.avma.plugins.module_utils._unattend.document import MAX_BYTES, AnswerFileError, parse

_PAGES = ("Always", "OnError", "Never")


@dataclass(frozen=True)
class Change:
    """A setting's value as written before, and as wanted. None: not in the file."""

    setting: Setting
    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        return self.before != self.after

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "pass": self.setting.pass_name,
            "component": self.setting.component,
            "architecture": self.setting.architecture,
            "setting": "/".join(self.setting.path),
            "before": _shown(self.before),
            "after": _shown(self.after),
            "changed": self.changed,
        }

    def line(self, value: str | None) -> str:
        """For the diff. Says so where only blanks or small letters are amiss, since a key is shown without them."""
        shown = _shown(value)
        text = "(not set)" if shown is None else shown or "(empty)"
        if value is not None and value != self.after and shown == _shown(self.after):
            text += " (another key, or with blanks or small letters)"
        return f"{self.setting}: {text}\n"


def _shown(value: str | None) -> str | None:
    if value is None or value.strip() in _PAGES:
        return value
    return display_key(value) if value.strip() else ""


def _fail(module: AnsibleModule, cause: str, remedy: str, line: int | None = None) -> t.NoReturn:
    place = module.params["path"] + ("" if line is None else f", line {line}")
    module.fail_json(msg=f"{place}: {cause} {remedy}")
    raise AssertionError("fail_json ends the module")


def _key(module: AnsibleModule, option: str) -> str | None:
    """A key option in its normal form, checked. None if it was not given."""
    given = module.params[option]
    if given is None:
        return None
    try:
        key = normalise_key(given)
    except InvalidProductKey as error:
        module.fail_json(msg=f"{option}: {error}")
        raise AssertionError("fail_json ends the module") from None
    if classify_key(key) is not KeyKind.OTHER:
        # A published key is not a secret, and a result in which it is starred out would say less than it can.
        module.no_log_values.discard(given)
    return key


def _refuse_kms_client_key(module: AnsibleModule, key: str) -> None:
    row = kms_client_row(key)
    if row is not None and not module.params["allow_other_channel"]:
        module.fail_json(
            msg=f"key: {key} is the KMS client key of {row.product}, not an AVMA key: Windows would look for a KMS host "
            "and never be activated by its Hyper-V host. Give the AVMA key of that release and edition (filter hyperv.avma.avma_key), or set "
            "allow_other_channel to true if KMS is what you want."
        )


def _check_options(module: AnsibleModule) -> None:
    # Ansible takes an option that is given as null for one that is given, and null is no wish to remove a key.
    if not module.params["path"]:
        module.fail_json(msg="path: it is empty. Give the answer file (in playbooks avma_unattend_path).")
    if module.params["state"] != "absent" and not module.params["key"]:
        module.fail_json(
            msg="key: state is present but key is empty. Give the key (in playbooks avma_unattend_key), or set state to absent."
        )
    for option in ("windows_pe_key", "will_show_ui"):
        if module.params[option] is not None and not module.params["windows_pe"]:
            module.fail_json(
                msg=f"{option}: is for the pass windowsPE, which is not asked for. Set windows_pe to true, or leave {option} out."
            )


def _read(module: AnsibleModule, path: str) -> bytes | None:
    """The file's bytes, None if there is no file."""
    try:
        with open(path, "rb") as file:
            # One more than allowed, so that too large a file is told from one that just fits.
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        _fail(module, f"the file cannot be read: {error.strerror}.", "Check the path, and the rights of the user that this task runs as.")


def _wanted(module: AnsibleModule, data: bytes, key: str | None, setup_key: str | None) -> list[tuple[Setting, str | None]]:
    """The settings in question, each with the value that is wanted, or None to remove it."""
    architectures = module.params["architecture"] or answer_file.architectures_of(parse(data)) or (answer_file.DEFAULT_ARCHITECTURE,)
    wanted: list[tuple[Setting, str | None]] = []
    for architecture in dict.fromkeys(architectures):
        wanted.append((answer_file.activation_key(architecture), key))
        if module.params["windows_pe"]:
            wanted.append((answer_file.setup_key(architecture), setup_key))
            if module.params["will_show_ui"] is not None and key is not None:
                wanted.append((answer_file.setup_key_page(architecture), module.params["will_show_ui"]))
    return wanted


def _apply(data: bytes, wanted: list[tuple[Setting, str | None]]) -> tuple[bytes, list[Change]]:
    """The edited file and what was changed in it. What is written is read again, so a mistake of the edit is seen before the file is."""
    changes = []
    for setting, value in wanted:
        changes.append(Change(setting, edit.value_of(data, setting), value))
        data = edit.without(data, setting) if value is None else edit.with_value(data, setting, value)
    for setting, value in wanted:
        if edit.value_of(data, setting) != value:
            raise AnswerFileError(
                f"the edit of '{setting}' did not come out as intended, so nothing was written.", "Edit the file by hand."
            )
    return data, changes


def _write(module: AnsibleModule, path: str, data: bytes) -> None:
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        _fail(module, f"its folder '{folder}' does not exist.", "Create the folder, or correct the path.")
    try:
        handle, temporary = tempfile.mkstemp(dir=module.tmpdir)
        module.add_cleanup_file(temporary)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except OSError as error:
        _fail(module, f"its new content cannot be written to '{module.tmpdir}': {error.strerror}.", "Make room or give rights there.")
    module.atomic_move(temporary, path, unsafe_writes=module.params["unsafe_writes"])


def _warn_of_passes_done(module: AnsibleModule, data: bytes, changes: list[Change]) -> None:
    done = {name.lower() for name in answer_file.passes_done(parse(data))}
    for name in dict.fromkeys(change.setting.pass_name for change in changes if change.changed):
        if name.lower() in done:
            module.warn(
                f"{module.params['path']}: the pass {name} is marked as done (wasPassProcessed), so Windows will not read the key from it. "
                "This is Windows' own copy of an answer file: edit the one that Setup or Sysprep is given."
            )


def _file_attributes(module: AnsibleModule, path: str, changed: bool) -> bool:
    if not os.path.exists(path):
        return changed  # check mode of a file that is to be created
    return bool(module.set_fs_attributes_if_different(module.load_file_common_arguments(module.params, path=path), changed))


class _Module(AnsibleModule):  # type: ignore[misc]  # ansible-core is untyped
    """Whose errors repeat no product key, in whichever option it was typed: Ansible knows of those that are secret only."""

    params: dict[str, t.Any]

    def fail_json(self, msg: str, **kwargs: t.Any) -> None:
        self.params = _without_keys(self.params)  # which Ansible returns as the module's invocation
        super().fail_json(mask_likely_keys(msg), **_without_keys(kwargs))


def _without_keys(value: t.Any) -> t.Any:
    """The same value with each text, at any depth, as it may be shown."""
    if isinstance(value, str):
        return mask_likely_keys(value)
    if isinstance(value, dict):
        return {_without_keys(name): _without_keys(inside) for name, inside in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_keys(inside) for inside in value]
    return value


def main() -> None:
    module = _Module(
        argument_spec={
            "path": {"type": "path", "required": True},
            "key": {"type": "str", "no_log": True},
            "allow_other_channel": {"type": "bool", "default": False},
            "architecture": {"type": "list", "elements": "str", "choices": list(answer_file.ARCHITECTURES)},
            "windows_pe": {"type": "bool", "default": False},
            "windows_pe_key": {"type": "str", "no_log": True},
            "will_show_ui": {"type": "str", "choices": list(_PAGES)},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "create": {"type": "bool", "default": False},
            "backup": {"type": "bool", "default": False},
        },
        add_file_common_args=True,
        supports_check_mode=True,
        required_if=[("state", "present", ("key",))],
    )
    present = module.params["state"] != "absent"
    _check_options(module)
    key, setup_key = (_key(module, "key"), _key(module, "windows_pe_key")) if present else (None, None)
    if key is not None:
        _refuse_kms_client_key(module, key)

    path = os.path.realpath(module.params["path"])
    result: dict[str, t.Any] = {"path": path, "created": False, "changed": False, "settings": []}
    if key is not None:
        result.update(key=display_key(key), key_kind=classify_key(key).value, key_releases=list(published_for(key)))

    before = _read(module, path)
    if before is None and not present:
        module.exit_json(**result)
    if before is None and not module.params["create"]:
        _fail(module, "there is no such file.", "Correct the path, or set create (in playbooks avma_unattend_create) to true.")
    try:
        start = answer_file.new_answer_file() if before is None else before
        after, changes = _apply(start, _wanted(module, start, key, setup_key or key))
        _warn_of_passes_done(module, after, changes)
    except AnswerFileError as error:
        _fail(module, error.cause, error.remedy, error.line)

    changed = before != after
    result.update(created=before is None, settings=[change.as_dict() for change in changes])
    if module._diff:
        result["diff"] = {
            "before_header": path,
            "after_header": path,
            "before": "" if before is None else "".join(change.line(change.before) for change in changes),
            "after": "".join(change.line(change.after) for change in changes),
        }
    if changed and not module.check_mode:
        if before is not None and module.params["backup"]:
            result["backup_file"] = module.backup_local(path)
        if before is None and any(one is not None and classify_key(one) is KeyKind.OTHER for one in (key, setup_key)):
            os.umask(0o077)  # a new file with a key that is not published is its owner's alone; 'mode' says otherwise
        _write(module, path, after)
    result["changed"] = _file_attributes(module, path, changed)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
