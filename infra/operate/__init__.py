"""What operators run: look a message up, copy the ledger, audit what is deployed."""
