#!/bin/sh
# The demo: every sample under the schema that fits it, then one table, one workbook and one report.
set -eu
: "${DOCPROC:=docproc}" "${OUT:=out}"
here=$(dirname "$0")
mkdir -p "$OUT"
export DOCPROC_DATA_DIR="${DOCPROC_DATA_DIR:-$OUT/data}"

"$DOCPROC" extract "$here/documents/invoices" --schema invoice --table
for suffix in xlsx jsonl; do
  "$DOCPROC" jobs export last --out "$OUT/records.$suffix" --overwrite
done
"$DOCPROC" jobs report last --out "$OUT/report.html" --overwrite
