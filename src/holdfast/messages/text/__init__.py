"""Text messages: segments, senders, and the words that stop them."""
