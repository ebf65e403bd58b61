"""The automatic choice: who reads a window, and what the choice is called."""

from dataclasses import dataclass, field

import pytest

from docproc.domain.errors import CorruptError, UnsupportedError
from docproc.domain.image import PageImageSpec
from docproc.domain.page import PageContent, TextSource
from docproc.domain.reading import Attachment, Reading, Window
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, RuleFindings
from docproc.readers.auto import AutoReader
from docproc.readers.einvoice import EinvoiceReader

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
XML_INVOICE = f"""
<Invoice xmlns="{UBL}Invoice-2" xmlns:cbc="{UBL}CommonBasicComponents-2" xmlns:cac="{UBL}CommonAggregateComponents-2">
  <cbc:ID>E-17</cbc:ID><cac:LegalMonetaryTotal><cbc:PayableAmount>9.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
</Invoice>""".strip().encode()


@dataclass
class PagesReader:
    """Reads nothing and remembers what it was given."""

    name: str = "layout"
    version: str = "7"
    window_pages: int = 32
    image: PageImageSpec | None = None
    given: list[Window] = field(default_factory=list)
    refusal: CorruptError | None = None

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:  # noqa: ARG002 the port's signature
        self.given.append(window)
        if self.refusal is not None:
            raise self.refusal
        return Reading(reader=self.name, reader_version=self.version, record={"invoice_number": "from the page"})


def schema_with(*names: str) -> ExtractionSchema:
    return ExtractionSchema(
        name="test",
        version=1,
        fields=tuple(FieldSpec(name=name, kind=FieldKind.ID) for name in names),
        json_schema={},
        check_shape=lambda _: (),
        check_rules=lambda _: RuleFindings(),
    )


INVOICE, CONTRACT = schema_with("invoice_number", "total_gross", "due_date"), schema_with("party", "effective_date")


def window(*contents: bytes, pages: int = 1) -> Window:
    page = PageContent(number=1, width=595, height=842, rotation=0, source=TextSource.NONE, words=())
    attachments = [Attachment(name=f"{number}.xml", content=content) for number, content in enumerate(contents)]
    return Window(pages=[page] * pages, attachments=attachments, page_count=pages)


@pytest.fixture
def pages() -> PagesReader:
    return PagesReader()


@pytest.fixture
def auto(pages: PagesReader) -> AutoReader:
    return AutoReader(einvoice=EinvoiceReader(), pages=pages)


def test_an_embedded_invoice_is_read_and_the_pages_are_left_alone(auto: AutoReader, pages: PagesReader) -> None:
    reading = auto.read(window(XML_INVOICE), INVOICE)

    assert (reading.reader, reading.record["invoice_number"]) == ("einvoice", "E-17")
    assert reading.complete
    assert pages.given == []


def test_the_invoice_is_found_behind_other_files(auto: AutoReader) -> None:
    reading = auto.read(window(b"no xml at all", b"<order/>", XML_INVOICE), INVOICE)

    assert reading.reader == "einvoice"


def test_an_invoice_alone_in_its_file_needs_no_page(auto: AutoReader) -> None:
    assert auto.read(window(XML_INVOICE, pages=0), INVOICE).record["invoice_number"] == "E-17"


@pytest.mark.parametrize("attachments", [(), (b"<order/>",), (b"<broken",), (b"",)])
def test_without_an_embedded_invoice_the_pages_are_read(
    auto: AutoReader, pages: PagesReader, attachments: tuple[bytes, ...]
) -> None:
    asked = window(*attachments)

    assert auto.read(asked, INVOICE).reader == "layout"
    assert pages.given == [asked]


def test_a_schema_that_asks_for_no_invoice_is_read_from_the_pages(auto: AutoReader) -> None:
    assert auto.read(window(XML_INVOICE), CONTRACT).reader == "layout"


@pytest.mark.parametrize(("content", "schema"), [(XML_INVOICE, CONTRACT), (b"<order/>", INVOICE)])
def test_a_file_without_pages_that_holds_nothing_for_the_schema_is_refused(
    auto: AutoReader, pages: PagesReader, content: bytes, schema: ExtractionSchema
) -> None:
    with pytest.raises(UnsupportedError, match="no invoice that this schema asks for"):
        auto.read(window(content, pages=0), schema)

    assert pages.given == []


def test_a_file_that_is_broken_xml_itself_says_so(auto: AutoReader) -> None:
    with pytest.raises(CorruptError, match="not well-formed"):
        auto.read(window(XML_INVOICE[:-5], pages=0), INVOICE)


def test_the_refusal_of_the_page_reader_is_passed_on(auto: AutoReader, pages: PagesReader) -> None:
    pages.refusal = CorruptError(page=3)

    with pytest.raises(CorruptError) as caught:
        auto.read(window(), INVOICE)

    assert caught.value is pages.refusal


def test_a_new_version_of_either_reader_is_a_new_version(pages: PagesReader) -> None:
    class NextEinvoice(EinvoiceReader):
        version = "next"

    versions = {
        AutoReader(einvoice=einvoice, pages=reader).version
        for einvoice in (EinvoiceReader(), NextEinvoice())
        for reader in (pages, PagesReader(version="8"))
    }

    assert len(versions) == 4
