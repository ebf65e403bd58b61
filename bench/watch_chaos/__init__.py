"""A watched folder under fire: files dropped in every bad way, watchers killed, every version counted at the end."""
