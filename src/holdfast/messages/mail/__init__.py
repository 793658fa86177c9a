"""Mail: letters as bytes, signed, and the addresses they come from and go back to."""
