"""The site's navigation, made of the lists in docs/index.md.

That page is plain Markdown for whoever reads it on a forge. Here each of its headlines becomes a
caption of the side bar, and the documents that are listed below it its entries.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx

ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)#]+)\.(?:md|rst)\)", re.MULTILINE)
SECTION = re.compile(r"^## (.+?)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
TREE = """
```{{toctree}}
:hidden:
:caption: {caption}
{entries}
```
"""


def toctrees(text: str) -> str:
    """One for each section that lists documents."""
    return "".join(
        TREE.format(caption=caption, entries="\n".join(map(_entry, listed)))
        for caption, body in SECTION.findall(text)
        if (listed := ENTRY.findall(body))
    )


def _entry(link: tuple[str, str]) -> str:
    title, target = link
    return f"{title} <{target}>"


def add_navigation(app: Sphinx, name: str, source: list[str]) -> None:
    if name == app.config.root_doc:
        source[0] += toctrees(source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", add_navigation)
    return {"parallel_read_safe": True}
