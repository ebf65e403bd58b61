"""The steps of an extraction in their order, in memory, without I/O."""
