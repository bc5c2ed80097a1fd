"""How long stored responses are kept, and the proof of what became of them."""
