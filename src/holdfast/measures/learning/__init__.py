"""How paths are learnt about while people are on them: what is believed of each, and how many to send down it. Pure."""
