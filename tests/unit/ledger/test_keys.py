"""Record keys are keyed hashes: without the secret no id can be learned from them."""

from hypothesis import given
from hypothesis import strategies as st

from ledger import Keys

KEYS = Keys("a secret of some length")
TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too


def test_a_key_names_its_namespace_and_hides_its_value() -> None:
    key = KEYS.key("delete_response", "resp_1")

    namespace, _, digest = key.partition("#")
    assert namespace == "delete_response"
    assert len(digest) == 32
    assert "resp_1" not in key


def test_a_value_has_the_same_key_in_every_process_and_version() -> None:
    assert KEYS.key("subject", "someone") == "subject#edfa1811c8d23c746d617f3a726daf73"


def test_another_secret_makes_other_keys() -> None:
    assert Keys("another secret").key("subject", "someone") != KEYS.key("subject", "someone")


@given(TEXT, TEXT)
def test_no_two_values_and_no_two_namespaces_share_a_key(one: str, other: str) -> None:
    assert (KEYS.key("a", one) == KEYS.key("a", other)) == (one == other)
    assert KEYS.key("a", one).partition("#")[2] != KEYS.key("b", one).partition("#")[2]
