"""bank_statement@1: a statement of one account over a period."""

from typing import Annotated

from docproc.domain.schema import MergeRule
from schemas.base import SchemaBody
from schemas.fields import Currency, Day, FreeText, Iban, Identifier, Line, Money, described


class Transaction(SchemaBody):
    """One movement on the account."""

    booking_date: Annotated[
        Day | None,
        described(
            "Date on which it was booked",
            aliases="Date | Post date | Buchungstag | Buchungsdatum | Date d'opération | Fecha operación "
            "| Data contabile | Boekdatum",
        ),
    ]
    value_date: Annotated[
        Day | None,
        described(
            "Date from which it bears interest",
            aliases="Value date | Wertstellung | Valuta | Date de valeur | Fecha valor | Data valuta | Valutadatum",
        ),
    ]
    description: Annotated[
        FreeText | None,
        described(
            "Text of the movement",
            aliases="Details | Particulars | Narrative | Verwendungszweck | Buchungstext | Libellé | Concepto "
            "| Descrizione "
            "| Omschrijving",
        ),
    ]
    amount: Annotated[
        Money | None,
        described(
            "Amount, negative when it leaves the account",
            aliases="Debit/Credit | Betrag | Umsatz | Soll/Haben | Montant | Débit/Crédit | Importe | Importo | Bedrag",
        ),
    ]
    balance: Annotated[
        Money | None,
        described(
            "Balance after the movement", aliases="Running balance | Saldo | Kontostand | Solde | Saldo contabile"
        ),
    ]


class BankStatement(SchemaBody):
    """A statement of one account over a period."""

    schema_name = "bank_statement"
    schema_title = "Bank statement"

    bank_name: Annotated[Line | None, described("Name of the bank", aliases="Bank | Banque | Banco | Banca")]
    account_holder: Annotated[
        Line | None,
        described(
            "Name of the account's owner",
            aliases="Account name | Customer | Kontoinhaber | Titulaire | Titular | Intestatario | Rekeninghouder",
        ),
    ]
    iban: Annotated[Iban | None, described("IBAN of the account", aliases="IBAN")]
    account_number: Annotated[
        Identifier | None,
        described(
            "Number of the account",
            aliases="Account no. | A/C no. | Kontonummer | Konto-Nr. | Numéro de compte | Número de cuenta "
            "| Numero di conto "
            "| Rekeningnummer",
        ),
    ]
    bic: Annotated[Identifier | None, described("BIC of the bank", aliases="BIC | SWIFT")]
    statement_number: Annotated[
        Identifier | None,
        described(
            "Number of the statement",
            aliases="Statement no. | Auszug Nr. | Auszugsnummer | Relevé n° | Extracto n.º | Estratto conto n. "
            "| Afschriftnummer",
        ),
    ]
    statement_date: Annotated[
        Day | None,
        described(
            "Date of the statement",
            aliases="Date | Auszugsdatum | Erstellt am | Date du relevé | Fecha del extracto | Data estratto "
            "| Afschriftdatum",
        ),
    ]
    period_from: Annotated[
        Day | None,
        described("First day of the period", aliases="From | Period start | Von | Vom | Du | Desde | Dal | Van"),
    ]
    period_to: Annotated[
        Day | None,
        described(
            "Last day of the period",
            aliases="To | Period end | Bis | Au | Hasta | Al | Tot en met",
            merge=MergeRule.LAST,
        ),
    ]
    currency: Annotated[
        Currency | None, described("Currency of the account, ISO 4217", aliases="Währung | Devise | Divisa")
    ]
    opening_balance: Annotated[
        Money | None,
        described(
            "Balance at the beginning",
            aliases="Balance brought forward | Previous balance | Anfangssaldo | Alter Kontostand | Solde initial "
            "| Ancien solde | Saldo inicial | Saldo anterior | Saldo iniziale | Beginsaldo",
            merge=MergeRule.FIRST,
        ),
    ]
    closing_balance: Annotated[
        Money | None,
        described(
            "Balance at the end",
            aliases="Balance carried forward | New balance | Endsaldo | Neuer Kontostand | Solde final | Nouveau solde "
            "| Saldo final | Saldo finale | Eindsaldo",
            merge=MergeRule.LAST,
        ),
    ]
    transactions: Annotated[list[Transaction], described("The movements, in order")]
