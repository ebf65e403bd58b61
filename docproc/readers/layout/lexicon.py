"""Words by which names, businesses and addresses are told from other print; data only, folded."""

from typing import Final


def word_set(words: str) -> frozenset[str]:
    """The words of a text, each once."""
    return frozenset(words.split())


#: endings of company names, folded, without points
LEGAL_FORMS: Final = word_set(
    "s/b a/s ltd limited llc llp lp inc incorporated corp corporation co company plc pllc pc gmbh ag kg ohg ug kgaa "
    "ev eg gbr se mbh sa sas sarl sarlu eurl snc scop sl slu sau srl spa bv nv vof cv bvba ab as asa oy oyj aps pte "
    "pty bhd berhad sdn enterprises holdings group partners sro doo kft zrt sp zoo"
)

#: words that say what a business does, folded
BUSINESS_WORDS: Final = word_set(
    "restaurant restoran cafe kafe coffee bistro bakery bakeries baker kitchen seafood food foods mart market "
    "supermarket hypermarket minimarket pasar kedai syarikat perniagaan perusahaan shop store stores stationery "
    "hardware pharmacy farmasi apotheke pharmacie farmacia clinic klinik hospital hotel motel petrol station motors "
    "auto garage trading enterprise industries industrial services solutions systems technologies technology "
    "consulting logistics transport books book gift home deco furniture electrical electronics telecom media studio "
    "salon boutique fashion express wholesale retail supplies supply products papan bank versicherung "
    "versicherungsverein handel handwerk bau maschinenbau metallbau verein stiftung university college school church"
)

#: words of addresses, folded
ADDRESS_WORDS: Final = word_set(
    "street st road rd avenue ave boulevard blvd lane ln drive dr way square sq highway hwy parkway pkwy court ct "
    "place floor suite ste unit apt building bldg block blok box po lot level plaza tower mall park centre center "
    "estate jalan jln lorong lrg persiaran lebuh lebuhraya taman tmn bandar kampung kg kawasan perindustrian industri "
    "seksyen section mukim bukit batu sungai desa medan pusat wisma menara kompleks komplek pasar lintang tingkat "
    "bangunan strasse str weg platz allee gasse ring ufer damm chaussee postfach rue route chemin impasse quai bp "
    "cedex calle avenida avda paseo carretera ctra camino via viale piazza corso largo vicolo straat laan plein kade "
    "gracht postbus north south east west"
)

#: countries as addresses end with them, folded
COUNTRIES: Final = word_set(
    "deutschland germany allemagne alemania germania duitsland osterreich austria schweiz suisse svizzera switzerland "
    "france frankreich frankrijk francia espana spain spanien italia italy italien nederland netherlands niederlande "
    "belgium belgie belgique belgien luxembourg luxemburg ireland irland irlande england scotland wales portugal "
    "polska poland polen danmark denmark sverige sweden norge norway suomi finland usa canada australia india "
    "singapore malaysia china japan brazil mexico uk israel"
)
