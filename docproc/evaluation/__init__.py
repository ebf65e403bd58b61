"""How well readers read: records against their truth, and the official metrics of published benchmarks. Pure."""
