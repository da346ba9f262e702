"""The reader with a language model: it writes with passage numbers, code verifies every sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from inference.errors import ContextOverflowError, EngineError, GenerationError
from rag.answer import Answer, OnText
from rag.judge import Judge
from rag.pack import pack, render, rendered, without
from rag.passage import Passage
from rag.read.form import Form, FreeText
from rag.read.limits import ROOM_TOKENS, TEMPLATE_TOKENS, ModelLimits, rounded
from rag.support import Supporter
from rag.widen import Run, Widener

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage


class ModelReader:
    """Implements `Reader` over any LangChain chat model, which is handed to it.

    `pinned` passages open every prompt, numbered from 1, the retrieved ones after them: their bytes are the same in
    each turn, so that a server's cache keeps them warm.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        count_tokens: Callable[[str], int],
        limits: ModelLimits,
        supporter: Supporter,
        *,
        form: Form | None = None,
        pinned: Sequence[Passage] = (),
        run: Run | None = None,
        threshold: float | None = None,
        engine: str = "model",
        model: str = "",
    ) -> None:
        """`run` gives passages of the index as one: what stands beside the retrieved ones then fills the budget.
        `threshold`: least support at which the model is asked at all; None is the encoder's own."""
        self._chat = chat
        self._count_tokens = count_tokens
        self._limits = limits
        self._form: Form = form or FreeText()
        self._pinned = tuple(pinned)
        self._run = run
        self._judge = Judge(supporter, threshold)
        self._engine = engine
        self._model = model

    def answer(self, question: str, passages: Sequence[Passage], on_text: OnText | None = None) -> Answer:
        """Asks the model only where the passages support the question; raises EngineError as the model does."""
        began = time.perf_counter()
        budget = self._budget(question)
        found = self._packed(question, passages, budget)
        refusal = self._judge.refusal(question, found)
        support_s = time.perf_counter() - began
        if refusal is not None:
            return replace(self._signed(refusal, {"support_s": support_s}), passages=tuple(found))
        asked = time.perf_counter()
        found, shown, message = self._write(question, found, budget, on_text)
        wrote = time.perf_counter()
        answer = self._judge.verdict(question, self._draft(message), found, shown)
        timings = {"support_s": support_s, "model_s": wrote - asked, "verify_s": time.perf_counter() - wrote}
        answer = replace(self._signed(answer, timings), passages=tuple(shown), messages=(message,))
        return self._again(question, answer, found, on_text) if answer.beside and not answer.citations else answer

    def _again(self, question: str, answer: Answer, found: Sequence[Passage], on_text: OnText | None) -> Answer:
        """Asks once more without the sentences that were repeated instead of answering. The first answer stands where
        that fails, or where a pinned passage would change, and with it the prompt's head."""
        if without(self._pinned, answer.beside) != list(self._pinned):
            return answer
        began = time.perf_counter()
        shown = without(answer.passages, answer.beside)
        if on_text is not None:
            on_text("\n\n")
        try:
            message = self._stream(question, shown, on_text)
            draft = self._draft(message)
        except EngineError:
            return answer
        wrote = time.perf_counter()
        second = self._judge.verdict(question, draft, found, shown)
        timings = {
            "support_s": answer.timings["support_s"],
            "model_s": answer.timings["model_s"] + wrote - began,
            "verify_s": answer.timings["verify_s"] + time.perf_counter() - wrote,
        }
        messages = (*answer.messages, message)
        return replace(self._signed(second, timings), passages=answer.passages, messages=messages)

    def framed(self, request: str) -> list[BaseMessage]:
        """An answer's prompt with another request in the question's place and the pinned passages alone: a server's
        cache holds all of it but the request."""
        return self._form.messages(request, self._pinned)

    @property
    def least_context_tokens(self) -> int:
        """Context in which any question of usual length can be answered: the pinned passages, what frames them, the
        answer, and room for a question with what came before it, or for a passage or two."""
        return self._limits.output_tokens + self._frame("") + self._pinned_tokens + ROOM_TOKENS

    def _signed(self, answer: Answer, timings: Mapping[str, float]) -> Answer:
        return replace(answer, timings=timings, engine=self._engine, model=self._model)

    def _draft(self, message: AIMessage) -> str:
        draft = self._form.draft(message)
        if not draft:
            raise GenerationError(
                "the model wrote nothing: it may have spent all its tokens on thinking",
                next_step="ask again without --think, or with --engine reader",
            )
        return draft

    def _write(
        self, question: str, found: list[Passage], budget: int, on_text: OnText | None
    ) -> tuple[list[Passage], list[Passage], AIMessage]:
        """Asks: what was packed, what of it and beside it was shown, what was written. Where the engine counts more
        than we did, packs once more with its own numbers."""
        shown = self._widened(found, budget)
        try:
            return found, shown, self._stream(question, shown, on_text)
        except ContextOverflowError as overflow:
            room = overflow.context_tokens - self._limits.output_tokens
            before = self._pinned_tokens + budget
            less = int(before * room / overflow.prompt_tokens * 0.95) - self._pinned_tokens
            found = self._packed(question, found, less)
            shown = self._widened(found, less)
            return found, shown, self._stream(question, shown, on_text)

    def _packed(self, question: str, passages: Sequence[Passage], budget: int) -> list[Passage]:
        """The pinned passages and, of the others, the best within the budget.

        At least one, or ContextOverflowError: a model that is shown nothing would say "not found".
        """
        packed = pack(passages, budget, self._count_tokens, pinned=self._pinned)
        if passages and not packed and budget == self._limits.passage_tokens:  # the best one alone is longer than that
            packed = pack(passages[:1], self._room(question), self._count_tokens, pinned=self._pinned)
        if budget < 0 or (passages and not packed and not self._pinned):
            least = 0 if self._pinned else self._count_tokens(render(1, passages[0]))
            raise self._overflow(self._frame(question) + self._pinned_tokens + self._limits.output_tokens + least)
        return [*self._pinned, *packed]

    def _widened(self, packed: Sequence[Passage], budget: int) -> list[Passage]:
        """What stands in the prompt: the packed passages, those that are not pinned with what stands beside them."""
        if self._run is None:
            return list(packed)
        widener = Widener(self._run, self._count_tokens)
        return [*self._pinned, *widener.widened(packed[len(self._pinned) :], budget)]

    def _budget(self, question: str) -> int:
        """Tokens that the retrieved passages may take."""
        room = self._room(question)
        if room < 0 or (room == 0 and not self._pinned):
            raise self._overflow(self._limits.context_tokens - room)
        return min(room, self._limits.passage_tokens)

    def _room(self, question: str) -> int:
        """Tokens of the context that nothing else takes."""
        needed = self._limits.output_tokens + self._frame(question) + self._pinned_tokens
        return self._limits.context_tokens - needed

    @cached_property
    def _pinned_tokens(self) -> int:
        return self._count_tokens(rendered(self._pinned)) if self._pinned else 0

    def _frame(self, question: str) -> int:
        """Tokens of all but the passages, the template's own among them."""
        messages = self._form.messages(question, ())
        return sum(self._count_tokens(str(message.content)) for message in messages) + TEMPLATE_TOKENS

    def _overflow(self, needed: int) -> ContextOverflowError:
        context = self._limits.context_tokens
        what = f"{len(self._pinned)} pinned passages" if self._pinned else "one passage"
        shorter = "pin a shorter document" if self._pinned else "ask a shorter question"
        return ContextOverflowError(
            f"question, {what} and answer need {needed:,} tokens, the context in force is {context:,}",
            next_step=f"{shorter}, or give the model more room: speedking tune --num-ctx {rounded(needed)}",
            prompt_tokens=needed,
            context_tokens=context,
        )

    def _stream(self, question: str, shown: Sequence[Passage], on_text: OnText | None) -> AIMessage:
        from langchain_core.messages import message_chunk_to_message

        whole = None
        for chunk in self._chat.stream(self._form.messages(question, shown), **self._form.options):
            whole = chunk if whole is None else whole + chunk
            if on_text is not None and chunk.text:
                on_text(str(chunk.text))
        return message_chunk_to_message(whole)  # type: ignore[arg-type, return-value]
