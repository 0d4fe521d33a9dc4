"""The arrows between the packages, read from the imports, and what the lock files may say.

`signalling ← {matrix, media, store} ← driver ← bot ← service`, and `turn ← service`; see
docs/architecture.md.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

EDGES = {"voip.signalling", "voip.matrix", "voip.media", "voip.store"}
DRIVER = {"voip.driver", "voip.tasks", "voip.observers", "voip.sending", "voip.media_lanes"}
TRACES = {"voip.tracing", "voip.redaction"}
MAY_IMPORT: dict[str, set[str]] = {
    "voip.signalling": set(),
    "voip.matrix": {"voip.signalling"},
    "voip.media": {"voip.signalling"},
    "voip.store": {"voip.signalling"},
    "voip.tasks": set(),
    "voip.delivery": EDGES | {"voip.tasks"},
    "voip.observers": EDGES,
    "voip.sending": EDGES | DRIVER,
    "voip.media_lanes": EDGES | {"voip.tasks"},
    "voip.driver": EDGES | DRIVER,
    "voip.redaction": set(),
    "voip.tracing": {"voip.signalling", "voip.media", "voip.observers", "voip.redaction"},
    "voip.bot": EDGES | DRIVER | TRACES | {"voip.delivery"},
    "voip.service": EDGES | DRIVER | TRACES | {"voip.bot", "voip.delivery", "turn"},
    "turn": set(),
}
REACHES_UP = {ROOT / "voip" / "bot" / "environment.py": "voip.service"}
"""A newcomer's file imports `voip.bot` alone and is a whole program: the settings and the signals
of one are above it."""
PURE = {"voip.signalling": {"msgspec"}}
"""The packages that import nothing but the standard library and these."""
BANNED = {"turn": {"aiortc", "av", "nio"}}
"""Libraries that a package must run without."""
ONLY_IN = {"nio": "voip.matrix", "aiortc": "voip.media", "aioice": "voip.media"}
"""Libraries that one edge hides from the rest of voip."""
PRIVATE_NAMES = ROOT / "voip" / "media" / "private"
"""The one package that may touch private names of aiortc and aioice."""


class Import(NamedTuple):
    """One imported module: `from voip.media import peer` counts as `voip.media.peer` too."""

    file: Path
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


def package_of(module: str) -> str | None:
    """The entry of MAY_IMPORT that a module belongs to."""
    parts = module.split(".")
    return next((name for name in (".".join(parts[:2]), parts[0]) if name in MAY_IMPORT), None)


def files(package: str) -> list[Path]:
    folder = ROOT.joinpath(*package.split("."))
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def imports(file: Path) -> Iterator[Import]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute here"
            assert node.module is not None
            for alias in node.names:
                yield Import(file, node.lineno, f"{node.module}.{alias.name}")


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_arrows_point_one_way(package: str) -> None:
    allowed = {package, *MAY_IMPORT[package]}
    wrong = [
        str(found)
        for file in files(package)
        for found in imports(file)
        if found.module.split(".")[0] in {"voip", "turn"}
        and package_of(found.module) not in allowed | {REACHES_UP.get(file)}
    ]
    assert not wrong, f"{package} may only import {sorted(allowed)}"


def test_every_module_belongs_to_a_package_with_arrows() -> None:
    known = {file for package in MAY_IMPORT for file in files(package)}
    homeless = set((ROOT / "voip").rglob("*.py")) - known - {ROOT / "voip" / "__init__.py"}
    assert not homeless, "give each a place in MAY_IMPORT and in docs/architecture.md"


@pytest.mark.parametrize("package", PURE)
def test_the_core_is_pure(package: str) -> None:
    allowed = sys.stdlib_module_names | PURE[package] | {"voip"}
    wrong = [
        str(found)
        for file in files(package)
        for found in imports(file)
        if found.module.split(".")[0] not in allowed
    ]
    assert not wrong


@pytest.mark.parametrize("package", PURE)
def test_the_core_reads_no_clock_and_rolls_no_dice(package: str) -> None:
    banned = {"asyncio", "datetime", "os", "random", "secrets", "socket", "threading", "time"}
    wrong = [
        str(found)
        for file in files(package)
        for found in imports(file)
        if found.module.split(".")[0] in banned
    ]
    assert not wrong


@pytest.mark.parametrize("library", ONLY_IN)
def test_an_edge_hides_its_library(library: str) -> None:
    wrong = [
        str(found)
        for package in MAY_IMPORT
        if package.startswith("voip.") and package != ONLY_IN[library]
        for file in files(package)
        for found in imports(file)
        if found.module.split(".")[0] == library
    ]
    assert not wrong, f"only {ONLY_IN[library]} may know {library}"


@pytest.mark.parametrize("package", BANNED)
def test_the_relay_side_runs_without_the_media_libraries(package: str) -> None:
    modules = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in files(package)
    ]
    # None in sys.modules makes an import of that name fail, also from deep inside a dependency.
    script = (
        "import sys, importlib\n"
        f"sys.modules.update(dict.fromkeys({sorted(BANNED[package] | {'voip'})!r}))\n"
        f"for name in {[name for name in modules if not name.endswith('__main__')]!r}:\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def private_names_defined(tree: ast.AST) -> set[str]:
    """Methods, functions and attributes that a file itself gives a name with an underscore."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                names.add(name)
    return names


def private_names_used(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if re.fullmatch(r"_[^_].*|__\w*[^_]", name):
                yield node.lineno, name
            case ast.Constant(value=str(name)) if re.fullmatch(r"_[A-Z]\w*__\w+", name):
                yield node.lineno, name  # getattr with a mangled name
            case ast.ImportFrom(module=str(module)) if not module.startswith("voip"):
                for alias in node.names:
                    if re.fullmatch(r"_[a-zA-Z]\w*", alias.name):
                        yield node.lineno, alias.name


def test_private_names_of_libraries_are_touched_in_one_package_only() -> None:
    """A private name that voip.media uses and nothing in voip.media defines is somebody else's."""
    trees = {
        file: ast.parse(file.read_text())
        for file in files("voip.media")
        if PRIVATE_NAMES not in file.parents
    }
    ours = set().union(*(private_names_defined(tree) for tree in trees.values()))
    foreign = [
        f"{file.relative_to(ROOT)}:{line} touches {name}"
        for file, tree in trees.items()
        for line, name in private_names_used(tree)
        if name not in ours
    ]
    assert not foreign, f"move it to {PRIVATE_NAMES.relative_to(ROOT)}"


@pytest.mark.parametrize(
    "source",
    [
        "receiver._handle_rtp_packet = tap",
        "queue = getattr(receiver, '_RTCRtpReceiver__decoder_queue')",
        "from aiortc.rtp import _private",
        "self._transport.x",
        "connection.__dtls",
    ],
)
def test_the_search_for_private_names_finds(source: str) -> None:
    tree = ast.parse(source)
    assert {name for _, name in private_names_used(tree)} - private_names_defined(tree)


@pytest.mark.parametrize(
    "source",
    ["self._mine = 1\nother._mine", "def _helper(): ...\nmodule._helper", "x.__class__", "a.b"],
)
def test_the_search_for_private_names_lets_pass(source: str) -> None:
    tree = ast.parse(source)
    assert not {name for _, name in private_names_used(tree)} - private_names_defined(tree)


LOCKS = (
    "requirements.lock",
    "static/package-lock.json",
    "benchmarks/lighthouse/package-lock.json",
    "tests/e2e/firefox/package-lock.json",
)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_pin_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text, "of package-lock.json, take out every `funding` and `resolved`"
    assert "sha256:" in text or '"integrity"' in text
