"""HTTP under the stand-in: requests in, answers out as they come."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.inference.stand_in.answers import Answer

Asked = Callable[[str, str, bytes, dict[str, str]], Answer]
"""Method, path, raw body and headers of a request to its answer."""


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


def handler(ask: Asked) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # else each answer in two pieces waits 40 ms for an acknowledgement
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = ask(self.command, self.path, raw, {k.lower(): v for k, v in self.headers.items()})
            self._send(answer)

        do_GET = do_HEAD = do_POST = do_DELETE = _serve

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            if answer.kind is not None:
                self.send_header("Content-Type", answer.kind)
            if answer.streamed:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self._send_pieces(answer)
            else:
                body = b"".join(piece for piece in answer.pieces if piece is not None)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if self.command != "HEAD" else b"")

        def _send_pieces(self, answer: Answer) -> None:
            for piece in answer.pieces:
                if piece is None:
                    self.close_connection = True
                    return
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

    return Handler


def parsed(raw: bytes) -> Any:
    """The body as JSON; None where there is none. Raises ValueError."""
    return json.loads(raw) if raw.strip() else None
