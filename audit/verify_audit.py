"""Verifies exports of a Stella audit log as docs/formats/audit.md has them; shares no code with the appliance.
Needs Python 3.8, its standard library, and the openssl program (1.1.1 or later), which checks the signatures.
EXIT STATUS: 0 all hold; 3 one does not hold; 2 bad usage, or one can't be read."""
import argparse, base64, functools, hashlib, json, os, pathlib, re, struct, subprocess, sys, tempfile
from datetime import datetime, timedelta

CHUNK, SAFE, TOLERANCE = 16384, 2**53 - 1, timedelta(seconds=10)
WORD, TOKEN, INT, HEX = "[a-z][a-z0-9.-]{0,63}", "[A-Za-z0-9._:/@+=,~-]{1,256}", "(?:0|[1-9][0-9]{0,18})", "[0-9a-f]"
RECORD = re.compile((
    '{"type":"(?P<type>WORD)","v":(?P<v>[1-9][0-9]{0,2}),"seq":(?P<seq>INT),'
    '"time":"(?P<time>[0-9]{4}(?:-[0-9]{2}){2}T(?:[0-9]{2}:){2}[0-9]{2}[.][0-9]{6}Z)","boot":"(?P<boot>HEX{8}(?:-HEX{4}){3}-HEX{12})",'
    '"up":(?P<up>INT)(?:,"actor":{"uid":(?P<uid>INT),"gid":(?P<gid>INT)})?(?:,"socket":"(?P<socket>admin|verify)")?'
    '(?:,"method":"(?P<method>TOKEN)")?(?:,"target":"(?P<target>TOKEN)")?(?:,"outcome":"(?P<outcome>WORD)")?'
    '(?:,"request":"(?P<request>TOKEN)")?(?:,"note":"(?P<note>HEX{64})")?(?:,"body":(?P<body>{.+}))?}'
).replace("WORD", WORD).replace("TOKEN", TOKEN).replace("INT", INT).replace("HEX", HEX))
ANNOTATION = re.compile('{"seq":(0|[1-9][0-9]{0,15}),("salt":"[0-9a-f]{32}","text":({.+})})')
CHECKPOINT = re.compile("(([^\n]+)\n([1-9][0-9]{0,15})\n([A-Za-z0-9+/=]{44})\n(?:[^\n]+\n)*)\n\u2014 \\2 ([A-Za-z0-9+/=]+)\n")
HIDDEN = re.compile("[\0-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]")
COLUMNS = "seq time type uid gid socket method target outcome request annotation body".split()
KNOWN = "genesis start stop call denial tally policy trust time erase readonly view intent abandoned key rotation compromised destroyed signed stamp evidence bundle activation decision".split()
def need(holds, *why):
    if not holds: raise ValueError(" ".join(map(str, why)))
def sha(content): return hashlib.sha256(content).digest()
def b64(text):
    need(base64.b64encode(base64.b64decode(text)).decode() == text, "base64 that is not canonical:", text)
    return base64.b64decode(text)
@functools.lru_cache(maxsize=4096)
def signed(key, text, signature):
    kind, public, ident = key[1:]
    with tempfile.TemporaryDirectory() as t:
        for name, content in ("key", bytes.fromhex("302a300506032b6570032100") * (kind == 1) + public), ("text", text), ("sig", signature[4:]):
            pathlib.Path(t, name).write_bytes(content)
        command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile sig" + " -digest sha256" * (kind == 2)
        return signature[:4] == ident and subprocess.run(command.split(), cwd=t, capture_output=True).returncode == 0
def parse_key(vkey):
    name, _, material = vkey[:-1].split("+", 2)
    kind, public = b64(material)[0], b64(material)[1:]
    ident = sha(public if kind == 2 else name.encode() + b"\n" + bytes([kind]) + public)[:4]
    need(kind in (1, 2) and vkey == "%s+%s+%s\n" % (name, ident.hex(), material), "log.vkey: not a log's key and an LF")
    return name, kind, public, ident
def checkpoint(key, where, note):
    m = CHECKPOINT.fullmatch(note.decode())
    need(m and not re.search("[\0-\x09\x0b-\x1f]", m[0]) and int(m[3]) <= SAFE, where + ": not a checkpoint with one signature")
    need(m[2] == key[0] and signed(key, m[1].encode(), b64(m[5])), where + ": not signed by this log's key")
    return int(m[3]), b64(m[4]), where
def canonical(raw, where, kinds=(dict, list, str, bool, int)):  # RFC 8785, of integers alone
    def check(v, depth):
        need(type(v) in kinds and depth <= 8 and (type(v) is not int or -SAFE <= v <= SAFE), where, "a value that no body has")
        need(type(v) is not dict or all(re.fullmatch("[A-Za-z][A-Za-z0-9_.-]{0,63}", name) for name in v), where, "a name that no body has")
        for child in v.values() if type(v) is dict else v if type(v) is list else (): check(child, depth + (type(child) in (dict, list)))
        return v
    value = check(json.loads(raw), 1)
    again = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return value if again == raw else need(False, where, "not in its canonical form")
def cell(text):
    quote = "'" * (text.lstrip(" ")[:1] in set("=+-@\uff1d\uff0b\uff0d\uff20"))
    return '"' + quote + HIDDEN.sub(lambda c: "\\u{%x}" % ord(c[0]), text).replace('"', '""') + '"'
def tile_path(level, index, width):
    groups = [group.zfill(3) for group in "{:,}".format(index).split(",")]
    return "tile/%s/%s" % (level, "".join("x%s/" % group for group in groups[:-1]) + groups[-1]) + ("" if width == 256 else ".p/%d" % width)
def split(a, b): return a + (1 << (b - a - 1).bit_length() - 1)
def grow(first, end, leaves, read):  # the levels of tiles: (place of its first hash, hashes); left of first, what the export has
    levels = []
    def root(a, b):
        for level, (base, hashes) in enumerate(levels):
            if b - a == 1 << 8 * level and 0 <= (a >> 8 * level) - base < len(hashes): return hashes[(a >> 8 * level) - base]
        return sha(b"\1" + root(a, split(a, b)) + root(split(a, b), b))
    for level in range(7):
        have, size, base = first >> 8 * level, end >> 8 * level, first >> 8 * level + 8 << 8
        left = read(tile_path(level, base // 256, min(256, size - base))) if have > base else b""
        levels.append((base, [left[32 * i:][:32] for i in range(have - base)]))
        levels[level][1].extend(leaves if level == 0 else [root(n << 8 * level, n + 1 << 8 * level) for n in range(have, size)])
    return levels, root
def consistency(root, m, a, b, whole=True):  # RFC 6962, 2.1.2
    if m == b: return [] if whole else [root(a, b)]
    k = split(a, b)
    return consistency(root, m, a, k, whole) + [root(k, b)] if m <= k else consistency(root, m, k, b, False) + [root(a, k)]

def verify(folder, pinned, baseline):
    used, place = {"VERIFY.md", "verify_audit.py"}, functools.partial(os.path.join, folder)  # nothing vouches for these two
    pinned, baseline = (pathlib.Path(name).read_bytes() if name else None for name in (pinned, baseline))
    def read(name):
        used.add(name)
        need(os.path.lexists(place(name)) and not os.path.islink(place(name)), name + ": it is missing, or a link")
        return pathlib.Path(place(name)).read_bytes()
    def same(name, content): need(read(name) == content, name + ": it is not what the records give")
    def lines(name):
        *whole, rest = read(name).split(b"\n")
        need(not rest and all(len(line) <= 4096 for line in whole), name + ": cut short, or a line of over 4096 bytes")
        return [line.decode() for line in whole]
    if not os.path.isfile(place("checkpoint")): raise OSError("no export: it has no checkpoint")
    vkey, key = read("log.vkey"), parse_key(read("log.vkey").decode())
    need(pinned in (None, vkey), "log.vkey: it is not the pinned key")
    claims = [checkpoint(key, "checkpoint", read("checkpoint"))]
    if os.path.lexists(place("since.checkpoint")): claims.append(checkpoint(key, "since.checkpoint", read("since.checkpoint")))
    end, since = claims[0][0], claims[1][0] if claims[1:] else 0
    first = since - since % 256
    claims += [checkpoint(key, "baseline", baseline)] if baseline else []
    if claims[-1][0] < first: raise OSError("the baseline is older than the first record of the export")
    for name in os.listdir(place("checkpoints")):
        claims.append(checkpoint(key, "checkpoints/" + name, read("checkpoints/" + name)))
        need(name == str(claims[-1][0]) and claims[-1][0] >= since, "checkpoints/" + name + ": it is of another size")
    same("checkpoints/%d" % end, read("checkpoint"))
    notes, seq, up, high, owed, unknown, rows, records = {}, first, {}, datetime.min + TOLERANCE, {}, 0, [",".join(COLUMNS) + "\n"], []
    for line in lines("annotations.jsonl"):
        m = ANNOTATION.fullmatch(line)
        need(m and int(m[1]) > max(notes, default=-1), "annotations.jsonl: not an annotation, or out of order:", line)
        notes[int(m[1])] = (sha(b"{" + m[2].encode()).hex(), canonical(m[3], "annotation of record %s:" % m[1], (dict, str)))
    for chunk in range(first // CHUNK, -(-end // CHUNK) if first < end else 0):
        records += lines("records/%06d.jsonl" % chunk)
        need(len(records) == min((chunk + 1) * CHUNK, end) - first, "records/%06d.jsonl: lines are missing, or too many" % chunk)
    for line in records:
        where, r = "record %d:" % seq, RECORD.fullmatch(line)
        r = r.groupdict("") if r else need(False, where, "not a record's line")
        body, when = canonical(r["body"], where) if r["body"] else {}, datetime.fromisoformat(r["time"][:-1])
        need(int(r["seq"]) == seq and (r["type"] == "genesis") == (seq == 0) and when.year >= 1970, where, "it does not belong here")
        need(max(int(r["uid"] or 0), int(r["gid"] or 0)) < 2**32 and up.get(r["boot"], 0) <= int(r["up"]) < 2**63, where, "boot-time clock")
        known, jump, up[r["boot"]] = r["type"] in KNOWN and r["v"] == "1", r["type"] == "time", int(r["up"])
        need(abs(when - datetime.fromisoformat(body["to"][:-1])) <= TOLERANCE if jump and known else jump or when >= high - TOLERANCE, where, "time")
        need(seq or (body["origin"], body["key"] + "\n") == (key[0], vkey.decode()), where, "the genesis of another log")
        high, unknown, note = when if jump else max(high, when), unknown + (not known), notes.pop(seq, (None, {}))
        need(note[0] in (None, r["note"]), where, "its annotation has another hash")
        if r["note"]: owed[seq] = "missing" if note[0] is None else "there"
        for s in body["seqs"] if known and r["type"] == "erase" else ():
            need(s < seq and (s < first or owed.get(s) in ("missing", "erased")), where, "it erases an annotation that is there, or never was")
            owed[s] = "erased"
        r["annotation"], seq = "; ".join(k + ": " + v for k, v in sorted(note[1].items())), seq + 1
        rows.append(",".join(cell(r[column]) for column in COLUMNS) + "\n")
    need(not notes and "missing" not in owed.values(), "annotations.jsonl: one is missing that no record erased, or one is too many")
    same("table.csv", "".join(rows).encode())
    levels, root = grow(first, end, [sha(b"\0" + line.encode()) for line in records], read)
    for size, want, where in claims: need(size <= end and root(0, size) == want, "%s: the log's root at %d is another" % (where, size))
    levels.append((first, [struct.pack(">H", len(line.encode())) + line.encode() for line in records]))
    for level, (base, tiles) in zip([*range(7), "entries"], levels):
        for i in range(0, len(tiles), 256): same(tile_path(level, (base + i) // 256, len(tiles[i:i + 256])), b"".join(tiles[i:i + 256]))
    if since: same("since.proof", b"".join(base64.b64encode(h) + b"\n" for h in consistency(root, since, 0, end)))
    found = {os.path.relpath(os.path.join(path, name), folder).replace(os.sep, "/") for path, _, names in os.walk(folder) for name in names}
    need(found == used, "these belong to no export of this log:", *sorted(found ^ used))
    whose = "the key pinned" if pinned else "THE KEY TAKEN FROM THE EXPORT: compare its fingerprint " + sha(vkey).hex()
    return "holds: records %d to %d of %s; %d of unknown types; %s" % (first, end, key[0], unknown, whose)
if __name__ == "__main__":
    parser, status = argparse.ArgumentParser(description=__doc__), 0
    parser.add_argument("--key"), parser.add_argument("--baseline"), parser.add_argument("export", nargs="+")
    for folder in (args := parser.parse_args()).export:
        try: print("%s: %s" % (folder, verify(folder, args.key, args.baseline)))
        except Exception as e:  # whatever goes wrong, the export does not pass
            status, verdict = (2, "can't be read") if isinstance(e, OSError) else (status or 3, "DOES NOT HOLD")
            print("%s: %s: %s" % (folder, verdict, ascii(str(e))))
    sys.exit(status)
