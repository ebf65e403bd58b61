"""Concepts of business documents and the terms of the labels they are printed under; data only, no matching."""

from collections.abc import Mapping
from typing import Final

#: concept -> labels it is printed under, best first, each with how surely it means the concept
CONCEPTS: Final[Mapping[str, Mapping[str, float]]] = {
    "gross total": {
        "gross total": 1.0, "grand total": 1.0, "gross amount": 0.97, "invoice total": 0.97, "total due": 0.9,
        "total amount due": 0.95, "total amount gross": 1.0, "total gross due": 1.0, "total amount": 0.93,
        "invoice amount": 0.93, "gross": 0.8, "amount due": 0.85, "total": 0.88, "round total": 0.97,
        "gross total round": 1.0, "total sale": 0.9, "total sales": 0.85, "balance": 0.5, "amount": 0.55,
        "invoice gross": 0.9, "total to pay": 0.95, "total purchase": 0.85,
    },
    "net total": {
        "net total": 1.0, "subtotal": 0.95, "net amount": 0.95, "net": 0.8, "total net amount": 1.0,
        "net subtotal": 1.0, "net value": 0.9, "tax base": 0.8, "total before tax": 1.0, "net invoice amount": 0.95,
        "base": 0.6, "base amount": 0.7, "tax base amount": 0.8, "charges": 0.5,
    },
    "tax amount": {
        "tax amount": 1.0, "tax total": 1.0, "tax": 0.9, "total tax amount": 1.0, "plus tax": 0.95, "tax rate": 0.3,
    },
    "tax rate": {"tax rate": 1.0, "tax percent": 1.0},
    "discount": {"discount": 1.0, "discount amount": 1.0, "discount total": 1.0, "item discount": 0.9},
    "surcharge": {"surcharge": 1.0, "surcharge total": 1.0, "total amount surcharge": 1.0},
    "rounding": {"round": 1.0, "round amount": 0.95},
    "deposit": {"deposit": 1.0, "deposit amount": 1.0, "deposit paid": 1.0},
    "paid amount": {"paid": 1.0, "amount paid": 1.0, "cash": 0.95, "card": 0.9, "payment": 0.8, "total paid": 0.9},
    "change amount": {"change": 1.0, "change due": 1.0, "balance change": 0.9, "change amount": 1.0},
    "unit price": {"unit price": 1.0, "price": 0.9},
    "quantity": {"quantity": 1.0, "total quantity": 1.0, "total article": 0.9, "number article": 0.9},
    "line amount": {"line total": 1.0, "line amount": 1.0},
    "invoice number": {
        "invoice number": 1.0, "number invoice": 1.0, "document number": 0.85, "invoice": 0.75,
        "invoice reference": 0.8, "receipt number": 0.8, "credit number": 0.9, "invoice document number": 0.95,
        "invoice code": 0.8, "number": 0.45,
    },
    "order number": {"order number": 1.0, "order": 0.75, "order revision": 0.95, "order reference": 0.9, "purchase order number": 1.0},
    "contract number": {"contract number": 1.0, "contract": 0.7, "contract revision": 0.95, "contract reference": 0.9, "agreement number": 0.9},
    "buyer number": {"buyer number": 1.0, "buyer reference": 0.8, "buyer code": 0.9},
    "delivery number": {"delivery number": 1.0, "delivery": 0.6},
    "account number": {"account number": 1.0, "account": 0.7},
    "registration number": {"registration number": 1.0, "registered number": 0.9, "registration": 0.7},
    "reference": {"reference": 1.0, "reference number": 1.0},
    "estimate number": {"estimate number": 1.0, "estimate": 0.8},
    "vat id": {"vat-id": 1.0, "tax registration number": 0.9, "tax-number": 0.6},
    "tax number": {"tax-number": 1.0},
    "page number": {"page": 1.0, "page number": 1.0},
    "issue date": {
        "invoice date": 1.0, "issue date": 1.0, "date": 0.85, "document date": 0.95, "date invoice": 1.0,
        "receipt date": 1.0, "credit date": 0.95, "purchase date": 1.0, "date time": 0.9, "statement date": 0.9, "invoice": 0.5,
    },
    "due date": {"due date": 1.0, "payment date": 0.7, "due": 0.8, "payment due date": 1.0},
    "delivery date": {"delivery date": 1.0, "service date": 0.95, "delivery": 0.7},
    "order date": {"order date": 1.0, "purchase order date": 1.0},
    "print date": {"print date": 1.0, "print time": 0.9},
    "effective date": {"effective date": 1.0, "agreement date": 0.9, "contract date": 0.9},
    "start date": {"start date": 1.0, "start": 0.8},
    "end date": {"end date": 1.0, "end": 0.8},
    "alternate number": {"order alternate number": 1.0, "alternate number": 1.0},
    "flight": {
        "flight": 1.0, "flight date": 1.0, "flight period": 1.0, "order flight": 1.0, "contract date": 0.85,
        "contract period": 0.85, "schedule date": 0.8, "period": 0.65,
    },
    "period": {"period": 0.65, "service period": 0.6, "invoice period": 0.5},
    "seller name": {
        "seller": 1.0, "seller name": 1.0, "company name": 0.85, "shop name": 0.85, "seller company": 0.9,
        "company": 0.85, "shop": 0.85,
    },
    "agency": {"agency": 1.0, "agency name": 1.0},
    "advertiser": {"advertiser": 1.0, "advertiser name": 1.0},
    "buyer name": {"buyer": 1.0, "buyer name": 1.0, "buyer address": 0.9, "buyer company name": 1.0},
    "payee": {"payee": 1.0, "payee name": 1.0},
    "delivery address": {"delivery address": 1.0, "delivery": 0.7, "delivery name": 0.9},
    "contact": {"contact": 1.0, "contact name": 1.0},
    "currency": {"currency": 1.0, "currency code": 1.0},
    "payment terms": {"payment terms": 1.0, "terms": 0.9},
    "governing law": {"law": 1.0, "jurisdiction": 1.0},
    "duration": {"term": 1.0, "duration": 1.0},
}

#: concepts by the kind of value they name; a label speaks against a value only with a concept of the value's kind
MONEY_CONCEPTS: Final = frozenset(
    {
        "gross total", "net total", "tax amount", "tax rate", "discount", "surcharge", "rounding", "deposit", "paid amount",
        "change amount", "unit price", "quantity", "line amount",
    }
)
DATE_CONCEPTS: Final = frozenset(
    {
        "issue date", "due date", "delivery date", "order date", "print date", "effective date", "start date", "end date",
        "flight", "period",
    }
)
ID_CONCEPTS: Final = frozenset(
    {
        "invoice number", "order number", "contract number", "buyer number", "delivery number", "account number",
        "registration number", "reference", "estimate number", "alternate number", "vat id", "tax number", "page number",
        "quantity",
    }
)
