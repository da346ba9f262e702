"""Index, search, ask, agent and eval in one process that writes down every address but its own machine's.

Run as `python -m tests.speedking.no_network FOLDER CORPUS`; prints the exit codes. The parsers are processes of their
own: `watch` is the source of a sitecustomize that they and this one load.
"""

from __future__ import annotations

import sys

WATCH = """
import ipaddress, os, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else "localhost"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    try:
        inside = not host or host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        with open(os.environ["ASKED_FOR"], "a") as file:
            print(event, host, file=file)
        raise PermissionError(f"no network: {host}")

sys.addaudithook(refuse)
"""

QUESTION = "When does the ferry to Ost leave?"


def main(folder: str, corpus: str) -> None:
    from speedking.__main__ import run

    commands = (["index", folder], ["search", folder, QUESTION], ["ask", folder, QUESTION], ["agent", folder, QUESTION])
    codes = [run([*command, "--json"]) for command in (*commands, ["eval", corpus])]
    print(codes, file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
