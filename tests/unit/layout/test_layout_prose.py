import pytest
from typeset import leaf, read, strings, value

from docproc.domain.schema import FieldKind

LAW = leaf("jurisdiction", description="State or country whose law governs the agreement")
TERM = leaf("term", description="Length of the agreement as number and unit")
PARTIES = strings("party")
EFFECTIVE = leaf("effective_date", FieldKind.DATE, description="Date from which the agreement is binding")

AGREEMENT = [
    "MUTUAL NON-DISCLOSURE AGREEMENT",
    "",
    "This Agreement is made as of the 15th day of May, 2007 (the “Effective Date”), by and between",
    "Alpine Data, Inc., a Delaware corporation with offices at 1 Main Road (“Alpine”), and Jane R. Smith",
    "(“Consultant”). It replaces the agreement dated March 3, 2001.",
    "",
    "1. Each party may disclose information within ten days. Neither party will for a period of three",
    "years solicit the employees of the other. This Agreement shall remain in effect for a period of two (2) years.",
    "",
    "2. This Agreement shall be governed by and construed in accordance with the laws of the State of Oregon,",
    "without regard to conflicts of law. Alpine is organized under the laws of the State of Delaware.",
]


def test_the_law_that_governs_and_not_the_one_of_a_company():
    assert value(AGREEMENT, LAW) == "Oregon"


def test_the_term_of_the_agreement_and_not_of_a_covenant():
    assert value(AGREEMENT, TERM) == "2 years"


def test_the_parties_are_named_in_the_opening():
    assert value(AGREEMENT, PARTIES) == ["Alpine Data, Inc.", "Jane R. Smith"]


def test_the_binding_date_and_not_that_of_another_agreement():
    assert value(AGREEMENT, EFFECTIVE, day_first=False) == "2007-05-15"


def test_values_from_sentences_have_their_words_as_evidence():
    hints = read(AGREEMENT, LAW, PARTIES).hints
    assert [place.text for place in hints["jurisdiction"].evidence] == ["Oregon"]
    assert hints["party[1]"].evidence[0].page == 1


def test_the_title_stands_at_the_head():
    assert value(AGREEMENT, leaf("title", description="Title of the agreement")) == "MUTUAL NON-DISCLOSURE AGREEMENT"


@pytest.mark.parametrize(
    ("sentence", "length"),
    [
        ("Dieser Vertrag endet nach einer Laufzeit von zwei Jahren.", "2 years"),
        ("Le présent contrat est en vigueur pour une durée de 18 mois.", "18 months"),
        ("The term of this Agreement shall expire one (1) year after its date.", "1 year"),
    ],
)
def test_a_term_is_said_in_words_or_digits(sentence, length):
    assert value([sentence], TERM) == length
