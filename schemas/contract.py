"""contract@1: the key terms of an agreement between parties."""

from typing import Annotated

from schemas.base import SchemaBody
from schemas.fields import Currency, Day, FreeText, Identifier, Line, Money, described


class Contract(SchemaBody):
    """The key terms of an agreement between parties."""

    schema_name = "contract"
    schema_title = "Contract"

    title: Annotated[Line | None, described("Title of the agreement, as printed at its head")]
    contract_number: Annotated[
        Identifier | None,
        described(
            "Number of the contract",
            aliases="Contract no. | Agreement no. | Vertragsnummer | Numéro de contrat | Número de contrato "
            "| Numero contratto "
            "| Contractnummer",
        ),
    ]
    effective_date: Annotated[
        Day | None,
        described(
            "Date from which the agreement is binding",
            aliases="Effective as of | Entered into as of | Commencement date | Dated | Vertragsbeginn | In Kraft ab "
            "| Date d'effet | Date d'entrée en vigueur | Fecha de entrada en vigor | Data di decorrenza | Ingangsdatum",
        ),
    ]
    expiration_date: Annotated[
        Day | None,
        described(
            "Date on which the agreement ends",
            aliases="Expiry date | End date | Termination date | Vertragsende | Date d'expiration | Date de fin "
            "| Fecha de vencimiento | Data di scadenza | Einddatum",
        ),
    ]
    signature_date: Annotated[
        Day | None,
        described(
            "Date of the last signature",
            aliases="Date signed | Signed on | Unterzeichnet am | Date de signature | Fecha de firma | Data di firma "
            "| Datum ondertekening",
        ),
    ]
    term: Annotated[
        Line | None,
        described(
            "Length of the agreement as number and unit, such as 3 years",
            aliases="Duration | Initial term | Laufzeit | Vertragsdauer | Durée | Duración | Plazo | Durata | Looptijd",
        ),
    ]
    notice_period: Annotated[
        Line | None,
        described(
            "How long before its end the agreement must be terminated",
            aliases="Notice | Kündigungsfrist | Préavis | Plazo de preaviso | Preavviso | Opzegtermijn",
        ),
    ]
    governing_law: Annotated[
        Line | None,
        described(
            "State or country whose law governs the agreement",
            aliases="Applicable law | Laws of | Anwendbares Recht | Droit applicable | Ley aplicable "
            "| Legge applicabile "
            "| Toepasselijk recht",
        ),
    ]
    jurisdiction: Annotated[
        Line | None,
        described(
            "Courts that decide disputes",
            aliases="Venue | Place of jurisdiction | Gerichtsstand | Tribunaux compétents | Jurisdicción "
            "| Foro competente "
            "| Bevoegde rechter",
        ),
    ]
    contract_value: Annotated[
        Money | None,
        described(
            "Total amount that the agreement is about",
            aliases="Contract price | Consideration | Vertragswert | Auftragssumme | Montant du contrat "
            "| Importe del contrato "
            "| Importo | Contractwaarde",
        ),
    ]
    currency: Annotated[
        Currency | None, described("Currency of the amount, ISO 4217", aliases="Währung | Devise | Divisa")
    ]
    subject: Annotated[
        FreeText | None,
        described(
            "What the agreement is about, as its text says",
            aliases="Purpose | Subject matter | Vertragsgegenstand | Objet | Objeto | Oggetto | Onderwerp",
        ),
    ]
    parties: Annotated[
        list[Line],
        described(
            "Names of the parties",
            aliases="Between | By and between | Zwischen | Vertragsparteien | Entre | Les parties | Tra "
            "| Le parti | Tussen "
            "| Partijen",
        ),
    ]
