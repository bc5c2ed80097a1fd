"""What goes wrong on request: the kinds of faults, and the book that says which request gets which."""
