"""Audio comes as base64 of several habits; what can't be read is said to be missing."""

import base64
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudio.realtime.audio import Sound, decoded

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


@st.composite
def spoken(draw: st.DrawFn) -> list[str]:
    """Deltas of one habit: whole by themselves, with padding or without, or one text that was cut anywhere."""
    pieces = draw(st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=6))
    if draw(st.booleans()):
        texts = [base64.b64encode(piece).decode() for piece in pieces]
        return [text.rstrip("=") for text in texts] if draw(st.booleans()) else texts
    return cut(base64.b64encode(b"".join(pieces)).decode(), draw(st.integers(1, 9)))


@given(spoken(), st.lists(st.sampled_from(["a", "AAAA", "*", "AAA", "AA\n"]), max_size=2))
def test_sound_that_is_decoded_as_it_comes_is_what_all_of_it_would_be(deltas: list[str], more: list[str]) -> None:
    sound = Sound()
    for delta in [*deltas, *more]:
        sound.add(delta)
    assert sound.whole() == decoded([*deltas, *more])


def test_sound_is_kept_once_and_not_as_text() -> None:
    delta = base64.b64encode(bytes(48_000)).decode()
    tracemalloc.start()
    try:
        sound = Sound()
        for _ in range(100):
            sound.add("".join(delta))  # a text of its own, as from a frame
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(sound.whole() or b"") == 4_800_000
    assert kept < 6_400_000 > peak - 1_000_000
