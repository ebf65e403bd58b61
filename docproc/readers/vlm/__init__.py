"""Reads pages with a vision-language model in this process. Importing this package imports no torch."""
