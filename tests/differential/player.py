"""Plays a history on Varve and its peers, step by step, and tells where they disagree.

After a disagreement on a write, or on the read that follows a write, that peer's tables are made equal to Varve's again (and created
again, when it fell), so that each disagreement stands alone and the rest of the history keeps its value. A peer that cannot be made
equal is left out of the rest of the history.
"""
import dataclasses
import json
from dataclasses import dataclass, field

import answers
import operations
import servers
import statements
import twin
from tables import PREFIX

TWIN, STATEMENTS = "varve-twin", "varve-partiql"
CONNECTIONS = {TWIN: twin.TwinConnection, STATEMENTS: statements.StatementConnection}
MAX_PAGES = 60
MAX_POLLS = 100  # of a table that is being created


@dataclass
class Finding:
    step: int
    operation: str
    request: str
    disagreement: answers.Disagreement
    judges: dict  # the other peers that answered this request -> whether they agree with Varve


@dataclass
class Peer:
    name: str
    connection: servers.Connection
    lost: bool = False

    @property
    def keeps_number_texts(self):
        """moto stores and returns numbers as they were written, so it is sent the one spelling and read in it."""
        return self.name == "moto"


@dataclass
class Outcome:
    findings: list = field(default_factory=list)
    broken: list = field(default_factory=list)  # Varve's own failures: HTTP 500, a dropped connection
    requests: dict = field(default_factory=dict)  # by operation, sent to Varve
    succeeded: dict = field(default_factory=dict)
    compared: dict = field(default_factory=dict)  # by peer: answers held against Varve's
    agreed: dict = field(default_factory=dict)
    lost: dict = field(default_factory=dict)  # by peer: histories that it could not follow to the end


def count(counters, name, amount=1):
    counters[name] = counters.get(name, 0) + amount


def canonical_numbers(node):
    return answers.rewrite_numbers(node, lambda text: answers.canonical_number(text) or text)


class Player:
    def __init__(self, varve_port, peer_ports):
        self.varve = servers.Connection(varve_port)
        self.last_write = ""
        self.peers = [Peer(name, CONNECTIONS.get(name, servers.Connection)(port)) for name, port in peer_ports.items()]

    def play(self, steps, prefix, until=None):
        """`until(finding)` true ends the play, for the reducer."""
        outcome = Outcome()
        for peer in self.peers:
            peer.lost = not servers.await_answer(peer.connection.port)
        tables = {}  # those that Varve has: name -> the request that created it
        for index, step in enumerate(steps):
            if self.play_step(index, step, prefix, tables, outcome, until):
                break
        for peer in self.peers:
            if peer.lost:
                count(outcome.lost, peer.name)
        for table in tables:
            for connection in [self.varve] + [peer.connection for peer in self.peers if peer.connection.failure is None]:
                connection.call("DeleteTable", {"TableName": table})
        return outcome

    def play_step(self, index, step, prefix, tables, outcome, until):
        operation = step["operation"]
        body = json.loads(json.dumps(step.get("body", {})).replace(PREFIX, prefix))
        present = [peer for peer in self.peers if not peer.lost]
        for peer in present:
            peer.connection.translated = False
        if "raw" in step:
            varve, *others = self.send_raw(present, operation, step["raw"].replace(PREFIX, prefix))
        elif step.get("follow"):
            varve, *others = [self.segments(connection, operation, one, step["follow"]) for connection, one in self.recipients(present, body)]
        else:
            varve, *others = self.send_to_all(present, operation, body)
        count(outcome.requests, operation, varve[1].get("Pages", 1))
        if varve[0] == 200:
            count(outcome.succeeded, operation, varve[1].get("Pages", 1))
        if operation == "CreateTable" and varve[0] == 200 and "raw" not in step:
            tables[body["TableName"]] = body
            for peer in present:
                self.await_table(peer, body["TableName"])
        text = step["raw"] if "raw" in step else json.dumps(step["body"], ensure_ascii=False)
        if operation in operations.MUTATIONS:
            self.last_write = f"{operation} {text}"
        if step.get("check"):
            text += f" after {self.last_write}"  # which is what a difference here comes from
        if varve[0] not in (200, 400):
            outcome.broken.append(f"{operation} {text} answered {varve}")
        stop = False
        disagreements = {peer.name: self.compare(peer, step, body, varve, other, prefix) for peer, other in zip(present, others)}
        agree = {name: all(one.kind == "message" for one in found) for name, found in disagreements.items()}
        for peer, other in zip(present, others):
            judges = {name: verdict for name, verdict in agree.items() if name != peer.name}
            found = [Finding(index, operation, text, one, judges) for one in disagreements[peer.name]]
            count(outcome.compared, peer.name)
            if not found:
                count(outcome.agreed, peer.name)
            outcome.findings += found
            writes = operation in operations.MUTATIONS or operation == "CreateTable" or step.get("check")
            if other[0] == 0 or writes and any(one.disagreement.kind != "message" for one in found):
                self.drop_extra_table(peer, body, varve, other)
                self.make_equal(peer, tables)
            stop = stop or until is not None and any(until(one) for one in found)
        return stop

    def compare(self, peer, step, body, varve, other, prefix):
        operation = step["operation"]
        if peer.keeps_number_texts:
            other = (other[0], canonical_numbers(other[1]))
        if peer.connection.translated:
            varve, other = peer.connection.comparable(varve), peer.connection.comparable(other)
        strip = lambda answer: (answer[0], json.loads(json.dumps(answer[1]).replace(prefix, "T")))
        found = answers.compare(peer.name, operation, body, strip(varve), strip(other), step.get("order_by"))
        if operation in ("UpdateItem", "DeleteItem") and varve[0] != other[0] and "Key" in body and not self.item_was_there(peer, body, varve):
            found = [dataclasses.replace(one, other=one.other + " (there is no such item)") for one in found]
        return found

    def item_was_there(self, peer, body, varve):
        """What a write may do differs between an item and none. Who refused it still has what was there before."""
        refuser = self.varve if varve[0] != 200 else peer.connection
        status, answer = refuser.call("GetItem", {"TableName": body.get("TableName"), "Key": body["Key"]})
        return status != 200 or "Item" in answer

    def recipients(self, present, body):
        yield self.varve, body
        for peer in present:
            yield peer.connection, canonical_numbers(body) if peer.keeps_number_texts else body

    def send_to_all(self, present, operation, body):
        recipients = list(self.recipients(present, body))
        for connection, one in recipients:
            connection.send(operation, json.dumps(one, ensure_ascii=False).encode())
        return [connection.receive() for connection, _ in recipients]

    def send_raw(self, present, operation, text):
        connections = [self.varve] + [peer.connection for peer in present]
        for connection in connections:
            connection.send_as_it_is(operation, text.encode(errors="surrogatepass"))
        return [connection.receive() for connection in connections]

    def segments(self, connection, operation, body, count):
        """All pages of all segments as one answer: each item must be in one segment."""
        if count is True:
            return self.pages(connection, operation, body)
        whole = {"Items": [], "Count": 0, "ScannedCount": 0}
        for segment in range(count):
            status, answer = self.pages(connection, operation, {**body, "Segment": segment, "TotalSegments": count})
            if status != 200:
                return status, answer
            for name in whole:
                whole[name] += answer[name]
        return 200, {**whole, "Pages": count}

    def pages(self, connection, operation, body):
        """All pages as one answer. Of a query the size of each page counts too; of a scan only the whole."""
        body = dict(body)
        whole = {"Items": [], "Count": 0, "ScannedCount": 0, "Pages": 0}
        sizes = []
        for _ in range(MAX_PAGES):
            status, answer = connection.call(operation, body)
            if status != 200:
                return status, answer
            whole["Items"] += answer.get("Items", [])
            whole["Count"] += answer.get("Count", 0)
            whole["ScannedCount"] += answer.get("ScannedCount", 0)
            whole["Pages"] += 1
            sizes.append([answer.get("Count"), answer.get("ScannedCount"), answer.get("LastEvaluatedKey")])
            if "LastEvaluatedKey" not in answer:
                break
            body["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        if operation == "Query":
            whole["PageEnds"] = sizes
        return 200, whole

    # ---- making a peer equal again

    def drop_extra_table(self, peer, body, varve, other):
        if "KeySchema" in body and other[0] == 200 and varve[0] != 200:
            peer.connection.call("DeleteTable", {"TableName": body["TableName"]})

    def await_table(self, peer, table):
        for _ in range(MAX_POLLS):
            status, answer = peer.connection.call("DescribeTable", {"TableName": table})
            if status != 200 or answer["Table"]["TableStatus"] == "ACTIVE":
                return

    def make_equal(self, peer, tables):
        peer.lost = not (servers.await_answer(peer.connection.port) and
                         all(self.make_table_equal(peer, table, creation) for table, creation in tables.items()))

    def make_table_equal(self, peer, table, creation):
        wanted = self.content(self.varve, table, False)
        present = self.content(peer.connection, table, peer.keeps_number_texts)
        if present is None:
            peer.connection.call("CreateTable", creation)
            self.await_table(peer, table)
            present = []
        if wanted is None or wanted == present:
            return wanted is not None
        names = [element["AttributeName"] for element in creation["KeySchema"]]
        for item in present:
            if item not in wanted:
                item = json.loads(item)
                peer.connection.call("DeleteItem", {"TableName": table, "Key": {name: item[name] for name in names if name in item}})
        for item in wanted:
            if item not in present:
                peer.connection.call("PutItem", {"TableName": table, "Item": json.loads(item)})
        return wanted == self.content(peer.connection, table, peer.keeps_number_texts)

    def content(self, connection, table, rewrite):
        """The table's items as text, in one order; None without a table."""
        status, whole = self.pages(connection, "Scan", {"TableName": table, "ConsistentRead": True})
        if status != 200:
            return None
        items = canonical_numbers(whole["Items"]) if rewrite else whole["Items"]
        return sorted(json.dumps(answers.normal(item), sort_keys=True) for item in items)
