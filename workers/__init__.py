"""The Celery side of docproc: workers, their thin tasks and what keeps them supplied. docproc never imports it."""
