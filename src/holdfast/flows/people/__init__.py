"""Who people are: joining and parting them, telling what is held of them, forgetting them."""
