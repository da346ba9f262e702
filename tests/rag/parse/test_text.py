from __future__ import annotations

import pytest

from rag.parse.text import decode, parse_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_and_is_no_part_of_the_text(encoding: str) -> None:
    assert decode("naïve 東京\r\n".encode(encoding)) == ("naïve 東京\r\n", None)


@pytest.mark.parametrize("mark", [b"\xfe\xff", b"\xff\xfe"])
def test_utf_16_is_read_in_either_order(mark: bytes) -> None:
    order = "utf-16-be" if mark == b"\xfe\xff" else "utf-16-le"
    assert decode(mark + "tea".encode(order)) == ("tea", None)


def test_invalid_utf_8_is_read_as_windows_1252_and_partial_with_the_byte() -> None:
    parsed = parse_text(b"caf\xe9 \x81")
    assert parsed.outcome == "partial"
    assert parsed.reason is not None
    assert "byte 3" in parsed.reason
    assert parsed.document is not None
    assert parsed.document.text == "café �"


def test_a_broken_utf_16_file_is_partial() -> None:
    parsed = parse_text("tea".encode("utf-16") + b"x")
    assert (parsed.outcome, parsed.document and parsed.document.text) == ("partial", "tea�")


def test_nul_bytes_are_a_binary_file() -> None:
    parsed = parse_text(b"PK\x03\x04\x00\x00")
    assert (parsed.outcome, parsed.document) == ("failed", None)


@pytest.mark.parametrize("data", [b"", b" \r\n\t\n", b"\xef\xbb\xbf"])
def test_nothing_but_white_space_is_no_text(data: bytes) -> None:
    parsed = parse_text(data)
    assert (parsed.outcome, parsed.document) == ("no_text", None)


def test_newlines_are_kept_so_that_spans_are_offsets_into_the_file() -> None:
    parsed = parse_text(b"one\r\ntwo\rthree\n")
    assert parsed.document is not None
    assert parsed.document.text == "one\r\ntwo\rthree\n"
    assert parsed.document.pages[0].number is None
