"""Word files: mammoth gives HTML with the structure kept, which is then read as any page.

Kept: headings by the outline level of their style, lists, tables, text boxes, foot- and endnotes at the end,
insertions that are still tracked. Left out: hidden text, what is marked as deleted, comments, headers and footers,
the table of contents, the numbers of lists and headings, formulas, images and charts.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import mammoth
from bs4 import BeautifulSoup
from lxml import etree

from rag.document import Parsed
from rag.parse import package
from rag.parse.html import parse_soup

_STYLE_MAP = "p[style-name='title'] => h1:fresh\np[style-name^='toc '] => !"
_DEEPEST = 6
_BODY_TEXT = 9
"""The outline level (from 0) of what is no heading."""


def parse_docx(path: Path) -> Parsed:
    refused = package.refusal(path, package.WORD)
    if refused:
        return refused
    try:
        soup = BeautifulSoup(_html(_plain(path)), "lxml")
    except (MemoryError, OSError):
        raise
    except Exception as error:  # a broken part breaks mammoth in whatever way
        return package.damaged(error)
    _number_notes(soup)
    return parse_soup(soup)


def _html(file: io.BytesIO) -> str:
    result = mammoth.convert_to_html(
        file, style_map=_STYLE_MAP, convert_image=lambda _: [], include_embedded_style_map=False
    )
    return str(result.value)


def _plain(path: Path) -> io.BytesIO:
    """The file's markup without its looks, which is most of it and slow to read: a third to a tenth of the time."""
    plain = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(plain, "w") as target:
        for name in source.namelist():
            if name.endswith((".xml", ".rels")):
                target.writestr(name, _without_looks(source.read(name)))
    return plain


def _without_looks(markup: bytes) -> bytes:
    root = etree.fromstring(markup, etree.XMLParser(resolve_entities=False, no_network=True))
    for looks in list(root.iterfind(".//{*}r/{*}rPr")):  # a walk would end where a run is removed
        run = looks.getparent()
        hidden = looks.find("{*}vanish")
        if hidden is not None and _value(hidden) not in ("0", "false", "off"):
            run.getparent().remove(run)
        else:
            run.remove(looks)
    if _local(root) == "styles":
        _name_headings(root)
    return bytes(etree.tostring(root))


def _name_headings(styles: etree._Element) -> None:
    """Gives every style of an outline level the name that mammoth knows a heading by, in any language."""
    levels = _outline_levels(styles)
    for style in styles.iterfind("{*}style"):
        level = levels.get(_value(style, "styleId"), _BODY_TEXT)
        for child in style:
            if _local(child) == "name":
                name = _value(child).lower() if level == _BODY_TEXT else f"heading {min(level + 1, _DEEPEST)}"
                child.set(next(iter(child.keys())), name)
            elif _local(child) != "pPr":
                style.remove(child)


def _outline_levels(styles: etree._Element) -> dict[str, int]:
    """Style -> outline level from 0, its own or that of the style it is based on."""
    own: dict[str, int] = {}
    bases: dict[str, str] = {}
    for style in styles.iterfind("{*}style"):
        name = _value(style, "styleId")
        level, base = style.find("{*}pPr/{*}outlineLvl"), style.find("{*}basedOn")
        if level is not None:
            own[name] = int(_value(level))
        if base is not None:
            bases[name] = _value(base)
    return {name: _inherited(name, own, bases) for name in own.keys() | bases.keys()}


def _inherited(name: str, own: Mapping[str, int], bases: Mapping[str, str]) -> int:
    for _ in range(len(bases) + 1):  # bases may go round in a circle
        if name in own or name not in bases:
            break
        name = bases[name]
    return min(own.get(name, _BODY_TEXT), _BODY_TEXT)


def _value(element: etree._Element, name: str = "val") -> str:
    """An attribute under whichever of the format's two namespaces."""
    return next((str(value) for key, value in element.items() if str(key).rpartition("}")[2] == name), "")


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _number_notes(soup: BeautifulSoup) -> None:
    """Notes stand in a list at the end: each gets the number by which the text refers to it."""
    for number, note in enumerate(soup.select('li[id^="footnote-"], li[id^="endnote-"]'), start=1):
        for back in note.select('a[href^="#footnote-ref-"], a[href^="#endnote-ref-"]'):
            back.decompose()
        first = note.find("p") or note
        first.insert(0, f"[{number}] ")
