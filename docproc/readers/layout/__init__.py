"""The layout reader: finds the fields of any schema among the words of a page, on the CPU, by rules."""
