"""Questions that only the real services can answer: what `ops doctor --live` asks."""
