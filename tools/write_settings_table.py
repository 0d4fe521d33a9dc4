"""Write the tables of settings into the documents anew, after a setting was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from turn.settings_reading import Sources
from turn.settings_sources import SOURCES as OF_TURN
from turn.settings_table import with_table
from voip.service.settings_sources import SOURCES as OF_VOIP

ROOT = Path(__file__).parents[1]
DOCUMENTS: dict[Path, Sources[Any]] = {
    ROOT / "README.md": OF_VOIP,
    ROOT / "docs" / "turn.md": OF_TURN,
}


def main() -> None:
    for document, sources in DOCUMENTS.items():
        document.write_text(with_table(document.read_text(), sources))


if __name__ == "__main__":
    main()
