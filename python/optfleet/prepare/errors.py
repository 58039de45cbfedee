class PrepareError(Exception):
    """What is wrong, where, and what to do: one sentence for the person at the terminal."""
