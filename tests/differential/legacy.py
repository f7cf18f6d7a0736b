"""Random parameters of the time before expressions."""
import expressions
import values

OPERATORS = ["EQ", "NE", "LE", "LT", "GE", "GT", "NULL", "NOT_NULL", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH", "IN", "BETWEEN"]
OPERANDS = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2}


def attribute(random):
    return random.choice(list(expressions.TYPED) + expressions.MISSING)


def operand(random, operator, kind):
    if operator in ("LE", "LT", "GE", "GT", "BETWEEN", "IN", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH") and random.random() < 0.93:
        kind = kind if kind in values.SCALARS else random.choice(values.SCALARS)
        if operator == "BEGINS_WITH" and kind == "N":
            kind = "S"
    return values.value(random, kind)


def comparison(random, kind):
    operator = random.choice(OPERATORS)
    count = OPERANDS.get(operator, random.randint(1, 3) if operator == "IN" else 1)
    if random.random() < 0.05:
        count += random.choice([-1, 1])
    condition = {"ComparisonOperator": operator}
    if kind not in values.SCALARS:
        kind = random.choice(values.SCALARS) if operator in ("IN", "BETWEEN") else kind
    operands = [operand(random, operator, kind) for _ in range(max(count, 0))]
    if operands or random.random() < 0.3:
        condition["AttributeValueList"] = operands
    return condition


def conditions(random, join_allowed, body, member):
    """QueryFilter, ScanFilter or Expected's operator form, into `body`."""
    found = {}
    for _ in range(random.choices([0, 1, 2, 3], [0.3, 6, 3, 1])[0]):
        name = attribute(random)
        found[name] = comparison(random, expressions.TYPED.get(name))
    body[member] = found
    if join_allowed and random.random() < 0.3:
        body["ConditionalOperator"] = random.choice(["AND", "OR"])


def expected(random, body):
    conditions(random, True, body, "Expected")
    for name in list(body["Expected"]):
        draw = random.random()
        kind = expressions.TYPED.get(name)
        if draw < 0.25:
            body["Expected"][name] = {"Value": values.value(random, kind)}
        elif draw < 0.4:
            body["Expected"][name] = {"Exists": False}
        elif draw < 0.45:
            body["Expected"][name] = {"Exists": True, "Value": values.value(random, kind)}
        elif draw < 0.5:
            body["Expected"][name] = random.choice([
                {}, {"Exists": True}, {"Exists": False, "Value": {"S": "a"}}, {"AttributeValueList": [{"S": "a"}]},
                {"ComparisonOperator": "EQ"}, {"ComparisonOperator": "EQ", "Value": {"N": "1"}}, {"ComparisonOperator": "EQ", "Exists": True},
                {"ComparisonOperator": "EQ", "Value": {"N": "1"}, "AttributeValueList": [{"N": "1"}]}, {"ComparisonOperator": "LIKE"}])


def updates(random, key_names):
    found = {}
    for _ in range(random.choices([0, 1, 2, 3], [0.3, 6, 3, 1])[0]):
        name = random.choice(key_names) if random.random() < 0.03 else attribute(random)
        kind = expressions.TYPED.get(name)
        action = random.choice(["PUT", "ADD", "DELETE", None])
        if action == "ADD" and random.random() < 0.9:
            kind = kind if kind in ("N", "SS", "NS", "BS", "L") else "N"
        if action == "DELETE":
            kind = kind if kind in values.SETS or random.random() < 0.1 else ""
        change = {} if action is None else {"Action": action}
        if kind != "" and random.random() < 0.95:
            change["Value"] = values.value(random, kind)
        found[name] = change
    return found


def key_conditions(random, table):
    name, kind = table.partition
    found = {name: {"ComparisonOperator": "EQ", "AttributeValueList": [values.key_value(random, kind, table.partition_values)]}}
    if table.sort and random.random() < 0.65:
        name, kind = table.sort
        operator = random.choice(["EQ", "LE", "LT", "GE", "GT", "BEGINS_WITH" if kind != "N" else "EQ", "BETWEEN"])
        found[name] = {"ComparisonOperator": operator, "AttributeValueList": [
            values.key_value(random, kind, table.sort_values) for _ in range(OPERANDS.get(operator, 1))]}
    if random.random() < 0.06:
        found[random.choice([name, "a", "n"])] = comparison(random, kind)
    if random.random() < 0.03:
        del found[random.choice(list(found))]
    return found
