"""The shop's server: products as JSON, and an order that takes from the stock."""
import argparse
import http.server
import json
import pathlib
import re
import sqlite3

arguments = argparse.ArgumentParser()
arguments.add_argument("--port", type=int, required=True)
arguments.add_argument("--data", type=pathlib.Path, required=True)
options = arguments.parse_args()


class Shop(http.server.BaseHTTPRequestHandler):
    def database(self):
        return sqlite3.connect(options.data / "shop.db")

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/ready":
            return self.answer(200, {"ready": True})
        if self.path == "/products":
            rows = self.database().execute("select id, name, cents, stock from product order by id").fetchall()
            return self.answer(200, [dict(zip(("id", "name", "cents", "stock"), row)) for row in rows])
        self.answer(404, {"error": f"nothing at {self.path}"})

    def do_POST(self):
        order = re.fullmatch(r"/products/(\d+)/order", self.path)
        if not order:
            return self.answer(404, {"error": f"nothing at {self.path}"})
        with self.database() as database:
            taken = database.execute("update product set stock = stock - 1 where id = ? and stock > 0", order.groups()).rowcount
        self.answer(*((200, {"ordered": True}) if taken else (409, {"error": "out of stock"})))

    def log_message(self, text, *values):
        print(self.address_string(), text % values, flush=True)


print(f"serving {options.data} on port {options.port}", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Shop).serve_forever()
