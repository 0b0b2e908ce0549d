"""What a part of a text says that cannot be guessed."""

from __future__ import annotations

import pytest

from sharedctx_workers.compressors.text_facts import names_in


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("plain words, of which none; names nothing.", []),
        ("see the `first name` in the list", ["first name"]),
        ("it is at https://example.org/a or in src/main", ["https://example.org/a", "src/main"]),
        ("with a --dry-run and a -v for the os.path.join", ["--dry-run", "-v", "os.path.join"]),
        ("of 12.5 to 30% since 2026-11-25", ["12.5", "30%", "2026-11-25"]),
        ("what the Great Wall says to camelCase", ["Great Wall", "camelCase"]),
        ("and in café style, or naïve HTTP", ["HTTP"]),
    ],
)
def test_names_are_found_behind_and_between_plain_words(said: str, names: list[str]) -> None:
    found = list(names_in(said))
    assert [name for _, _, name in found] == names
    assert all(said[start:end].strip("`") == name for start, end, name in found)
