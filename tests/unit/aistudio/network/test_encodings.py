"""Answers that come compressed in spite of what was asked for."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudio import OutcomeUnknown, Rejected
from aistudio.network.encodings import decoder
from tests.unit.aistudio.clients import an_api, create, delete
from tests.unit.aistudio.rawserver import answer, keep_serving, raw_server

TOLD = b'{"id":"r1","deleted":true}'


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED = {
    "gzip": ("gzip", gzip.compress(TOLD)),
    "gzip by its old name": ("x-gzip", gzip.compress(TOLD)),
    "gzip in several members": ("GZIP", gzip.compress(TOLD[:5]) + gzip.compress(TOLD[5:])),
    "deflate": ("deflate", zlib.compress(TOLD)),
    "deflate without its header": ("deflate", raw_deflate(TOLD)),
    "identity": ("identity", TOLD),
}


@pytest.mark.parametrize(("encoding", "body"), PACKED.values(), ids=PACKED)
def test_a_compressed_answer_is_read(encoding: str, body: bytes) -> None:
    packed = answer(200, body, Content_Encoding=encoding)
    with raw_server(keep_serving(packed)) as server, an_api(server.url) as api:
        assert delete(api) is False
        assert create(api).body == TOLD
        assert server.requests[0].headers["accept-encoding"] == "identity"


def test_a_compressed_error_says_what_it_says() -> None:
    gone = gzip.compress(b'{"error":{"message":"Response r1 not found"}}')
    with raw_server(keep_serving(answer(404, gone, Content_Encoding="gzip"))) as server, an_api(server.url) as api:
        assert delete(api) is True
        with pytest.raises(Rejected):
            create(api)


BROKEN = {
    "cut": ("gzip", gzip.compress(TOLD)[:-9], "broken off while compressed"),
    "not gzip": ("gzip", TOLD, "can not be read"),
    "damaged": ("gzip", gzip.compress(TOLD)[:-8] + bytes(8), "can not be read"),
    "not deflate": ("deflate", b"\xff" * 30, "can not be read"),
    "brotli": ("br", b"\x0b\x02\x80", "encoding that was not asked for"),
    "several": ("gzip, br", gzip.compress(TOLD), "encoding that was not asked for"),
}


@pytest.mark.parametrize(("encoding", "body", "why"), BROKEN.values(), ids=BROKEN)
def test_one_that_can_not_be_read_is_unknown_and_says_why(encoding: str, body: bytes, why: str) -> None:
    packed = answer(200, body, Content_Encoding=encoding)
    with raw_server(keep_serving(packed)) as server, an_api(server.url) as api:
        for call in (delete, create):
            with pytest.raises(OutcomeUnknown, match=why):
                call(api)


def test_a_small_answer_that_becomes_a_large_one_is_read_to_the_bound_only() -> None:
    bomb = gzip.compress(bytes(200_000_000), compresslevel=1)
    assert len(bomb) < 1_000_000
    packed = answer(200, bomb, Content_Encoding="gzip")
    with (
        raw_server(keep_serving(packed)) as server,
        an_api(server.url) as api,
        pytest.raises(OutcomeUnknown, match="longer than 8388608 bytes"),
    ):
        delete(api)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@given(data=st.binary(max_size=2000), size=st.integers(1, 50), how=st.sampled_from(sorted(PACKED)))
def test_what_was_packed_comes_out_however_it_is_cut(data: bytes, size: int, how: str) -> None:
    encoding = PACKED[how][0].lower()
    pack = {"deflate": raw_deflate if "without" in how else zlib.compress, "identity": bytes}.get(
        encoding, gzip.compress
    )
    reading = decoder(encoding)
    assert reading is not None
    assert b"".join(reading.feed(piece, 10_000) for piece in pieces(pack(data), size)) == data
    assert reading.whole


@given(data=st.binary(min_size=50, max_size=5000), most=st.integers(1, 40))
def test_no_piece_becomes_more_than_its_bound(data: bytes, most: int) -> None:
    for encoding, packed in (("gzip", gzip.compress(data)), ("deflate", zlib.compress(data)), ("identity", data)):
        reading = decoder(encoding)
        assert reading is not None
        assert reading.feed(packed, most) == data[:most]
