"""The command line: arguments in, use cases called, tables and files out."""
