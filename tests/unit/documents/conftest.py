from tests.unit.ledger.conftest import clock, given, store

__all__ = ["clock", "given", "store"]
