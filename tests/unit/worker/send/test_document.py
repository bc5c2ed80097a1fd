"""Documents that hold bytes: what is read of them, in whatever pieces, is the JSON with base64 in it."""

import base64
import hashlib
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.send.document import Document

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def in_base64(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: in_base64(inner) for name, inner in value.items()}
    return [in_base64(inner) for inner in value] if isinstance(value, list) else value


@given(value=json_values, sizes=st.lists(st.integers(1, 9), min_size=1), ascii_only=st.booleans())
def test_whatever_it_holds_and_however_it_is_read_it_is_json_with_base64(
    value: Any, sizes: list[int], *, ascii_only: bool
) -> None:
    text = json.dumps(in_base64(value), ensure_ascii=ascii_only).encode()
    document = Document(value, ascii_only=ascii_only)
    read = b""
    for size in sizes * (len(text) + 1):
        read += document.read(size) or b""

    assert (read, len(document), document.whole()) == (text, len(text), text.decode())
    assert document.sha256() == hashlib.sha256(text).hexdigest()
    assert document.read() == text  # from its beginning


@given(value=json_values, at=st.integers(0, 200))
def test_it_can_be_read_from_any_byte(value: Any, at: int) -> None:
    document = Document(value)
    document.seek(at)
    assert document.read() == json.dumps(in_base64(value), ensure_ascii=False).encode()[at:]


def test_what_is_no_number_becomes_null_beside_bytes() -> None:
    assert json.loads(Document({"a": float("nan"), "b": b"so"}).whole()) == {"a": None, "b": "c28="}


def test_what_is_neither_json_nor_bytes_is_refused() -> None:
    with pytest.raises(TypeError, match="neither JSON nor bytes"):
        Document({"a": object()})


def test_sound_is_not_held_as_text_while_it_is_read() -> None:
    sound = bytes(9_000_000)
    tracemalloc.start()
    try:
        document = Document({"audio": sound})
        document.sha256()
        while document.read(65_536):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000
