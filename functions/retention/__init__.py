"""What is to become of stored responses: who is registered, how long they are kept, and the proof of what became of them."""
