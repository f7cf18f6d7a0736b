"""A second Varve that is sent every single write and read as a transaction of one action, so that the two ways to do one thing are held
against each other. No peer knows transactions well.
"""
import json
import re

import servers

ACTIONS = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}
RETURNS = {"PutItem": {"NONE", "ALL_OLD"}, "DeleteItem": {"NONE", "ALL_OLD"},
           "UpdateItem": {"NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"}}
OLDER = {"Expected", "AttributeUpdates", "ConditionalOperator", "AttributesToGet"}
OF_THE_REQUEST = {"ReturnConsumedCapacity", "ReturnItemCollectionMetrics"}
# What an answer to a transaction does not have, or counts otherwise.
NOT_COMPARED = {"Attributes", "ConsumedCapacity", "ItemCollectionMetrics"}


def as_transaction(operation, body):
    """(operation, body) of the transaction that does the same, or None when a transaction cannot."""
    if OLDER & set(body):
        return None
    if operation == "GetItem":
        rest = {name: content for name, content in body.items() if name not in OF_THE_REQUEST | {"ConsistentRead"}}
        if not isinstance(body.get("ConsistentRead", True), bool):
            return None
        return "TransactGetItems", {"TransactItems": [{"Get": rest}], **{name: body[name] for name in OF_THE_REQUEST if name in body}}
    if operation not in ACTIONS or operation == "UpdateItem" and body.get("UpdateExpression") is None:
        return None
    returns = body.get("ReturnValues", "NONE")
    if not isinstance(returns, str) or returns not in RETURNS[operation]:
        return None
    action = {name: content for name, content in body.items() if name not in OF_THE_REQUEST | {"ReturnValues"}}
    return "TransactWriteItems", {"TransactItems": [{ACTIONS[operation]: action}], **{name: body[name] for name in OF_THE_REQUEST if name in body}}


def as_single(status, answer):
    """The answer that the single operation would give."""
    if status == 200:
        responses = answer.get("Responses")
        return status, responses[0] if responses else {}
    if answer.get("__type", "").endswith("#TransactionCanceledException"):
        reason = answer["CancellationReasons"][0]
        kind = {"ConditionalCheckFailed": "ConditionalCheckFailedException", "ValidationError": "ValidationException"}.get(reason["Code"], reason["Code"])
        single = {"__type": "#" + kind, "message": reason.get("Message")}
        return status, {**single, "Item": reason["Item"]} if "Item" in reason else single
    text = json.dumps(answer)
    return status, json.loads(re.sub(r"transactItems\.1\.member\.(put|update|delete|get)\.", "", text))


class TwinConnection(servers.Connection):
    def __init__(self, port):
        super().__init__(port)
        self.is_transaction = False  # the request under way

    def send_as_it_is(self, operation, body):
        self.is_transaction = False
        super().send_as_it_is(operation, body)

    def send(self, operation, body):
        transaction = as_transaction(operation, json.loads(body))
        if transaction:
            operation, body = transaction[0], json.dumps(transaction[1], ensure_ascii=False).encode()
        self.send_as_it_is(operation, body)
        self.is_transaction = transaction is not None
        self.translated = self.translated or self.is_transaction

    def receive(self):
        answer = super().receive()
        return as_single(*answer) if self.is_transaction else answer

    def comparable(self, answer):
        return answer[0], {name: content for name, content in answer[1].items() if name not in NOT_COMPARED}
