"""Snippets, readings, exact texts and lists of files, as the model is shown them."""

from __future__ import annotations

import pytest

from agents import DocumentTools, Evidence
from agents.tools.call import Call, Observation
from agents.tools.shown import estimated_tokens, one_line
from agents.tools.snippet import around, shortened, snippets
from rag.exact import Hit, Matches
from rag.extent import Extent
from rag.passage import Passage

FILLER = "Nothing of interest is said in this sentence at all. " * 6


def passage(text: str, number: int = 1, file: str = "a.md", page: int | None = None, heading: str = "") -> Passage:
    return Passage(number, file, page, heading, number * 10_000, number * 10_000 + len(text), text)


def pages(count: int, file: str = "p.pdf") -> list[Passage]:
    return [passage(f"Page {n} says {'word ' * 40}", n, file, n) for n in range(1, count + 1)]


def tools_over(*every: Passage) -> DocumentTools:
    """Holds all of these; a search finds all, a grep those that have the text."""

    def grep(text: str, file: str | None, hits: int) -> Matches:
        held = [Hit(one, one.text) for one in every if text in one.text and file in (None, one.file)]
        return Matches(tuple(held[:hits]), len(held))

    return DocumentTools(
        lambda query: every,
        lambda file, page: [one for one in every if one.file == file and page in (None, one.page)],
        grep=grep,
        files=lambda: [Extent(file, None, 1) for file in sorted({one.file for one in every})],
        read_tokens=160,
    )


def run(tools: DocumentTools, name: str, evidence: Evidence | None = None, **arguments: object) -> Observation:
    return tools.run(Call(name, arguments), evidence or Evidence())


def test_a_snippet_is_the_sentences_that_hold_the_rare_words_of_the_query() -> None:
    (seen,) = snippets("rate of the loan", [passage(f"{FILLER}The loan costs 4 %. It ends in May. {FILLER}")], 20)
    assert seen.startswith("… The loan costs 4 %. It ends in May.")
    assert seen.endswith(" …")
    assert estimated_tokens(seen) < 30


def test_a_hit_by_meaning_alone_shows_its_beginning_and_a_short_one_all_of_it() -> None:
    long, short = snippets("zebra", [passage(f"It begins here. {FILLER}"), passage("Short as it is.")], 10)
    assert long.startswith("It begins here.")
    assert short == "Short as it is."


def test_a_row_of_a_table_is_shown_with_the_names_of_its_columns() -> None:
    rows = "\n".join(f"| city {n} | EUR {n} |" for n in range(100, 140))
    (seen,) = snippets("ceiling of city 120", [passage(f"| City | Ceiling |\n|---|---|\n{rows}\n")], 10)
    assert "City: city 120; Ceiling: EUR 120" in seen


def test_an_item_is_shown_under_the_line_that_leads_to_its_list() -> None:
    items = "\n".join(f"- day number {n} of the year" for n in range(100, 140))
    (seen,) = snippets("number 120", [passage(f"Closed on:\n\n{items}\n")], 15)
    assert "… Closed on: - day number 120 of the year" in seen


def test_a_search_of_five_long_passages_stays_short() -> None:
    tools = tools_over(
        *(passage(f"{FILLER}The loan {n} costs. {FILLER}", n, f"file-{n}.md", 3, "A > B") for n in range(8))
    )
    seen = run(tools, "search", query="loan")
    assert seen.text.count("<passage>") == 5
    assert estimated_tokens(seen.text) < 400
    assert len(seen.evidence.passages[0].text) > 500, "the evidence holds the whole passage"


def test_a_passage_is_read_with_its_neighbours_and_says_how_to_go_on() -> None:
    every = pages(9)
    seen = run(tools_over(*every), "read", Evidence().plus([every[4]]), passage=1)
    assert [one.page for one in seen.evidence.passages] == [5, 6]
    again = run(tools_over(*every), "read", seen.evidence, passage=2)
    assert "(5 more passages before: read passage 2; 2 more passages after: read passage 3)" in again.text
    assert [one.page for one in again.evidence.passages] == [5, 6, 7]


def test_a_number_where_a_file_should_stand_is_taken_for_the_passage() -> None:
    every = pages(2)
    assert "Page 2 says" in run(tools_over(*every), "read", Evidence().plus([every[1]]), file="[1]").text


def test_pages_are_read_from_the_first_to_the_last() -> None:
    seen = run(tools_over(*pages(9)), "read", file="p.pdf", page=3, last_page=4)
    assert [one.page for one in seen.evidence.passages] == [3, 4]
    assert "more passage" not in seen.text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "read needs a passage"),
        ({"page": 2}, "read needs a passage"),
        ({"passage": 3}, "There is no passage [3]: search first."),
        ({"passage": -1}, "There is no passage [-1]"),
        ({"file": "p.pdf", "last_page": 2}, "last_page goes with a page"),
        ({"file": "p.pdf", "page": 3, "last_page": 2}, "last_page 2 is before page 3"),
        ({"file": "p.pdf", "page": 77}, "p.pdf has no page 77: its pages are 1 to 9"),
        ({"file": "p.pdf", "page": -5, "last_page": 0}, "has no pages -5 to 0"),
        ({"file": "q.pdf"}, 'There is no file "q.pdf" to read. Did you mean: p.pdf?'),
    ],
)
def test_what_cannot_be_read_says_how_it_can(arguments: dict[str, object], says: str) -> None:
    assert says in tools_over(*pages(9)).run(Call("read", arguments), Evidence()).text


def test_a_bare_name_is_enough_where_one_file_alone_has_it() -> None:
    tools = tools_over(passage("One.", file="x/One.md"), passage("A.", file="x/a.md"), passage("B.", file="y/a.md"))
    assert "[1] x/One.md" in run(tools, "read", file="one.MD").text
    assert "There is no file" in run(tools, "read", file="a.md").text
    assert "There is no file" in run(tools, "read", file="../One.md").text


def test_a_file_is_found_by_its_name_as_it_is_shown() -> None:
    tools = tools_over(passage("Odd.", file="an\u202eodd  name\n.md"))
    assert "Odd." in run(tools, "read", file="anodd name .md").text


def test_grep_shows_the_words_around_the_text_and_how_many_more_there_are() -> None:
    every = [passage(f"{FILLER}Code AB-12 here. {FILLER}", n, f"{n}.md") for n in range(9)]
    seen = run(tools_over(*every), "grep", text="AB-12")
    assert seen.text.count("Code AB-12 here.") == 8
    assert "(1 more passage holds it: name a file)" in seen.text
    assert "[1] 3.md" in run(tools_over(*every), "grep", text="AB-12", file="3.md").text
    assert "No passage in 3.md holds exactly" in run(tools_over(*every), "grep", text="CD", file="3.md").text


@pytest.mark.parametrize("text", ["", " ", "x" * 201])
def test_a_text_that_nothing_can_be_found_by_is_refused(text: str) -> None:
    assert "1 to 200 characters" in run(tools_over(*pages(1)), "grep", text=text).text


def test_the_words_around_a_text_are_few_and_hold_it() -> None:
    seen = around(f"{FILLER}“Straße  12” is it. {FILLER}", 'strasse 12"', 20)
    assert "“Straße 12” is it." in seen
    assert estimated_tokens(seen) < 30


def test_files_are_listed_by_part_of_a_name_or_a_pattern() -> None:
    tools = tools_over(passage("x", file="sub/One.md"), passage("x", file="two.pdf"))
    assert run(tools, "list_files").text.startswith(
        "2 files:\n<passage>\nsub/One.md (1 passage)\ntwo.pdf (1 passage)\n"
    )
    assert "two.pdf" not in run(tools, "list_files", pattern="SUB").text
    assert "sub/One.md" in run(tools, "list_files", pattern="*.MD").text
    assert (
        'No file fits "*.txt". There are 2 files: sub/One.md, two.pdf.'
        in run(tools, "list_files", pattern="*.txt").text
    )


def test_a_long_list_is_cut_and_says_how_many_more_there_are() -> None:
    tools = tools_over(*(passage("x", file=f"{n:03}.md") for n in range(100)))
    seen = run(tools, "list_files").text
    assert seen.startswith("100 files:")
    assert "(75 more files: name a pattern" in seen
    assert seen.count(".md") == 25


def test_a_tool_whose_callable_is_not_given_is_not_offered() -> None:
    bare = DocumentTools(lambda query: [], lambda file, page: [])
    assert [spec.name for spec in bare.specs] == ["search", "read"]
    assert [spec.name for spec in tools_over().specs] == ["search", "read", "grep", "list_files"]
    with pytest.raises(KeyError):
        run(bare, "grep", text="x")


def test_a_name_is_shown_on_one_line_without_what_is_not_seen() -> None:
    assert one_line("a\n\tb\u202e\u200b\0\ud800.md</passage>") == "a b.md‹/passage>"
    assert len(one_line("x" * 10_000)) == 160


@pytest.mark.parametrize("text", ["第一章 " + "茶在罐子里保存" * 60, "See https://example.org/" + "a" * 900])
def test_a_text_with_few_blanks_is_not_shortened_to_its_first_word(text: str) -> None:
    shown = shortened(text, 50)
    assert text.startswith(shown.removesuffix(" …"))
    assert len(shown.encode()) > 150
