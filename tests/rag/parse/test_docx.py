from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from rag.document import Document
from rag.parse.docx import parse_docx


def written(path: Path, write: Callable[[Any], object]) -> Document:
    """What is read of a new Word file."""
    file = docx.Document()
    write(file)
    file.save(str(path / "a.docx"))
    parsed = parse_docx(path / "a.docx")
    assert parsed.document is not None, parsed.reason
    return parsed.document


def replace(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """The file with one part changed, in place of itself."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def rows(file: Any, *texts: str) -> Any:
    """A table with these cells."""
    cells = [text.split(" | ") for text in texts]
    table = file.add_table(len(cells), len(cells[0]))
    for row, line in zip(table.rows, cells, strict=True):
        for cell, text in zip(row.cells, line, strict=True):
            cell.text = text
    return table


def insert(file: Any, markup: str) -> None:
    file.add_paragraph()._p.append(parse_xml(markup))


def test_paragraphs_and_tables_stay_in_order(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        file.add_paragraph("Above.")
        rows(file, "Tea | Degrees", "Green | 80", "Black | 95")
        file.add_paragraph("Below.")

    read = written(tmp_path, write)
    assert read.text == "Above.\nTea | Degrees\nGreen | 80\nBlack | 95\nBelow.\n"
    (table,) = read.tables
    assert read.text[table.start : table.header_end] == "Tea | Degrees\n"
    assert read.text[table.header_end : table.end] == "Green | 80\nBlack | 95\n"
    assert [page.number for page in read.pages] == [None]


def test_a_row_marked_as_header_is_one_whatever_it_holds(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        table = rows(file, "Tea | Water", "Green | soft", "Black | hard")
        table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))

    read = written(tmp_path, write)
    assert read.text[: read.tables[0].header_end] == "Tea | Water\n"


def test_merged_cells_are_written_once_and_columns_stay_below_each_other(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        table = rows(file, "Tea | 2023 | 2024", "Green | x | 4", "Black | x | 5", "All | x | 9")
        table.cell(1, 1).merge(table.cell(2, 1)).text = "3"
        table.cell(3, 0).merge(table.cell(3, 1)).text = "All"

    assert written(tmp_path, write).text == "Tea | 2023 | 2024\nGreen | 3 | 4\nBlack |  | 5\nAll |  | 9\n"


def test_words_are_not_torn_where_their_looks_change(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        paragraph = file.add_paragraph("Gre")
        paragraph.add_run("en").bold = True
        rows(file, "x | y", "z | w").cell(0, 0).paragraphs[0].add_run("yz").italic = True

    assert written(tmp_path, write).text == "Green\nxyz | y\nz | w\n"


def test_headings_are_known_by_their_style_its_outline_level_or_its_base(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        file.add_paragraph("Lease", style="Title")
        file.add_heading("Term", 1)
        based = file.styles.add_style("Klausel", WD_STYLE_TYPE.PARAGRAPH)
        based.base_style = file.styles["Heading 2"]
        own = file.styles.add_style("Titre trois", WD_STYLE_TYPE.PARAGRAPH)
        own.element.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="2"/>'))
        body = file.styles.add_style("Text like a heading", WD_STYLE_TYPE.PARAGRAPH)
        body.base_style = file.styles["Heading 1"]
        body.element.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="9"/>'))
        file.add_paragraph("Kündigung", style=based)
        file.add_paragraph("Résiliation", style=own)
        file.add_paragraph("Three months.", style=body)

    read = written(tmp_path, write)
    assert [(heading.level, heading.title) for heading in read.headings] == [
        (1, "Lease"),
        (1, "Term"),
        (2, "Kündigung"),
        (3, "Résiliation"),
    ]
    for heading in read.headings:
        assert read.text.startswith(f"{heading.title}\n", heading.start)


def test_styles_based_on_each_other_in_a_circle_are_text(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        one = file.styles.add_style("One", WD_STYLE_TYPE.PARAGRAPH)
        two = file.styles.add_style("Two", WD_STYLE_TYPE.PARAGRAPH)
        one.base_style, two.base_style = two, one
        file.add_paragraph("Hot.", style=one)

    assert written(tmp_path, write) == Document.unpaged("Hot.\n")


def test_items_of_lists_begin_with_a_dash(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        for style in ("List Bullet", "List Bullet 2", "List Number"):
            file.add_paragraph(style, style=style)
        file.add_paragraph("after")

    assert written(tmp_path, write).text == "- List Bullet\n- List Bullet 2\n- List Number\nafter\n"


@pytest.mark.parametrize(
    "run",
    [
        '<w:del {w} w:id="1"><w:r><w:delText>secret</w:delText></w:r></w:del>',
        "<w:r {w}><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>",
    ],
)
def test_deleted_and_hidden_text_is_left_out(tmp_path: Path, run: str) -> None:
    def write(file: Any) -> None:
        file.add_paragraph("Tea")
        insert(file, run.format(w=nsdecls("w")))

    assert written(tmp_path, write).text == "Tea\n"


def test_hidden_text_after_a_hidden_text_box_is_left_out(tmp_path: Path) -> None:
    box = (
        '<w:r {w} xmlns:v="urn:schemas-microsoft-com:vml"><w:rPr><w:vanish/></w:rPr><w:pict><v:textbox><w:txbxContent>'
        "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>box</w:t></w:r></w:p></w:txbxContent></v:textbox></w:pict></w:r>"
    )

    def write(file: Any) -> None:
        file.add_paragraph("Tea")
        insert(file, box.format(w=nsdecls("w")))
        insert(file, f"<w:r {nsdecls('w')}><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>")

    assert written(tmp_path, write).text == "Tea\n"


@pytest.mark.parametrize(
    "run",
    [
        '<w:ins {w} w:id="1"><w:r><w:t>Hot.</w:t></w:r></w:ins>',
        "<w:sdt {w}><w:sdtContent><w:r><w:t>Hot.</w:t></w:r></w:sdtContent></w:sdt>",
        '<w:r {w}><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>Hot.</w:t></w:r>',
        "<w:r {w}><w:pict><v:textbox><w:txbxContent><w:p><w:r><w:t>Hot.</w:t></w:r></w:p></w:txbxContent>"
        "</v:textbox></w:pict></w:r>",
    ],
)
def test_inserted_text_fields_and_text_boxes_are_read(tmp_path: Path, run: str) -> None:
    def write(file: Any) -> None:
        insert(file, run.format(w=nsdecls("w") + ' xmlns:v="urn:schemas-microsoft-com:vml"'))

    assert written(tmp_path, write).text == "Hot.\n"


def test_the_table_of_contents_is_left_out(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        file.add_paragraph("Term ... 3", style=file.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH))
        file.add_heading("Term", 1)

    assert written(tmp_path, write).text == "Term\n"


def test_a_footnote_stands_at_the_end_under_its_number(tmp_path: Path) -> None:
    file = docx.Document()
    insert(file, f'<w:r {nsdecls("w")}><w:t>Hot</w:t><w:footnoteReference w:id="7"/></w:r>')
    file.save(str(tmp_path / "a.docx"))
    with zipfile.ZipFile(tmp_path / "a.docx", "a") as archive:
        note = '<w:footnote w:id="7"><w:p><w:r><w:t>At 80 degrees.</w:t></w:r></w:p></w:footnote>'
        archive.writestr("word/footnotes.xml", f"<w:footnotes {nsdecls('w')}>{note}</w:footnotes>")
    parsed = parse_docx(tmp_path / "a.docx")
    assert parsed.document is not None
    assert parsed.document.text == "Hot[1]\n- [1] At 80 degrees.\n"


def test_a_file_with_macros_is_read(tmp_path: Path) -> None:
    written(tmp_path, lambda file: file.add_paragraph("Hot."))
    path = replace(
        tmp_path / "a.docx",
        "[Content_Types].xml",
        lambda types: re.sub(
            r"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main\+xml",
            "application/vnd.ms-word.document.macroEnabled.main+xml",
            types,
        ),
    )
    parsed = parse_docx(path.rename(tmp_path / "a.docm"))
    assert parsed.document is not None
    assert parsed.document.text == "Hot.\n"


def test_a_file_without_any_text_is_no_text(tmp_path: Path) -> None:
    docx.Document().save(str(tmp_path / "a.docx"))
    assert parse_docx(tmp_path / "a.docx").outcome == "no_text"


def broken(path: Path) -> Iterator[Path]:
    whole = (path / "a.docx").read_bytes()
    for cut in range(100, len(whole), len(whole) // 7):
        (path / f"{cut}.docx").write_bytes(whole[:cut])
        (path / f"{cut}-zeros.docx").write_bytes(whole[:cut] + bytes(2_000) + whole[cut + 2_000 :])
        yield from (path / f"{cut}.docx", path / f"{cut}-zeros.docx")


def test_a_damaged_file_is_failed_with_plain_words_or_read(tmp_path: Path) -> None:
    written(tmp_path, lambda file: file.add_paragraph("Hot."))
    outcomes = [parse_docx(path) for path in broken(tmp_path)]
    assert {parsed.outcome for parsed in outcomes} <= {"failed", "indexed"}
    assert sum(parsed.outcome == "failed" for parsed in outcomes) >= 7
    assert all(parsed.reason for parsed in outcomes if parsed.outcome == "failed")


@pytest.mark.parametrize("part", ["word/document.xml", "word/styles.xml"])
def test_broken_markup_is_damage(tmp_path: Path, part: str) -> None:
    written(tmp_path, lambda file: file.add_paragraph("Hot."))
    parsed = parse_docx(replace(tmp_path / "a.docx", part, lambda markup: markup[:-9]))
    assert parsed.outcome == "failed"
    assert (parsed.reason or "").startswith("damaged: ")


def test_markup_that_nests_without_end_is_damage(tmp_path: Path) -> None:
    written(tmp_path, lambda file: file.add_paragraph("Hot."))
    deep = f"<w:document {nsdecls('w')}><w:body>" + "<w:sdt><w:sdtContent>" * 50_000
    assert parse_docx(replace(tmp_path / "a.docx", "word/document.xml", lambda _: deep)).outcome == "failed"
