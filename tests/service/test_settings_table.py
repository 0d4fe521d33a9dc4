"""The tables of settings in the documents are the models'."""

from __future__ import annotations

from typing import Any

import pytest

from tools.write_settings_table import DOCUMENTS
from turn.settings_reading import Sources
from turn.settings_table import BEGIN, END, settings_table, with_table


@pytest.mark.parametrize("sources", DOCUMENTS.values())
def test_every_setting_has_a_row_and_a_meaning(sources: Sources[Any]) -> None:
    rows = settings_table(sources).splitlines()[2:]
    fields = sources.model.model_fields
    assert len(rows) == len(fields)
    for name, row in zip(fields, rows, strict=True):
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert cells[:2] == [f"`{sources.variable(name)}`", f"`{name}`"]
        assert len(cells[3]) > 20


@pytest.mark.parametrize("sources", DOCUMENTS.values())
def test_the_text_around_the_table_stays(sources: Sources[Any]) -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    table = settings_table(sources)
    assert with_table(text, sources) == f"before\n{BEGIN}\n{table}\n{END}\nafter\n"
    with pytest.raises(ValueError, match="needs the lines"):
        with_table("nothing", sources)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.name))
def test_the_documents_are_up_to_date(document: Any) -> None:
    text = document.read_text()
    found = with_table(text, DOCUMENTS[document])
    assert found == text, "run: python tools/write_settings_table.py"
