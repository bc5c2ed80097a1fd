from tests.unit.ledger.conftest import clock, given, store, table

__all__ = ["clock", "given", "store", "table"]
