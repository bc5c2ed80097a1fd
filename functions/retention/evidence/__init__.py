"""Proof of what was done: receipts as canonical lines, sealed day by day, each seal chained to the one before.

merkle        a tree over lines: its root, and the path that proves a line to be in it
seals         one day: its lines, eight trees, the seal over them
seal_records  the seals as the ledger has them
sealing       seals the days that are over
export        sealed days as a file that proves itself
verify        checks such a file, with nothing else at hand
"""
