"""What a pipe writes, and where: the answer to stdout, as text or as events; everything else to stderr."""
