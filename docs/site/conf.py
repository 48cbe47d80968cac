# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx for the site that docs/site/build.py makes (`make docs`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_HERE = Path(__file__).parent

project = "hyperv.avma"
copyright = "hyperv.avma contributors"
html_title = "hyperv.avma"
root_doc = "index"
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

# No intersphinx: it fetches inventories, and the site is built without a network. See `_link_to_ansible`.
extensions = ["myst_parser", "sphinx_antsibull_ext"]
# Links to headings as forges make them, so that one link serves both readers.
myst_heading_anchors = 4
default_role = "any"
highlight_language = "none"
pygments_style = "tango"
pygments_dark_style = "native"

html_theme = "furo"
html_static_path = [str(_HERE / "static")]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_theme_options = {
    "source_repository": "https://github.com/ansible-collections/hyperv.avma/",
    "source_branch": "main",
    # pages are put together from several folders, so no single folder would lead to all sources
    "top_of_page_buttons": [],
    "footer_icons": [],
}
# The colours of plugin pages come from site.css, which follows the theme's own switch between light and dark.
antsibull_ext_color_scheme = "none"


_ANSIBLE = "https://docs.ansible.com/ansible/latest/"
_BUILTIN = "ansible_collections.ansible.builtin."
# Labels of Ansible's documentation that pages made by antsibull-docs refer to.
_ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "general_precedence_rules": "reference_appendices/general_precedence.html",
}


def _link_to_ansible(_app: Sphinx, _env: Any, node: nodes.Element, content: nodes.TextElement) -> nodes.reference | None:
    """A link to a label of Ansible's own documentation; any other unknown label stays an error."""
    label = str(node.get("reftarget", ""))
    if label.startswith(_BUILTIN):
        page = f"collections/ansible/builtin/{label.removeprefix(_BUILTIN).partition('__')[0]}.html"
    elif label in _ANSIBLE_PAGES:
        page = _ANSIBLE_PAGES[label]
    else:
        return None
    link = nodes.reference("", "", internal=False, refuri=_ANSIBLE + page)
    link += content
    return link


def setup(app: Sphinx) -> None:
    app.connect("missing-reference", _link_to_ansible)
