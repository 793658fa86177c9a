"""Where things are kept: answers to the ports, one package a technology."""
