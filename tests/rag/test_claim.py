"""What a quote has to share with a claim: figures and direction."""

from __future__ import annotations

import pytest

from rag.claim import Figure, contradicts, figures, stated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24 GB", {Figure("24")}),
        ("24GB", {Figure("24")}),
        ("1,577 million", {Figure("1577", "million")}),
        ("$1.2bn", {Figure("1.2", "billion")}),
        ("grew 3%.", {Figure("3", "percent")}),
        ("(2,101) 98.91", {Figure("2101"), Figure("98.91")}),
        ("q8_0 on an H100", {Figure("q8_0"), Figure("h100")}),
        ("in FY2022 and FY '23", {Figure("2022"), Figure("2023")}),
        ("no figure here", set()),
        ("", set()),
    ],
)
def test_figures_are_numbers_with_their_scale_and_identifiers_that_hold_digits(
    text: str, expected: set[Figure]
) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("claim", "quote", "stands"),
    [
        ("it takes 24GB", "needs 24 GB of memory", True),
        ("$1,577 million", "Purchases of property (1,577) (1,373)", True),
        ("grew 3%", "rose by 3 percent", True),
        ("$1.2 billion", "$1.2 million", False),
        ("in FY2019", "in FY2018", False),
        ("a q4_0 cache", "a q8_0 cache", False),
        ("set to 0", "the type q8_0", False),
    ],
)
def test_a_figure_stands_in_a_quote_only_as_itself(claim: str, quote: str, stands: bool) -> None:
    assert all(figure.stands_among(figures(quote)) for figure in figures(claim)) == stands


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("It must not be switched on.", "It must be switched on."),
        ("It can be cached.", "It cannot be cached."),
        ("The cache is switched off.", "The cache is switched on."),
        ("The lease ends after May.", "The lease ends before May."),
        ("Sales increased.", "Sales decreased by a tenth."),
        ("It isn't needed.", "It is needed."),
    ],
)
def test_the_opposite_is_a_contradiction(claim: str, quote: str) -> None:
    assert contradicts(claim, quote)


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("It is on by default.", "It is on by default, and there is no switch for a request."),
        ("The lease ends in May.", "The lease ends in May."),
        ("It does not fit.", "The model does not fit into memory."),
        ("The value goes up and down.", "The value goes up."),
    ],
)
def test_what_agrees_is_none(claim: str, quote: str) -> None:
    assert not contradicts(claim, quote)


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("Yes, tea is hot.", "tea is hot."),
        ("The passage states that tea is hot.", "tea is hot."),
        ("According to passage 3, tea is hot.", "tea is hot."),
        ("The passage from notes/tea-2023.txt states that tea is hot.", "tea is hot."),
        ("As stated in the passage [2], tea is hot.", "tea is hot."),
        ("The passage that Bolt wrote states that tea is hot.", "The passage that Bolt wrote states that tea is hot."),
        ("Based on the information provided in the passages, tea is hot.", "tea is hot."),
        ("No tea is hot.", "No tea is hot."),
        ("No, tea is hot.", "No, tea is hot."),  # it denies
        ("Yes, tea is not hot.", "Yes, tea is not hot."),
        ("The text is long.", "The text is long."),
        ("The document was signed in Oslo.", "The document was signed in Oslo."),
    ],
)
def test_what_hands_a_claim_over_is_no_part_of_it(sentence: str, claim: str) -> None:
    assert stated(sentence) == claim
