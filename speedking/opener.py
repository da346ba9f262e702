"""Opening a document with the program that the person's system has for it."""

from __future__ import annotations

import os
from pathlib import Path

from speedking.console import link


def open_document(folder: Path, file: str, page: int | None) -> bool:
    """Whether something was started. Only a browser, named by BROWSER, is known to understand a page in the address;
    what a desktop starts may refuse the file for it."""
    import webbrowser  # it hands a file to the desktop's own program

    return webbrowser.open(link(folder, file, page if os.environ.get("BROWSER") else None))
