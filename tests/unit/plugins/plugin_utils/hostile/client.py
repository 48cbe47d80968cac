# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question to a hostile server in a process of its own, so that its time and memory are its own.

Run as a program it reads lines of library, behaviour and port, forks a process for each, and writes one line of JSON for each.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

READ_TIMEOUT = 2
PARALLEL = 12


def session(library: str, port: int, auth: str) -> Any:
    from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session

    options = {"username": "operator", "password": "correct-horse-battery"}
    if library == "pywinrm":
        from winrm.protocol import Protocol

        from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.transport_pywinrm import PywinrmTransport

        protocol = Protocol(
            f"http://127.0.0.1:{port}/wsman",
            transport=auth,
            read_timeout_sec=READ_TIMEOUT,
            operation_timeout_sec=1,
            proxy=None,
            **options,
        )
        return Session(PywinrmTransport(protocol), operation_timeout=1)
    from pypsrp.wsman import WSMan

    from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.transport_pypsrp import PypsrpTransport

    client = WSMan(
        "127.0.0.1",
        port=port,
        ssl=False,
        auth=auth,
        encryption="auto" if auth == "ntlm" else "never",
        read_timeout=READ_TIMEOUT,
        operation_timeout=1,
        no_proxy=True,
        **options,
    )
    return Session(PypsrpTransport(client), operation_timeout=1)


def ask(library: str, auth: str, port: int) -> dict[str, object]:
    from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.failure import failure_of

    started = time.monotonic()
    error, kind, text, unreachable = "none", "", "", False
    try:
        with session(library, port, auth) as opened:
            list(opened.query("root/cimv2", "SELECT * FROM X"))
    except Exception as raised:
        failure = failure_of(raised, "web01")
        error, kind, text, unreachable = type(raised).__name__, failure.kind, failure.msg, failure.unreachable
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "error": error,
        "kind": kind,
        "text": text,
        "unreachable": unreachable,
        "seconds": time.monotonic() - started,
        "megabytes": memory,
    }


def in_a_process(line: str) -> str:
    library, behaviour, auth, port = line.split()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writer, "w") as out:
            out.write(json.dumps({"case": f"{library} {behaviour}", **ask(library, auth, int(port))}))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


def main() -> None:
    from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible import failure  # noqa: F401  (once, before the forks)

    for library in ("pywinrm", "pypsrp"):
        session(library, 9, "ntlm")
    with ThreadPoolExecutor(PARALLEL) as pool:
        for text in pool.map(in_a_process, sys.stdin.read().splitlines()):
            print(text, flush=True)


if __name__ == "__main__":
    main()
