"""Writes handbook/docs/hardware-guide.pdf, the same bytes on every run.

    python corpora/make_handbook_pdf.py [TARGET]

The text of the guide is kept here and nowhere else. ReportLab's invariant mode fixes dates and ids;
streams stay uncompressed, so that the bytes do not depend on the machine's zlib.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

MADE_WITH = "5.1.0"  # the reportlab that wrote the committed file; another one may lay it out differently
TARGET = Path(__file__).parent / "handbook" / "docs" / "hardware-guide.pdf"
TITLE = "Hardware guide"
PADDING = 6  # points that reportlab's frame keeps free on each side

INK = colors.HexColor("#1d2733")
RULE = colors.HexColor("#b8c2cc")
BAND = colors.HexColor("#eef2f6")

BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=11, leading=16, spaceAfter=8, textColor=INK)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=10, leading=13.5, spaceAfter=0)
HEAD = ParagraphStyle("head", parent=CELL, fontName="Helvetica-Bold")
NOTE = ParagraphStyle("note", parent=BODY, fontSize=9, leading=12, textColor=colors.HexColor("#55606c"))
CHAPTER = ParagraphStyle("chapter", parent=BODY, fontName="Helvetica-Bold", fontSize=18, leading=23, spaceAfter=10)
SECTION = ParagraphStyle(
    "section", parent=BODY, fontName="Helvetica-Bold", fontSize=12.5, leading=17, spaceBefore=9, spaceAfter=5
)
COVER = ParagraphStyle("cover", parent=CHAPTER, fontSize=28, leading=34, spaceAfter=4)


class Section(NamedTuple):
    title: str


class Rows(NamedTuple):
    """A table; `widths` are shares of the text width, the first row is the head."""

    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]


class Note(NamedTuple):
    text: str


class Chapter(NamedTuple):
    """One page."""

    title: str
    blocks: tuple[str | Section | Rows | Note, ...]


CHAPTERS = (
    Chapter(
        "Start with memory",
        (
            "This guide helps you to judge what a machine can do before you download twenty gigabytes. It "
            "deals with mixture-of-experts models that run on one computer under Ollama.",
            "Three resources count, in this order. Memory on the graphics card decides which model fits. "
            "Memory bandwidth decides how fast it writes. Arithmetic decides how fast it reads a prompt. The "
            "number of processor cores matters only when weights lie in main memory.",
            Section("How the figures are marked"),
            Rows(
                (0.2, 0.8),
                (
                    ("Mark", "What it means"),
                    ("published", "stated by the maker of the card or of the model"),
                    ("reported", "measured by other people and not repeated by us; indicative only"),
                    ("measured", "observed by us, with the conditions given"),
                    ("computed", "follows by arithmetic from published numbers"),
                ),
            ),
            Spacer(1, 8),
            "Reported rates come from different versions, drivers, prompts and quantisations. Two of them that "
            "differ by a third may describe the same machine. Use them to choose between classes of hardware, "
            "and use your own measurement for everything else.",
            Section("The rule of thumb"),
            "Take the size of the file, add the cache for your context and add one gigabyte for intermediate "
            "results. If the sum is below the free memory of the card, the whole model runs there. If it is "
            "above, a part moves to main memory and the speed falls steeply.",
            "Free memory is less than the number on the box. A desktop with two screens and a browser can "
            "hold more than a gigabyte of it.",
            Section("What this guide does not do"),
            "It does not name prices, and it does not rank shops. It says nothing about training. It leaves "
            "out several cards on one board, for which servers such as vLLM are the better tool.",
        ),
    ),
    Chapter(
        "What needs memory",
        (
            Section("The weights"),
            "The whole file is needed, because each token may call on other experts.",
            Rows(
                (0.28, 0.2, 0.52),
                (
                    ("Model", "File size", "Remarks"),
                    ("qwen3.5:35b", "24 GB", "leaves almost nothing on a 24 GB card"),
                    ("qwen3.6:35b-a3b", "about 24 GB", "as above"),
                    ("qwen3:30b-a3b", "18 to 19 GB", "the comfortable choice for 24 GB"),
                    ("gemma4:26b", "17 GB", "24 GB card, or part of it in main memory"),
                    ("gpt-oss:20b", "14 GB", "16 GB card with a short context"),
                    ("qwen3.5:9b", "6.6 GB", "dense; 12 GB card"),
                    ("qwen3.5:2b", "2.7 GB", "dense; no card needed"),
                ),
            ),
            Section("The cache"),
            "Each token of the context keeps a key and a value in every layer with full attention. For "
            "qwen3.5:35b these are 10 layers with 2 heads of 256 numbers each. In 16-bit floating point the "
            "cache takes 20 KiB per token: 10 x 2 x 256 x 2 x 2 bytes.",
            Rows(
                (0.34, 0.33, 0.33),
                (
                    ("Context", "Cache in f16", "Cache in q8_0"),
                    ("4,096 tokens", "80 MiB", "43 MiB"),
                    ("32,768 tokens", "640 MiB", "340 MiB"),
                    ("131,072 tokens", "2.5 GiB", "1.3 GiB"),
                    ("262,144 tokens", "5.0 GiB", "2.7 GiB"),
                ),
            ),
            Note("Computed for qwen3.5:35b. The q8_0 form stores 32 values in 34 bytes."),
            "The older qwen3:30b-a3b has 48 layers, all with full attention, and 4 heads of 128 numbers. Its "
            "cache takes 96 KiB per token, nearly five times as much, and 3 GiB at 32,768 tokens. With long "
            "contexts the newer model therefore wins back what its larger file costs.",
            Section("Main memory"),
            "Count on 32 GB of main memory if a 30B to 35B model shall run partly beside a 12 GB card. On top "
            "of the experts, the server's store of old prompts may grow to several gigabytes.",
        ),
    ),
    Chapter(
        "Cards",
        (
            Rows(
                (0.2, 0.14, 0.2, 0.46),
                (
                    ("Card", "Memory", "Bandwidth", "Model to start with"),
                    ("RTX 4070", "12 GB", "504 GB/s", "qwen3.5:9b, or a larger MoE partly in main memory"),
                    ("any with 16 GB", "16 GB", "varies", "gpt-oss:20b at 8K or less"),
                    ("RTX 3090", "24 GB", "936 GB/s", "qwen3:30b-a3b"),
                    ("RTX 4090", "24 GB", "1,008 GB/s", "qwen3:30b-a3b"),
                    ("RTX 5090", "32 GB", "1,792 GB/s", "qwen3.5:35b with a long context"),
                    ("H100 SXM", "80 GB", "3,350 GB/s", "any of the list, several at a time"),
                    ("H200", "141 GB", "4,800 GB/s", "any of the list, several at a time"),
                ),
            ),
            Note("Memory and bandwidth as published by the maker."),
            Section("When the model does not fit"),
            "A mixture of experts suffers less from a small card than a dense model of the same size. The "
            "attention layers are used for each token and should lie on the card. The experts are used "
            "rarely, one by one, and can be computed where they lie. The server arranges this by itself as "
            "long as the number of layers on the card is not forced.",
            "The bandwidth that counts is then that of the main memory. Two channels of DDR5 give roughly 80 "
            "to 100 GB/s, a tenth of a large card. Fast memory modules are a cheaper improvement than a "
            "faster processor.",
            Section("Second-hand cards"),
            "For these models an older card with much memory beats a newer one with little. An RTX 3090 holds "
            "what an RTX 4070 cannot, and that decides the result before any other number does.",
            Section("The rest of the computer"),
            "The bus is used for loading and hardly afterwards. The disk is read once per load: at 3 GB/s a "
            "file of 24 GB takes 8 seconds, at 0.5 GB/s it takes 48 (computed). A solid-state disk on the "
            "main board is therefore worth having if models are changed often.",
        ),
    ),
    Chapter(
        "Reported decode rates",
        (
            "Tokens per second while writing, one request at a time. All figures in this table are reported.",
            Rows(
                (0.3, 0.34, 0.36),
                (
                    ("Machine", "Model", "Tokens per second"),
                    ("RTX 4070, 12 GB", "a Qwen MoE of 35B", "12 to 35"),
                    ("RTX 3090", "qwen3:30b-a3b", "141"),
                    ("RTX 3090", "a Qwen MoE of 35B", "111"),
                    ("RTX 4090", "qwen3:30b-a3b", "130 to 196"),
                    ("RTX 4090", "qwen3.6, 35B", "180"),
                    ("RTX 5090", "qwen3:30b-a3b", "352"),
                    ("RTX 5090", "a Qwen MoE of 35B", "214"),
                    ("H100", "35B class", "194"),
                    ("H200", "35B class", "189 to 204"),
                    ("Apple M3 Pro", "35B class", "about 40"),
                    ("Apple M5 Max", "35B class", "99"),
                ),
            ),
            Note("35B class: the report does not name the exact model."),
            Section("What the table teaches"),
            "A data centre card is no faster than a good desktop card for one person. With a single request "
            "in flight, small matrices and the time to start each kernel set the pace. Large cards earn their "
            "price by serving many people at once.",
            "The smaller file of qwen3:30b-a3b shows on the RTX 5090 most of all, where it is more than "
            "half as fast again as the 35B.",
            "The RTX 4070 stands apart, because the file is twice as large as its memory. Its range is wide "
            "because the main memory of the computer decides. Guides that promise 100 to 150 tokens per "
            "second on this card for a Qwen MoE do not say how they got there.",
            Section("Reading speed"),
            "A person reads about five words per second, which is seven tokens. Anything above 15 tokens per "
            "second stays ahead of the reader. Agents and thinking models are another matter: there nobody "
            "reads along, and each token is waiting time.",
        ),
    ),
    Chapter(
        "Prefill and ceilings",
        (
            Section("Ten thousand tokens"),
            "The time until a prompt of 10,000 tokens has been read, nothing cached. All rows are reported; the "
            "rate is computed from the time.",
            Rows(
                (0.4, 0.3, 0.3),
                (
                    ("Machine and model", "Seconds", "Tokens per second"),
                    ("two RTX 5090, vLLM", "0.46 to 0.69", "14,500 to 21,700"),
                    ("RTX 5090, gpt-oss:20b", "1.1", "9,100"),
                    ("RTX 3090, Qwen MoE of 35B", "7.1", "1,400"),
                ),
            ),
            Spacer(1, 8),
            "No honest figure for a cold prompt of this length lies in the range of milliseconds. On a "
            "processor alone, expect minutes.",
            Section("How fast can it possibly write?"),
            "Every generated token reads the active weights once. For qwen3.5:35b that is about a twelfth of "
            "the file, 24 GB x 3 / 36 = 2 GB. Bandwidth divided by 2 GB is the ceiling, for a model that "
            "lies on the card entirely and drafts nothing ahead.",
            Rows(
                (0.25, 0.25, 0.25, 0.25),
                (
                    ("Card", "Ceiling", "Reported", "Share"),
                    ("RTX 3090", "468", "111", "24 %"),
                    ("RTX 4090", "504", "180 (qwen3.6)", "36 %"),
                    ("RTX 5090", "896", "214", "24 %"),
                    ("H100 SXM", "1,675", "194", "12 %"),
                    ("H200", "2,400", "189 to 204", "8 to 9 %"),
                ),
            ),
            Note("Tokens per second; ceilings computed, embeddings and cache not counted."),
            "Shares like these are normal, and so is a smaller one when part of the model lies in main memory. "
            "A share above 100 % is a measuring error: somebody counted drafted tokens, or measured another "
            "model, or divided by the wrong time.",
            Section("How long will I wait?"),
            "Add three times: loading, if the model is not loaded; reading, which is the new tokens of the "
            "prompt divided by the prefill rate; writing, which is the answer divided by the decode rate. For "
            "the RTX 3090 above with 4,000 new tokens and an answer of 300 this gives 2.8 + 2.7 = 5.5 "
            "seconds (computed). Prompt and answer cost about the same here, so both are worth shortening.",
        ),
    ),
    Chapter(
        "Laptops, Apple computers, processors",
        (
            Section("Heat"),
            "Portable machines start fast and slow down. One laptop went from 205 to 138 tokens per second by "
            "the second trial (reported). Plug it in, choose the power mode on purpose, write the mode down "
            "and run every test often enough to see the level that lasts.",
            Section("Unified memory"),
            "On Apple computers the graphics unit shares the main memory, and no bus lies between the two. The "
            "system keeps a quarter to a third for itself, so a file of 24 GB wants a machine with 48 GB. "
            "Bandwidth differs widely between the chips: a Pro has half of a Max or less. Compare chips by "
            "that number and not by their generation.",
            Section("No card at all"),
            "What two processor cores manage with small dense models was measured; the table stands in "
            "measuring-speed.md. A mixture of experts with 3 billion active parameters can be usable on a "
            "processor with eight fast cores and enough memory, since few weights are read per token. The "
            "long prefill remains the weak point, because a batch of prompt tokens touches nearly all "
            "experts and every one of its tokens has to be computed.",
            "Leave one core free. Set the number of threads to one below the cores that nothing else uses.",
            Section("A machine on the network"),
            "A server under the desk with a large card can serve the laptop. The text is small, so any network "
            "is fast enough. Two things change: your program cannot look at the card any more, and everything "
            "you send can be read on the way unless the connection is encrypted.",
        ),
    ),
    Chapter(
        "Finding out what you have",
        (
            Section("By command"),
            Rows(
                (0.2, 0.8),
                (
                    ("System", "Command"),
                    ("NVIDIA", "nvidia-smi --query-gpu=name,memory.total,memory.used,driver_version --format=csv"),
                    ("macOS", "system_profiler SPHardwareDataType SPDisplaysDataType -json"),
                    ("Linux", "free -g; lscpu"),
                ),
            ),
            Section("From Python"),
            "Use the package nvidia-ml-py, which is imported as pynvml. The package that is itself called "
            "pynvml is deprecated. For cores, main memory and other busy processes use psutil. If the server "
            "runs on another computer, none of this describes it; record the hardware as unknown.",
            "Memory in use is worth a second look. The figure of the server is an estimate that it makes while "
            "loading. The sensor of the card is exact and includes other programs, so read it once before "
            "the model is loaded and once after.",
            Section("What to write into a report"),
            Rows(
                (0.3, 0.7),
                (
                    ("Entry", "Example"),
                    ("Card", "name, memory in total, memory in use before loading, driver"),
                    ("Computer", "processor, cores, main memory, power mode"),
                    ("Model", "tag, digest, size of the file, share on the card"),
                    ("Server", "version, context in force, command line of the runner"),
                    ("Load of others", "processor time used by other programs during the run"),
                ),
            ),
            Section("Before you buy"),
            "Write down the longest prompt you will really send, how many people will use the machine at the "
            "same time and how long they are willing to wait for the first word. Divide the prompt by the "
            "prefill rates in this guide. If the wait is too long, first try a shorter prompt, which costs "
            "nothing but better retrieval. Only then compare cards.",
            "Then borrow or rent the card for an hour and measure. An hour of measuring is cheaper than a wrong card.",
        ),
    ),
)


class Guide(SimpleDocTemplate):  # type: ignore[misc]  # reportlab has no types
    """Adds every chapter and section to the outline as it is placed."""

    def afterFlowable(self, flowable: Flowable) -> None:
        if flowable.__class__ is not Paragraph or flowable.style.name not in ("chapter", "section"):
            return
        text = flowable.getPlainText()
        key = f"{self.page}-{text}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(text, key, level=int(flowable.style.name == "section"), closed=True)


def footer(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setStrokeColor(RULE)
    left, right = document.leftMargin + PADDING, A4[0] - document.rightMargin - PADDING
    canvas.line(left, 16 * mm, right, 16 * mm)
    canvas.setFont("Helvetica", 8.5)
    canvas.setFillColor(NOTE.textColor)
    canvas.drawString(left, 11 * mm, f"{TITLE} for local mixture-of-experts models")
    canvas.drawRightString(right, 11 * mm, f"Page {canvas.getPageNumber()}")
    canvas.restoreState()


def table(block: Rows, width: float) -> Table:
    cells = [[Paragraph(text, HEAD if n == 0 else CELL) for text in row] for n, row in enumerate(block.rows)]
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, BAND]),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
    ]
    return Table(cells, colWidths=[share * width for share in block.widths], style=style, spaceAfter=6)


def story(width: float) -> Iterator[Flowable]:
    yield Paragraph(TITLE, COVER)
    yield Paragraph("Memory, cards and speeds for local mixture-of-experts models", NOTE)
    yield Spacer(1, 14)
    for number, chapter in enumerate(CHAPTERS, start=1):
        if number > 1:
            yield PageBreak()
        yield Paragraph(f"{number}. {chapter.title}", CHAPTER)
        for block in chapter.blocks:
            match block:
                case str():
                    yield Paragraph(block, BODY)
                case Section(title):
                    yield Paragraph(title, SECTION)
                case Note(text):
                    yield Paragraph(text, NOTE)
                case Rows():
                    yield table(block, width)
                case _:
                    yield block


def build(target: Path = TARGET) -> None:
    document = Guide(
        str(target),
        pagesize=A4,
        leftMargin=24 * mm,
        rightMargin=24 * mm,
        topMargin=22 * mm,
        bottomMargin=24 * mm,
        title=TITLE,
        author="The speedking project",
        subject="Memory, cards and speeds for local mixture-of-experts models",
        lang="en",
        invariant=1,
        pageCompression=0,
    )
    document.build(list(story(document.width - 2 * PADDING)), onFirstPage=footer, onLaterPages=footer)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
