"""What we ask of the world: Protocols and the values that cross them."""
