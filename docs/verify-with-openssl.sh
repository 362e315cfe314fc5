#!/usr/bin/env bash
# Verifies the signature of a Gallra receipt with openssl 3 and nothing of ours.
#
#   bash verify-with-openssl.sh receipt.note log.policy
#
# Exit code 0: the receipt's text is signed by the log key of the policy. 4: it is not.
# docs/verify-with-openssl.md explains each step.
set -euo pipefail
receipt=$1 policy=$2
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# 1. The policy's key NAME+ID+BASE64: after a byte for its kind come 32 bytes of Ed25519.
vkey=$(sed -n 's/^log \([^ ]*\).*/\1/p' "$policy" | head -n 1)
name=${vkey%%+*} material=${vkey#*+*+}
echo "$material" | openssl base64 -d -A | tail -c 32 > "$work/key"
# As openssl wants to read it: twelve bytes that say "Ed25519 public key", then the key.
{ printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'; cat "$work/key"; } > "$work/key.der"

# 2. What was signed: the first two lines, each with its newline.
head -n 2 "$receipt" > "$work/text"

# 3. The signature: the fourth line, "— NAME BASE64"; after a key id of 4 bytes come 64.
line=$(sed -n 4p "$receipt")
if [ "${line% *}" != "— $name" ] || [ "$(head -n 1 "$work/text")" != "$name/receipt/v1" ]; then
  echo "the receipt is not of the log $name" >&2
  exit 4
fi
echo "${line##* }" | openssl base64 -d -A | tail -c +5 > "$work/signature"

# 4. The check itself.
openssl pkeyutl -verify -pubin -inkey "$work/key.der" -keyform DER -rawin \
  -in "$work/text" -sigfile "$work/signature" || exit 4
