"""The demo: a story of a few messages, told with the commands that a person would type."""
