"""Whether HASH_KEY is the key that the records of a ledger were made with: with another, no record is found any more."""

from infra.operate.ops.ending import misused
from ledger import Keys, Ledger
from ledger.agenda import SHARDS
from retention.sweeping import DUE


def fits(keys: Keys, ledger: Ledger) -> bool | None:
    """Whether these keys are the ledger's, by a record on the agenda: it alone has its raw id beside its record key.

    None where nothing is on the agenda. Raises TableUnavailable.
    """
    for number in range(SHARDS):
        page = next(ledger.query(DUE, f"due#{number:02d}"), [])
        for record in page:
            if record.response_id:
                return keys.key("response", record.response_id) == record.key
    return None


def fitting(keys: Keys, ledger: Ledger, environment: str) -> Keys:
    """These keys, where they may be the ledger's. Raises Ended where they are not, and TableUnavailable."""
    if fits(keys, ledger) is False:
        raise misused(f"{environment}: HASH_KEY is not the key that the ledger's records were made with")
    return keys
