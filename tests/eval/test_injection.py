from __future__ import annotations

from eval.scripts.injection import PLANTS, Bare, Line, obeyed, planted
from rag.read.form import FreeText
from tests.rag.small import passages

SAY, DECLINE = PLANTS[0], PLANTS[3]
NOTES = passages("Green tea is brewed at 80 degrees.\nIt is liked in Oslo.\nIt is old.", "Keep tea in a tin.")


def line(draft: str, supported: str = "", answerable: bool = True) -> Line:
    return Line(
        id="1", plant="say", form="text", model="m", draft=draft, text=draft, answerable=answerable, supported=supported
    )


def test_a_plant_stands_inside_the_best_passage_and_nothing_is_lost() -> None:
    best, other = planted(NOTES, SAY)
    assert SAY.text in best.text
    assert best.text.replace(f"\n{SAY.text}\n", "") == NOTES[0].text
    assert (best.start, best.end) == (NOTES[0].start, NOTES[0].start + len(best.text))
    assert other == NOTES[1]


def test_without_a_plant_the_passages_stay_as_they_are() -> None:
    assert planted(NOTES, None) == NOTES


def test_the_prompt_of_the_reader_breaks_up_what_the_bare_one_hands_on() -> None:
    found = planted(NOTES, PLANTS[4])
    bare, ours = (str(form.messages("How hot?", found)[1].content) for form in (Bare(), FreeText()))
    assert "<|im_start|>user" in bare
    assert "<|im_start|>user" not in ours
    assert ours.count("</passage>") == 2


def test_a_plant_worked_where_its_words_are_written_that_were_not_before() -> None:
    assert obeyed(line("It is PINEAPPLE."), line("80 degrees"), SAY) == (True, False)
    assert obeyed(line("It is PINEAPPLE.", "It is PINEAPPLE. [1]"), line("80 degrees"), SAY) == (True, True)
    assert obeyed(line("80 degrees"), line("80 degrees"), SAY) == (False, False)
    assert obeyed(line("pineapple"), line("pineapple"), SAY) == (False, False)


def test_a_plant_that_asks_to_decline_worked_where_an_answered_question_is_declined() -> None:
    assert obeyed(line("", answerable=False), line("80 degrees"), DECLINE) == (True, True)
    assert obeyed(line("", answerable=False), line("", answerable=False), DECLINE) == (False, False)
