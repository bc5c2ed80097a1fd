"""Merkle trees, held to the vectors that certificate transparency's implementations are tested with."""

import hashlib

import pytest

from retention.evidence.merkle import every_path, leaf_hash, root_by_path, root_of

ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


@pytest.mark.parametrize("size", range(9))
def test_a_tree_of_so_many_entries_has_the_published_root(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_a_leaf_has_the_published_path(index: int, size: int) -> None:
    assert [step.hex() for step in every_path(LEAVES[:size])[index]] == PATHS[index, size]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_the_published_path_leads_to_the_published_root(index: int, size: int) -> None:
    path = [bytes.fromhex(step) for step in PATHS[index, size]]

    reached = root_by_path(LEAVES[index], index, size, path)

    assert reached is not None
    assert reached.hex() == ROOTS[size]


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


@pytest.mark.parametrize("size", range(1, 34))
def test_every_leaf_is_proved_at_its_own_place_and_at_no_other(size: int) -> None:
    entries = leaves(size)
    root, paths = root_of(entries), every_path(entries)

    for index, path in enumerate(paths):
        proved = [at for at in range(size) if root_by_path(entries[index], at, size, path) == root]
        assert proved == [index]


@pytest.mark.parametrize("size", [2, 3, 7, 8, 12])
def test_a_path_with_a_step_too_many_or_too_few_proves_nothing(size: int) -> None:
    entries = leaves(size)
    for index, path in enumerate(every_path(entries)):
        assert root_by_path(entries[index], index, size, path[:-1]) is None
        assert root_by_path(entries[index], index, size, [*path, path[0]]) is None


@pytest.mark.parametrize("index", [-1, 3])
def test_a_place_outside_the_tree_proves_nothing(index: int) -> None:
    assert root_by_path(leaves(3)[0], index, 3, every_path(leaves(3))[0]) is None


def test_an_entry_that_looks_like_a_node_has_another_hash_than_the_node() -> None:
    left, right = leaves(2)

    assert leaf_hash(left + right) != root_of([left, right])
    assert root_of([left, right]) == hashlib.sha256(b"\x01" + left + right).digest()
