"""Child processes that end with their parent, and files that go with it."""
