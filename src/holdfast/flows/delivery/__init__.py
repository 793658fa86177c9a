"""How it gets there: claims, lanes, senders, what came back."""
