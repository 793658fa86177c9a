"""Adaptive paths: weighing them again as more is known, telling how they stand, and what people say of them."""
