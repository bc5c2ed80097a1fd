"""What producers and consumers build on: schemas of all messages and results, and the AsyncAPI document."""
