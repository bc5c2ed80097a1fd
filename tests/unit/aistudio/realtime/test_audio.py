"""Audio comes as base64 of several habits; what can't be read is said to be missing."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudio.realtime.audio import decoded

SOUND = bytes(range(256)) * 3 + b"\xfb\xff\xfe"  # the last three need both odd characters of either alphabet


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 100, 10_000])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode], ids=["standard", "url-safe"])
def test_one_text_that_was_cut_anywhere_is_decoded(encode: object, size: int) -> None:
    text = encode(SOUND + b"!").decode()  # type: ignore[operator] # both are functions
    assert decoded(cut(text, size)) == SOUND + b"!"
    assert decoded(cut(text.rstrip("="), 8)) == SOUND + b"!"


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=8), st.sampled_from(["+/", "-_"]))
def test_deltas_with_padding_of_their_own_are_decoded(pieces: list[bytes], alphabet: str) -> None:
    deltas = [base64.b64encode(piece, alphabet.encode()).decode() for piece in pieces]
    assert decoded(deltas) == b"".join(pieces)


def test_deltas_of_their_own_without_padding_are_decoded() -> None:
    pieces = [b"one", b"four", b"seven..", b"eleven....."]
    assert decoded([base64.b64encode(piece).decode().rstrip("=") for piece in pieces]) == b"".join(pieces)


def test_line_breaks_do_no_harm() -> None:
    assert decoded([base64.encodebytes(SOUND).decode()]) == SOUND


@pytest.mark.parametrize("deltas", [["a"], ["AAAA", "a"], ["not base64!"], ["AAAA*AAA"], ["=AAA"], ["привет"]], ids=str)
def test_what_is_not_base64_is_not_made_up(deltas: list[str]) -> None:
    assert decoded(deltas) is None


@given(st.lists(st.text(max_size=10), max_size=6))
def test_any_deltas_are_decoded_or_not(deltas: list[str]) -> None:
    assert isinstance(decoded(deltas), bytes | None)
