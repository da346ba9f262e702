"""What our chat path costs over a bare httpx call: microseconds a token and milliseconds a call.

    python -m eval.scripts.chat_overhead [--rounds 30]

A server in a process of its own answers /api/chat as Ollama does, as fast as it can: a short and a long answer. The
two ways take turns. With t(n) the median seconds of an answer of n tokens, a token costs (t(long) - t(short)) /
(long - short), and a call what is left of t(short). The overhead is ours less the bare one's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from time import perf_counter

import httpx

SHORT, LONG = 20, 2_020
MODEL = "stand-in"


class _Handler(BaseHTTPRequestHandler):
    """As many tokens as the request's num_predict, each a line of its own, all in one chunked answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one piece: else the client's delayed ACK costs 40 ms

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        tokens = int(body["options"]["num_predict"])
        line = {"model": MODEL, "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": " w"}}
        last = {**line, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
        last |= {"total_duration": 1, "load_duration": 1, "prompt_eval_count": 9, "eval_count": tokens}
        pieces = [json.dumps({**line, "done": False}).encode() + b"\n"] * tokens + [json.dumps(last).encode() + b"\n"]
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


def bare(url: str) -> Callable[[int], int]:
    """httpx alone, each line parsed: the least that gives the text."""
    client = httpx.Client(base_url=url, timeout=60)

    def run(tokens: int) -> int:
        body = {"model": MODEL, "messages": [{"role": "user", "content": "hello"}], "options": {"num_predict": tokens}}
        with client.stream("POST", "/api/chat", json=body) as response:
            return sum(1 for line in response.iter_lines() if json.loads(line))

    return run


def ours(url: str) -> Callable[[int], int]:
    """The chat model as `connect` makes it, streaming."""
    from inference.address import ollama_address
    from inference.ollama.chat import ollama_chat
    from inference.token_estimate import TokenEstimate

    chat = ollama_chat(
        ollama_address(url), MODEL, think=False, max_output_tokens=SHORT, timeout_s=60, estimate=TokenEstimate()
    )

    def run(tokens: int) -> int:
        return sum(1 for _ in chat.model_copy(update={"num_predict": tokens}).stream("hello"))

    return run


def measure(url: str, rounds: int) -> dict[str, dict[int, float]]:
    """Median seconds by way and length, in turns; the first round warms up."""
    ways = {"bare": bare(url), "ours": ours(url)}
    seconds: dict[str, dict[int, list[float]]] = {way: {SHORT: [], LONG: []} for way in ways}
    for round_ in range(rounds + 1):
        for way, run in ways.items():
            for tokens in (SHORT, LONG):
                began = perf_counter()
                run(tokens)
                if round_:
                    seconds[way][tokens].append(perf_counter() - began)
    return {way: {tokens: median(times) for tokens, times in by.items()} for way, by in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve()
        return
    command = [sys.executable, "-m", "eval.scripts.chat_overhead", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = measure(f"http://127.0.0.1:{server.stdout.readline().strip()}", asked.rounds)
        server.terminate()
    token = {way: (by[LONG] - by[SHORT]) / (LONG - SHORT) for way, by in found.items()}
    call = {way: by[SHORT] - SHORT * token[way] for way, by in found.items()}
    for way in found:
        print(f"{way:<5} {token[way] * 1e6:6.1f} us a token, {call[way] * 1e3:5.2f} ms a call")
    print(f"ours less bare: {(token['ours'] - token['bare']) * 1e6:.1f} us a token (bar 40)", end=", ")
    print(f"{(call['ours'] - call['bare']) * 1e3:.2f} ms a call (bar 5)")


if __name__ == "__main__":
    main()
