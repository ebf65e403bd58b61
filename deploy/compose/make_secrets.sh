#!/bin/sh
# Draws every secret of compose.yaml, once: a secret that is there is never drawn again.
set -eu
umask 077
cd "$(dirname "$0")"
folder=${1:-secrets}
mkdir -p "$folder"

drawn() { # 32 characters that need no quoting anywhere
  head -c 24 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '\n'
}

keep() { # NAME: standard input becomes the secret NAME, unless there is one
  if [ -e "$folder/$1" ]; then cat >/dev/null; else cat >"$folder/$1"; fi
  chmod 0444 "$folder/$1" # the folder is closed; users of the containers have other numbers than yours
}

drawn | keep database_password
database=$(cat "$folder/database_password")
printf 'postgresql+psycopg://docproc:%s@postgres:5432/docproc' "$database" | keep docproc_database_url

drawn | keep broker_password
broker=$(cat "$folder/broker_password")
printf 'redis://:%s@broker:6379/0' "$broker" | keep docproc_broker_url
# hints only, so nothing is saved; when memory is full it refuses rather than forget
printf 'requirepass %s\nsave ""\nappendonly no\nmaxmemory 192mb\nmaxmemory-policy noeviction\n' "$broker" | keep valkey.conf

drawn | keep s3_secret_key
secret=$(cat "$folder/s3_secret_key")
printf '[default]\naws_access_key_id = docproc\naws_secret_access_key = %s\n' "$secret" | keep s3_credentials
printf '{"identities": [{"name": "docproc", "credentials": [{"accessKey": "docproc", "secretKey": "%s"}], "actions": ["Admin", "Read", "List", "Tagging", "Write"]}]}\n' \
  "$secret" | keep s3_identities.json

# 32 bytes in URL-safe base64, as `docproc sealing key` makes it: keep a copy, for nothing else opens what it seals
head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' | keep docproc_sealing_key
