"""Nothing that stands in a document, in a file's name or in a model's answer may steer the terminal."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from speedking.__main__ import run
from speedking.console import Terminal, clean, link
from tests.inference.stand_in import OllamaStandIn, Turn
from tests.rag.small import fill
from tests.speedking.door import Door, Library, screen

NASTY = "\x1b]0;owned\x07 \x1b[2J\x9b31m \u202eevil\u202c \u2066x\u2069 \u061c\r"
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
QUESTION = "What does the red cat sit on?"


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Library:
    made = Library(tmp_path_factory.mktemp("nasty"), tmp_path_factory.mktemp("index"))
    text = f"# Cats {NASTY} [bold]\n\nThe red cat {NASTY} sits on the [bold]wall[/bold] :cat: of [link=x]Albi[/link].\n"
    fill(made.folder, {"\x1b[31mcat\u202e:cat:[red].md": text, "\x1b]0;owned\x07:cat:[red].md": ""})
    return made


@pytest.mark.parametrize("force_color", [False, True])
@pytest.mark.parametrize("command", ["index", "status", "search", "ask", "agent"])
def test_what_would_steer_a_terminal_never_reaches_it(
    door: Door, nasty: Library, monkeypatch: pytest.MonkeyPatch, command: str, force_color: bool
) -> None:
    if force_color:
        monkeypatch.setenv("FORCE_COLOR", "1")
    shown = door(command, *nasty.indexed, *([QUESTION] if command in ("search", "ask", "agent") else []))
    assert shown.code == 0
    assert not STEERING.search(shown.out + shown.err)
    assert ":cat:[red].md" in shown.out


def test_a_message_of_failure_is_clean_too(door: Door, tmp_path: Path) -> None:
    shown = door("ask", tmp_path / f"docs{NASTY}", QUESTION)
    assert shown.code == 1
    assert not STEERING.search(shown.err)


def test_json_escapes_what_would_steer_and_loses_nothing(door: Door, nasty: Library) -> None:
    asked = door("ask", *nasty.indexed, QUESTION, "--json")
    assert not STEERING.search(asked.out)
    assert "\x1b]0;owned\x07" in asked.document["citations"][0]["quote"]


def test_markup_and_emoji_codes_in_a_document_are_shown_as_they_are(door: Door, nasty: Library) -> None:
    assert "sits on the [bold]wall[/bold] :cat: of [link=x]Albi[/link]." in door("ask", *nasty.indexed, QUESTION).out


def test_a_long_line_is_not_wrapped_where_output_is_piped(door: Door, tmp_path: Path) -> None:
    sentence = "The long wall " + "and wall " * 40 + "ends at the red tower."
    fill(tmp_path / "docs", {"wall.md": f"# Wall\n\n{sentence}\n"})
    assert sentence in door("ask", tmp_path / "docs", "Where does the long wall end?").out


def test_on_a_terminal_a_model_s_text_is_shown_as_it_comes_and_cannot_steer_it(
    library: Library, ollama: OllamaStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    said = f"It leaves at 07:40 from pier nine [1]. The end.{NASTY}"
    ollama.turns = [Turn(lines=[{"content": said[:20]}, {"content": said[20:]}])]
    with screen() as sent:
        assert run(["ask", *library.indexed, "When does the ferry to Ost leave?"]) == 0
    (shown,) = sent
    streamed, left = shown.rsplit("\x1b[2K", 1)  # what was streamed is wiped away
    assert "It leaves at 07:40 from pier nine [1]." in streamed
    assert left.count("from pier nine") == 2  # the verified text and the quote
    assert "\x1b]8;" in shown  # a link to the file
    assert "owned\x07" not in shown
    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown


def test_clean_keeps_lines_tabs_and_letters_of_every_script() -> None:
    assert clean("a\tb\nc \N{CJK UNIFIED IDEOGRAPH-6C34} \N{ARABIC LETTER ALEF} é") == "a\tb\nc 水 ا é"
    assert clean("\x1b[31m\x00\x85\u202e") == "[31m"


def test_a_link_leads_to_the_page(tmp_path: Path) -> None:
    assert link(tmp_path, "a b.pdf", 3) == f"{tmp_path.as_uri()}/a%20b.pdf#page=3"


def test_in_json_mode_nothing_is_shown_beside_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(json_mode=True)
    terminal.show("for people")
    terminal.note("a remark")
    terminal.json({"text": "é"})
    out, err = capsys.readouterr()
    assert out == '{"schema_version": 1, "text": "\\u00e9"}\n'
    assert err == "a remark\n"


def test_a_question_is_not_wiped_by_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    screen_side, program_side = os.openpty()
    shown: list[str] = []

    def answered() -> str:
        time.sleep(0.4)  # some five frames of the sign
        shown.append(os.read(screen_side, 65_536).decode())
        return "y"

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("builtins.input", answered)
    with os.fdopen(program_side, "w") as err:
        monkeypatch.setattr("sys.stderr", err)
        terminal = Terminal()
        with terminal.waiting("thinking"):
            assert terminal.agreed("Allow: post(80)?", default=False)
    os.close(screen_side)
    assert shown[0].endswith("Allow: post(80)? [y/N] ")
    assert "thinking" in shown[0]


def test_the_end_of_the_input_is_no_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended() -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    assert not Terminal().agreed("Allow?", default=False)
