"""X2 in a spreadsheet itself, where there is one; `make interop` prints what it finds."""

import shutil

import pytest

from tests.interop import libreoffice


@pytest.mark.skipif(
    not (shutil.which("soffice") or shutil.which("libreoffice")),
    reason="LibreOffice is not installed: that it runs no cell was checked by the rules alone (test_no_formulas.py)",
)
def test_x2_libreoffice_finds_no_formula_in_an_export_and_every_text_as_it_was() -> None:
    assert libreoffice.main() == 0
