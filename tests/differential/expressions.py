"""Random expressions: mostly well-formed texts of each grammar, with the placeholders they use.

The attributes of a history have customary types (`TYPED`), and an expression mostly respects them, so that most updates succeed
and about half of the conditions hold.
"""
import re

import values

# Attribute -> its customary type. Some are reserved words, hold a dot, or are no bare names, and need an alias.
TYPED = {"a": "S", "s": "S", "n": "N", "cnt": "N", "b": "B", "ss": "SS", "ns": "NS", "bs": "BS", "l": "L", "l2": "L", "m": "M", "flag": "BOOL",
         "nil": "NULL", "any": None, "Name": "S", "size": "N", "x.y": "N", "é": "S", "9a": "N", "_u": "S", "contains": "S"}
RESERVED = {"Name", "size", "any"}
MISSING = ["gone", "nowhere"]
BARE = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
TOKENS = re.compile(r"[#:]?\w+|<>|<=|>=|\S")
COMPARATORS = ["=", "<>", "<", "<=", ">", ">="]
TYPE_NAMES = values.ALL_TYPES + ["X", "STRING", "s", ""]


def attribute_of_type(random, kind):
    fitting = [name for name, customary in TYPED.items() if customary == kind]
    return random.choice(fitting) if fitting and random.random() < 0.85 else random.choice(list(TYPED) + MISSING)


class Scope:
    """The placeholders of one request."""

    def __init__(self, random):
        self.random = random
        self.names = {}
        self.values = {}

    def name(self, attribute):
        must = not BARE.match(attribute) or attribute in RESERVED
        if not must and self.random.random() < 0.75:
            return attribute
        if must and BARE.match(attribute) and self.random.random() < 0.03:
            return attribute  # a reserved word, refused
        for placeholder, known in self.names.items():
            if known == attribute and self.random.random() < 0.8:
                return placeholder
        placeholder = f"#{self.random.choice('nxk')}{len(self.names)}"
        self.names[placeholder] = attribute
        return placeholder

    def value(self, attribute_value):
        for placeholder, known in self.values.items():
            if known == attribute_value and self.random.random() < 0.5:
                return placeholder
        placeholder = f":{self.random.choice('vwx')}{len(self.values)}"
        self.values[placeholder] = attribute_value
        return placeholder

    def into(self, body, *members):
        """What the texts use. The rest belongs to alternatives that were drawn and dropped."""
        used = {token for member in members for token in TOKENS.findall(body.get(member, ""))}
        for name, known in [("ExpressionAttributeNames", self.names), ("ExpressionAttributeValues", self.values)]:
            kept = {placeholder: content for placeholder, content in known.items() if placeholder in used}
            if kept:
                body[name] = kept


class Expressions:
    def __init__(self, random, scope, table):
        self.random = random
        self.scope = scope
        self.table = table

    # ---- paths and operands

    def path(self, kind=None, nested=0.3):
        random = self.random
        if random.random() < nested:
            return self.nested_path(kind)
        if kind is None:
            return self.scope.name(random.choice(list(TYPED) + MISSING + self.table.key_names()))
        return self.scope.name(attribute_of_type(random, kind))

    def nested_path(self, kind=None):
        random = self.random
        root = random.choices(["m", "l", "l2", "any", "a", random.choice(self.table.key_names())], [6, 4, 4, 1, 1, 0.15])[0]
        text = self.scope.name(root)
        steps = random.choices([1, 2, 3], [6, 3, 1])[0]
        for _ in range(steps):
            if (root in ("l", "l2")) == (random.random() < 0.9):
                text += f"[{random.choice([0, 0, 1, 1, 2, 3, 7])}]"
            else:
                text += "." + self.scope.name(random.choice(["x", "x", "y", "y", "z", "l", "m", "n", "a.b", "é"]))
            root = text[-1]
        return text

    def literal(self, kind=None):
        return self.scope.value(values.value(self.random, kind))

    def operand(self, kind=None):
        draw = self.random.random()
        if draw < 0.5:
            return self.literal(kind)
        if draw < 0.95:
            return self.path(kind)
        return f"size({self.path()})"

    def scalar(self):
        return self.random.choice(values.SCALARS)

    # ---- conditions

    def condition(self, depth=0):
        random = self.random
        draw = random.random()
        if depth > 3 or draw < 0.5:
            return self.condition_leaf()
        if draw < 0.68:
            return f"{self.condition(depth + 1)} AND {self.condition(depth + 1)}"
        if draw < 0.84:
            return f"{self.condition(depth + 1)} {random.choice(['OR', 'or'])} {self.condition(depth + 1)}"
        if draw < 0.92:
            return f"NOT {self.condition(depth + 1)}"
        inner = self.condition(depth + 1)
        return inner if inner.startswith("(") else f"({inner})"

    def long_condition(self):
        """About as many operators as are allowed: 300."""
        terms = self.random.randint(148, 153)
        return " OR ".join([f"cnt < {self.literal('N')}"] + ["n = cnt"] * (terms - 1))

    def condition_leaf(self):
        random = self.random
        return random.choices(
            [self.comparison, self.between, self.membership, self.existence, self.type_test, self.prefix_test, self.contains_test, self.size_test],
            [10, 3, 3, 6, 2, 3, 4, 4])[0]()

    def comparison(self):
        kind = self.random.choice(values.ALL_TYPES) if self.random.random() < 0.4 else self.scalar()
        comparator = self.random.choice(COMPARATORS if kind in values.SCALARS else ["=", "<>", "=", "<>", "=", "<>", "<"])
        left, right = self.path(kind), self.operand(kind)
        if self.random.random() < 0.2:
            left, right = right, left
        return self.random.choice([f"{left} {comparator} {right}", f"{left}{comparator}{right}"])

    def between(self):
        kind = self.scalar()
        return f"{self.path(kind)} BETWEEN {self.operand(kind)} AND {self.operand(kind)}"

    def membership(self):
        kind = self.random.choice([None, "S", "N", "N"])
        return f"{self.path(kind)} IN ({', '.join(self.operand(kind) for _ in range(self.random.randint(1, 4)))})"

    def existence(self):
        return f"{self.random.choice(['attribute_exists', 'attribute_not_exists'])}({self.path()})"

    def type_test(self):
        return f"attribute_type({self.path()}, {self.scope.value({'S': self.random.choices(TYPE_NAMES, [6] * 10 + [1] * 4)[0]})})"

    def prefix_test(self):
        kind = self.random.choice(["S", "S", "B", None])
        return f"begins_with({self.path(kind)}, {self.operand(kind)})"

    def contains_test(self):
        draw = self.random.choice([("S", "S"), ("SS", "S"), ("NS", "N"), ("BS", "B"), ("L", None), ("B", "B"), (None, None)])
        return f"contains({self.path(draw[0])}, {self.operand(draw[1])})"

    def size_test(self):
        number = self.scope.value({"N": str(self.random.randint(0, 5))})
        return f"size({self.path(self.random.choice(['S', 'L', 'M', 'SS', 'B', None]))}) {self.random.choice(COMPARATORS)} {number}"

    # ---- updates

    def update(self):
        random = self.random
        sections = random.choices([["SET"], ["REMOVE"], ["ADD"], ["DELETE"], ["SET", "REMOVE"], ["SET", "ADD"], ["ADD", "DELETE"],
                                   ["SET", "REMOVE", "ADD", "DELETE"]], [10, 4, 5, 3, 4, 3, 1, 1])[0]
        random.shuffle(sections)
        self.taken = set()
        return " ".join(f"{name if random.random() < 0.95 else name.lower()} " + ", ".join(
            getattr(self, name.lower() + "_action")() for _ in range(random.choices([1, 2, 3], [6, 3, 1])[0])) for name in sections)

    def target(self, kind=None, nested=0.35):
        """A path whose first attribute no earlier clause took, mostly: two clauses on one path are refused."""
        for _ in range(6):
            before = dict(self.scope.names)
            path = self.path(kind, nested)
            root = re.split(r"[.\[]", path)[0]
            if root not in self.taken and self.scope.names.get(root, root) not in self.table.key_names() or self.random.random() < 0.06:
                break
            self.scope.names = before
        self.taken.add(root)
        return path

    def set_action(self):
        random = self.random
        kind = random.choice(values.ALL_TYPES)
        form = random.choices(["value", "path", "sum", "default", "append", "default sum"], [10, 2, 5, 4, 4, 1])[0]
        if form == "value":
            return f"{self.target(kind)} = {self.literal(kind)}"
        if form == "path":
            return f"{self.target()} = {self.path()}"
        if form == "sum":
            target = self.target("N")
            left, right = random.choice([(target, self.literal("N")), (self.path("N"), self.literal("N")), (self.literal("N"), self.path("N")),
                                         (self.path("N"), self.path("N"))])
            return f"{target} = {left} {random.choice('+-')} {right}"
        if form == "default":
            return f"{self.target(kind)} = if_not_exists({self.path(kind)}, {self.operand_of_set(kind)})"
        if form == "append":
            target = self.target("L")
            operands = [random.choice([target, self.path("L", 0.1), f"if_not_exists({target}, {self.literal('L')})"]), self.literal("L")]
            random.shuffle(operands)
            return f"{target} = list_append({', '.join(operands)})"
        target = self.target("N")
        return f"{target} = if_not_exists({target}, {self.literal('N')}) {random.choice('+-')} {self.literal('N')}"

    def operand_of_set(self, kind):
        return self.literal(kind) if self.random.random() < 0.7 else self.path(kind)

    def remove_action(self):
        if self.random.random() < 0.25:
            root = self.scope.name(self.random.choice(["l", "l2"]))
            self.taken.add(root)
            return ", ".join(f"{root}[{index}]" for index in self.random.sample(range(6), self.random.randint(1, 3)))
        return self.target()

    def add_action(self):
        kind = self.random.choice(["N", "N", "N", "SS", "NS", "BS"]) if self.random.random() < 0.93 else self.random.choice(values.ALL_TYPES)
        return f"{self.target(kind, 0.2)} {self.literal(kind)}"

    def delete_action(self):
        kind = self.random.choice(values.SETS) if self.random.random() < 0.93 else self.random.choice(values.ALL_TYPES)
        return f"{self.target(kind, 0.2)} {self.literal(kind)}"

    def wide_update(self):
        """More targets in one map than an update usually has."""
        random = self.random
        targets = [f"w{index}" for index in range(90)] if random.random() < 0.5 else [f"m.w{index}" for index in range(90)]
        chosen = random.sample(targets, random.randint(60, 80))
        cut = random.randint(1, len(chosen) - 1)
        literals = [self.literal() for _ in range(3)]
        sets = [f"{target} = {random.choice(literals)}" for target in chosen[:cut]]
        if random.random() < 0.4:
            sets.append(f"m.m.x = {random.choice(literals)}")
        return f"SET {', '.join(sets)} REMOVE {', '.join(chosen[cut:])}"

    # ---- projections

    def projection(self):
        self.taken = set()
        return ", ".join(self.target(nested=0.4) if self.random.random() < 0.9 else self.scope.name(self.random.choice(self.table.key_names()))
                         for _ in range(self.random.randint(1, 4)))

    # ---- key conditions

    def key_condition(self, place):
        """place: the table or index that is queried."""
        random = self.random
        name, kind = place.partition
        equality = self.either_way(self.scope.name(name), "=", self.scope.value(values.key_value(random, kind, place.partition_values)))
        if place.sort is None or random.random() < 0.35:
            return equality
        name, kind = place.sort
        sort = self.scope.name(name)
        draw = lambda: self.scope.value(values.key_value(random, kind, place.sort_values))
        form = random.choices(["compare", "between", "prefix"], [6, 3, 3 if kind != "N" else 0.3])[0]
        if form == "compare":
            term = self.either_way(sort, random.choice(["=", "<", "<=", ">", ">="]), draw())
        elif form == "between":
            term = f"{sort} BETWEEN {draw()} AND {draw()}"
        else:
            term = f"begins_with({sort}, {draw()})"
        terms = [equality, term]
        if random.random() < 0.2:
            terms.reverse()
        if random.random() < 0.15:
            terms = [f"({one})" for one in terms]
        return " AND ".join(terms)

    def either_way(self, left, comparator, right):
        if self.random.random() < 0.85:
            return f"{left} {comparator} {right}"
        mirrored = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[comparator]
        return f"{right} {mirrored} {left}"


# ---- spoiling

STRAY = ["AND", "OR", "NOT", "(", ")", ",", "=", "<>", "<", "+", ".", "[0]", "a", "size(a)", ":nope", "#nope", "BETWEEN", "IN", "SET", "REMOVE", "ADD",
         "name", "list_append(l, l)", "if_not_exists(a, a)", "attribute_exists(a)", "unknown(a)", "contains(a)", "[1000000]", "l[4294967296]", "l[99999999999999999999]",
         "l[-1]", "l[01]", ".".join(["a"] * 33), "a..b", "Contains(a, a)", "size", "contains", "!", "\t", "\u00a0", "\"a\"", "1"]


def spoil(random, text):
    """One small change, which mostly makes the text wrong."""
    tokens = TOKENS.findall(text)
    at = random.randrange(len(tokens) + 1)
    here = min(at, len(tokens) - 1)
    change = random.choice(["drop", "double", "insert", "replace", "parentheses", "case", "swap", "empty", "long"])
    if change == "drop":
        del tokens[here]
    elif change == "double":
        tokens.insert(here, tokens[here])
    elif change == "insert":
        tokens.insert(at, random.choice(STRAY))
    elif change == "replace":
        tokens[here] = random.choice(STRAY)
    elif change == "parentheses":
        return random.choice([f"(({text}))", f"({text})", f"({text}"])
    elif change == "case":
        tokens[here] = tokens[here].swapcase()
    elif change == "swap":
        tokens[here], tokens[0] = tokens[0], tokens[here]
    elif change == "empty":
        return random.choice(["", " "])
    else:
        return text + " " * 4096
    return " ".join(tokens)
