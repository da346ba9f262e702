"""Whether a folder's language is one that an English embedding model can read."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from rag.lexical import STOP_WORDS

SAMPLE = 400
"""Texts looked at."""
LEAST_WORDS = 20
"""Fewer words tell nothing: a table, a list of names."""
LEAST_SHARE = 0.12
"""Of a text's words, those that only join others. English prose has 35 to 50 % of its own; a list of commands or a
table with some prose 10 to 20."""
FOREIGN = 0.2
"""Share of the texts from which on a folder is told to need another encoder."""

_JOINING = {
    "English": "the of and to a in is that for it was on are as with be by this not from or at which have you an will",
    "German": "der die und den von zu das mit sich des auf ist im dem nicht ein eine als auch es werden aus er hat",
    "French": "le la les de des et en un une du est dans que pour qui par sur au pas plus ne ce se sont avec il aux",
    "Spanish": "el la los las de y en que un una del se por con para es al lo como más su no o este entre",
    "Portuguese": "o a os as de e em que um uma do da dos das para com não por se no na mais ao como é",
    "Italian": "il lo la i gli le di e che in un una del della per con non si è al da dei sono come nel",
    "Dutch": "de het een en van in is dat op te zijn met voor niet aan er om ook als bij uit worden naar door",
    "Swedish": "och att det i en som är av för med den till på inte om ett har de var sig från vid kan ska",
    "Danish": "og at det i en som er af for med den til på ikke om et har de var sig fra ved kan skal",
    "Polish": "i w z na do się nie to że jest o jak po co od za przez dla oraz są tego ma być może",
    "Czech": "a v se na je že s z do o i to jako za pro jsou by podle po tak které který od při není",
    "Turkish": "ve bir bu da de için ile olarak çok daha gibi olan ne ise en kadar her sonra ya var",
    "Finnish": "ja on ei se että oli joka hän mutta ovat kun myös tai sen niin kuin ovat mukaan jos olla",
    "Indonesian": "yang dan di dengan untuk dari pada dalam ini adalah itu tidak ke akan oleh sebagai atau juga",
}
_WORDS = {language: frozenset(word for word in words.split() if len(word) > 1) for language, words in _JOINING.items()}
"""Without single letters, which are variables in code."""

_ASKING = {
    language: frozenset(words.split())
    for language, words in {
        "German": "wie wer wen wem wann wo woher wohin warum wieso weshalb welche welcher welches welchen welchem"
        " wieviel viele",
        "French": "quel quelle quels quelles qui quoi quand où comment pourquoi combien",
        "Spanish": "qué quién quiénes cuál cuáles cuándo cuánto cuánta cuántos cuántas dónde cómo",
        "Portuguese": "qual quais quem quando quanto quantos quantas onde quê",
        "Italian": "chi cosa quale quali quando quanto quanti quante dove perché",
        "Dutch": "wie wat waar wanneer waarom hoe welke welk hoeveel",
        "Swedish": "vad vem när hur varför vilken vilket vilka",
        "Danish": "hvad hvem hvor hvornår hvordan hvorfor hvilken hvilket hvilke",
        "Polish": "gdzie kiedy jak dlaczego ile który która które",
        "Czech": "kdo kde kdy jak proč kolik který která které",
        "Turkish": "kim nerede zaman nasıl neden kaç hangi",
        "Finnish": "mikä mitä kuka missä milloin miten miksi kuinka montako",
        "Indonesian": "apa siapa kapan bagaimana mengapa berapa",
    }.items()
}
_ENGLISH_ALONE = (_WORDS["English"] | STOP_WORDS) - frozenset(
    "a am an as at by die do for had he her i in is may me no of on or over per so to under was we will".split()
)
"""Words by which a question is English: those that other languages have too tell nothing."""

_SCRIPTS = {
    "CJK": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
    "CYRILLIC": "Russian or another language in Cyrillic script",
    "ARABIC": "Arabic or Persian",
    "HEBREW": "Hebrew",
    "GREEK": "Greek",
    "DEVANAGARI": "Hindi",
    "BENGALI": "Bengali",
    "TAMIL": "Tamil",
    "THAI": "Thai",
}
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = re.compile(r"all-(minilm|mpnet)|-en\b|mxbai-embed|snowflake-arctic-embed(?!2|.*v2)|nomic-embed-text(?!-v2)")
"""Names of models for English alone; of an unknown model nothing is claimed."""
_MULTILINGUAL = "intfloat/multilingual-e5-small (`hf download intfloat/multilingual-e5-small`) or ollama:bge-m3"


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """`foreign` of the texts whose language could be told (0 to 1) are not English, most of them in `language`."""

    foreign: float
    language: str
    texts: int


def language_of(text: str) -> str | None:
    """The name of a text's language, None where the text is too short or too much of a table to tell."""
    if language := _by_script(text):
        return language
    words = [word.lower() for word in _WORD.findall(text)]
    if len(words) < LEAST_WORDS:
        return None
    shares = {language: sum(word in known for word in words) / len(words) for language, known in _WORDS.items()}
    best = max(shares, key=lambda language: shares[language])
    return best if shares[best] >= LEAST_SHARE else None


def foreign_share(texts: Iterable[str]) -> LanguageShare:
    """Over the first `SAMPLE` texts, which the caller takes from all over the folder."""
    told = Counter(language for text in islice(texts, SAMPLE) if (language := language_of(text)))
    others = Counter({language: count for language, count in told.items() if language != "English"})
    if not others:
        return LanguageShare(0.0, "English", told.total())
    return LanguageShare(others.total() / told.total(), others.most_common(1)[0][0], told.total())


def language_warning(texts: Iterable[str], encoder_name: str) -> str | None:
    """What to tell a person whose folder is not English while the encoder reads English alone, else None."""
    if not _ENGLISH.search(encoder_name.lower()):
        return None
    share = foreign_share(texts)
    if share.foreign < FOREIGN:
        return None
    return (
        f"{share.foreign:.0%} of the texts seem to be {share.language}, and {encoder_name} reads English alone:"
        f" search by meaning will miss much. A multilingual encoder: --encoder {_MULTILINGUAL}"
    )


def question_warning(question: str, encoder_name: str) -> str | None:
    """What to tell a person who asks in another language while the encoder reads English alone, else None."""
    language = asked_in(question) if _ENGLISH.search(encoder_name.lower()) else None
    if language in (None, "English"):
        return None
    return (
        f"the question seems to be {language}, and {encoder_name} reads English alone: ask in English where the"
        f" documents are English; else a multilingual encoder finds more: --encoder {_MULTILINGUAL}"
    )


def asked_in(question: str) -> str | None:
    """The name of a question's language; None where so short a text does not tell for sure, and where it holds an
    English word that joins others."""
    if language := _by_script(question):
        return language
    words = {word.lower() for word in _WORD.findall(question)}
    if words & _ENGLISH_ALONE:
        return None
    enough = 2 if "?" in question else max(2, len(words) // 2 + 1)
    own = {language: words & (_WORDS[language] | asking) for language, asking in _ASKING.items()}
    best = max(own, key=lambda language: len(own[language]))
    return best if len(own[best]) >= enough and own[best] & _ASKING[best] else None


def _by_script(text: str) -> str | None:
    """None for Latin, in which most of a text must not be to tell."""
    letters = [character for character in text[:2000] if character.isalpha()]
    foreign = Counter(script for character in letters if (script := _script(character)))
    return _in_script(foreign) if foreign.total() > len(letters) / 2 else None


def _script(character: str) -> str | None:
    """The name of a script of `_SCRIPTS`, None for Latin and the others."""
    if character < "\u0370":
        return None
    script = unicodedata.name(character, "").partition(" ")[0]
    return script if script in _SCRIPTS else None


def _in_script(found: Counter[str]) -> str:
    """Japanese is written in Chinese characters too; its own letters tell."""
    if found["HIRAGANA"] + found["KATAKANA"] > found.total() / 20:
        return "Japanese"
    if found.most_common(1)[0][0] == "CJK":
        return "Chinese"
    return _SCRIPTS[found.most_common(1)[0][0]]
