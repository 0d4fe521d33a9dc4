"""Build the documentation site: docs/, README.md and the docstrings, into build/docs.

Whatever Sphinx warns about (a link that leads nowhere, an anchor that is not there) is an error.
Nothing in the pages asks another host; `build/docs/index.html` may be opened from the disk.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tools.build_page import PageError, install_packages, node_folder

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = ROOT / "tools" / "docs_site"
OUT = ROOT / "build" / "docs"
EXAMPLE = """\
Example:
  make docs
  python -m tools.build_docs --out /var/www/docs
"""


def build(out: Path = OUT) -> int:
    """The status of Sphinx: 0 where nothing was to be warned of.

    :raises PageError: the script that draws the diagrams could not be installed.
    """
    install_packages(CONFIGURATION / "diagrams", node_folder())
    return subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-b", "html"),
            *("--quiet", "--fail-on-warning", "--keep-going", "--fresh-env"),
            *("--conf-dir", str(CONFIGURATION), str(ROOT), str(out)),
        ],
        cwd=ROOT,
        check=False,
    ).returncode


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.build_docs",
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="where to")
    out: Path = parser.parse_args().out
    print("building the documentation …", flush=True)
    try:
        status = build(out)
    except PageError as error:
        print(error, file=sys.stderr)
        return 1
    if status == 0:
        print(f"open {out / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
