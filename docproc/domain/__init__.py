"""The words of docproc as types: standard library and pydantic only, no I/O."""
