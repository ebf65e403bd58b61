"""Use cases, one file one verb; owns the ports of stores, blobs and clock."""
