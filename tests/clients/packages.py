"""Debian package records as the tests see them, read independently of `varve load`."""


def parse(text):
    """Records as dicts; a continuation line is kept, with its blank, after a newline."""
    records = []
    for block in text.split("\n\n"):
        record, name = {}, None
        for line in block.split("\n"):
            if not line.strip():
                continue
            if line[0] in " \t":
                record[name] += "\n" + line
            else:
                name, value = line.split(":", 1)
                record[name] = value.strip()
        if record:
            records.append(record)
    return records


def by_section(records):
    """Section -> package names in the order of their UTF-8 bytes."""
    sections = {}
    for record in records:
        sections.setdefault(record["Section"], set()).add(record["Package"])
    return {section: sorted(names, key=lambda name: name.encode()) for section, names in sections.items()}


def query_section(server, table, section, forward=True, limit=None, projection=True):
    """Every item of a section, page by page; also how many pages it took."""
    items, pages, start = [], 0, None
    while True:
        request = {"TableName": table, "KeyConditionExpression": "#s = :s", "ExpressionAttributeNames": {"#s": "Section"},
                   "ExpressionAttributeValues": {":s": {"S": section}}, "ScanIndexForward": forward}
        if projection:
            request["ProjectionExpression"] = "Package"
        if limit:
            request["Limit"] = limit
        if start:
            request["ExclusiveStartKey"] = start
        page = server.succeed("Query", request)
        items += page["Items"]
        pages += 1
        start = page.get("LastEvaluatedKey")
        if not start:
            return items, pages
