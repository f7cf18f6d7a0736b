"""A second Varve that is sent reads, updates and deletes as PartiQL statements, so that the two languages are held against each other.
Only what both can say is translated; the rest goes as it is.
"""
import json

import expressions
import servers

KEYWORDS = {"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE"}
FUNCTIONS = {"begins_with", "contains", "size", "attribute_type", "list_append"}
EXISTENCE = {"attribute_exists": "IS NOT MISSING", "attribute_not_exists": "IS MISSING"}
TRANSLATED = {"GetItem": {"TableName", "Key", "ConsistentRead"},
              "DeleteItem": {"TableName", "Key", "ConditionExpression"},
              "UpdateItem": {"TableName", "Key", "ConditionExpression", "UpdateExpression", "ReturnValues"},
              "Query": {"TableName", "KeyConditionExpression", "FilterExpression", "ConsistentRead"},
              "Scan": {"TableName", "FilterExpression", "ConsistentRead"}}
ALWAYS = {"ExpressionAttributeNames", "ExpressionAttributeValues", "ReturnValuesOnConditionCheckFailure", "ReturnConsumedCapacity",
          "ReturnItemCollectionMetrics"}
RETURNING = {"ALL_OLD": "ALL OLD", "ALL_NEW": "ALL NEW", "UPDATED_OLD": "MODIFIED OLD", "UPDATED_NEW": "MODIFIED NEW"}


class Untranslatable(Exception):
    pass


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Translation:
    """Texts of expressions into one statement's text, and its parameters in their order."""

    def __init__(self, body):
        self.names = body.get("ExpressionAttributeNames", {})
        self.values = body.get("ExpressionAttributeValues", {})
        self.parameters = []

    def parameter(self, value):
        self.parameters.append(value)
        return "?"

    def text(self, expression):
        tokens = expressions.TOKENS.findall(expression)
        made, at = "", 0
        while at < len(tokens):
            token = tokens[at]
            if token in EXISTENCE and tokens[at + 1:at + 2] == ["("]:
                if ")" not in tokens[at:]:
                    raise Untranslatable
                end = tokens.index(")", at)
                made += " " + self.joined(tokens[at + 2:end]) + " " + EXISTENCE[token]
                at = end + 1
                continue
            made = self.append(made, token, self.one(token, tokens[at - 1] if at else "", tokens[at + 1] if at + 1 < len(tokens) else ""))
            at += 1
        return made

    def joined(self, tokens):
        made = ""
        for at, token in enumerate(tokens):
            made = self.append(made, token, self.one(token, tokens[at - 1] if at else "", ""))
        return made

    @staticmethod
    def append(made, token, text):
        tight = token in ".[]" or made.endswith((".", "["))
        return made + text if tight else made + " " + text

    def one(self, token, before, after):
        try:
            if token.startswith("#"):
                return quoted(self.names[token])
            if token.startswith(":"):
                return self.parameter(self.values[token])
        except (KeyError, AttributeError, TypeError) as error:
            raise Untranslatable from error
        if token.upper() in KEYWORDS:
            return token.upper()
        if token[0].isdigit() and before == "[" or not (token[0].isalpha() or token[0] == "_"):
            return token
        if after == "(":
            if token not in FUNCTIONS:
                raise Untranslatable
            return token
        return quoted(token)


def key_text(translation, key):
    if not isinstance(key, dict) or not key:
        raise Untranslatable
    return " AND ".join(f"{quoted(name)} = {translation.parameter(value)}" for name, value in key.items())


def where(translation, *conditions):
    present = [condition for condition in conditions if condition]
    return " WHERE " + " AND ".join(present) if present else ""


def statement(operation, body):
    """The request of ExecuteStatement that does the same."""
    if operation not in TRANSLATED or set(body) - TRANSLATED[operation] - ALWAYS or not isinstance(body.get("TableName"), str):
        raise Untranslatable
    translation = Translation(body)
    table = quoted(body["TableName"])
    condition = lambda member: f"({translation.text(body[member])})" if isinstance(body.get(member), str) else ""
    if operation == "GetItem":
        text = f"SELECT * FROM {table}" + where(translation, key_text(translation, body.get("Key")))
    elif operation == "DeleteItem":
        text = f"DELETE FROM {table}" + where(translation, key_text(translation, body.get("Key")), condition("ConditionExpression"))
    elif operation == "UpdateItem":
        update = body.get("UpdateExpression")
        if not isinstance(update, str) or {"ADD", "DELETE", "IF_NOT_EXISTS"} & {token.upper() for token in expressions.TOKENS.findall(update)}:
            raise Untranslatable
        text = f"UPDATE {table}{translation.text(update)}" + where(translation, key_text(translation, body.get("Key")), condition("ConditionExpression"))
        returns = body.get("ReturnValues", "NONE")
        if returns != "NONE":
            if not isinstance(returns, str) or returns not in RETURNING:
                raise Untranslatable
            text += f" RETURNING {RETURNING[returns]} *"
    else:
        text = f"SELECT * FROM {table}" + where(translation, condition("KeyConditionExpression"), condition("FilterExpression"))
    request = {"Statement": text, **({"Parameters": translation.parameters} if translation.parameters else {})}
    for member in ("ConsistentRead", "ReturnValuesOnConditionCheckFailure", "ReturnConsumedCapacity"):
        if member in body:
            request[member] = body[member]
    return request


class StatementConnection(servers.Connection):
    def __init__(self, port):
        super().__init__(port)
        self.operation = None  # that the request under way stands for, if it was translated

    def send_as_it_is(self, operation, body):
        self.operation = None
        super().send_as_it_is(operation, body)

    def send(self, operation, body):
        try:
            request = statement(operation, json.loads(body))
        except Untranslatable:
            return self.send_as_it_is(operation, body)
        self.send_as_it_is("ExecuteStatement", json.dumps(request, ensure_ascii=False).encode())
        self.operation = operation
        self.translated = True

    def receive(self):
        status, answer = super().receive()
        if status != 200 or self.operation is None:
            return status, answer
        items = answer.get("Items", [])
        if self.operation in ("Query", "Scan"):
            whole = {"Items": items}
            if "LastEvaluatedKey" in answer:
                whole["LastEvaluatedKey"] = answer["LastEvaluatedKey"]
            return status, whole
        member = "Item" if self.operation == "GetItem" else "Attributes"
        return status, {member: items[0]} if items else {}

    def comparable(self, answer):
        kept = {"Items", "Item", "Attributes"} if answer[0] == 200 else set(answer[1])
        return answer[0], {name: content for name, content in answer[1].items() if name in kept}
