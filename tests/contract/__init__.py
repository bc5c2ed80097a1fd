"""The local AI Studio keeps to the wire format: shown by the official SDK, and byte by byte."""
