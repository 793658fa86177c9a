"""What is heard of messages: receipts, bounces, complaints, openings and clicks, and what follows what."""
