"""Every claim that README makes about Hunch, as a program that measures it."""
