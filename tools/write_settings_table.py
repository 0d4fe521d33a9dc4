"""Write the table of settings into README.md anew, after a setting was changed."""

from __future__ import annotations

from pathlib import Path

from voip.service.settings_table import with_table

README = Path(__file__).parents[1] / "README.md"


def main() -> None:
    README.write_text(with_table(README.read_text()))


if __name__ == "__main__":
    main()
