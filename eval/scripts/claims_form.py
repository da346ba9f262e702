"""The other form in which a small model can be asked: claims under a JSON schema. It did no better than free text (see
docs/retrieval.md), which streams and declines; this is kept to be measured beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag.judge import NOT_FOUND
from rag.passage import Passage
from rag.read.form import DATA, prompt
from rag.sentences import fold
from rag.verify import finished_text

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage

LONGEST = 240
"""Characters of a value under the schema."""


class Claims:
    """A list of claims under a JSON schema: first the quote, then its passage, then the sentence that it carries.

    The keys sort in the order of thought, because engines write them in alphabetical order. Lengths are capped: a
    value that never ends was the only way in which small models wrote invalid JSON.
    """

    name = "claims"

    _SCHEMA: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "claims": {
                "type": "array",
                "minItems": 0,
                "maxItems": 3,
                "items": {
                    "type": "object",
                    "properties": {
                        "a_quote": {"type": "string", "minLength": 1, "maxLength": LONGEST},
                        "b_passage": {"type": "integer", "minimum": 1, "maximum": 99},
                        "c_sentence": {"type": "string", "minLength": 1, "maxLength": LONGEST},
                    },
                    "required": ["a_quote", "b_passage", "c_sentence"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["claims"],
        "additionalProperties": False,
    }
    _SYSTEM = f"""You answer questions from numbered passages of the user's documents, in JSON:
{{"claims": [{{"a_quote": "...", "b_passage": 2, "c_sentence": "..."}}]}}
a_quote: the words of a passage that hold the answer, copied exactly. b_passage: the number of that passage.
c_sentence: one short sentence that answers the question from this quote, without quotation marks in it.
One claim is enough where one sentence answers; at most three. Use only what the passages say.
{DATA}
If the passages do not hold the answer, write {{"claims": []}}"""

    def __init__(self) -> None:
        self.options = {"format": self._SCHEMA}  # as Ollama and our engine in the process take a schema

    def messages(self, question: str, passages: Sequence[Passage]) -> list[BaseMessage]:
        return prompt(self._SYSTEM, passages, question)

    def draft(self, message: AIMessage) -> str:
        """Reads JSON that was cut off too. What is no such JSON is free text: not every server holds to a schema."""
        text = str(message.text)
        if '"claims"' not in text:
            return finished_text(text, message.response_metadata)
        written = "\n".join(_claims(text))
        # Without a claim only JSON that has ended is a verdict: what was cut off before its first sentence says nothing
        return written or (NOT_FOUND if text.rstrip().rstrip("`").rstrip().endswith("}") else "")


_PASSAGE = re.compile(r'"b_passage"\s*:\s*(\d+)')
_SENTENCE = re.compile(r'"c_sentence"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)


def _claims(text: str) -> Iterator[str]:
    """The sentences that have ended, each with the number of its passage where there is one."""
    begin = 0
    for match in _SENTENCE.finditer(text):
        numbers = _PASSAGE.findall(text, begin, match.start())
        begin = match.end()
        sentence = _uncut(_value(match.group(1)))
        if sentence:
            yield f"{sentence} [{numbers[-1]}]" if numbers else sentence


def _uncut(sentence: str) -> str:
    """What ran into the limit of its length, without the sentence that was cut off, or with a mark of it."""
    if len(sentence) < LONGEST or sentence.endswith((".", "!", "?")):
        return sentence
    finished = finished_text(sentence, {"done_reason": "length"})
    return f"{sentence} …" if finished == sentence else finished


def _value(string: str) -> str:
    """The value of a JSON string, white space folded; as it stands where a model wrote an escape that is none."""
    try:
        return fold(str(json.loads(string, strict=False)))
    except ValueError:
        return fold(string[1:-1])
