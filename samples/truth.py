"""What a reader should find in each sample, in the fields of the schema that its folder is for."""

from collections.abc import Mapping
from typing import TypeAlias

import statement
from papers import FORM_ENTRIES, NDA_FACTS, ORDER
from receipts import Receipt
from trade import Bill

Fields: TypeAlias = Mapping[str, object]


def of_invoice(bill: Bill, *, unit_codes: bool = False) -> Fields:
    """For the schema `invoice`; an electronic invoice gives units as codes."""
    seller = bill.seller
    return {
        "invoice_number": bill.number,
        "issue_date": bill.issued.isoformat(),
        "due_date": bill.due.isoformat(),
        "delivery_date": bill.delivered.isoformat() if bill.delivered else None,
        "purchase_order_reference": bill.order_number or None,
        "seller_name": seller.name,
        "seller_vat_id": seller.vat_id,
        "buyer_name": bill.buyer.name,
        "buyer_vat_id": None,
        "currency": bill.currency,
        "total_net": str(bill.net),
        # with several rates only the shares are printed
        **({"total_tax": str(bill.tax)} if len(bill.taxes) == 1 else {}),
        "total_gross": str(bill.gross),
        "prepaid_amount": None,
        "iban": seller.iban,
        "line_items": [
            {
                "description": position.description,
                "quantity": str(position.quantity),
                "unit": position.unit_code if unit_codes else position.unit,
                "unit_price": str(position.unit_price),
                "line_total": str(position.total),
            }
            for position in bill.positions
        ],
    }


def of_receipt(receipt: Receipt) -> Fields:
    """For the schema `receipt`."""
    return {
        "merchant_name": receipt.shop,
        "receipt_number": receipt.number,
        "purchase_date": receipt.at.date().isoformat(),
        "purchase_time": f"{receipt.at:%H:%M}",
        "tax_rate": str(receipt.rate),
        "tax_amount": str(receipt.tax),
        "tip": None,
        "total": str(receipt.total),
        "line_items": [
            {"description": name, "quantity": str(quantity), "unit_price": price, "line_total": str(total)}
            for (name, quantity, price), total in zip(receipt.items, receipt.line_totals, strict=True)
        ],
    }


def of_statement() -> Fields:
    """For the schema `bank_statement`."""
    return {
        "bank_name": statement.BANK,
        "account_holder": statement.HOLDER,
        "iban": statement.IBAN,
        "statement_number": statement.NUMBER,
        "period_from": statement.FIRST_DAY.isoformat(),
        "period_to": statement.LAST_DAY.isoformat(),
        "currency": "GBP",
        "opening_balance": str(statement.OPENING),
        "closing_balance": str(statement.closing()),
        "transactions": [
            {"booking_date" if name == "date" else name: value for name, value in entry.items()}
            for entry in statement.transactions()
        ],
    }


def of_form() -> Fields:
    """For schemas/claim_form.json."""
    plain = {"estimated_loss": "3450.00", "iban": "GB33BUKB20201555555555"}
    return {entry.name: plain.get(entry.name, entry.value) for entry in FORM_ENTRIES}


def of_order() -> Fields:
    """For the schema `purchase_order`."""
    return {
        "order_number": ORDER.number,
        "order_date": ORDER.issued.isoformat(),
        "delivery_date": ORDER.due.isoformat(),
        "buyer_name": ORDER.buyer.name,
        "seller_name": ORDER.seller.name,
        "currency": ORDER.currency,
        "total_net": str(ORDER.net),
        "total_tax": str(ORDER.tax),
        "total_gross": str(ORDER.gross),
        "payment_terms": "30 days net",
        "line_items": [
            {
                "description": position.description,
                "quantity": str(position.quantity),
                "unit_price": str(position.unit_price),
                "line_total": str(position.total),
            }
            for position in ORDER.positions
        ],
    }


def of_contract() -> Fields:
    """For the schema `contract`."""
    return {**NDA_FACTS, "contract_number": None, "contract_value": None}
