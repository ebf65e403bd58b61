"""Month names and their short forms in English, German, French, Spanish, Italian and Dutch, folded."""

_FORMS = (
    "january januar janner janvier enero gennaio januari jan janv ene gen genn",
    "february februar feber fevrier febrero febbraio februari feb febr fev fevr febb",
    "march marz maerz mars marzo maart mar mrz mrt mzo",
    "april avril abril aprile apr avr abr apri1",
    "may mai mayo maggio mei mag magg",
    "june juni juin junio giugno jun giu",
    "july juli juillet julio luglio jul juil lug ju1y ju1",
    "august aout agosto augustus aug ago aou",
    "september septembre septiembre setiembre settembre sept sep sett set",
    "october oktober octobre octubre ottobre oct okt ott 0ct 0kt",
    "november novembre noviembre nov n0v",
    "december dezember decembre diciembre dicembre dec dez dic",
)
#: folded name to month number; a zero for an O and a one for an l are common slips of OCR
MONTHS: dict[str, int] = {name: number for number, names in enumerate(_FORMS, 1) for name in names.split()}
#: alternatives for a regular expression on flattened text, longest first
MONTH_PATTERN = "|".join(sorted(MONTHS, key=len, reverse=True))
