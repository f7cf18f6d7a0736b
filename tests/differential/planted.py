"""Wrong answers, put in between Varve and the comparison on purpose: the lane must find each of them."""
import servers


def first_number(node):
    """Changes the first N it finds; tells whether it found one."""
    if isinstance(node, dict):
        if isinstance(node.get("N"), str):
            node["N"] = node["N"] + "7"
            return True
        return any(first_number(content) for content in node.values())
    return isinstance(node, list) and any(first_number(content) for content in node)


def wrong_number(operation, status, body):
    if operation == "UpdateItem" and status == 200:
        first_number(body.get("Attributes", {}))
    return status, body


def lost_item(operation, status, body):
    if operation in ("Query", "Scan") and len(body.get("Items", [])) > 3:
        body["Items"].pop()
        body["Count"] -= 1
    return status, body


def ignored_condition(operation, status, body):
    if operation in ("PutItem", "DeleteItem") and body.get("__type", "").endswith("#ConditionalCheckFailedException"):
        return 200, {}
    return status, body


def wrong_text(operation, status, body):
    if body.get("message") == "The conditional request failed":
        body["message"] += "."
    return status, body


def internal_error(operation, status, body):
    if operation == "TransactGetItems" and status == 200:
        return 500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "planted"}
    return status, body


PLANTS = {plant.__name__.replace("_", "-"): plant for plant in [wrong_number, lost_item, ignored_condition, wrong_text, internal_error]}


class PlantedConnection(servers.Connection):
    def __init__(self, port, plant):
        super().__init__(port)
        self.plant = PLANTS[plant]
        self.operation = None

    def send_as_it_is(self, operation, body):
        self.operation = operation
        super().send_as_it_is(operation, body)

    def receive(self):
        return self.plant(self.operation, *super().receive())
