"""The folder `turn` by itself: a wheel of its own, and where the media libraries are not."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHOLE = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ALONE = tomllib.loads((ROOT / "turn" / "pyproject.toml").read_text())["project"]

BROUGHT = ("pydantic", "pydantic-core", "multidict", "yarl")
"""By pydantic-settings and aiohttp, whose interfaces have their types."""


def run(*command: str | Path, folder: Path = ROOT) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_asks_for_a_part_of_what_the_whole_asks_for() -> None:
    assert set(ALONE["dependencies"]) <= set(WHOLE["dependencies"])
    for extra, wanted in ALONE["optional-dependencies"].items():
        assert wanted == WHOLE["optional-dependencies"][extra]
    assert ALONE["version"] == WHOLE["version"]


def test_it_asks_for_all_that_it_imports() -> None:
    known = packages_distributions()
    extras = [each for extra in ALONE["optional-dependencies"].values() for each in extra]
    asked = {re.split(r"[^\w.-]", each)[0] for each in (*ALONE["dependencies"], *extras)}
    for file in (ROOT / "turn").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Import(names=names):
                    modules = [alias.name for alias in names]
                case ast.ImportFrom(module=str(module)):
                    modules = [module]
                case _:
                    continue
            for name in {module.partition(".")[0] for module in modules}:
                if name in sys.stdlib_module_names or name == "turn":
                    continue
                found = {each.replace("_", "-") for each in known.get(name, [name])}
                assert found & {*asked, *BROUGHT}, f"{file}: {name}"


def wheel(folder: Path) -> Path:
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        folder,
        folder=ROOT / "turn",
    )
    (made,) = folder.glob("*.whl")
    return made


def test_its_wheel_has_all_of_it_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel(tmp_path)) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "turn").rglob("*.py")}
    assert names == files | {"turn/py.typed"}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_it_runs_without_the_media_libraries(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    made = wheel(tmp_path)
    run(python, "-m", "pip", "install", "--quiet", f"{made}[redis,postgresql]", folder=tmp_path)
    for name in ("aiortc", "av", "nio", "voip"):
        missing = (
            f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is not None)"
        )
        run(python, "-c", missing, folder=tmp_path)
    everything = "import pkgutil, importlib, turn\n" + (
        "for each in pkgutil.walk_packages(turn.__path__, 'turn.'):\n"
        "    if not each.name.endswith('__main__'): importlib.import_module(each.name)\n"
    )
    run(python, "-W", "error", "-c", everything, folder=tmp_path)
    assert "Usage:" in run(tmp_path / "venv" / "bin" / "matrix-turn", "--help", folder=tmp_path)
