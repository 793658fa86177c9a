"""What would have happened: a journey replayed over the past."""
