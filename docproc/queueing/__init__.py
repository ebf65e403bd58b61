"""How work reaches workers: here, threads of this process."""
