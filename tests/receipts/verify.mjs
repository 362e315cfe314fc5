// Verifies a Gallra receipt with WebCrypto alone, the way a browser can.
//
//   node verify.mjs receipt.note log.policy
//
// Exit code 0: signature, inclusion and number are right under a key of the policy. 4: they are not.
// Only Ed25519 and SHA-256 of the Web Cryptography API are used; docs/RECEIPTS.md explains each step.

import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";

const subtle = webcrypto.subtle;
const utf8 = (text) => new TextEncoder().encode(text);
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const hex = (array) => [...array].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function join(...arrays) {
  return Uint8Array.from(arrays.flatMap((array) => [...array]));
}

async function sha256(...arrays) {
  return new Uint8Array(await subtle.digest("SHA-256", join(...arrays)));
}

function check(condition, what) {
  if (!condition) throw new Error(what);
  console.log(`ok      ${what}`);
}

// NAME+ID+BASE64(1 | key): the id is checked, so that name and key belong together.
async function verifierKey(text) {
  const [, name, id, material] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text);
  const raw = bytes(material);
  check(raw.length === 33 && raw[0] === 1, "the policy's key is Ed25519");
  const digest = await sha256(utf8(`${name}\n`), raw);
  check(hex(digest.slice(0, 4)) === id, "the policy's key has its id");
  const key = await subtle.importKey("raw", raw.slice(1), { name: "Ed25519" }, false, ["verify"]);
  return { name, id, key };
}

// A note: its text, an empty line, lines of the form: em dash, name, base64(id | signature).
async function verifyNote(note, verifier, what) {
  const border = note.lastIndexOf("\n\n");
  const text = note.slice(0, border + 1);
  const lines = note.slice(border + 2).split("\n").map((line) => line.split(" "));
  const [, , blob] = lines.find(
    ([dash, name, blob]) => dash === "—" && name === verifier.name &&
      hex(bytes(blob).slice(0, 4)) === verifier.id,
  ) ?? [];
  check(blob !== undefined, `${what} has a line by the policy's key`);
  const signature = bytes(blob).slice(4);
  const good = await subtle.verify({ name: "Ed25519" }, verifier.key, signature, utf8(text));
  check(good, `${what} is signed by the policy's key`);
  return text;
}

// RFC 9162, section 2.1.3.2.
async function rootFromProof(index, size, leaf, proof) {
  let [node, last, root] = [index, size - 1n, leaf];
  for (const sibling of proof) {
    if (last === 0n) return null;
    if (node % 2n === 1n || node === last) {
      root = await sha256([1], sibling, root);
      while (node % 2n === 0n && node !== 0n) [node, last] = [node / 2n, last / 2n];
    } else {
      root = await sha256([1], root, sibling);
    }
    [node, last] = [node / 2n, last / 2n];
  }
  return last === 0n ? root : null;
}

async function verify(file, policy) {
  const verifier = await verifierKey(/^log (\S+)/m.exec(policy)[1]);
  const border = file.indexOf("\n\nc2sp.org/tlog-proof@v1\n");
  check(border > 0, "the file is a receipt and a proof");
  const receipt = file.slice(0, border + 1);
  const proof = file.slice(border + 2);

  const text = await verifyNote(receipt, verifier, "the receipt");
  const [header, json] = text.split("\n");
  check(header === `${verifier.name}/receipt/v1`, "the receipt is of this log");

  const end = proof.indexOf("\n\n");
  const lines = proof.slice(0, end).split("\n").slice(1).filter((line) => !line.startsWith("extra "));
  const index = BigInt(/^index (0|[1-9][0-9]*)$/.exec(lines[0])[1]);
  const hashes = lines.slice(1).map(bytes);
  const checkpoint = await verifyNote(proof.slice(end + 2), verifier, "the checkpoint");
  const [origin, size, root] = checkpoint.split("\n");
  check(origin === verifier.name, "the checkpoint is of this log");

  const leaf = await sha256([0], utf8(receipt));
  const computed = await rootFromProof(index, BigInt(size), leaf, hashes);
  check(computed !== null && hex(computed) === hex(bytes(root)), `the receipt is entry ${index} of ${size}`);
  check(BigInt(JSON.parse(json).seq) === index, "the receipt knows its number");
}

try {
  const [file, policy] = process.argv.slice(2, 4).map((path) => readFileSync(path, "utf8"));
  await verify(file, policy);
} catch (error) {
  console.error(`failed  ${error.message}`);
  process.exit(4);
}
