"""What is looked at before a message is sent: one medium, one module that assigns `CHECK`."""
