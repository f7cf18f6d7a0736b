"""The tables of a history and their indexes: what CreateTable is sent, and the keys that requests draw."""
from dataclasses import dataclass

import values

PREFIX = "history0000000"  # what replaces it has the same length, because messages and sizes show it


@dataclass
class KeyPlace:
    """What a query can be asked of: a table or an index."""
    name: str
    partition: tuple  # attribute's name, type
    sort: tuple = None
    partition_values: tuple = ()  # that keys are drawn from
    sort_values: tuple = ()

    def key_schema(self):
        return [self.partition] + ([self.sort] if self.sort else [])

    def key_names(self):
        return [name for name, _ in self.key_schema()]

    def schema_members(self):
        return [{"AttributeName": name, "KeyType": role} for (name, _), role in zip(self.key_schema(), ["HASH", "RANGE"])]

    def key(self, random):
        key = {self.partition[0]: values.key_value(random, self.partition[1], self.partition_values)}
        if self.sort:
            key[self.sort[0]] = values.key_value(random, self.sort[1], self.sort_values)
        return key


@dataclass
class Index(KeyPlace):
    is_global: bool = False
    projection: dict = None

    def creation(self):
        return {"IndexName": self.name, "KeySchema": self.schema_members(), "Projection": self.projection}


@dataclass
class Table(KeyPlace):
    indexes: tuple = ()

    def creation(self):
        definitions = dict(pair for place in (self, *self.indexes) for pair in place.key_schema())
        body = {"TableName": self.name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": self.schema_members(),
                "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in definitions.items()]}
        for member, is_global in [("GlobalSecondaryIndexes", True), ("LocalSecondaryIndexes", False)]:
            found = [index.creation() for index in self.indexes if index.is_global == is_global]
            if found:
                body[member] = found
        return body


def projection(random):
    return random.choice([{"ProjectionType": "ALL"}, {"ProjectionType": "KEYS_ONLY"},
                          {"ProjectionType": "INCLUDE", "NonKeyAttributes": random.sample(["m", "l", "x.y", "flag", "cnt"], random.randint(1, 3))}])


def tables(random, with_indexes):
    """Two tables, one without a sort key. Most histories have indexes, on attributes that items often have with the index's type; their
    tables' names say so."""
    with_indexes = with_indexes and random.random() < 0.7
    suffix = "Indexed" if with_indexes else ""
    type_of = lambda: random.choices(values.SCALARS, [5, 3, 2])[0]
    some = lambda pool, most: tuple(random.sample(pool, min(len(pool), random.randint(2, most))))
    partition, sort, single = type_of(), type_of(), type_of()
    one = Table(PREFIX + "One" + suffix, ("pk", partition), ("sk", sort), some(values.PARTITION_VALUES[partition], 3), some(values.SORT_VALUES[sort], 7))
    two = Table(PREFIX + "Two" + suffix, ("id", single), None, some(values.PARTITION_VALUES[single], 4))
    if with_indexes:
        texts, numbers = tuple(text for text in values.TEXTS if text), tuple(values.NUMBERS)
        one.indexes = (Index("byNumber", one.partition, ("n", "N"), one.partition_values, numbers, False, projection(random)),
                       Index("byText", ("s", "S"), ("cnt", "N"), texts, numbers, True, projection(random)))
        two.indexes = (Index("byA", ("a", "S"), None, texts, (), True, projection(random)),)
    return [one, two]
