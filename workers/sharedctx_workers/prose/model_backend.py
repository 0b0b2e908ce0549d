"""A model as a backend: words to tokens, tokens to chunks, scores of tokens to those of words.

What computes the scores, onnxruntime or torch, is a `TokenScorer`; everything else is the same for
all models, so that they are used in one way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sharedctx_workers.prose.backend import LEVELS, Scores
from sharedctx_workers.prose.errors import DamagedModel

__all__ = ("Chunk", "ModelBackend", "Pooling", "TokenScorer", "TokenScores", "load_tokenizer")

Pooling = Literal["max", "mean"]
Chunk = NDArray[np.int64]
"""Token ids of one input, special tokens included."""

_Values = NDArray[np.float32]
_SENTENCES = 256  # tokenized at a time, which bounds the memory it takes
_SMOKE = "The quick brown fox must not jump over 13 lazy dogs in /var/tmp today .".split()  # noqa: SIM905


class TokenScores(NamedTuple):
    """From 0 to 1, how much each token is needed, and how much the sentence that it is in is."""

    keep: _Values
    sentence: _Values


class TokenScorer(Protocol):
    """Computes scores of tokens."""

    def score(self, chunks: Sequence[Chunk]) -> list[TokenScores]:
        """Return the scores of each chunk, those of its special tokens included."""
        ...


@dataclass(frozen=True, slots=True)
class ModelBackend:
    """Scores words with a model.

    Attributes:
        name: Name and version of the model.
        least: Words that score this much or more are never dropped.
        capacity: Words of one document at most: what a job has time for.
        scorer: What computes.
        tokenizer: What makes tokens of words.
        chunk_tokens: Tokens of one input at most, special tokens included.
        pooling: How the scores of the tokens of a word become that of the word.
    """

    name: str
    least: int
    capacity: int
    scorer: TokenScorer
    tokenizer: Tokenizer
    chunk_tokens: int
    pooling: Pooling

    def score(self, sentences: Sequence[Sequence[str]]) -> list[Scores]:
        """Return what each sentence and each of its words is worth."""
        found: list[Scores] = []
        for start in range(0, len(sentences), _SENTENCES):
            found += self._score(sentences[start : start + _SENTENCES])
        return found

    def check(self) -> None:
        """Score a sentence, because what loads may still not compute.

        Raises:
            DamagedModel: it does not, or the scores are no scores.
        """
        try:
            scores = self.score([_SMOKE])[0].keep
        except Exception as error:
            raise DamagedModel(
                f"The text model {self.name} does not compute: {type(error).__name__}. "
                "Reinstall it, or choose another one."
            ) from error
        if len(set(scores)) < 2:
            raise DamagedModel(
                f"The text model {self.name} gives every word the same score: its weights are "
                "not those of a trained model."
            )

    def _score(self, sentences: Sequence[Sequence[str]]) -> Iterator[Scores]:
        """Yield the scores of some sentences."""
        encodings = self.tokenizer.encode_batch(
            [list(words) for words in sentences], is_pretokenized=True, add_special_tokens=False
        )
        sizes = [len(each) for each in encodings]
        ids = np.fromiter((i for each in encodings for i in each.ids), np.int64, sum(sizes))
        words = [each.word_ids for each in encodings]
        special = self.tokenizer.encode("").ids
        cuts = _cuts(words, self.chunk_tokens - len(special))
        keep, sentence = self._token_scores(ids, cuts, special)
        start = 0
        for size, own, of in zip(sizes, sentences, words, strict=True):
            end = start + size
            scores = self._pooled(keep[start:end], of, len(own))
            mean = float(sentence[start:end].mean()) if size else 1.0
            yield Scores(scores, round(mean * LEVELS))
            start = end

    def _token_scores(
        self, ids: NDArray[np.int64], cuts: Sequence[int], special: Sequence[int]
    ) -> TokenScores:
        """Return the scores of all tokens, computed in chunks that end at `cuts`.

        The first of the `special` tokens opens each chunk, the others close it.
        """
        first, last = special[:1], special[1:]
        starts = [0, *cuts][:-1]
        chunks = [
            np.concatenate((first, ids[start:end], last)).astype(np.int64)
            for start, end in zip(starts, cuts, strict=True)
        ]
        scores = self.scorer.score(chunks)
        inner = slice(len(first), -len(last) or None)
        if not scores:
            return TokenScores(np.zeros(0, np.float32), np.zeros(0, np.float32))
        return TokenScores(
            np.concatenate([each.keep[inner] for each in scores]),
            np.concatenate([each.sentence[inner] for each in scores]),
        )

    def _pooled(self, keep: _Values, words: Sequence[int | None], count: int) -> list[int]:
        """Return the score of each word; those without a token of their own are kept."""
        scores = [LEVELS] * count
        places = [i for i in range(len(words)) if i == 0 or words[i] != words[i - 1]]
        if not places:
            return scores
        if self.pooling == "max":
            pooled = np.maximum.reduceat(keep, places)
        else:
            pooled = np.add.reduceat(keep, places) / np.diff([*places, len(words)])
        levels = np.clip(np.rint(pooled * LEVELS), 0, LEVELS).astype(int).tolist()
        for place, level in zip(places, levels, strict=True):
            word = words[place]
            if word is not None:
                scores[word] = level
        return scores


def load_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer in `path`, which gives all tokens of a text.

    Raises:
        DamagedModel: the file is none.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers has no class of its own for them
        raise DamagedModel(f"{path} is no tokenizer. Get the model again.") from error
    # Those that come with models cut texts at some length.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _cuts(words: Sequence[Sequence[int | None]], room: int) -> list[int]:
    """Return where to cut the tokens of sentences so that no chunk has more than `room`.

    Cuts are between sentences; inside one that does not fit, between words, if a word fits.
    """
    cuts: list[int] = []
    start = place = 0
    for own in words:
        end = place + len(own)
        if end - start > room and place > start:
            cuts.append(place)
            start = place
        while end - start > room:
            cut = start + room
            while cut > start and own[cut - place] == own[cut - place - 1]:
                cut -= 1
            start = cut if cut > start else start + room
            cuts.append(start)
        place = end
    if place > start:
        cuts.append(place)
    return cuts
