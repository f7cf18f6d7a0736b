"""boto3 (Debian's): transactions and PartiQL."""
import threading
import unittest

from boto3_client import Boto3TestCase, connect
import harness


class TransactionTest(Boto3TestCase):
    def setUp(self):
        super().setUp()
        self.accounts = self.make_table("Accounts", Owner="S")
        for owner, balance in (("alice", 100), ("bob", 0)):
            self.accounts.put_item(Item={"Owner": owner, "Balance": balance})

    def move(self, amount, **more):
        update = {"TableName": "Accounts", "ExpressionAttributeValues": {":amount": {"N": str(amount)}}}
        return self.client.transact_write_items(TransactItems=[
            {"Update": {**update, "Key": {"Owner": {"S": "alice"}}, "UpdateExpression": "SET Balance = Balance - :amount",
                        "ConditionExpression": "Balance >= :amount", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
            {"Update": {**update, "Key": {"Owner": {"S": "bob"}}, "UpdateExpression": "ADD Balance :amount"}}], **more)

    def balances(self):
        answer = self.client.transact_get_items(TransactItems=[
            {"Get": {"TableName": "Accounts", "Key": {"Owner": {"S": owner}}}} for owner in ("alice", "bob", "nobody")])
        return [response.get("Item", {}).get("Balance", {}).get("N") for response in answer["Responses"]]

    def test_all_or_nothing(self):
        self.move(70)
        self.assertEqual(self.balances(), ["30", "70", None])
        with self.assertRaises(self.client.exceptions.TransactionCanceledException) as caught:
            self.move(70)
        reasons = caught.exception.response["CancellationReasons"]
        self.assertEqual([reason["Code"] for reason in reasons], ["ConditionalCheckFailed", "None"])
        self.assertEqual(reasons[0]["Message"], "The conditional request failed")
        self.assertEqual(reasons[0]["Item"]["Balance"], {"N": "30"})
        self.assertIn("[ConditionalCheckFailed, None]", str(caught.exception))
        self.assertEqual(self.balances(), ["30", "70", None])

    def test_a_token_makes_a_repetition_harmless(self):
        for _ in range(3):
            self.move(10, ClientRequestToken="once")
        self.assertEqual(self.balances(), ["90", "10", None])
        with self.assertRaises(self.client.exceptions.IdempotentParameterMismatchException):
            self.move(11, ClientRequestToken="once")

    def test_across_tables_with_checks(self):
        self.make_table("Ledger", Number="N")
        entry = {"Put": {"TableName": "Ledger", "Item": {"Number": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(#n)",
                         "ExpressionAttributeNames": {"#n": "Number"}}}
        check = {"ConditionCheck": {"TableName": "Accounts", "Key": {"Owner": {"S": "alice"}},
                                    "ConditionExpression": "Balance > :zero", "ExpressionAttributeValues": {":zero": {"N": "0"}}}}
        close = {"Delete": {"TableName": "Accounts", "Key": {"Owner": {"S": "bob"}}}}
        answer = self.client.transact_write_items(TransactItems=[entry, check, close], ReturnConsumedCapacity="TOTAL")
        self.assertEqual({c["TableName"]: c["CapacityUnits"] for c in answer["ConsumedCapacity"]}, {"Ledger": 2, "Accounts": 4})
        self.assertEqual(self.balances(), ["100", None, None])
        twice = self.assert_client_error("ValidationException", self.client.transact_write_items, TransactItems=[close, close])
        self.assertIn("Transaction request cannot include multiple operations on one item", str(twice))

    def test_threads_that_transfer_keep_the_sum(self):
        self.accounts.put_item(Item={"Owner": "bob", "Balance": 100})
        failures = []

        def transfer():
            client, resource = connect(self.server)
            for _ in range(15):
                try:
                    client.transact_write_items(TransactItems=[
                        {"Update": {"TableName": "Accounts", "Key": {"Owner": {"S": owner}},
                                    "UpdateExpression": "ADD Balance :d", "ExpressionAttributeValues": {":d": {"N": delta}}}}
                        for owner, delta in (("alice", "-1"), ("bob", "1"))])
                except client.exceptions.TransactionCanceledException as error:
                    if "TransactionConflict" not in str(error):
                        failures.append(error)
            client.close()
            resource.meta.client.close()

        threads = [threading.Thread(target=transfer) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            alice, bob, _ = self.balances_unless_held()
            self.assertEqual(int(alice) + int(bob), 200)
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertLess(int(self.balances()[0]), 100)

    def balances_unless_held(self):
        """A TransactGetItems that meets a transaction is cancelled, and asked again."""
        while True:
            try:
                return self.balances()
            except self.client.exceptions.TransactionCanceledException as error:
                self.assertIn("TransactionConflict", str(error))


class PartiQLTest(Boto3TestCase):
    def setUp(self):
        super().setUp()
        self.make_table("Music", Artist="S", Track="N")

    def execute(self, statement, *parameters, **more):
        if parameters:
            more["Parameters"] = [{"N": str(p)} if isinstance(p, int) else {"S": p} for p in parameters]
        return self.client.execute_statement(Statement=statement, **more)

    def test_a_life_in_statements(self):
        self.execute("INSERT INTO Music VALUE {'Artist': ?, 'Track': ?, 'Title': 'Sinnerman'}", "Nina Simone", 1)
        with self.assertRaises(self.client.exceptions.DuplicateItemException):
            self.execute("INSERT INTO Music VALUE {'Artist': ?, 'Track': ?}", "Nina Simone", 1)
        changed = self.execute("UPDATE Music SET Plays = ? WHERE Artist = ? AND Track = ? RETURNING ALL NEW *", 3, "Nina Simone", 1)
        self.assertEqual(changed["Items"][0]["Plays"], {"N": "3"})
        with self.assertRaises(self.client.exceptions.ConditionalCheckFailedException):
            self.execute("UPDATE Music SET Plays = 0 WHERE Artist = ? AND Track = ? AND Plays > ?", "Nina Simone", 1, 5)
        self.assertEqual(self.execute("SELECT Title FROM Music WHERE Artist = ?", "Nina Simone")["Items"],
                         [{"Title": {"S": "Sinnerman"}}])
        self.execute("DELETE FROM Music WHERE Artist = ? AND Track = ?", "Nina Simone", 1)
        self.assertEqual(self.execute("SELECT * FROM Music")["Items"], [])
        with self.assertRaises(self.client.exceptions.ResourceNotFoundException):
            self.execute("SELECT * FROM Nowhere")

    def test_batches_and_pages(self):
        statements = [{"Statement": f"INSERT INTO Music VALUE {{'Artist': 'Many', 'Track': {i}}}"} for i in range(25)]
        answer = self.client.batch_execute_statement(Statements=statements)
        self.assertEqual(answer["Responses"], [{"TableName": "Music"}] * 25)
        again = self.client.batch_execute_statement(Statements=statements[:1])["Responses"]
        self.assertEqual(again[0]["Error"]["Code"], "DuplicateItem")
        tracks, more = [], {}
        while True:
            page = self.execute("SELECT Track FROM Music WHERE Artist = 'Many'", Limit=10, **more)
            tracks += [int(item["Track"]["N"]) for item in page["Items"]]
            if "NextToken" not in page:
                break
            more = {"NextToken": page["NextToken"]}
        self.assertEqual(tracks, list(range(25)))

    def test_statements_in_a_transaction(self):
        insert = {"Statement": "INSERT INTO Music VALUE {'Artist': 'Tx', 'Track': 1}"}
        update = {"Statement": "UPDATE Music SET Plays = 1 WHERE Artist = 'Tx' AND Track = 2"}
        self.client.execute_transaction(TransactStatements=[insert], ClientRequestToken="once")
        self.client.execute_transaction(TransactStatements=[insert], ClientRequestToken="once")
        with self.assertRaises(self.client.exceptions.TransactionCanceledException) as caught:
            self.client.execute_transaction(TransactStatements=[insert, update])
        self.assertEqual([reason["Code"] for reason in caught.exception.response["CancellationReasons"]],
                         ["DuplicateItem", "ConditionalCheckFailed"])
        read = self.client.execute_transaction(TransactStatements=[
            {"Statement": "SELECT * FROM Music WHERE Artist = 'Tx' AND Track = ?", "Parameters": [{"N": n}]} for n in ("1", "2")])
        self.assertEqual(read["Responses"], [{"Item": {"Artist": {"S": "Tx"}, "Track": {"N": "1"}}}, {}])


if __name__ == "__main__":
    harness.main()
