"""How work reaches who does it: threads of this process, or Celery; and who holds which leases meanwhile."""
