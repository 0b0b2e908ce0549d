"""How much each word of a sentence matters, by its part of speech, its role and what it names.

The table is a linguist's guess, not a fit: names and numbers first, then nouns, then what happens
to them; grammar last. A model that learns it from many texts smooths its mistakes and needs no
parser. Words already said in the passage count less: they can be read there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from training.words import Word, values_by_word

__all__ = ("MEANING", "word_scores")

# Universal parts of speech.
_BASE: Final[Mapping[str, float]] = {
    "ADJ": 0.62, "ADP": 0.14, "ADV": 0.38, "AUX": 0.08, "CCONJ": 0.06, "DET": 0.03,
    "INTJ": 0.03, "NOUN": 0.76, "NUM": 0.95, "PART": 0.05, "PRON": 0.12, "PROPN": 0.9,
    "PUNCT": 0.0, "SCONJ": 0.16, "SPACE": 0.0, "SYM": 0.6, "VERB": 0.62, "X": 0.75,
}  # fmt: skip
# What turns a sentence into its opposite, sets its limits, or says when it holds.
MEANING: Final = frozenset(
    "no not n't never none nothing neither nor without cannot unless except only instead until "
    "before after since than if per versus must shall should may might could would can "
    "while during despite although because below above under over within between against "
    "every all any both most least more less fewer".split()
)
_STRONG: Final = frozenset(
    "no not n't never none nothing neither nor without cannot unless except only instead until "
    "before after since than if per versus must should".split()
)
_LIGHT: Final = frozenset(
    "be have do get make take give go come let say want see know think use need seem look keep "
    "put try show find mean become provide include allow contain follow".split()
)
_VAGUE: Final = frozenset(
    "thing way lot kind sort bit case fact part point time one other same such several various "
    "certain general particular example order number use following available possible able own "
    "many much very really quite just also even still actually basically simply well then so too "
    "rather already always often usually however therefore thus here there now again further "
    "etc e.g i.e um uh yeah okay ok".split()
)
_OBJECTS: Final = frozenset({"dobj", "obj", "attr", "pobj", "oprd", "acomp", "appos", "dative"})
_NAMED: Final = frozenset(
    {"CARDINAL", "DATE", "EVENT", "FAC", "GPE", "LANGUAGE", "LAW", "LOC", "MONEY", "NORP",
     "ORDINAL", "ORG", "PERCENT", "PERSON", "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART"}
)  # fmt: skip


def word_scores(parsed: Any, words: list[Word], rarity: Mapping[str, float]) -> list[float]:
    """Return a score from 0 to 1 for each of `words`.

    Args:
        parsed: The spaCy document of the text that the words are from.
        words: Its words.
        rarity: From 0 (in most passages) to 1 (in few), by lower-case lemma.
    """
    seen: Counter[str] = Counter()
    scores = []
    for token in parsed:
        scores.append(_token_score(token, rarity, seen))
        seen[token.lemma_.lower()] += 1
    spans = [(token.idx, token.idx + len(token.text)) for token in parsed]
    return [max(values, default=0.0) for values in values_by_word(words, spans, scores)]


def _token_score(token: Any, rarity: Mapping[str, float], seen: Mapping[str, int]) -> float:
    lemma = token.lemma_.lower()
    if lemma in _STRONG or token.dep_ == "neg":
        return 0.85
    score = _BASE.get(token.pos_, 0.4)
    named = token.ent_type_ in _NAMED
    if lemma in MEANING:
        score = max(score, 0.45)
    elif token.is_stop and not named:
        return min(score, 0.25)
    elif lemma in _VAGUE and not named:
        return min(score, 0.3)
    elif token.pos_ == "VERB" and lemma in _LIGHT:
        score = 0.35
    if token.pos_ in {"NOUN", "PROPN", "VERB", "ADJ", "ADV", "X"}:
        score += 0.16 * (rarity.get(lemma, 1.0) - 0.5)
        score -= 0.12 * min(seen[lemma], 2) * (0.5 if token.pos_ == "PROPN" else 1.0)
        score += 0.05 if token.dep_ in _OBJECTS else 0.0
    if named and token.pos_ not in {"PUNCT", "DET", "ADP", "PART"}:
        score = max(score, 0.6) + 0.12
    return min(1.0, max(0.0, score))
