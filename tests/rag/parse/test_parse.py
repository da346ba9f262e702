from __future__ import annotations

from pathlib import Path

import pytest

from rag.parse import FORMATS, SUPPORTED, parse, refusal


@pytest.mark.parametrize("suffix", sorted(SUPPORTED))
def test_a_supported_suffix_is_not_refused_in_any_case(suffix: str) -> None:
    assert refusal(suffix) is None
    assert refusal(suffix.upper()) is None


@pytest.mark.parametrize(
    ("suffix", "helps"),
    [(".doc", ".docx"), (".DOC", ".docx"), (".odt", ".docx"), (".xls", ".xlsx"), (".xlsb", ".xlsx"), (".pptx", ".pdf")],
)
def test_an_office_format_that_is_not_read_names_the_one_to_save_it_as(suffix: str, helps: str) -> None:
    assert refusal(suffix) == f"{suffix}: save it as {helps}"


def test_any_other_suffix_names_what_is_read() -> None:
    assert refusal(".mp4") == f".mp4: not a format that is read ({FORMATS})"
    assert (refusal("") or "").startswith("no suffix: ")


@pytest.mark.parametrize("suffix", sorted(SUPPORTED))
@pytest.mark.parametrize("content", [b"PK\x03\x04 tea", b"\0\xff", b"a;b\n1;2\n"])
def test_no_content_under_any_supported_name_raises(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    parsed = parse(path)
    assert (parsed.document is not None) == (parsed.outcome in ("indexed", "partial"))
    assert (parsed.reason is None) == (parsed.outcome == "indexed")
