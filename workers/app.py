"""The Celery application with its tasks, as every process of a worker imports it."""

from docproc.bootstrap import load_settings
from docproc.domain.errors import UsageError
from docproc.queueing.celery_app import celery_app
from workers.tasks import register

_BROKER = load_settings().broker
if _BROKER is None:
    raise UsageError("a worker needs a broker: set DOCPROC_BROKER_URL, for example redis://127.0.0.1:6379/0")

app = celery_app(_BROKER)
# a pool process is a fresh interpreter: this is what tells it about the tasks
app.conf.include = [__name__]
register(app)
