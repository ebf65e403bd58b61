"""The report of a job with its page images; knows no HTML."""

from pathlib import Path

from docproc.bootstrap import Desk, open_pages
from docproc.domain.schema import ExtractionSchema
from docproc.exports.report.report_writer import ReportWriter
from docproc.services.collect import collect
from docproc.services.records import Job
from docproc.services.report_images import ReportImages


def write_report(desk: Desk, job: Job, schema: ExtractionSchema, *, target: Path, overwrite: bool) -> None:
    """One HTML file; a page whose original is gone or changed stands in it without its image."""
    with (
        open_pages(desk.settings, workers=1, ocr=False) as source,
        ReportImages(desk.stores, source, accept=desk.accept) as images,
        ReportWriter(target, schema, page_image=images, overwrite=overwrite) as writer,
    ):
        for item in collect(desk.stores, job.id, tenant=job.tenant):
            writer.write(item)
