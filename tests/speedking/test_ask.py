from __future__ import annotations

import pypdf

from tests.inference.stand_in import OllamaStandIn, Turn
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
    assert (plain.code, plain.out) == (3, "The documents do not say.\n")
    asked = door("ask", *library.indexed, UNANSWERABLE, "--json")
    assert asked.code == 3
    assert (asked.document["answerable"], asked.document["citations"]) == (False, [])


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
    assert f"No passage was found that supports:\n  - {claim}\n" in door("ask", *library.indexed, FERRY).out


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
    assert "1 files changed since the last sync" in kept.err
    assert "Ingeborg" in door("ask", folder, question).out
