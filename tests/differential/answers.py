"""Compares two servers' answers to one request.

What DynamoDB leaves open is made equal first: the order of a scan's items, of set elements and of attributes, times, ids, ARNs.
What is left are disagreements of three classes, from heavy to light:

  outcome   one succeeds and the other does not, the exceptions are of different types, or a server broke
  content   both succeed with different bodies; one for each place where the bodies differ
  message   the same exception with another text
"""
import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

MAX_DIFFERENCES = 6
TABLE_MEMBERS = {"TableName", "AttributeDefinitions", "KeySchema", "ProvisionedThroughput", "BillingModeSummary"}
THROUGHPUT_MEMBERS = {"ReadCapacityUnits", "WriteCapacityUnits"}


@dataclass(frozen=True)
class Disagreement:
    peer: str
    operation: str
    kind: str  # outcome, content, message
    varve: str
    other: str

    def group(self):
        """Disagreements of one cause, more or less: without the values that texts quote."""
        return f"{self.peer} {self.operation} {self.kind}\n      varve: {template(self.varve)}\n      {self.peer}: {template(self.other)}"


def template(text):
    text = re.sub(r'"[^"]*"|\'[^\']*\'|\{.*\}|\[.*\]', "*", text)
    return re.sub(r"[#:]\w+|\d+", "*", text)[:300]


def canonical_number(text):
    """The number's one spelling, or None for what is not a number of DynamoDB's syntax."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", text, re.ASCII):
        return None
    number = Decimal(text)
    if number == 0:
        return "0"
    plain = format(number, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain


def sort_key(text):
    try:
        return (0, Decimal(text), text)
    except InvalidOperation:
        return (1, 0, text)


def normal(node):
    """Sets in one order."""
    if isinstance(node, dict):
        if len(node) == 1:
            (tag, content), = node.items()
            if tag in ("SS", "BS") and isinstance(content, list):
                return {tag: sorted(content, key=str)}
            if tag == "NS" and isinstance(content, list):
                return {tag: sorted(content, key=lambda one: sort_key(str(one)))}
        return {name: normal(content) for name, content in node.items()}
    if isinstance(node, list):
        return [normal(one) for one in node]
    return node


def rewrite_numbers(node, change):
    if isinstance(node, dict):
        if len(node) == 1:
            (tag, content), = node.items()
            if tag == "N" and isinstance(content, str):
                return {tag: change(content)}
            if tag == "NS" and isinstance(content, list):
                return {tag: [change(one) if isinstance(one, str) else one for one in content]}
        return {name: rewrite_numbers(content, change) for name, content in node.items()}
    if isinstance(node, list):
        return [rewrite_numbers(one, change) for one in node]
    return node


def in_text_order(items):
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if isinstance(items, list) else items


def normal_body(operation, body, partial, of_index, order_by):
    if not isinstance(body, dict):
        return {"Body": body}
    body = normal(body)
    if partial:  # which items a page of a scan holds is each server's own affair, as is the order of equal keys of an index
        return {"has Items": "Items" in body}
    if operation == "ListTables":  # of histories that run side by side
        return {}
    if "Tags" in body:
        body["Tags"] = in_text_order(body["Tags"])
    if order_by:
        body["Order"] = [item[order_by] for item in body.get("Items", []) if order_by in item]
    if (operation == "Scan" or of_index) and "Items" in body:
        body["Items"] = in_text_order(body["Items"])
    if of_index:
        body.pop("PageEnds", None)
    if operation == "BatchGetItem":
        body["Responses"] = {table: in_text_order(items) for table, items in body.get("Responses", {}).items()}
    if isinstance(body.get("ConsumedCapacity"), list):
        body["ConsumedCapacity"] = in_text_order(body["ConsumedCapacity"])
    for member in ("TableDescription", "Table"):
        if isinstance(body.get(member), dict):
            body[member] = normal_table(body[member])
    return body


def normal_table(table):
    kept = {name: content for name, content in table.items() if name in TABLE_MEMBERS}
    kept["AttributeDefinitions"] = in_text_order(kept.get("AttributeDefinitions"))
    kept["ProvisionedThroughput"] = {name: content for name, content in kept.get("ProvisionedThroughput", {}).items() if name in THROUGHPUT_MEMBERS}
    if "BillingModeSummary" in kept:
        kept["BillingModeSummary"] = kept["BillingModeSummary"].get("BillingMode")
    return kept


def differences(left, right, path=""):
    """(path, left, right) of each place where two JSON documents differ; absent is None."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted(set(left) | set(right)):
            if name not in left or name not in right:
                yield f"{path}.{name}", left.get(name), right.get(name)
            else:
                yield from differences(left[name], right[name], f"{path}.{name}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for one, other in zip(left, right):
            yield from differences(one, other, f"{path}[]")
    elif left != right or isinstance(left, bool) != isinstance(right, bool):
        yield path, left, right


def exception(body):
    return str(body.get("__type", "")).rsplit("#", 1)[-1]


def text_of(answer):
    status, body = answer
    if status == 200:
        return "200"
    message = body.get("message", body.get("Message"))
    broken = "" if status == 400 else f"{status} "
    return f"{broken}{exception(body)}: {message}" if message is not None else f"{broken}{exception(body)}"


def reasons(body):
    return [reason.get("Code") for reason in body.get("CancellationReasons") or []]


def compare(peer, operation, body, varve, other, order_by=None):
    """The disagreements of two answers (status, body)."""
    def found(kind, left, right):
        return [Disagreement(peer, operation, kind, left, right)]

    if varve[0] != 200 or other[0] != 200:
        left, right = text_of(varve), text_of(other)
        if varve[0] != other[0] or exception(varve[1]) != exception(other[1]):
            return found("outcome", left, right)
        if reasons(varve[1]) != reasons(other[1]):
            return found("outcome", f"{left} {reasons(varve[1])}", f"{right} {reasons(other[1])}")
        result = []
        items = [normal(one[1].get("Item")) for one in (varve, other)]
        if items[0] != items[1]:
            result += found("content", "Item of the exception: " + json.dumps(items[0]), json.dumps(items[1]))
        return result + (found("message", left, right) if left != right else [])
    of_index = operation in ("Query", "Scan") and "IndexName" in body
    ends_early = "Limit" in body or "ExclusiveStartKey" in body or "LastEvaluatedKey" in varve[1] and "LastEvaluatedKey" in other[1]
    partial = (operation == "Scan" or of_index) and ends_early and "Pages" not in varve[1]
    both = [normal_body(operation, one[1], partial, of_index, order_by) for one in (varve, other)]
    result = []
    for path, left, right in differences(*both):
        result += found("content", f"{path}: {json.dumps(left, ensure_ascii=False)}", json.dumps(right, ensure_ascii=False))
    return result[:MAX_DIFFERENCES]
