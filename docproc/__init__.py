"""docproc turns PDFs and images into validated records with evidence; this file knows only the version."""

__version__ = "0.1.0"
