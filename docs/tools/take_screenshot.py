# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""take_screenshot.py PAGE IMAGE: the beginning of a report's page as a picture for the documentation.

``make demo`` leaves such a page in demo-output/report/avma-report.html. Needs the Python package playwright, and Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_WIDTH, _HEIGHT = 1280, 1100


def main() -> int:
    parser = argparse.ArgumentParser(prog="take_screenshot.py", description="The beginning of a report's page as a picture.")
    parser.add_argument("page", type=Path)
    parser.add_argument("image", type=Path)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("take_screenshot.py: Chromium is not installed (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    with sync_playwright() as driver:
        # Chromium refuses its sandbox to root, as which containers run.
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="light")
        page.goto(options.page.resolve().as_uri())
        page.screenshot(path=options.image)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
