"""Stand-ins at the ports, and builders, for tests of every area."""
