#!/usr/bin/env python3
"""Recomputes every vector in this folder without a line of Gallra's own code.

The field format, tokens, suppression points and what the key tree keeps at rest are written out here a
second time from their description (`src/keyring/seal.rs`, `tokens.rs`, `page.rs`, `root/slot.rs`,
`change.rs`); ristretto255 is plain arithmetic after RFC 9496; ciphers come from another library. The
vectors themselves were written by this script's functions and are checked by Rust in
`tests/vectors/main.rs` and `src/keyring/tree/tests.rs`, so two independent hands agree on each.

    python3 -m venv /tmp/vectors && /tmp/vectors/bin/pip install cryptography idna phonenumbers
    /tmp/vectors/bin/python tests/vectors/cross_check.py

Prints one line a file and ends with 0, or ends with 1 at the first difference. The vectors are for ever:
where this script and a vector disagree, the code has changed what stored bytes mean.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import re
import sys
import unicodedata

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# --- ristretto255, RFC 9496 section 4 -----------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = (D - 1) ** 2 % P


def is_negative(a):
    return a % P % 2 == 1


def absolute(a):
    return -a % P if is_negative(a) else a % P


def sqrt_ratio(u, v):
    """(whether u/v is a square, its root or that of i·u/v, never negative)"""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = (v * r * r - u) % P, (v * r * r + u) % P, (v * r * r + u * SQRT_M1) % P
    if check[1] == 0 or check[2] == 0:
        r = SQRT_M1 * r
    return check[0] == 0 or check[1] == 0, absolute(r)


INVSQRT_A_MINUS_D = sqrt_ratio(1, -1 - D)[1]
SQRT_AD_MINUS_ONE = -sqrt_ratio(-D - 1, 1)[1] % P  # The root that the RFC lists is the odd one.


def decode(encoded):
    s = int.from_bytes(encoded, "little")
    if s >= P or is_negative(s):
        raise ValueError("not a ristretto255 encoding")
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    square, inverse = sqrt_ratio(1, v * u2 * u2 % P)
    x = absolute(2 * s * inverse * u2)
    y = u1 * inverse * inverse * u2 * v % P
    if not square or is_negative(x * y) or y == 0:
        raise ValueError("not a ristretto255 encoding")
    return x, y, 1, x * y % P


def encode(point):
    x0, y0, z0, t0 = point
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    inverse = sqrt_ratio(1, u1 * u2 * u2 % P)[1]
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inverse = den1 * den2 * t0 % P
    x, y, den = x0, y0, den2
    if is_negative(t0 * z_inverse):
        x, y, den = y0 * SQRT_M1, x0 * SQRT_M1, den1 * INVSQRT_A_MINUS_D
    if is_negative(x * z_inverse):
        y = -y
    return absolute(den * (z0 - y)).to_bytes(32, "little")


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(k, point):
    result = (0, 1, 1, 0)
    for bit in bin(k)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def elligator(half):
    t = int.from_bytes(half, "little") % 2**255
    r = SQRT_M1 * t * t % P
    u, v = (r + 1) * ONE_MINUS_D_SQ % P, (-1 - r * D) * (r + D) % P
    square, s = sqrt_ratio(u, v)
    c = -1 if square else r
    s = s if square else -absolute(s * t)
    n = c * (r - 1) * D_MINUS_ONE_SQ - v
    w0, w1, w2, w3 = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    return tuple(w % P for w in (w0 * w3, w2 * w1, w1 * w3, w0 * w2))


def one_way_map(uniform):
    return add(elligator(uniform[:32]), elligator(uniform[32:]))


# --- fields -------------------------------------------------------------------------------------


def derive(key):
    """(encryption key, commitment)"""
    info = b"gallra/field/v1/suite1"
    derived = HKDF(hashes.SHA256(), 64, salt=None, info=info).derive(key)
    return derived[:32], derived[32:]


def padded_length(plain, padding):
    length = plain + 1
    if padding == "padme" and length > 1:
        exponent = length.bit_length() - 1
        rounding = 2 ** (exponent - exponent.bit_length()) - 1
        length = (length + rounding) & ~rounding
    return -(-length // 16) * 16


def seal(case):
    place = b"\x01\x01" + bytes.fromhex(case["tenant"]) + bytes.fromhex(case["unit"])
    place += int(case["block"]).to_bytes(8, "big") + case["leaf"].to_bytes(2, "big")
    place += case["table"].to_bytes(1, "big") + bytes.fromhex(case["row"])
    place += case["column"].to_bytes(2, "big") + case["sealed_version"].to_bytes(4, "big")
    assert len(place) == 67
    plain, nonce = bytes.fromhex(case["plain"]), bytes.fromhex(case["nonce"])
    padded = (plain + b"\x80").ljust(padded_length(len(plain), case["padding"]), b"\0")
    key, _ = derive(bytes.fromhex(case["key"]))
    return b"\x01\x01" + nonce + AESGCM(key).encrypt(nonce, padded, place)


def check_fields(vectors):
    for case in vectors["commitments"]:
        same(case, derive(bytes.fromhex(case["key"]))[1].hex(), case["commitment"])
    for case in vectors["padding"]:
        for padding in "short", "padme":
            same(case, padded_length(case["plain"], padding), case[padding])
    for case in vectors["fields"]:
        same(case, seal(case).hex(), case["sealed"])


# --- tokens -------------------------------------------------------------------------------------


def frame(label, domain, value):
    parts = label, domain.to_bytes(2, "big"), value.encode()
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def token(page, domain, value):
    message = frame(b"gallra/token/v1", domain, value)
    return hmac.new(page[4:36], message, hashlib.sha256).digest()[:16]


def suppression(page, domain, value):
    hashed = hashlib.sha512(frame(b"gallra/suppression/v1", domain, value)).digest()
    return encode(multiply(int.from_bytes(page[36:], "little"), one_way_map(hashed)))


def carry_over(old, new, point):
    old, new = (int.from_bytes(page[36:], "little") for page in (old, new))
    return encode(multiply(new * pow(old, -1, ORDER) % ORDER, decode(point)))


def check_tokens(vectors):
    pages = {keys["name"]: bytes.fromhex(keys["page"]) for keys in vectors["keys"]}
    for keys in vectors["keys"]:
        same(keys, int.from_bytes(pages[keys["name"]][:4], "big"), keys["generation"])
    for case in vectors["tokens"]:
        made = token(pages[case["keys"]], case["domain"], case["value"])
        same(case, made.hex(), case["token"])
    for case in vectors["suppressions"]:
        made = suppression(pages[case["keys"]], case["domain"], case["value"])
        same(case, made.hex(), case["token"])
    for case in vectors["carried_over"]:
        carried = carry_over(pages[case["from"]], pages[case["to"]], bytes.fromhex(case["before"]))
        same(case, carried.hex(), case["after"])

# --- the key tree -------------------------------------------------------------------------------


def seal_page(key, nonce, associated, plain):
    return nonce + AESGCM(key).encrypt(nonce, plain, associated)


def page_associated(kind, tenant, number):
    return b"EKT1" + bytes([kind]) + tenant + number.to_bytes(8, "big")


def effective_key(slot):
    """What the root page and the redo record are sealed under."""
    factor = slot["factor"]
    salt = hashlib.sha256(bytes.fromhex(factor)).digest() if factor is not None else bytes(32)
    info = b"gallra root" + bytes.fromhex(slot["id"])
    return HKDF(hashes.SHA256(), 32, salt=salt, info=info).derive(bytes.fromhex(slot["key"]))


def copy_of_root(slot):
    """A copy with this slot in the first place and nothing in the second."""
    check = hashlib.sha256(b"gallra root check" + effective_key(slot)).digest()[:8]
    body = b"GALLROOT" + bytes.fromhex(slot["vault"]) + bytes.fromhex(slot["id"])
    body += int(slot["epoch"]).to_bytes(8, "big") + bytes.fromhex(slot["key"]) + check
    return (body + hashlib.sha256(body).digest()).ljust(2 * 4096, b"\0")


def long(text):
    return len(text).to_bytes(4, "big") + text


def redo_plain(redo):
    hexed = bytes.fromhex
    plain = hexed(redo["old_root"]) + hexed(redo["new_root"])
    plain += int(redo["epoch"]).to_bytes(8, "big") + int(redo["ledger_seq"]).to_bytes(8, "big")
    plain += len(redo["pages"]).to_bytes(4, "big")
    for page in redo["pages"]:
        plain += page["kind"].to_bytes(4, "big") + hexed(page["tenant"])
        plain += int(page["number"]).to_bytes(8, "big") + int(page["replaces"]).to_bytes(8, "big")
        plain += long(hexed(page["body"]))
    plain += len(redo["entries"]).to_bytes(4, "big")
    for entry in redo["entries"]:
        plain += int(entry["seq"]).to_bytes(8, "big") + hexed(entry["erasure"])
        plain += long(entry["kind"].encode()) + hexed(entry["tenant"])
        plain += long(hexed(entry["subject"] or "")) + long(entry["facts"].encode())
        plain += int(entry["destroyed_at"]).to_bytes(8, "big")
        units = entry["units"]
        plain += int(units is None).to_bytes(4, "big") + len(units or []).to_bytes(4, "big")
        for block, leaf in units or []:
            plain += int(block).to_bytes(8, "big") + leaf.to_bytes(4, "big")
    return plain


def check_tree(vectors):
    for slot in vectors["roots"]:
        same(slot, effective_key(slot).hex(), slot["effective_key"])
        same(slot, copy_of_root(slot).hex(), slot["copy"].ljust(2 * 2 * 4096, "0"))
    for case in vectors["pages"]:
        tenant, number = bytes.fromhex(case["tenant"]), int(case["number"])
        associated = page_associated(case["kind"], tenant, number)
        same(case, associated.hex(), case["associated"])
        key, nonce, plain = (bytes.fromhex(case[part]) for part in ("key", "nonce", "plain"))
        same(case, seal_page(key, nonce, associated, plain).hex(), case["sealed"])
    for case in vectors["redo"]:
        associated = b"GALLRA-REDO1" + bytes.fromhex(case["new_root"])
        same(case, associated.hex(), case["associated"])
        same(case, redo_plain(case).hex(), case["plain"])
        key, nonce = bytes.fromhex(case["key"]), bytes.fromhex(case["nonce"])
        same(case, seal_page(key, nonce, associated, redo_plain(case)).hex(), case["sealed"])


# --- normal forms -------------------------------------------------------------------------------


def fold(text):
    """As `name_words` describes it; str.casefold must never tell apart what this unites."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c.lower() for c in "".join(c.upper() for c in "".join(c.lower() for c in text)))
    return unicodedata.normalize("NFKC", text).replace("i\u0307", "i")


def check_normal_forms(vectors):
    import idna
    import phonenumbers

    invisible = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
    for written, normal in vectors["email"]:
        if normal is None or "@" not in normal:
            continue
        text = unicodedata.normalize("NFKC", invisible.sub("", written)).lower().strip()
        text = re.sub(r"^.*<(.*@.*)>$", r"\1", text).removeprefix("mailto:")
        local, domain = text.rsplit("@", 1)
        try:
            domain = idna.encode(domain.rstrip("."), uts46=True).decode()
        except idna.IDNAError:
            pass  # No domain: it stays as it is.
        same(written, f"{local}@{domain}", normal)
    for country, written, normal in vectors["phone"]:
        text = invisible.sub("", written).removeprefix("tel:")
        ours = normal is None or not re.fullmatch(r"\+\d+", normal) or re.search("[a-z]| / ", text)
        if ours or country not in phonenumbers.SUPPORTED_REGIONS:
            continue  # Extensions, words, several numbers, no number: forms of our own.
        number = phonenumbers.parse(text, country)
        made = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        same(written, made, normal)
    for written, words in vectors["names"]:
        bare = re.sub("['`´’‘]", "", invisible.sub("", written))
        same(written, sorted(set(re.findall(r"\w+", fold(fold(bare))))), words)
    for written, normal in vectors["external_id"]:
        same(written, unicodedata.normalize("NFC", written.strip()) or None, normal)
    for code in range(sys.maxunicode + 1):
        if not 0xD800 <= code < 0xE000:
            same(hex(code), fold(fold(chr(code).casefold())), fold(fold(chr(code))))


# --- other people's vectors ---------------------------------------------------------------------


def check_primitives(vectors):
    for case in vectors["hkdf_sha256"]:
        ikm, salt, info = (bytes.fromhex(case[part]) for part in ("ikm", "salt", "info"))
        okm = bytes.fromhex(case["okm"])
        made = HKDF(hashes.SHA256(), len(okm), salt=salt, info=info).derive(ikm)
        same(case, made, okm)
    for case in vectors["aes_256_gcm"]:
        key, nonce, plain, aad = (
            bytes.fromhex(case[part]) for part in ("key", "nonce", "plain", "associated")
        )
        same(case, AESGCM(key).encrypt(nonce, plain, aad).hex(), case["sealed"])
    for case in vectors["ristretto255_one_way_map"]:
        same(case, encode(one_way_map(bytes.fromhex(case["uniform"]))).hex(), case["element"])


def check_hooks(vectors):
    for case in vectors["signatures"]:
        at, body = str(case["timestamp"]), case["body"]
        if case["source"] == "stripe":
            made = hmac.new(case["secret"].encode(), f"{at}.{body}".encode(), "sha256").hexdigest()
            same(case, f"t={at},v1={made}", case["signature"])
        else:
            key = base64.b64decode(case["secret"].removeprefix("whsec_"))
            signed = f"{case['id']}.{at}.{body}".encode()
            made = base64.b64encode(hmac.new(key, signed, "sha256").digest()).decode()
            same(case, f"v1,{made}", case["signature"])


def same(case, made, expected):
    if made != expected:
        sys.exit(f"differs: {case}\n  recomputed {made}\n  expected   {expected}")


def main():
    checks = {
        "primitives": check_primitives,
        "fields": check_fields,
        "tokens": check_tokens,
        "tree": check_tree,
        "normalise": check_normal_forms,
        "hooks": check_hooks,
    }
    for name, check in checks.items():
        file = pathlib.Path(__file__).with_name(f"{name}.json")
        check(json.loads(file.read_text(encoding="utf-8")))
        print(f"{file.name}: the same")


if __name__ == "__main__":
    main()
