"""Random attribute values: all ten types, numbers of every shape, and the keys of a table.

The pools are small, so that two values of a history often meet: are equal, share a prefix, or are one number in two spellings.
"""
import base64

TEXTS = ["", "a", "b", "ab", "abc", "B", "Z", "a b", "é", "\U0001F600", "\uFFFD", "\u0000", "0", "10", "9", "x.y", "a" * 40]
BYTES = [b"", b"\x00", b"a", b"ab", b"abc", b"\x7f", b"\x80", b"\xff", b"\xff\x00"]

NUMBERS = ["0", "1", "2", "3", "5", "10", "-1", "-2", "-10", "0.5", "1.5", "-9.5", "100", "1000", "12", "123", "99"]
# Other spellings of numbers, and the edges of precision and magnitude.
ODD_NUMBERS = [
    "1.0", "01", "+1", "1e0", "10e-1", "-0", "0.0", "0e5", "1E2", "1.50", ".5", "5.", "-.5e1", "00012.3400",
    "12345678901234567890123456789012345678", "-99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001",
    "1e125", "9.9999999999999999999999999999999999999E+125", "-1e125", "1e-130", "-1E-130", "123e-100", "1234567890.0987654321",
    "1e21", "1e-7", "123456789012345678901", "0.1", "0.2", "0.3"]
BAD_NUMBERS = [
    "", " ", "a", "1 ", " 1", "1,5", "0x10", "NaN", "Infinity", "--1", "1e", "e1", ".", "1.2.3", "1e126", "-1e126", "1e-131", "1e1000000",
    "123456789012345678901234567890123456789", "1.00000000000000000000000000000000000001e0", "1" + "0" * 37 + "1", "１"]

SCALARS = ["S", "N", "B"]
SETS = ["SS", "NS", "BS"]
ALL_TYPES = SCALARS + SETS + ["BOOL", "NULL", "L", "M"]


def encode_bytes(raw):
    return base64.b64encode(raw).decode()


def number(random, odd=0.25, bad=0.0):
    draw = random.random()
    if draw < bad:
        return random.choice(BAD_NUMBERS)
    if draw < bad + odd:
        return random.choice(ODD_NUMBERS)
    if draw < bad + odd + 0.1:
        digits = "".join(random.choice("0123456789") for _ in range(random.randint(1, 38)))
        exponent = random.randint(-125, 85)
        return random.choice(["", "-"]) + digits + random.choice(["", f"e{exponent}", f"E{exponent:+d}"])
    return random.choice(NUMBERS)


def distinct(random, draw, most=4):
    found = []
    for _ in range(random.randint(1, most)):
        one = draw()
        if one not in found:
            found.append(one)
    return found


def value(random, of_type=None, depth=0):
    """A well-formed value, except that a number set may hold one number twice in two spellings."""
    kind = of_type or random.choices(ALL_TYPES, [8, 8, 4, 3, 3, 2, 2, 2, 3, 3])[0]
    if kind in ("L", "M") and depth > 3:
        kind = "S"
    if kind == "S":
        return {"S": random.choice(TEXTS)}
    if kind == "N":
        return {"N": number(random)}
    if kind == "B":
        return {"B": encode_bytes(random.choice(BYTES))}
    if kind == "SS":
        return {"SS": distinct(random, lambda: random.choice(TEXTS))}
    if kind == "NS":
        return {"NS": distinct(random, lambda: number(random, odd=0.05))}
    if kind == "BS":
        return {"BS": distinct(random, lambda: encode_bytes(random.choice(BYTES)))}
    if kind == "BOOL":
        return {"BOOL": random.random() < 0.5}
    if kind == "NULL":
        return {"NULL": True}
    if kind == "L":
        return {"L": [value(random, depth=depth + 1) for _ in range(random.randint(0, 4))]}
    return {"M": {name: value(random, depth=depth + 1)
                  for name in distinct(random, lambda: random.choice(["x", "y", "z", "l", "m", "n", "a.b", "é"]))}}


def document(random, depth=0):
    """A map with the members that the paths of expressions look for."""
    made = {"x": value(random, random.choice(["N", "S", "N", "SS"]), depth + 1), "y": value(random, "L", depth + 1)}
    for name in ["l", "m", "n", "z"]:
        if random.random() < 0.5:
            made[name] = document(random, depth + 1) if name == "m" and depth < 2 else value(random, "L" if name == "l" else "N", depth + 1)
    return {"M": made}


def nested(random, levels):
    """A value whose innermost scalar stands `levels` containers deep: 31 are allowed in an attribute, 32 are not."""
    inner = {"S": "deep"}
    for _ in range(levels):
        inner = {"L": [inner]} if random.random() < 0.5 else {"M": {"d": inner}}
    return inner


def bad_value(random):
    """A value with one thing wrong in it, of those that DynamoDB tells apart."""
    return random.choice([
        lambda: {}, lambda: {"S": "a", "N": "1"}, lambda: {"N": random.choice(BAD_NUMBERS)}, lambda: {"NS": [random.choice(BAD_NUMBERS)]},
        lambda: {"SS": []}, lambda: {"NS": []}, lambda: {"BS": []}, lambda: {"SS": ["a", "a"]}, lambda: {"NS": ["1", "1.0"]},
        lambda: {"NS": ["2", "2"]}, lambda: {"BS": ["YQ==", "YQ=="]}, lambda: {"S": 1}, lambda: {"N": 1}, lambda: {"N": 1.5},
        lambda: {"S": None}, lambda: {"BOOL": "true"}, lambda: {"BOOL": "maybe"}, lambda: {"BOOL": 1}, lambda: {"NULL": "yes"},
        lambda: {"B": "a"}, lambda: {"B": "????"}, lambda: {"B": 1}, lambda: {"L": {}}, lambda: {"M": []}, lambda: {"L": "a"},
        lambda: {"L": [{}]}, lambda: {"M": {"x": {"SS": []}}}, lambda: {"L": [{"N": "x"}]}, lambda: {"SS": "a"}, lambda: {"SS": [1]},
        lambda: {"X": "a"}, lambda: "a", lambda: 1, lambda: [], lambda: None, lambda: {"M": {"": {"S": "a"}}}, lambda: {"S": ["a"]},
        lambda: {"S": {"S": "a"}}, lambda: {"L": [{"M": {"y": {"NS": ["1", "1"]}}}]},
        lambda: nested(random, random.randint(30, 34))])()


# A table takes some of these, so that requests meet each other's items.
PARTITION_VALUES = {"S": ["p", "q", "é", "a" * 20], "N": ["1", "2", "-3.5", "1e30"], "B": [b"p", b"\x00\xff", b"q"]}
SORT_VALUES = {"S": ["a", "ab", "abc", "b", "Z", "é", "\U0001F600", "\uFFFD"],
               "N": ["0", "1", "2", "10", "-1", "-10", "-9.5", "1e-130", "1e125", "0.5"],
               "B": [b"\x00", b"a", b"ab", b"b", b"\x7f", b"\x80", b"\xff"]}
SPELLINGS = {"1": ["1.0", "01", "1e0"], "2": ["+2", "2.00"], "10": ["1e1", "10.0"], "0": ["-0", "0.0"], "-1": ["-1.0"]}


def key_value(random, kind, pool):
    """pool: the values of one table's key attribute."""
    one = random.choice(pool)
    if kind == "B":
        return {"B": encode_bytes(one)}
    if kind == "N" and one in SPELLINGS and random.random() < 0.1:
        one = random.choice(SPELLINGS[one])
    return {kind: one}


def bad_key_value(random, kind):
    return random.choice([
        lambda: {"S": ""}, lambda: {"B": ""}, lambda: value(random), lambda: {random.choice(SCALARS): "1"}, lambda: {kind: "x" * 1025},
        lambda: {"S": "x" * 2049}, lambda: {"S": "x" * 1024}, lambda: {"NULL": True}, lambda: bad_value(random)])()
