from __future__ import annotations

from pathlib import Path

import pypdf
import pytest

from tests.inference.stand_in import OllamaStandIn, Turn
from tests.rag.small import fill
from tests.speedking.door import Door, Library

FERRY = "When does the ferry to Ost leave?"
UNANSWERABLE = "Who painted the ceiling of the chapel?"


def test_an_answer_is_one_json_document_with_all_keys_of_the_contract(door: Door, library: Library) -> None:
    asked = door("ask", *library.indexed, FERRY, "--json")
    assert asked.code == 0
    document = asked.document
    assert {"text", "answerable", "citations", "engine", "model", "timings"} <= document.keys()
    assert document["answerable"] is True
    assert (document["engine"], document["model"]) == ("reader", None)
    assert all(seconds >= 0 for seconds in document["timings"].values())
    assert document["timings"]
    assert document["citations"][0].keys() == {"file", "page", "quote", "start", "end"}


def test_each_quote_stands_in_the_file_at_its_span(door: Door, library: Library) -> None:
    citations = door("ask", *library.indexed, FERRY, "--json").document["citations"]
    assert any("07:40" in citation["quote"] for citation in citations)
    for citation in citations:
        text = (library.folder / citation["file"]).read_bytes().decode()
        assert " ".join(text[citation["start"] : citation["end"]].split()) == citation["quote"]
        assert citation["page"] is None


def test_a_quote_from_a_pdf_names_its_page(door: Door, library: Library) -> None:
    document = door("ask", *library.indexed, "Who is the lighthouse keeper?", "--json").document
    citation = document["citations"][0]
    assert (citation["file"], citation["page"]) == ("light.pdf", 2)
    assert citation["quote"] in pypdf.PdfReader(library.folder / "light.pdf").pages[1].extract_text()


def test_a_person_sees_the_text_and_below_it_each_quote_with_its_place(door: Door, library: Library) -> None:
    asked = door("ask", *library.indexed, FERRY)
    answer, _, place, quote, *_ = asked.out.splitlines()
    assert answer == "The ferry to Ost leaves at 07:40 from pier nine. [1]"
    assert place == "[1] ferry.md"
    assert quote == '    "The ferry to Ost leaves at 07:40 from pier nine."'


def test_what_the_documents_do_not_say_is_said_so(door: Door, library: Library) -> None:
    plain = door("ask", *library.indexed, UNANSWERABLE)
    assert plain.code == 3
    said, looked_for, nearest, quote = plain.out.splitlines()
    assert said == "The documents do not say, as far as could be found."
    assert looked_for.startswith("Looked for: ")
    assert set(looked_for.removeprefix("Looked for: ").split(", ")) == {"painted", "ceiling", "chapel"}
    assert nearest.startswith("Nearest passage: ")
    assert quote.startswith('    "')
    asked = door("ask", *library.indexed, UNANSWERABLE, "--json")
    assert asked.code == 3
    assert (asked.document["answerable"], asked.document["citations"]) == (False, [])
    assert asked.document["nearest"]["quote"] in quote
    assert set(asked.document["looked_for"]) == {"painted", "ceiling", "chapel"}


def test_a_model_s_answer_is_verified_and_names_engine_and_model(
    door: Door, library: Library, ollama: OllamaStandIn
) -> None:
    ollama.turns = [Turn(lines=({"content": "It leaves at 07:40 "}, {"content": "from pier nine [1]."}))]
    asked = door("ask", *library.indexed, FERRY, "--json")
    assert asked.code == 0
    assert (asked.document["engine"], asked.document["model"]) == ("ollama", "qwen:1b")
    assert asked.document["text"] == "It leaves at 07:40 from pier nine. [1]"
    assert asked.document["citations"][0]["file"] == "ferry.md"
    assert asked.err.startswith("engine: ollama")


def test_a_sentence_that_nothing_supports_is_named_and_the_exit_code_says_so(
    door: Door, library: Library, ollama: OllamaStandIn
) -> None:
    claim = "Bananas from Iceland are shipped by submarine every single winter."
    ollama.turns = [Turn(lines=({"content": f"{claim} [1]"},))]
    asked = door("ask", *library.indexed, FERRY, "--json")
    assert asked.code == 4
    assert (asked.document["answerable"], asked.document["citations"]) == (True, [])
    assert asked.document["unsupported"] == [claim]
    nearest = asked.document["nearest"]
    assert nearest["file"] == "ferry.md"
    shown = door("ask", *library.indexed, FERRY).out
    assert f"The documents support no sentence of this:\n{claim}\n" in shown
    assert f'Nearest passage: ferry.md\n    "{nearest["quote"]}"' in shown


def test_of_a_half_supported_answer_the_other_half_is_named_and_the_struck_marker_too(
    door: Door, library: Library, ollama: OllamaStandIn
) -> None:
    claim = "Bananas from Iceland are shipped by submarine every single winter."
    ollama.turns = [Turn(lines=({"content": f"The ferry to Ost leaves at 07:40 [1]. {claim} [77]"},))]
    asked = door("ask", *library.indexed, FERRY)
    assert asked.code == 0
    assert f"No passage was found that supports:\n  - {claim}\n" in asked.out
    assert "Struck: what the model cited as passage 77, which" in asked.out
    assert door("ask", *library.indexed, FERRY, "--json").document["struck"] == [77]


def test_a_model_may_lower_the_verdict_and_never_raise_it(door: Door, library: Library, ollama: OllamaStandIn) -> None:
    ollama.turns = [Turn(lines=({"content": "NOT IN THE DOCUMENTS"},))]
    assert door("ask", *library.indexed, FERRY).code == 3
    ollama.turns = [Turn(lines=({"content": "Michelangelo painted it [1]."},))]
    asked = len(ollama.chats())
    assert door("ask", *library.indexed, UNANSWERABLE).code == 3
    assert len(ollama.chats()) == asked


def test_a_question_of_nothing_but_operators_is_not_answered(door: Door, library: Library) -> None:
    assert door("ask", *library.indexed, '" AND * OR NEAR(', "--json").document["answerable"] is False


def test_a_changed_document_is_read_before_the_answer_unless_the_person_forbids_it(
    door: Door, library: Library
) -> None:
    folder = library.folder.with_name("changing")
    folder.mkdir(exist_ok=True)
    note = folder / "note.md"
    note.write_text("# Boat\n\nThe boat of the harbour master is called Gudrun.\n")
    question = "What is the boat of the harbour master called?"
    assert "Gudrun" in door("ask", folder, question).out
    note.write_text("# Boat\n\nThe boat of the harbour master is called Ingeborg, a new one.\n")
    kept = door("ask", folder, question, "--no-sync")
    assert "Gudrun" in kept.out
    assert "1 file changed since the last sync" in kept.err
    assert "Ingeborg" in door("ask", folder, question).out


def test_what_the_answer_was_read_from_is_shown_on_request(door: Door, library: Library) -> None:
    shown = door("ask", *library.indexed, FERRY, "--show-passages")
    passages = shown.out.split("\nPassages:\n")[1].splitlines()
    assert passages[0].startswith(" 1. ")
    assert "ferry.md" in passages[0]
    assert "comparable within one search only" in shown.err
    document = door("ask", *library.indexed, FERRY, "--show-passages", "--json").document
    assert {"file", "page", "score", "text", "start", "end", "given"} <= document["passages"][0].keys()
    assert "passages" not in door("ask", *library.indexed, FERRY, "--json").document


def test_a_passage_that_found_no_room_in_the_prompt_is_told_from_those_that_did(
    door: Door, tmp_path: Path, ollama: OllamaStandIn
) -> None:
    filler = " ".join(f"plank{number}" for number in range(100))
    for number in range(10):
        fill(
            tmp_path / "docs", {f"{number}.md": f"The ferry {number} to Ost leaves at {number}:40. {filler} {number}\n"}
        )
    ollama.turns = [Turn(lines=({"content": "It leaves at 7:40 [1]."},))]
    passages = door("ask", tmp_path / "docs", FERRY, "--show-passages", "--json").document["passages"]
    given = [passage["given"] for passage in passages]
    assert given == sorted(given, reverse=True)
    assert set(given) == {True, False}
    prompt = ollama.chats()[-1].body["messages"][-1]["content"]
    for passage in passages:
        assert (passage["text"].strip() in prompt) is passage["given"]
    assert "(left out of the prompt)" in door("ask", tmp_path / "docs", FERRY, "--show-passages").out


def test_where_the_time_went_is_shown_with_what_to_change(door: Door, library: Library, ollama: OllamaStandIn) -> None:
    # At least as long as the server says it took, or its figures come to more than all.
    ollama.turns = [Turn(lines=({"content": "It leaves at 07:40 from pier nine [1]."},), pause_s=0.1)]
    lines = door("ask", *library.indexed, FERRY, "--timing").out.split("\nTiming:\n")[1].splitlines()
    stages = [line.split()[0] for line in lines[:-1]]
    assert stages == ["sync", "connect", "retrieve", "load", "prefill", "answer", "verify", "rest", "all"]
    timings = door("ask", *library.indexed, FERRY, "--json").document["timings"]
    assert (timings["load_s"], timings["prefill_s"], timings["answer_s"]) == (0.001, 0.005, 0.012)
    named = sum(timings[f"{stage}_s"] for stage in stages[:-2])
    assert named + timings["unaccounted_s"] == pytest.approx(timings["total_s"])


def test_a_time_that_the_engine_does_not_tell_is_null(door: Door, library: Library, ollama: OllamaStandIn) -> None:
    told = dict.fromkeys(("load_duration", "prompt_eval_duration", "eval_duration"))
    ollama.turns = [Turn(lines=({"content": "It leaves at 07:40 from pier nine [1]."},), done=told)]
    assert door("ask", *library.indexed, FERRY, "--json").document["timings"]["prefill_s"] is None
    assert "prefill         ?    the engine does not tell" in door("ask", *library.indexed, FERRY, "--timing").out


def test_only_files_that_fit_are_looked_into(door: Door, library: Library) -> None:
    assert door("ask", *library.indexed, FERRY, "--filter", "*.md").code == 0
    assert door("ask", *library.indexed, FERRY, "--filter", "*.pdf", "--filter", "notes/").code == 3
    files = {
        p["file"] for p in door("search", *library.indexed, "ferry", "--filter", "*.pdf", "--json").document["passages"]
    }
    assert files == {"light.pdf"}


@pytest.mark.parametrize("command", ["ask", "search", "chat"])
def test_a_filter_that_no_file_fits_is_no_silence_of_the_documents(door: Door, library: Library, command: str) -> None:
    question = [] if command == "chat" else [FERRY]
    refused = door(command, *library.indexed, *question, "--filter", "*.tex", "--after", "2999-01")
    assert refused.code == 2
    assert "fits --filter '*.tex' --after 2999-01-01" in refused.err


@pytest.mark.parametrize("day", ["yesterday", "2024-13-01", "20", ""])
def test_a_date_that_is_none_is_refused(door: Door, library: Library, day: str) -> None:
    refused = door("ask", *library.indexed, FERRY, "--after", day, "--json")
    assert refused.code == 2
    assert f"--after {day!r} is no date" in refused.error["message"]


def test_a_question_that_is_no_text_is_refused(door: Door, library: Library) -> None:
    asked = door("ask", *library.indexed, "caf\udce9", "--json")
    assert asked.code == 2
    assert "no UTF-8" in asked.error["message"]
