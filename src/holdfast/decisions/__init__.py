"""WHAT TO DO NEXT: campaigns, journeys (steps, state machine), experiments, the contact gate. Pure."""
