"""Mermaid blocks, drawn in the reader's browser by a script that lies beside the pages.

Forges draw them too. What sphinxcontrib-mermaid adds is a loader of modules from a CDN, which the
site must not ask, and which browsers refuse to pages that are opened from a folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

PACKAGE = Path(__file__).with_name("diagrams")
SCRIPT = PACKAGE / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
START = (
    "mermaid.initialize({startOnLoad: true, theme: "
    "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'default'});"
)


def as_diagrams(app: Sphinx, doctree: nodes.document) -> None:
    """Each block of the language mermaid becomes what the script looks for."""
    for block in list(doctree.findall(nodes.literal_block)):
        if block.get("language") == "mermaid":
            text = nodes.Text(block.astext()).astext()
            html = nodes.raw("", f'<pre class="mermaid">{_escaped(text)}</pre>', format="html")
            block.replace_self(html)


def with_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Only pages with a diagram load three megabytes."""
    if doctree and any('class="mermaid"' in raw.astext() for raw in doctree.findall(nodes.raw)):
        app.add_js_file(SCRIPT.name)
        app.add_js_file(None, body=START)


def setup(app: Sphinx) -> dict[str, bool]:
    app.config.html_static_path.append(str(SCRIPT))
    app.connect("doctree-read", as_diagrams)
    app.connect("html-page-context", with_script)
    return {"parallel_read_safe": True}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
