"""The Responses API: create, get, cancel, delete, list of input items."""
