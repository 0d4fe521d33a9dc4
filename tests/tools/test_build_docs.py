"""The site of the documentation: it builds without a warning, asks nobody, and leads somewhere."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tools import build_docs
from tools.docs_site.docstrings import with_code
from tools.docs_site.navigation import toctrees

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


class Page(HTMLParser):
    """What a page points at, and what can be pointed at in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attributes if value}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in LOADED and LOADED[tag] in found:
            self.loaded.append(found[LOADED[tag]])


@cache
def read(path: Path) -> Page:
    return Page(path)


def problem(page: Path, link: str) -> str | None:
    """Why a link of a page leads nowhere."""
    parts = urlsplit(link)
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.exists():
        return f"{page.name}: {link} is not there"
    fragment = unquote(parts.fragment)
    if fragment and target.suffix == ".html" and fragment not in read(target).anchors:
        return f"{page.name}: {link} has no such anchor"
    return None


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    assert build_docs.build(out) == 0, "Sphinx said above what is wrong"
    return out


@pytest.mark.long
@pytest.mark.timeout(400)
def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    own = [(page, link) for page in pages for link in read(page).links if not urlsplit(link).scheme]
    assert len(own) > 1000
    assert [said for page, link in own if (said := problem(page, link))] == []


@pytest.mark.long
@pytest.mark.timeout(400)
def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    loaded = [(page, what) for page in pages for what in read(page).loaded]
    assert [what for _, what in loaded if urlsplit(what).netloc] == []
    assert [said for page, what in loaded if (said := problem(page, what))] == []
    sheets = "".join(sheet.read_text() for sheet in site.rglob("*.css"))
    assert "url(http" not in sheets
    assert "@import" not in sheets


@pytest.mark.long
@pytest.mark.timeout(400)
def test_the_reference_has_what_authors_import(site: Path) -> None:
    anchors = read(site / "docs" / "reference" / "voip-bot.html").anchors
    assert {"voip.bot.Call.gather", "voip.bot.Bot.on_call", "voip.bot.BEEP"} <= anchors


def test_a_link_that_leads_nowhere_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<h1 id="here">x</h1>')
    assert problem(page, "#here") is None
    assert "no such anchor" in str(problem(page, "#there"))
    assert "not there" in str(problem(page, "other.html#here"))


def test_the_navigation_is_the_lists_of_the_index() -> None:
    text = "# All\n\n## Begin\n\n- [Start](start.md): now\n- [Home](../README.md)\n\n## Empty\n"
    tree = toctrees(text)
    assert tree.count("{toctree}") == 1
    assert ":caption: Begin" in tree
    assert "Start <start>\nHome <../README>" in tree


def test_the_index_lists_every_document() -> None:
    docs = build_docs.ROOT / "docs"
    tree = toctrees((docs / "index.md").read_text())
    documents = {
        str(path.relative_to(docs).with_suffix(""))
        for path in docs.rglob("*")
        if path.suffix in {".md", ".rst"}
    }
    assert [name for name in sorted(documents - {"index"}) if f"<{name}>" not in tree] == []


def test_the_reference_names_every_name_of_the_authors_api() -> None:
    import voip.bot
    import voip.bot.testing

    for module, file in ((voip.bot, "voip-bot"), (voip.bot.testing, "voip-bot-testing")):
        text = (build_docs.ROOT / "docs" / "reference" / f"{file}.rst").read_text()
        missing = [name for name in module.__all__ if f":: {module.__name__}.{name}\n" not in text]
        assert missing == []


def test_code_in_a_docstring_is_shown_as_code() -> None:
    lines = [
        "Do it:",
        "",
        "    async with x:",
        "",
        "        pass",
        "",
        ":param x: of it",
        "    more",
    ]
    assert with_code(lines) == [*lines[:2], ".. code-block:: python", "", *lines[2:]]
    marked = ["Do it::", "", "    pass"]
    assert with_code(marked) == marked
