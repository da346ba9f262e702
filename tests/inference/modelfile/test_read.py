"""Reading somebody's Modelfile as Ollama's parser does (parser/parser.go), and on behind what it refuses."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from inference.errors import UsageError
from inference.modelfile.parameters import TunedOption, modelfile, parameter_line, parameters
from inference.modelfile.read import (
    BAD_NAME,
    NEVER_CLOSED,
    NO_VALUE,
    NOT_A_ROLE,
    NOT_AN_INSTRUCTION,
    TWO_SPACES,
    ModelfileLine,
    read_lines,
    read_modelfile,
)
from tests.inference.modelfiles import GUIDE


def only(text: str) -> ModelfileLine:
    (line,) = read_lines(text)
    return line


def test_every_line_comes_with_its_number_and_together_they_are_the_text() -> None:
    lines = read_lines(GUIDE)
    assert "\n".join(line.text for line in lines) + "\n" == GUIDE
    assert [(line.number, line.instruction) for line in lines if line.spoken][:3] == [
        (2, "from"),
        (5, "parameter"),
        (6, "parameter"),
    ]
    assert lines[-1].argument == "You help with documents.\nBe brief."
    assert all(line.problem is None for line in lines)


@pytest.mark.parametrize(
    ("text", "instruction", "name", "argument"),
    [
        ("FROM qwen3.5:2b", "from", "", "qwen3.5:2b"),
        ("from  qwen3.5:2b  ", "from", "", "qwen3.5:2b"),
        ("From ./model.gguf", "from", "", "./model.gguf"),
        ("FROM /blobs/sha256-0a1b", "from", "", "/blobs/sha256-0a1b"),
        ("\tPARAMETER num_ctx 8192", "parameter", "num_ctx", "8192"),
        ("PARAMETER\tnum_ctx\t8192", "parameter", "num_ctx", "8192"),
        ('PARAMETER stop "<|im_end|>"', "parameter", "stop", "<|im_end|>"),
        ('PARAMETER stop ""', "parameter", "stop", ""),
        ("PARAMETER num_ctx 8192 # big", "parameter", "num_ctx", "8192 # big"),
        ("PARAMETER Num_Ctx 8192", "parameter", "Num_Ctx", "8192"),
        ('SYSTEM """one\n  two"""', "system", "", "one\n  two"),
        ('SYSTEM "one\ntwo"', "system", "", "one\ntwo"),
        ('SYSTEM """say "hi" """', "system", "", 'say "hi" '),
        ('SYSTEM it\'s "fine"', "system", "", 'it\'s "fine"'),
        ("SYSTEM ", "system", "", ""),
        ("MESSAGE user hello there", "message", "user", "hello there"),
        ("RENDERER qwen3.5", "renderer", "", "qwen3.5"),
        ("REQUIRES 0.14.0", "requires", "", "0.14.0"),
        ("SYSTEM a\u00a0b\u200bc", "system", "", "abc"),
        ("  # a comment", "comment", "", ""),
        ("   ", "blank", "", ""),
    ],
)
def test_what_ollama_takes_a_line_for(text: str, instruction: str, name: str, argument: str) -> None:
    line = only(text)
    assert (line.instruction, line.name, line.argument, line.problem) == (instruction, name, argument, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("num_ctx 8192", NOT_AN_INSTRUCTION),
        ("OPTION num_ctx 8192", NOT_AN_INSTRUCTION),
        ("// a comment", NOT_AN_INSTRUCTION),
        ("FROM:qwen3.5:2b", NOT_AN_INSTRUCTION),
        ("SYSTEM", NO_VALUE),
        ("PARAMETER num_ctx", NO_VALUE),
        ("PARAMETER num_ctx=8192", BAD_NAME),
        ("PARAMETER num-ctx 8192", BAD_NAME),
        ("PARAMETER  num_ctx 8192", TWO_SPACES),
        ("MESSAGE bot hello", NOT_A_ROLE),
        ("MESSAGE User hello", NOT_A_ROLE),
        ('SYSTEM """never closed', NEVER_CLOSED),
        ('SYSTEM """closed""" and on', NEVER_CLOSED),
    ],
)
def test_what_ollama_refuses_says_why(text: str, problem: str) -> None:
    assert only(text).problem == problem
    assert not only(text).spoken


def test_behind_what_cannot_be_read_reading_goes_on() -> None:
    lines = read_lines('FROM a\nnum_ctx 1\nSYSTEM """open\nstill it\nPARAMETER top_k 3\n')
    assert [(line.number, line.problem is None) for line in lines] == [(1, True), (2, False), (3, False), (5, True)]
    assert lines[2].text == 'SYSTEM """open\nstill it'


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(end: str) -> None:
    lines = read_lines(f"FROM a{end}{end}PARAMETER top_k 3{end}")
    assert [(line.number, line.argument) for line in lines if line.spoken] == [(1, "a"), (3, "3")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_byte_order_mark_says_the_encoding(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "Modelfile"
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    file.write_bytes(mark + "FROM qwen\nSYSTEM Grüße\n".encode(encoding))
    assert [line.argument for line in read_modelfile(file)] == ["qwen", "Grüße"]


def test_a_file_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    weights = tmp_path / "model.gguf"
    weights.write_bytes(b"GGUF\0\0\0\3")
    for path, said in ((tmp_path / "none", "cannot be read"), (tmp_path, "cannot be read"), (weights, "no text")):
        with pytest.raises(UsageError, match=said) as caught:
            read_modelfile(path)
        assert str(path) in caught.value.message


def test_a_file_of_weights_is_not_read(tmp_path: Path) -> None:
    weights = tmp_path / "model.gguf"
    with weights.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(UsageError, match="is no Modelfile") as caught:
        read_modelfile(weights)
    assert f"--model {weights}" in caught.value.next_step


@pytest.mark.parametrize(
    "value", ["<|im_end|>", " leading", "trailing ", 'say "hi"', '"', '""', "two\nlines", '"a"\n"b', "", "#"]
)
def test_a_text_that_we_write_is_read_back_as_it_was(value: str) -> None:
    assert only(parameter_line("stop", value)).argument == value


def test_our_own_modelfile_is_read_back() -> None:
    options = [
        TunedOption("num_ctx", 8192, "room"),
        TunedOption("use_mmap", True, "a"),
        TunedOption("stop", "x y", "b"),
    ]
    spoken = [line for line in read_lines(modelfile("qwen3.5:2b", options)) if line.spoken]
    assert [(line.name, line.argument) for line in spoken[1:]] == [
        ("num_ctx", "8192"),
        ("use_mmap", "true"),
        ("stop", "x y"),
    ]


@pytest.mark.parametrize(
    ("name", "value"), [("use_mmap", 1), ("num_ctx", True), ("stop", 3), ("num_ctx", 8192.5), ("flash_attn", True)]
)
def test_an_option_of_another_type_is_refused_before_it_is_stored(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name):
        TunedOption(name, value, "why")


def test_stops_add_up_and_other_values_replace_each_other() -> None:
    options = [TunedOption("stop", "a", ""), TunedOption("top_k", 1, ""), TunedOption("stop", "b", "")]
    assert parameters([*options, TunedOption("top_k", 2, "")]) == {"stop": ["a", "b"], "top_k": 2}
