"""The sample events under `events/<function>/<case>.json`."""
