"""Files to pages in child processes with limits: words, form fields, ink, images; knows no schema and no reader."""
