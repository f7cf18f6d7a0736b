"""boto3 (Debian's): what it does below the operations. Connections are pooled and reused, faults are tried again, bodies compressed."""
import gzip
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from boto3_client import Boto3TestCase, connect
import harness


class Boto3WireTest(Boto3TestCase):
    def setUp(self):
        super().setUp()
        self.table = self.make_table("Wire", Id="S")

    def connections(self, client):
        """Opened so far, by the pool below the client."""
        pools = client._endpoint.http_session._manager.pools
        return sum(pools[key].num_connections for key in pools.keys())

    def put(self, client, key):
        client.put_item(TableName="Wire", Item={"Id": {"S": key}})

    def test_fifty_requests_at_a_time_share_fifty_connections(self):
        client, resource = connect(self.server, max_pool_connections=50)
        keys = [f"key {i}" for i in range(500)]
        with ThreadPoolExecutor(50) as pool:
            list(pool.map(lambda key: self.put(client, key), keys))
            found = list(pool.map(lambda key: client.get_item(TableName="Wire", Key={"Id": {"S": key}})["Item"]["Id"]["S"], keys))
        self.assertEqual(found, keys)
        self.assertLessEqual(self.connections(client), 50)
        client.close()
        resource.meta.client.close()

    def test_a_connection_survives_errors(self):
        before = self.connections(self.client)
        for i in range(20):
            self.assert_client_error("ValidationException", self.client.get_item, TableName="Wire", Key={"Wrong": {"S": "x"}})
            self.assert_client_error("ResourceNotFoundException", self.client.describe_table, TableName="Nowhere")
            self.put(self.client, f"after {i}")
        self.assertLessEqual(self.connections(self.client), max(before, 1))

    def test_a_500_is_tried_again(self):
        client, resource = connect(self.server, retries={"max_attempts": 3, "mode": "standard"})
        tries = []

        def send_compressed(request, **_):
            tries.append(request)
            whole = gzip.compress(b'{"TableName":"Wire","Item":{"Id":{"S":"retried"}}}')
            request.body = whole if len(tries) == 3 else whole[:-1]  # DynamoDB answers 500 to a damaged body
            request.headers["Content-Encoding"] = "gzip"
            request.headers["Content-Length"] = str(len(request.body))

        client.meta.events.register("before-send.dynamodb.PutItem", send_compressed)
        answer = client.put_item(TableName="Wire", Item={"Id": {"S": "as above"}})
        self.assertEqual(answer["ResponseMetadata"]["RetryAttempts"], 2)
        self.assertIn("Item", self.table.get_item(Key={"Id": "retried"}))
        client.close()
        resource.meta.client.close()

    def test_clients_ride_through_a_restart(self):
        """The server is killed and started again under four clients. Each put is acknowledged in the end, and is there."""
        clients = [connect(self.server, retries={"max_attempts": 12, "mode": "standard"}, connect_timeout=5, read_timeout=20)[0]
                   for _ in range(4)]
        acknowledged, failures, started = [], [], threading.Barrier(5)

        def work(number, client):
            started.wait()
            for i in range(200):
                try:
                    self.put(client, f"{number}/{i}")
                    acknowledged.append(f"{number}/{i}")
                except Exception as error:  # noqa: BLE001  (all of them fail the test)
                    failures.append(error)

        threads = [threading.Thread(target=work, args=(n, client)) for n, client in enumerate(clients)]
        for thread in threads:
            thread.start()
        started.wait()
        while len(acknowledged) < 40:
            time.sleep(0.001)
        self.server.kill()
        self.server.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        present = {item["Id"] for item in self.table.scan()["Items"]}
        self.assertEqual(len(acknowledged), 800)
        self.assertLessEqual(set(acknowledged), present)
        for client in clients:
            client.close()


if __name__ == "__main__":
    harness.main()
