"""A function that can't be imported."""

raise RuntimeError("a setting is missing")
