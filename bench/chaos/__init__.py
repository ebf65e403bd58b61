"""A whole service under fire: workers killed, servers taken away, and every page counted at the end."""
