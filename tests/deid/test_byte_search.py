"""Texts are found wherever they stand in bytes, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.deid.byte_search import ByteSearch

TEXTS = (
    b"vandermolen",
    b"kx-44",
    "wilhelmina".encode("utf-16-le"),
    "山田太郎".encode(),
)
SEARCH = ByteSearch.for_texts(TEXTS)


def noise(length: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, length, np.uint8).tobytes()


@pytest.mark.parametrize("number", range(len(TEXTS)))
@pytest.mark.parametrize("rest", [0, 1, 7])
def test_every_text_is_found_at_every_place(number, rest):
    """Even and odd places, at both ends, in small and capital letters."""
    text = TEXTS[number]
    background = noise(200 + rest)

    for at in range(len(background) - len(text) + 1):
        for written in (text, text.upper()):
            content = background[:at] + written + background[at + len(text) :]
            assert SEARCH.stands_in(content)


def test_the_answer_is_that_of_a_plain_search():
    """Over thousands of contents made of the bytes of the texts themselves."""
    letters = np.frombuffer(b"".join(TEXTS) + b"VANDERMOLEN", np.uint8)
    generator = np.random.default_rng(1)
    found = 0
    for _ in range(3000):
        content = generator.choice(letters, 60).tobytes()
        if generator.random() < 0.3:
            content = content[:30] + b"KX-44" + content[35:]
        plain = any(one in content.lower() for one in TEXTS)
        found += plain
        assert SEARCH.stands_in(content) == plain

    assert 500 < found < 1500


def test_nothing_is_found_in_nothing():
    """No text, no content, content shorter than a pair."""
    assert not ByteSearch.for_texts(()).stands_in(b"vandermolen")
    assert not any(SEARCH.stands_in(one) for one in (b"", b"v", b"va", b"vand"))
    with pytest.raises(ValueError, match="5 bytes"):
        ByteSearch.for_texts((b"doe",))
