"""Settling a batch: what a record says of a delivery, the call, and writing down how it ended."""
