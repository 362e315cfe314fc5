#!/usr/bin/env bash
# Installs Schemathesis, in the version and with the hashes of schemathesis.txt beside this, into a place
# of its own below target/, and prints where its program is. Nothing else on the machine changes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
place=$here/../../target/schemathesis
program=$place/bin/schemathesis

# The tests of both engines come at the same time, on a fresh clone too: one installs, the other waits.
mkdir -p "$here/../../target"
exec 9>"$here/../../target/schemathesis.lock"
flock 9

if cmp -s "$here/schemathesis.txt" "$place/installed.txt"; then
  echo "$program"
  exit 0
fi
fail() {
  echo "Schemathesis cannot be installed: $1" >&2
  exit 1
}
"$here/need.sh" python3 python3 python3-venv >&2 || fail "install python3 with its venv module"
rm -rf "$place"
python3 -m venv "$place" >&2 || fail "install python3-venv"
"$place/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
  --requirement "$here/schemathesis.txt" >&2 ||
  fail "PyPI must be reachable, once: run tests/support/schemathesis.sh where it is, with this target directory"
cp "$here/schemathesis.txt" "$place/installed.txt"
echo "$program"
