#!/bin/sh
# The demo: every sample under the schema that fits it; the invoices also as a workbook, as lines and as a report.
set -eu
: "${DOCPROC:=docproc}" "${OUT:=out}"
here=$(dirname "$0")
mkdir -p "$OUT"
export DOCPROC_DATA_DIR="${DOCPROC_DATA_DIR:-$OUT/data}"

show() {
  "$DOCPROC" extract "$here/documents/$1" --schema "$2" --table
}

show receipts receipt
show statements bank_statement
show orders purchase_order
show contracts contract
show forms "$here/schemas/claim_form.json"
show invoices invoice
for suffix in xlsx jsonl; do
  "$DOCPROC" jobs export last --out "$OUT/records.$suffix" --overwrite
done
"$DOCPROC" jobs report last --out "$OUT/report.html" --overwrite
