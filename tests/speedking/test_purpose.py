"""What the commands ask a model for."""

from __future__ import annotations

import pytest

from inference.purposes import PURPOSES, request_options
from speedking.engine import choose
from speedking.settings import load_settings
from tests.inference.stand_in import OllamaStandIn
from tests.speedking.door import Door, Library


def test_a_purpose_reaches_the_model_with_the_command_s_own_length(ollama: OllamaStandIn) -> None:
    choice = choose(load_settings({"engine": "ollama"}), purpose="humor", output_tokens=33)
    assert choice.connection is not None
    choice.connection.chat.invoke("a joke")
    assert ollama.chats()[-1].body["options"] == {**request_options(PURPOSES["humor"]), "num_predict": 33}


@pytest.mark.parametrize(
    ("command", "purpose"),
    [(("ask", "When does the ferry leave?"), "rag"), (("agent", "Who keeps the light?"), "agent")],
)
def test_answers_can_be_repeated(
    door: Door, library: Library, ollama: OllamaStandIn, command: tuple[str, str], purpose: str
) -> None:
    door(command[0], *library.indexed, command[1], "--engine", "ollama")
    wanted = dict(request_options(PURPOSES[purpose]))
    del wanted["num_predict"]
    assert ollama.chats()
    for chat in ollama.chats():
        assert wanted.items() <= chat.body["options"].items()
