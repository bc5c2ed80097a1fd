"""Plays samples in the local environment, observes how each message ends, and shows it."""
