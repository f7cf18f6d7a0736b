"""Random requests. `history` is a list of steps that depends on nothing but its arguments.

A step is {"operation", "body"}, or {"operation", "raw"} with the body's text, and perhaps "follow": the request is then repeated with the LastEvaluatedKey of each server's own
answer until there is none, and the pages are compared together; a number instead of true is a parallel scan in so many segments. "check" marks the read after a write,
and "order_by" names the sort key of a queried index: items that are equal in it come in any order. Table names begin with PREFIX, which the player replaces, so
that one history can be played many times on the same servers.
"""
import copy
import json
import random as random_module

import expressions
import legacy
import values
from tables import PREFIX, Table, tables


BAD_PLACEHOLDERS = ["bad", "", "#", ":", "#a-b", ":a.b", "#é", ":" + "a" * 300, "#" + "a" * 300, "# a", ":0", "#_", "##a", "::a"]


class Generator:
    def __init__(self, random, tables):
        self.random = random
        self.made = []
        self.tables = tables
        self.tokens = 0
        self.extra_tables = 0

    def chance(self, probability):
        return self.random.random() < probability

    # ---- what requests share

    def table(self):
        return self.random.choices(self.tables, [5, 2])[0]

    def key(self, table):
        key = table.key(self.random)
        if self.chance(0.03):
            name = self.random.choice(list(key))
            change = self.random.choice(["drop", "bad", "extra", "empty"])
            if change == "drop":
                del key[name]
            elif change == "bad":
                key[name] = values.bad_key_value(self.random, dict(table.key_schema())[name])
            elif change == "extra":
                key["a"] = values.value(self.random)
            else:
                key = {}
        return key

    def item(self, table):
        item = self.key(table)
        for _ in range(self.random.randint(0, 12)):
            name = self.random.choice(list(expressions.TYPED) + ["m", "l", "n", "cnt"])
            item[name] = values.value(self.random, expressions.TYPED[name] if self.chance(0.9) else None)
        if "m" in item and self.chance(0.8):
            item["m"] = values.document(self.random)
        if self.chance(0.04):
            item[self.random.choice(list(expressions.TYPED))] = values.bad_value(self.random)
        if self.chance(0.01):
            item["a"] = values.nested(self.random, self.random.randint(30, 32))
        if self.chance(0.04):
            item["contains"] = {"S": "x" * self.random.randint(900, 9000)}
        if self.chance(0.003):
            item["contains"] = {"S": "x" * self.random.choice([409000, 409590, 409700])}
        return item

    def scope(self, table):
        scope = expressions.Scope(self.random)
        return scope, expressions.Expressions(self.random, scope, table)

    def finish(self, body, scope, *members):
        """Placeholders into the body, and now and then something wrong with them or with a text."""
        scope.into(body, *members)
        if self.chance(0.05):
            present = [member for member in members if member in body]
            if present:
                member = self.random.choice(present)
                body[member] = expressions.spoil(self.random, body[member])
        if self.chance(0.03):
            self.random.choice([
                lambda: body.setdefault("ExpressionAttributeNames", {}).update({"#unused": "a"}),
                lambda: body.setdefault("ExpressionAttributeValues", {}).update({":unused": {"S": "a"}}),
                lambda: body.setdefault("ExpressionAttributeValues", {}).update({":v0": values.bad_value(self.random)}),
                lambda: body.setdefault("ExpressionAttributeNames", {}).update({self.random.choice(BAD_PLACEHOLDERS): "a"}),
                lambda: body.setdefault("ExpressionAttributeValues", {}).update({self.random.choice(BAD_PLACEHOLDERS): {"S": "a"}}),
                lambda: body.setdefault("ExpressionAttributeNames", {}).update({"#n0": self.random.choice(["", "a" * 300, "a.b", "#n0", "pk"])}),
                lambda: body.update(ExpressionAttributeNames={}),
                lambda: body.update(ExpressionAttributeValues={}),
                lambda: body.pop("ExpressionAttributeValues", None),
                lambda: body.pop("ExpressionAttributeNames", None),
            ])()
        return body

    def write_options(self, body, returns):
        if self.chance(0.5):
            body["ReturnValues"] = self.random.choice(returns)
        elif self.chance(0.02):
            body["ReturnValues"] = self.random.choice(["ALL_NEW", "UPDATED_OLD", "SOME", ""])
        if self.chance(0.1):
            body["ReturnValuesOnConditionCheckFailure"] = self.random.choice(["ALL_OLD", "NONE"])
        if self.chance(0.05):
            body["ReturnItemCollectionMetrics"] = self.random.choice(["SIZE", "NONE"])
        self.capacity(body)

    def capacity(self, body):
        if self.chance(0.12):
            body["ReturnConsumedCapacity"] = self.random.choice(["TOTAL", "INDEXES", "NONE", "TOTAL", "ALL"])

    def mix(self, body):
        """Rarely an old parameter beside an expression, or the other way round."""
        if self.chance(0.01):
            member, content = self.random.choice([
                ("Expected", {}), ("ConditionalOperator", "OR"), ("AttributeUpdates", {}), ("AttributesToGet", ["a"]), ("QueryFilter", {}),
                ("ScanFilter", {}), ("KeyConditions", {}), ("ConditionExpression", "a = a"), ("FilterExpression", "attribute_exists(a)"),
                ("ProjectionExpression", "a"), ("UpdateExpression", "REMOVE a")])
            body.setdefault(member, content)
        return body

    def condition_into(self, body, make):
        """A ConditionExpression or Expected, or neither."""
        if self.chance(0.3):
            body["ConditionExpression"] = make.condition() if self.chance(0.98) else make.long_condition()
        elif self.chance(0.1):
            legacy.expected(self.random, body)

    # ---- items

    def put_item(self):
        table = self.table()
        scope, make = self.scope(table)
        body = {"TableName": table.name, "Item": self.item(table)}
        self.condition_into(body, make)
        self.write_options(body, ["NONE", "ALL_OLD", "ALL_OLD"])
        return self.mix(self.finish(body, scope, "ConditionExpression"))

    def update_item(self):
        table = self.table()
        scope, make = self.scope(table)
        body = {"TableName": table.name, "Key": self.key(table)}
        if self.chance(0.82):
            body["UpdateExpression"] = make.update() if self.chance(0.97) else make.wide_update()
            if self.chance(0.3):
                body["ConditionExpression"] = make.condition()
        elif self.chance(0.9):
            body["AttributeUpdates"] = legacy.updates(self.random, table.key_names())
            if self.chance(0.25):
                legacy.expected(self.random, body)
        self.write_options(body, ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW", "UPDATED_NEW", "UPDATED_OLD"])
        return self.mix(self.finish(body, scope, "UpdateExpression", "ConditionExpression"))

    def delete_item(self):
        table = self.table()
        scope, make = self.scope(table)
        body = {"TableName": table.name, "Key": self.key(table)}
        self.condition_into(body, make)
        self.write_options(body, ["NONE", "ALL_OLD", "ALL_OLD"])
        return self.mix(self.finish(body, scope, "ConditionExpression"))

    def attributes_to_get(self):
        return [self.random.choice(list(expressions.TYPED) + ["pk", "sk", "m.x"]) for _ in range(self.random.randint(1, 4))]

    def projection_into(self, body, make, probability=0.35):
        if self.chance(probability):
            if self.chance(0.75):
                body["ProjectionExpression"] = make.projection()
            else:
                body["AttributesToGet"] = self.attributes_to_get()

    def get_item(self):
        table = self.table()
        scope, make = self.scope(table)
        body = {"TableName": table.name, "Key": self.key(table), "ConsistentRead": True}
        self.projection_into(body, make)
        self.capacity(body)
        return self.mix(self.finish(body, scope, "ProjectionExpression"))

    # ---- pages

    def index(self, table, probability):
        return self.random.choice(table.indexes) if table.indexes and self.chance(probability) else None

    def page_options(self, body, index):
        if self.chance(0.7):
            body["ConsistentRead"] = self.random.random() < (0.05 if index and index.is_global else 0.8)
        if self.chance(0.12):
            body["Select"] = self.random.choice(["COUNT", "COUNT", "ALL_PROJECTED_ATTRIBUTES" if index else "COUNT", "ALL_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SOME"])
        if index:
            body["IndexName"] = index.name
        elif self.chance(0.02):
            body["IndexName"] = self.random.choice(["missing", "x", "in dex", ""])
        self.capacity(body)

    def filter_into(self, body, make, member):
        if self.chance(0.35):
            body["FilterExpression"] = make.condition()
        elif self.chance(0.15) and "KeyConditionExpression" not in body and "ProjectionExpression" not in body:
            legacy.conditions(self.random, True, body, member)

    def query(self):
        table = self.table()
        index = self.index(table, 0.4)
        scope, make = self.scope(table)
        body = {"TableName": table.name}
        if self.chance(0.8):
            self.query_expressions(body, make, index or table)
        else:
            self.query_of_old(body, make, index or table)
        if self.chance(0.4):
            body["ScanIndexForward"] = self.random.random() < 0.4
        self.page_options(body, index)
        if self.chance(0.45):
            body["Limit"] = self.random.choice([1, 1, 2, 3, 5, 100])
        elif self.chance(0.03):
            body["Limit"] = self.random.choice([0, -1, 2147483648])
        if self.chance(0.12):
            body["ExclusiveStartKey"] = {**self.key(table), **(index.key(self.random) if index else {})}
        self.mix(self.finish(body, scope, "KeyConditionExpression", "FilterExpression", "ProjectionExpression"))
        follow = "Limit" in body and "ExclusiveStartKey" not in body and (index is not None or self.chance(0.7))
        return body, follow, index.sort and index.sort[0] if index else None

    def query_expressions(self, body, make, place):
        body["KeyConditionExpression"] = make.key_condition(place)
        if self.chance(0.3):
            body["ProjectionExpression"] = make.projection()
        if self.chance(0.35):
            body["FilterExpression"] = make.condition()

    def query_of_old(self, body, make, place):
        if self.chance(0.97):
            body["KeyConditions"] = legacy.key_conditions(self.random, place)
        if self.chance(0.25):  # beside expressions, which is no mixture
            body.update({"FilterExpression": make.condition()} if self.chance(0.5) else {"ProjectionExpression": make.projection()})
            return
        if self.chance(0.3):
            body["AttributesToGet"] = self.attributes_to_get()
        if self.chance(0.4):
            legacy.conditions(self.random, True, body, "QueryFilter")

    def scan(self):
        table = self.table()
        index = self.index(table, 0.25)
        scope, make = self.scope(table)
        body = {"TableName": table.name}
        self.projection_into(body, make)
        old = "AttributesToGet" in body or "ProjectionExpression" not in body and self.chance(0.15)
        if old:
            legacy.conditions(self.random, True, body, "ScanFilter")
        elif self.chance(0.5):
            body["FilterExpression"] = make.condition()
        self.page_options(body, index)
        if self.chance(0.04):
            body["ExclusiveStartKey"] = {**self.key(table), **(index.key(self.random) if index else {})}
        if self.chance(0.03):
            body.update(self.random.choice([{"Segment": 0}, {"TotalSegments": 2}, {"Segment": 2, "TotalSegments": 2},
                                            {"Segment": -1, "TotalSegments": 2}, {"Segment": 0, "TotalSegments": 0}, {"Segment": 0, "TotalSegments": 1},
                                            {"Segment": 0, "TotalSegments": 1000001}, {"Limit": 0}]))
        self.mix(self.finish(body, scope, "FilterExpression", "ProjectionExpression"))
        if self.chance(0.1) and not {"Segment", "TotalSegments", "ExclusiveStartKey"} & set(body):
            return (body, self.random.randint(2, 7))
        if self.chance(0.3) and "Limit" not in body:
            body["Limit"] = self.random.choice([1, 2, 3, 5, 100])
            return (body, "ExclusiveStartKey" not in body)
        return body

    # ---- several items

    def batch_get_item(self):
        request = {}
        for table in self.random.sample(self.tables, self.random.randint(1, 2)):
            scope, make = self.scope(table)
            one = {"Keys": [self.key(table) for _ in range(self.random.randint(1, 4))]}
            self.projection_into(one, make)
            if self.chance(0.3):
                one["ConsistentRead"] = True
            scope.into(one, "ProjectionExpression")
            request[table.name] = one
        if self.chance(0.02):
            request[self.random.choice([PREFIX + "Gone", "x", "bad name"])] = {"Keys": [{"pk": {"S": "a"}}]}
        if self.chance(0.02):
            request = self.random.choice([{}, {self.tables[0].name: {}}, {self.tables[0].name: {"Keys": []}}])
        body = {"RequestItems": request}
        self.capacity(body)
        return body

    def batch_write_item(self):
        request = {}
        for table in self.random.sample(self.tables, self.random.randint(1, 2)):
            request[table.name] = [
                {"PutRequest": {"Item": self.item(table)}} if self.chance(0.7) else {"DeleteRequest": {"Key": self.key(table)}}
                for _ in range(self.random.randint(1, 4))]
        if self.chance(0.03):
            table = self.tables[0]
            request[table.name] = self.random.choice([
                [], [{}], [{"PutRequest": {"Item": table.key(self.random)}, "DeleteRequest": {"Key": table.key(self.random)}}],
                [{"DeleteRequest": {"Key": table.key(self.random)}} for _ in range(26)], [{"PutRequest": {}}], [{"DeleteRequest": {}}]])
        if self.chance(0.02):
            request[PREFIX + "Gone"] = [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]
        body = {"RequestItems": request if self.chance(0.99) else {}}
        self.capacity(body)
        return body

    def transact_write_items(self):
        actions = []
        for _ in range(self.random.randint(1, 4)):
            table = self.table()
            scope, make = self.scope(table)
            kind = self.random.choice(["Put", "Update", "Delete", "ConditionCheck"])
            action = {"TableName": table.name, ("Item" if kind == "Put" else "Key"): self.item(table) if kind == "Put" else self.key(table)}
            if kind == "Update":
                action["UpdateExpression"] = make.update()
            if kind == "ConditionCheck" or self.chance(0.4):
                action["ConditionExpression"] = make.condition()
            if self.chance(0.2):
                action["ReturnValuesOnConditionCheckFailure"] = self.random.choice(["ALL_OLD", "NONE"])
            actions.append({kind: self.finish(action, scope, "UpdateExpression", "ConditionExpression")})
        body = {"TransactItems": actions}
        if self.chance(0.02):
            body["TransactItems"] = self.random.choice([[], [{}], [{**actions[0], "Delete": {}}]])
        if self.chance(0.15):
            self.tokens += 1
            body["ClientRequestToken"] = f"{PREFIX}{self.random.randint(max(1, self.tokens - 1), self.tokens)}"
        self.capacity(body)
        return body

    def transact_get_items(self):
        gets = []
        for _ in range(self.random.randint(1, 4)):
            table = self.table()
            scope, make = self.scope(table)
            get = {"TableName": table.name, "Key": self.key(table)}
            if self.chance(0.3):
                get["ProjectionExpression"] = make.projection()
            scope.into(get, "ProjectionExpression")
            gets.append({"Get": get})
        body = {"TransactItems": gets}
        self.capacity(body)
        return body

    # ---- tables

    def create_table(self):
        """Mostly one that is refused; what is created is left empty and deleted with the history."""
        random = self.random
        self.extra_tables += 1
        kinds = lambda: random.choices(["S", "N", "B", "BOOL"], [6, 4, 3, 0.3])[0]
        body = Table(f"{PREFIX}New{self.extra_tables}", ("pk", kinds()), ("sk", kinds()) if self.chance(0.6) else None).creation()
        if self.chance(0.4):
            del body["BillingMode"]
            body["ProvisionedThroughput"] = {"ReadCapacityUnits": random.choice([1, 5, 0, 1000000000001]), "WriteCapacityUnits": 5}
        if self.chance(0.7):
            random.choice([
                lambda: body.update(TableName=random.choice(["", "a", "ab", "a b", "a" * 256, self.tables[0].name, None])),
                lambda: body.update(KeySchema=[]),
                lambda: body.update(AttributeDefinitions=[]),
                lambda: body["KeySchema"].append({"AttributeName": "x", "KeyType": "RANGE"}),
                lambda: body["KeySchema"].reverse(),
                lambda: body["KeySchema"][0].update(KeyType=random.choice(["RANGE", "BAD", ""])),
                lambda: body["KeySchema"][-1].update(AttributeName=random.choice(["pk", "x", ""])),
                lambda: body["AttributeDefinitions"].append({"AttributeName": random.choice(["pk", "x"]), "AttributeType": "S"}),
                lambda: body["AttributeDefinitions"].pop(),
                lambda: body.pop(random.choice(list(body))),
                lambda: body.update(BillingMode=random.choice(["PROVISIONED", "PAY_PER_REQUEST", "FREE"])),
                lambda: body.update(ProvisionedThroughput=random.choice([{}, {"ReadCapacityUnits": 1}, {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}])),
            ])()
        return body

    def describe_table(self):
        return {"TableName": self.random.choice([self.tables[0].name, self.tables[1].name, PREFIX + "Gone", "ab", "a b", ""])}

    def update_table(self):
        throughput = lambda: {"ReadCapacityUnits": self.random.choice([0, 1, 5]), "WriteCapacityUnits": self.random.choice([1, 5])}
        body = {"TableName": self.random.choice([table.name for table in self.tables] + [PREFIX + "Gone", "ab"])}
        self.random.choice([lambda: None, lambda: body.update(BillingMode="PROVISIONED"), lambda: body.update(BillingMode="FREE"),
                            lambda: body.update(ProvisionedThroughput=throughput()), lambda: body.update(ProvisionedThroughput={})])()
        return body

    def delete_table(self):
        return {"TableName": self.random.choice([PREFIX + "Gone", "ab", "a b", ""])}

    def list_tables(self):
        return self.random.choice([{}, {"Limit": self.random.choice([0, 1, 5, 100, 101, "1"])},
                                   {"ExclusiveStartTableName": self.random.choice([PREFIX + "One", PREFIX + "M", "a", "a b", ""])}])

    def describe_time_to_live(self):
        return self.describe_table()

    # ---- tags

    def arn(self):
        arn = "arn:aws:dynamodb:us-east-1:000000000000:table/"
        return self.random.choice([arn + self.tables[0].name] * 6 + [arn + self.tables[1].name, arn + PREFIX + "Gone", "", "a", "arn:aws:s3:::bucket",
                                                                     arn, arn + self.tables[0].name + "/index/byText"])

    def tag_resource(self):
        tags = [{"Key": self.random.choice(["a", "b", "c d", "", "aws:x", "k" * 129, "é!"]), "Value": self.random.choice(["", "1", "v" * 257])}
                for _ in range(self.random.randint(0, 3))]
        return {"ResourceArn": self.arn(), "Tags": tags}

    def untag_resource(self):
        return {"ResourceArn": self.arn(), "TagKeys": [self.random.choice(["a", "b", "nope", ""]) for _ in range(self.random.randint(0, 2))]}

    def list_tags_of_resource(self):
        return {"ResourceArn": self.arn()}

    def checks_of(self, step):
        """Reads of what a write may have changed, so that a wrong state shows near the write that made it."""
        body = step.get("body", {})
        if step["operation"] in ("PutItem", "UpdateItem", "DeleteItem"):
            table = next((table for table in self.tables if table.name == body.get("TableName")), None)
            item = body.get("Key", body.get("Item"))
            if table and isinstance(item, dict):
                key = {name: item[name] for name in table.key_names() if name in item}
                return [{"operation": "GetItem", "check": True, "body": {"TableName": table.name, "ConsistentRead": True, "Key": key}}]
        return [{"operation": "Scan", "check": True, "follow": True, "body": {"TableName": table.name, "ConsistentRead": True}} for table in self.tables]

    def steps(self, length):
        made = []
        while len(made) < length:
            step = self.raw_step() if self.chance(0.015) else self.step()
            made.append(step)
            if "body" in step:
                self.made.append(step)
            if step["operation"] in MUTATIONS:
                made += self.checks_of(step)
        return copy.deepcopy(made)

    def big_items(self):
        """Enough in one partition that a page ends at its size."""
        table = self.tables[0]
        key = table.key(self.random)
        for sort in table.sort_values:
            key = dict(key, **{table.sort[0]: {table.sort[1]: values.encode_bytes(sort) if table.sort[1] == "B" else sort}})
            item = dict(key, contains={"S": "x" * self.random.randint(150_000, 380_000)}, n={"N": values.number(self.random)})
            yield {"operation": "PutItem", "body": {"TableName": table.name, "Item": item}}

    def again(self):
        """An earlier request with other values under the same texts, which a cache of parsed texts must not mix up."""
        step = copy.deepcopy(self.random.choice(self.made))
        body = step["body"]
        if isinstance(body.get("ExpressionAttributeValues"), dict):
            for placeholder, known in body["ExpressionAttributeValues"].items():
                kind = next(iter(known), None) if isinstance(known, dict) else None
                body["ExpressionAttributeValues"][placeholder] = values.value(self.random, kind if kind in values.ALL_TYPES and self.chance(0.8) else None)
        table = next((table for table in self.tables if table.name == body.get("TableName")), None)
        if table and "Key" in body:
            body["Key"] = table.key(self.random)
        return step

    def raw_step(self):
        """A body that is hardly JSON any more, an odd operation, or nothing."""
        step = self.step()
        # Peers disagree about updates that only remove, which only the read after a whole one tells; tables must be deleted in the end.
        while step["operation"] in ("UpdateItem", "CreateTable"):
            step = self.step()
        text = json.dumps(step["body"], ensure_ascii=self.chance(0.5))
        at = self.random.randrange(len(text) + 1)
        stray = self.random.choice(["{", "}", "[", "]", '"', ",", ":", "\\", "\u0000", "\ud800", "é", " ", "0", "1e999", "null", "//", "'"])
        text = self.random.choice([text[:at], text[:at] + text[at + 1:], text[:at] + stray + text[at:], text + stray, stray + text,
                                   "", "null", "[]", "1", '"a"', "\ufeff" + text, "{" + text[1:-1] + "," + text[1:]])
        operation = self.random.choice([step["operation"]] * 8 + ["getItem", "Nothing", "", "GetItem.x"])
        return {"operation": operation, "raw": text}

    def step(self):
        if self.made and self.chance(0.04):
            return self.again()
        operation, weight = zip(*OPERATIONS.items())
        name = self.random.choices(operation, weight)[0]
        drawn = getattr(self, snake_case(name))()
        body, follow, order_by = (*drawn, None, None)[:3] if isinstance(drawn, tuple) else (drawn, False, None)
        body = copy.deepcopy(body)
        if self.chance(0.03):
            misshape(self.random, body)
            follow = False
        more = {"follow": follow, "order_by": order_by}
        return {"operation": name, "body": body, **{member: content for member, content in more.items() if content}}


OPERATIONS = {"PutItem": 22, "UpdateItem": 30, "DeleteItem": 7, "GetItem": 8, "Query": 14, "Scan": 7, "BatchGetItem": 3, "BatchWriteItem": 4,
              "TransactWriteItems": 5, "TransactGetItems": 2, "CreateTable": 1.5, "DescribeTable": 0.5, "UpdateTable": 0.5, "DeleteTable": 0.3,
              "ListTables": 0.3, "DescribeTimeToLive": 0.3, "TagResource": 0.6, "UntagResource": 0.3, "ListTagsOfResource": 0.4}


MUTATIONS = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}


def snake_case(name):
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


def misshape(random, body):
    """Replaces one member, at any depth, by something of another JSON type, or removes it."""
    places = []

    def walk(node):
        for name in list(node) if isinstance(node, dict) else range(len(node)):
            places.append((node, name))
            if isinstance(node[name], (dict, list)):
                walk(node[name])

    walk(body)
    if not places:
        return
    node, name = random.choice(places)
    if isinstance(node, dict) and random.random() < 0.3:
        del node[name]
    else:
        node[name] = random.choice([None, 1, 1.5, -1, True, "", "a", [], {}, ["a"], {"a": "b"}, {"S": "a"}, [{}], "x" * 300])


def history(seed, length, with_indexes=False):
    random = random_module.Random(seed)
    made = tables(random, with_indexes)
    steps = [{"operation": "CreateTable", "body": table.creation()} for table in made]
    generator = Generator(random, made)
    if random.random() < 0.04:
        steps += generator.big_items()
    steps += generator.steps(length)
    steps += [{"operation": "Scan", "body": {"TableName": table.name, "ConsistentRead": True}, "follow": True} for table in made]
    return steps
