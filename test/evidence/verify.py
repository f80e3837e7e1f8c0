"""Checks a bundle of evidence, or a receipt, without the panel: written from docs/evidence.md alone, with the standard library alone.

python3 verify.py file.zip|receipt.json [name of the published key]
Prints what was checked and exits with 0, or prints the first thing that does not hold and exits with 1.
"""

import base64
import csv
import hashlib
import io
import json
import re
import sys
import zipfile

# Ed25519 (RFC 8032, section 5.1).
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def x_of(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if (x & 1) != sign else x


def point(data):
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    x = x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def add(a, b):
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number, a):
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, a)
        a = add(a, a)
        number >>= 1
    return total


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (x_of(BASE_Y, 0), BASE_Y, 1, x_of(BASE_Y, 0) * BASE_Y % P)


def signed(public, text, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = point(public), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % L
    return same(times(s, BASE), add(r, times(h, a)))


# The format.
FIELDS = (
    "id at order_id customer_id actor_person_id item kind required agreed document version language text_sha256 wording method "
    "address_digest agent_digest actor_kind actor_role page reason withdraws reconfirm_by"
).split()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def plain(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def require(holds, what):
    if not holds:
        print("DOES NOT HOLD: " + what)
        sys.exit(1)


def key_of(key, published):
    public = plain(key["publicKey"])
    name = base64.urlsafe_b64encode(hashlib.sha256(public).digest()).decode()[:12]
    require(key["name"] == name, "the key's name does not follow from the key")
    require(published in (None, name), "the key is not the one that was published")
    return public


def fields_of(text):
    values = json.loads(text)
    require(values[0] == "gotgan.consents.1" and len(values) == len(FIELDS) + 1, "the text of a row has another form")
    return dict(zip(FIELDS, values[1:]))


def table(data):
    require(data[:3] == b"\xef\xbb\xbf", "a table begins with a byte order mark")
    lines = list(csv.reader(io.StringIO(data[3:].decode(), newline="")))
    names = [re.search(r"\(([^()]+)\)$", head).group(1) for head in lines[0]]
    read = lambda cell: cell[1:] if re.match(r"'\s*[=+\-@＝＋－＠\t\r]", cell) else cell
    return [dict(zip(names, map(read, line))) for line in lines[1:]]


def check_signature(data, manifest, public, key):
    form = re.fullmatch(
        r"(Gotgan evidence signature, version 1\nKey: (\S+)\nManifest-SHA256: ([0-9a-f]{64})\n)Ed25519: ([\w-]{86})\n",
        data.decode(),
    )
    require(form, "manifest.json.sig has another form")
    require(form.group(2) == key["name"], "manifest.json.sig names another key")
    require(form.group(3) == sha(manifest), "manifest.json was changed")
    require(signed(public, form.group(1).encode(), plain(form.group(4))), "the signature of the manifest")


def check_anchor(anchor, rows, public, key):
    if anchor is None:
        return
    form = re.fullmatch(r"(gotgan\.anchor\.1;consents;(\d+);([\w-]*);\d+);([\w-]+);([\w-]+)", anchor)
    require(form, "the anchor has another form")
    if form.group(4) == key["name"]:
        require(signed(public, form.group(1).encode(), plain(form.group(5))), "the signature of the anchor")
    for row in rows:
        if row["position"] == int(form.group(2)):
            require(row["mac"] == form.group(3), "a link is another one than the anchor tells of")


def check_ledger(members, public, key):
    ledger = json.loads(members["ledger.json"])
    require(ledger["format"] == "gotgan-ledger" and ledger["version"] == 1, "ledger.json has another form")
    require(ledger["whole"]["faults"] == [], "the ledger as a whole: " + "; ".join(ledger["whole"]["faults"]))
    rows = ledger["rows"]
    lines = {line["id"]: line for line in table(members["consents.csv"])}
    require(len(lines) == len(rows), "consents.csv has other rows than ledger.json")
    for row in rows:
        require(sha(row["text"].encode()) == row["sha256"], "row " + row["id"] + " was changed")
        told, line = fields_of(row["text"]), lines.get(row["id"])
        require(line, "consents.csv lacks row " + row["id"])
        for name in ("item", "document", "version", "text_sha256"):
            require((told[name] or "") == line[name], "consents.csv tells otherwise of row " + row["id"] + ": " + name)
        require(line["agreed"] == ("yes" if told["agreed"] else "no"), "consents.csv tells otherwise of row " + row["id"])
        ends = (line["row_sha256"], line["position"], line["mac"])
        require(ends == (row["sha256"], str(row["position"]), row["mac"]), "consents.csv tells of another link")
        path = "documents/%s/%s.%s.md" % (told["document"], told["version"], told["language"])
        if path in members:
            require(sha(members[path]) == told["text_sha256"], path + " is not what was agreed to")
    ordered = sorted(rows, key=lambda row: row["position"])
    for earlier, later in zip(ordered, ordered[1:]):
        require(earlier["position"] < later["position"], "two rows have one position")
        if earlier["position"] + 1 == later["position"]:
            require(later["before"] == earlier["mac"], "the chain is broken at %d" % later["position"])
    check_anchor(ledger["anchor"], rows, public, key)
    return len(rows)


def check_notices(members):
    lines = table(members["notices.csv"])
    for path in members:
        if path.startswith("notices/"):
            require(path == "notices/%s.txt" % sha(members[path]), path + " was changed")
    for line in lines:
        require("notices/%s.txt" % line["text_sha256"] in members, "the words of a notice are missing")
    return len(lines)


def check_bundle(file, published):
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        require(len(set(names)) == len(names), "a member is there twice")
        members = {name: archive.read(name) for name in names}
    require("manifest.json" in members and "manifest.json.sig" in members, "there is no manifest, or no signature")
    manifest = json.loads(members["manifest.json"])
    require(manifest["format"] == "gotgan-evidence" and manifest["version"] == 1, "manifest.json has another form")
    public = key_of(manifest["key"], published)
    check_signature(members["manifest.json.sig"], members["manifest.json"], public, manifest["key"])
    listed = {member["path"]: member for member in manifest["members"]}
    require(set(listed) | {"manifest.json", "manifest.json.sig"} == set(members), "the archive has other members than its manifest")
    for path, member in listed.items():
        same_bytes = (len(members[path]), sha(members[path])) == (member["size"], member["sha256"])
        require(same_bytes, path + " was changed")
    rows = check_ledger(members, public, manifest["key"])
    notices = check_notices(members)
    print("HOLDS: %d members, %d consents, %d notices, key %s" % (len(listed), rows, notices, manifest["key"]["name"]))


def check_receipt(file, published):
    with open(file, encoding="utf-8") as opened:
        receipt = json.load(opened)
    require(receipt["format"] == "gotgan-receipt" and receipt["version"] == 1, "the receipt has another form")
    public = key_of(receipt["key"], published)
    row, chain, document = receipt["row"], receipt["chain"], receipt["document"]
    require(sha(row["text"].encode()) == row["sha256"], "the row was changed")
    if document:
        require(sha(document["text"].encode()) == document["sha256"], "the text was changed")
        require(fields_of(row["text"])["text_sha256"] == document["sha256"], "the row is about another text")
    statement = receipt["statement"]
    for line in (
        "Key: " + receipt["key"]["name"],
        "Row-SHA256: " + row["sha256"],
        "Chain: " + ("%d %s" % (chain["position"], chain["mac"]) if chain else "-"),
        "Text-SHA256: " + (document["sha256"] if document else "-"),
    ):
        require(line in statement.split("\n"), "the statement is about something else")
    require(signed(public, statement.encode(), plain(receipt["signature"])), "the signature of the receipt")
    check_anchor(receipt["anchor"], [chain] if chain else [], public, receipt["key"])
    print("HOLDS: receipt of %s, key %s" % (fields_of(row["text"])["item"], receipt["key"]["name"]))


if __name__ == "__main__":
    given = sys.argv[1]
    (check_receipt if given.endswith(".json") else check_bundle)(given, sys.argv[2] if len(sys.argv) > 2 else None)
