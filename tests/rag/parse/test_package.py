from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from rag.parse import package, parse
from rag.parse.package import EXCEL, WORD, refusal

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
WORD_TYPES = "<Types>application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml</Types>"


def zipped(path: Path, **parts: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr({"types": "[Content_Types].xml", "body": "word/document.xml"}.get(name, name), content)
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_plain_file_is_not_refused(tmp_path: Path) -> None:
    assert refusal(zipped(tmp_path / "a.docx", types=WORD_TYPES, body="<w/>"), WORD) is None


@pytest.mark.parametrize("suffix", [".docx", ".docm", ".xlsx", ".xlsm"])
def test_a_file_with_a_password_is_encrypted(tmp_path: Path, suffix: str) -> None:
    parsed = parse(written(tmp_path / f"a{suffix}", OLE + "EncryptedPackage".encode("utf-16-le")))
    assert (parsed.outcome, parsed.reason) == ("encrypted", "needs a password; save a copy without one")


@pytest.mark.parametrize("suffix", [".docx", ".xlsx"])
def test_an_old_file_under_a_new_name_says_what_to_save_it_as(tmp_path: Path, suffix: str) -> None:
    parsed = parse(written(tmp_path / f"a{suffix}", OLE + "WordDocument".encode("utf-16-le")))
    assert parsed.outcome == "unsupported"
    assert (parsed.reason or "").endswith(f"save it as {suffix}")


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"<html>", b"tea"])
def test_another_format_under_the_name_is_failed(tmp_path: Path, content: bytes) -> None:
    parsed = parse(written(tmp_path / "a.docx", content))
    assert (parsed.outcome, parsed.reason) == ("failed", "is not a Word file, whatever its name says")


def test_another_archive_or_office_file_under_the_name_is_failed(tmp_path: Path) -> None:
    parsed = refusal(zipped(tmp_path / "a.docx", body="<w/>"), WORD)
    assert parsed is not None
    assert (parsed.reason or "").endswith("another kind of archive")
    parsed = refusal(zipped(tmp_path / "a.xlsx", types=WORD_TYPES), EXCEL)
    assert parsed is not None
    assert (parsed.reason or "").endswith("another kind of office file")


def test_a_part_that_unpacks_to_hundreds_of_times_its_size_is_not_opened(tmp_path: Path) -> None:
    parsed = parse(zipped(tmp_path / "a.docx", types=WORD_TYPES, body=bytes(32 * 1024 * 1024)))
    assert parsed.outcome == "failed"
    assert (parsed.reason or "").endswith("34 MB: not opened")


def test_a_file_that_unpacks_to_more_than_the_limit_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.docx", types=WORD_TYPES, body="<w/>" * 1000)
    assert refusal(path, WORD) is None
    monkeypatch.setattr(package, "MAX_UNPACKED_BYTES", 4_000)
    parsed = refusal(path, WORD)
    assert parsed is not None
    assert (parsed.reason or "").endswith("not opened")


def test_pictures_do_not_count(tmp_path: Path) -> None:
    assert refusal(zipped(tmp_path / "a.docx", types=WORD_TYPES, **{"word/a.bmp": bytes(32_000_000)}), WORD) is None


@pytest.mark.parametrize("declaration", ["<!DOCTYPE w []>", '<!DOCTYPE w [<!ENTITY a "aaaa">]>'])
def test_a_document_type_is_not_opened(tmp_path: Path, declaration: str) -> None:
    parsed = parse(zipped(tmp_path / "a.docx", types=WORD_TYPES, body=f"<?xml version='1.0'?>{declaration}<w>&a;</w>"))
    assert (parsed.outcome, parsed.reason) == ("failed", "declares a document type in word/document.xml: not opened")


def test_a_document_type_in_utf_16_is_not_opened(tmp_path: Path) -> None:
    body = "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE w []><w/>".encode("utf-16")
    parsed = parse(zipped(tmp_path / "a.docx", types=WORD_TYPES, body=body))
    assert (parsed.reason or "").startswith("declares a document type")


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"PK" * 500])
def test_a_broken_archive_is_failed(tmp_path: Path, content: bytes) -> None:
    assert parse(written(tmp_path / "a.docx", content)).outcome == "failed"
