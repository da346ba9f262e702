from __future__ import annotations

from pathlib import Path

import pytest

from eval import prompt_maker
from eval.prompt import PromptMaker, folder_text, generated_text
from inference.errors import MeasurementError


def letters(text: str) -> int:
    """A stand-in for a tokenizer: four characters a token, as is about true of English."""
    return -(-len(text) // 4)


@pytest.mark.parametrize("tokens", [1000, 2048, 10_000, 100_000])
def test_the_prompt_is_at_most_one_per_cent_short(tokens: int) -> None:
    prompt = prompt_maker(letters)(tokens, "0123456789abcdef")
    assert 0.99 * tokens <= letters(prompt) <= tokens


def test_the_nonce_comes_first_and_alone_differs() -> None:
    make = prompt_maker(letters)
    first, second = make(1000, "a" * 16), make(1000, "b" * 16)
    assert first.index("a" * 16) < 20
    assert first.replace("a" * 16, "b" * 16) == second


def test_a_short_text_is_repeated() -> None:
    assert letters(PromptMaker("only a few words ", letters)(5000, "n")) >= 4950


def test_the_generated_text_is_always_the_same_and_never_repeats_a_sentence() -> None:
    sentences = generated_text().split(".")
    assert generated_text().split(".") == sentences
    assert len(set(sentences)) == len(sentences)


def test_a_length_below_the_prompt_s_frame_is_refused() -> None:
    with pytest.raises(MeasurementError, match="shorter than its own frame"):
        prompt_maker(letters)(5, "n")


def test_a_text_without_spaces_is_refused() -> None:
    with pytest.raises(MeasurementError, match="no prompt comes near"):
        PromptMaker("x" * 50_000, letters)(10_000, "n")


def test_a_folder_s_text_files_are_joined_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("second", encoding="utf-8")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("first", encoding="utf-8")
    (tmp_path / "c.pdf").write_bytes(b"%PDF")
    assert folder_text(tmp_path) == "first\n\nsecond"
    assert "first\n\nsecond first" in prompt_maker(letters, tmp_path)(100, "n")


def test_a_folder_without_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="no Markdown or text"):
        folder_text(tmp_path)
