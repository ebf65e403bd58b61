"""Small numbers as words in English, German, French, Spanish, Italian and Dutch, as contracts print periods."""

import re

_WORDS = {
    1: "one ein eine einem un une uno una een",
    2: "two zwei deux dos due twee",
    3: "three drei trois tres tre drie",
    4: "four vier quatre cuatro quattro",
    5: "five fünf cinq cinco cinque vijf",
    6: "six sechs seis sei zes",
    7: "seven sieben sept siete sette zeven",
    8: "eight acht huit ocho otto",
    9: "nine neun neuf nueve nove negen",
    10: "ten zehn dix diez dieci tien",
    12: "twelve zwölf douze doce dodici twaalf",
    14: "fourteen vierzehn quatorze catorce quattordici veertien",
    15: "fifteen fünfzehn quinze quince quindici vijftien",
    18: "eighteen achtzehn dix-huit dieciocho diciotto achttien",
    20: "twenty zwanzig vingt veinte venti twintig",
    24: "twenty-four vierundzwanzig vingt-quatre veinticuatro ventiquattro vierentwintig",
    30: "thirty dreißig trente treinta trenta dertig",
    36: "thirty-six sechsunddreißig trente-six trentasei zesendertig",
    45: "forty-five fünfundvierzig quarante-cinq quarantacinque vijfenveertig",
    60: "sixty sechzig soixante sesenta sessanta zestig",
    90: "ninety neunzig quatre-vingt-dix noventa novanta negentig",
}
_NUMBER = re.compile(r"(?<!\w)\d{1,2}(?!\w)")


def spell_out(text: str) -> list[str]:
    """`text` with its one small number as a word, in every language: `2 years` as `two years`; nothing otherwise."""
    hits = _NUMBER.findall(text)
    if len(hits) != 1:
        return []
    return [_NUMBER.sub(word, text) for word in _WORDS.get(int(hits[0]), "").split()]
