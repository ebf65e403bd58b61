"""A process that works on a job until it is done or killed: DATABASE_URL FOLDER JOB_ID [SECONDS_A_DOCUMENT]."""

import sys
import time
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[1]))

from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from docproc.services.resume import resume
from docproc.storage.stores import open_own_database, stores_over
from doubles.documents import FirstWordReader
from doubles.jobs import Workplace


class SlowReader(FirstWordReader):
    """Takes its time, and writes down every window it reads."""

    def __init__(self, seconds: float, journal: Path) -> None:
        super().__init__()
        self._seconds = seconds
        self._journal = journal

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        time.sleep(self._seconds)
        reading = super().read(window, schema)
        with self._journal.open("a") as journal:
            journal.write(f"{reading.record['number']}\n")
        return reading


def main() -> None:
    url, folder, job_id, seconds = sys.argv[1:]
    place = Workplace(stores_over(open_own_database(url), Path(folder) / "blobs"), Path(folder))
    place.reader = SlowReader(float(seconds), place.folder / "journal")
    job = resume(place.stores, UUID(job_id), owners=place.owners)
    place.run(job, workers=3)


if __name__ == "__main__":
    main()
