"""Dead letters: looked at without taking them away, and sent back where that is safe."""
