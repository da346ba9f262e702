"""Question after question, from a pipe and on a terminal."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from speedking.__main__ import run
from tests.inference.stand_in import Model, OllamaStandIn, Turn
from tests.rag.small import fill
from tests.speedking.door import ROOT, Door, Library, Outcome, screen

FERRY = "When does the ferry to Ost leave?"
FOLLOW_UP = "How much is it?"
STANDING = "How much is the ferry to Ost?"

Chat = Callable[..., Outcome]


@pytest.fixture
def own(library: Library, tmp_path: Path) -> Library:
    """An index that may be written to, of documents that may not."""
    shutil.copytree(library.index, tmp_path / "index")
    return Library(library.folder, tmp_path / "index")


@pytest.fixture
def chat(door: Door, own: Library, monkeypatch: pytest.MonkeyPatch) -> Chat:
    """`chat("a line", "another", options=(...))` is a chat whose input is a pipe."""

    def talk(*typed: str, options: tuple[str, ...] = ()) -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
        return door("chat", *own.indexed, *options)

    return talk


def says(*texts: str) -> list[Turn]:
    return [Turn(lines=({"content": text},)) for text in texts]


def test_each_line_of_a_pipe_is_a_question_and_is_answered_with_its_quotes(chat: Chat) -> None:
    talked = chat(FERRY, "", "Who is the lighthouse keeper?")
    assert talked.code == 0
    first, second = talked.out.split("> Who is the lighthouse keeper?\n")
    assert first.startswith(f"> {FERRY}\nThe ferry to Ost leaves at 07:40 from pier nine. [1]\n")
    assert "[1] light.pdf, page 2" in second


def test_a_follow_up_is_searched_for_as_a_question_that_stands_alone(chat: Chat) -> None:
    talked = chat(FERRY, "And from which pier?")
    assert "searched for: From which pier does the ferry to Ost leave?" in talked.err
    assert talked.out.count("from pier nine. [1]") == 2


def test_with_a_model_the_follow_up_is_rewritten_and_only_then_answered(chat: Chat, ollama: OllamaStandIn) -> None:
    ollama.turns = says("It leaves at 07:40 from pier nine [1].", STANDING, "A crossing costs twelve crowns [1].")
    talked = chat(FERRY, FOLLOW_UP)
    assert f"searched for: {STANDING}\n" in talked.err
    first, rewriting, second = [asked.body["messages"][-1]["content"] for asked in ollama.chats()]
    assert first.endswith(FERRY)
    assert f"Last question: {FOLLOW_UP}\n" in rewriting
    assert second.endswith(STANDING)
    assert talked.code == 0


def test_a_question_that_stands_alone_is_not_said_twice(chat: Chat, ollama: OllamaStandIn) -> None:
    ollama.turns = says("It leaves at 07:40 from pier nine [1].", FERRY, "It leaves at 07:40 from pier nine [1].")
    assert "searched for" not in chat(FERRY, FERRY).err


def test_the_last_answer_can_be_looked_into(chat: Chat) -> None:
    talked = chat(FERRY, "/sources", "/passages", "/timing")
    sources, passages, timing = talked.out.split("\n> ")[1:]
    assert '[1] ferry.md\n    "The ferry to Ost leaves at 07:40 from pier nine."' in sources
    assert " 1. " in passages
    assert "ferry.md" in passages
    assert "retrieve" in timing


def test_what_cannot_be_done_is_said_and_the_chat_goes_on(chat: Chat) -> None:
    talked = chat("/sources", "/sing", FERRY, "/open 9", "/help")
    assert "nothing was asked yet" in talked.err
    assert "there is no /sing: /help shows what there is" in talked.err
    assert "the last answer has 1 quote: /open needs the number of one" in talked.err
    assert "from pier nine. [1]" in talked.out
    assert "/quit" in talked.out
    assert talked.code == 0


def test_nothing_after_quit_is_taken(chat: Chat) -> None:
    assert "07:40" not in chat("/quit", FERRY).out


def test_a_document_is_opened_at_its_page_by_the_browser_that_the_person_names(
    chat: Chat, own: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path / "opened"}\n')
    browser.chmod(browser.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("BROWSER", str(browser))
    talked = chat("Who is the lighthouse keeper?", "/open 1")
    assert (tmp_path / "opened").read_text() == f"{(own.folder / 'light.pdf').as_uri()}#page=2\n"
    assert talked.out.endswith(f"{own.folder / 'light.pdf'}, page 2\n")


@pytest.mark.skipif(os.name != "posix", reason="Windows opens a document without a program that is looked for")
def test_where_nothing_opens_a_document_its_place_is_the_next_step(own: Library, tmp_path: Path) -> None:
    talked = subprocess.run(  # a process looks for programs once
        [sys.executable, "-m", "speedking", "chat", *own.indexed],
        cwd=ROOT,
        env={**os.environ, "BROWSER": str(tmp_path / "none"), "PATH": ""},
        input="Who is the lighthouse keeper?\n/open 1\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"next: open {own.folder / 'light.pdf'}, page 2\n" in talked.stderr


def test_to_resume_where_nothing_was_kept_says_so(chat: Chat) -> None:
    assert "no conversation was kept here: this is a new one" in chat("/quit", options=("--resume",)).err


def test_a_question_in_a_language_that_the_encoder_does_not_read_is_told_so_once(chat: Chat) -> None:
    talked = chat(FERRY, "Wann fährt die Fähre nach Ost?", "Wie viele Kronen kostet die Überfahrt?")
    assert talked.err.count("the question seems to be German, and all-MiniLM-L6-v2 reads English alone") == 1


def test_a_conversation_is_taken_up_again_where_it_was_left(chat: Chat, own: Library) -> None:
    chat("Who is the lighthouse keeper?")
    chat(FERRY)
    assert "searched for" not in chat("Why?").err
    resumed = chat("And from which pier?", options=("--resume",))
    assert "going on after 1 question\n" in resumed.err
    lines = [json.loads(line) for line in (own.index / "chat.jsonl").read_text("utf-8").splitlines()]
    assert [line["question"] for line in lines] == [
        "Who is the lighthouse keeper?",
        FERRY,
        "Why?",
        "And from which pier?",
    ]
    assert lines[1]["citations"][0]["file"] == "ferry.md"
    assert len({line["conversation"] for line in lines}) == 3


def test_a_line_of_the_conversation_that_was_cut_off_is_passed_over(chat: Chat, own: Library) -> None:
    chat(FERRY)
    with (own.index / "chat.jsonl").open("a") as file:
        file.write('{"conversation": "2')
    assert "going on after 1 question\n" in chat("/quit", options=("--resume",)).err


def test_new_forgets_what_was_said(chat: Chat) -> None:
    talked = chat(FERRY, "/new", "/sources", "And from which pier?")
    assert "nothing was asked yet" in talked.err
    assert "searched for" not in talked.err


def test_what_changed_since_the_last_question_is_read_before_the_next(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "docs" / "note.md"
    note.parent.mkdir()
    question = "What is the boat of the harbour master called?"

    class Typing(io.StringIO):
        def __iter__(self) -> Iterator[str]:  # type: ignore[override]
            for name in ("Gudrun", "Ingeborg the second"):
                note.write_text(f"# Boat\n\nThe boat of the harbour master is called {name}.\n")
                yield question

    note.write_text("# Boat\n")
    monkeypatch.setattr(sys, "stdin", Typing())
    first, second = door("chat", tmp_path / "docs").out.split(f"> {question}\n")[1:]
    assert "Gudrun" in first
    assert "Ingeborg" in second


def test_an_error_ends_the_answer_and_not_the_chat(chat: Chat, ollama: OllamaStandIn) -> None:
    ollama.turns = [Turn(status=500, error="boom"), *says("It leaves at 07:40 from pier nine [1].")]
    talked = chat(FERRY, FERRY)
    assert "boom" in talked.err
    assert "next: " in talked.err
    assert "from pier nine. [1]" in talked.out
    assert talked.code == 1  # what a script is told


class _Interrupt(tuple[dict[str, str], ...]):
    """The lines of an answer during which the person presses Ctrl-C."""

    def __new__(cls) -> _Interrupt:
        return super().__new__(cls, ({"content": "It leaves"},))

    def __iter__(self) -> Iterator[dict[str, str]]:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return super().__iter__()


def test_an_interrupt_ends_the_answer_and_not_the_chat(chat: Chat, ollama: OllamaStandIn) -> None:
    ollama.turns = [Turn(lines=_Interrupt(), pause_s=5), *says("It leaves at 07:40 from pier nine [1].")]
    talked = chat(FERRY, FERRY)
    assert "no answer: interrupted" in talked.err
    assert "from pier nine. [1]" in talked.out
    assert talked.code == 0


def test_an_answer_that_cannot_be_kept_is_shown_and_the_chat_goes_on(chat: Chat, own: Library) -> None:
    (own.index / "chat.jsonl").mkdir()
    talked = chat(FERRY, "And from which pier?")
    assert talked.out.count("from pier nine. [1]") == 2
    assert talked.err.count("not kept for --resume: ") == 2
    assert talked.code == 0


def test_a_pinned_document_opens_every_prompt_with_the_same_words(chat: Chat, ollama: OllamaStandIn) -> None:
    ollama.models = {"large:7b": Model(parameter_size="7B")}
    ollama.running = []
    ollama.turns = says(
        "It leaves at 07:40 from pier nine [1].",
        "Who is the lighthouse keeper?",
        "The lighthouse keeper is Marta Lindqvist [3].",
    )
    chat(FERRY, "Who is the lighthouse keeper?", options=("--pin", "ferry.md"))
    first, *others = ["\n".join(m["content"] for m in asked.body["messages"]) for asked in ollama.chats()]
    assert len(others) == 2  # the rewriting keeps the server's cache warm too
    for other in others:
        same = next(n for n, (one, another) in enumerate(zip(first, other, strict=False)) if one != another)
        assert "A crossing costs twelve crowns." in first[:same]


def test_a_pinned_document_may_be_named_as_in_the_folder_from_anywhere(
    chat: Chat, own: Library, ollama: OllamaStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own.folder / "notes")
    for name in ("shop.txt", "notes/shop.txt", "ferry.md"):
        ollama.turns = says("It leaves at 07:40 from pier nine [1].")
        assert chat(FERRY, options=("--pin", name)).code == 0


def test_a_pinned_document_is_read_again_when_it_changed(
    door: Door, tmp_path: Path, ollama: OllamaStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = fill(tmp_path / "docs", {"note.md": "", "other.md": "# Tea\n\nTea is green.\n"}) / "note.md"
    question = "What is the boat called?"

    class Typing(io.StringIO):
        def __iter__(self) -> Iterator[str]:  # type: ignore[override]
            yield question
            note.write_text("# Boat\n\nThe boat is called Ingeborg the second.\n")
            yield question

    note.write_text("# Boat\n\nThe boat is called Gudrun.\n")
    ollama.turns = says("The boat is called Gudrun [1].", question, "The boat is called Ingeborg the second [1].")
    monkeypatch.setattr(sys, "stdin", Typing())
    assert door("chat", tmp_path / "docs", "--pin", "note.md").code == 0
    first, _, second = [asked.body["messages"][-1]["content"] for asked in ollama.chats()]
    assert ("Gudrun" in first, "Gudrun" in second, "Ingeborg" in second) == (True, False, True)


def test_a_document_that_cannot_be_pinned_is_named_with_the_reason(chat: Chat, own: Library) -> None:
    refused = chat(FERRY, options=("--pin", "ferry.md"))
    assert refused.code == 2
    assert "the embedded reader has none" in refused.err


def test_a_pinned_document_must_be_there_and_fit(chat: Chat, ollama: OllamaStandIn) -> None:
    missing = chat(FERRY, options=("--pin", "wherry.md"))
    assert missing.code == 2
    assert "wherry.md is not among the documents" in missing.err
    ollama.running = []
    ollama.models = {"small:1b": Model(parameters={"num_ctx": 520})}
    large = chat(FERRY, options=("--pin", "ferry.md"))
    assert large.code == 2
    assert "the context in force is 520" in large.err
    assert ollama.chats() == []


def test_on_a_terminal_what_is_typed_is_remembered_for_the_next_run(own: Library) -> None:
    with screen(f"{FERRY}\n/quit\n") as sent:
        assert run(["chat", *own.indexed, "--engine", "reader"]) == 0
    (shown,) = sent
    assert "07:40" in shown
    assert "> " in shown
    assert (own.index / "chat_history").exists()


def test_the_end_of_the_input_leaves_the_chat(own: Library) -> None:
    with screen("\x04"):
        assert run(["chat", *own.indexed, "--engine", "reader"]) == 0


def test_a_line_in_another_encoding_ends_nothing(door: Door, own: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = io.BytesIO("Où est le café?\n".encode("latin-1") + f"{FERRY}\n".encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(typed, encoding="utf-8"))
    assert "07:40" in door("chat", *own.indexed).out


def test_the_sources_of_a_refusal_are_what_came_nearest(chat: Chat) -> None:
    talked = chat("Who painted the ceiling of the chapel?", "/sources")
    assert talked.out.count("Nearest passage: ") == 2


def test_a_folder_that_is_taken_away_ends_the_answer_and_not_the_chat(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"ferry.md": "The ferry to Ost leaves at 07:40."})
    command = [sys.executable, "-m", "speedking", "chat", str(folder), "--index", str(tmp_path / "index")]
    command += ["--engine", "reader"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as talking:
        assert talking.stdin is not None
        assert talking.stdout is not None
        talking.stdin.write(f"{FERRY}\n")
        talking.stdin.flush()
        while "07:40" not in talking.stdout.readline():
            pass
        folder.rename(tmp_path / "away")
        out, err = talking.communicate(f"{FERRY}\n/sources\n")
    assert "docs cannot be read: No such file or directory" in err
    assert "> /sources" in out
