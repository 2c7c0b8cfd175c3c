"""The shop's tests, as many as there are products, divided into shards; writes JUnit."""
import argparse
import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request
from xml.etree import ElementTree

arguments = argparse.ArgumentParser()
arguments.add_argument("--shard", default="1/1", help="which of how many, for example 2/4")
arguments.add_argument("--report", type=pathlib.Path, required=True)
options = arguments.parse_args()
shard, shards = (int(part) for part in options.shard.split("/"))
shop = os.environ["SHOP_URL"]


def call(path, method="GET"):
    try:
        with urllib.request.urlopen(urllib.request.Request(shop + path, method=method), timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def price(product):
    assert product["cents"] >= 250, f"{product['name']} costs only {product['cents']} cents"


def sells_out(product):
    # Every shard empties the whole shelf: with one database for all, they would disturb each other.
    for left in range(product["stock"], 0, -1):
        status, answer = call(f"/products/{product['id']}/order", "POST")
        assert status == 200, f"{left} of {product['name']} should be left, got {status}: {answer}"
    status, _ = call(f"/products/{product['id']}/order", "POST")
    assert status == 409, f"sold more {product['name']} than there were: {status}"


_, products = call("/products")
cases = [(check, product) for product in products[::4] for check in (price, sells_out)]
suite = ElementTree.Element("testsuite", name="shop")
failed = 0
for check, product in cases[shard - 1::shards]:
    case = ElementTree.SubElement(suite, "testcase", classname=f"shop.{check.__name__}", name=product["name"])
    began = time.monotonic()
    try:
        check(product)
        print(f"ok      {check.__name__}: {product['name']}")
    except AssertionError as error:
        failed += 1
        ElementTree.SubElement(case, "failure", message=str(error)).text = str(error)
        print(f"FAILED  {check.__name__}: {product['name']}: {error}")
    case.set("time", f"{time.monotonic() - began:.3f}")
suite.set("tests", str(len(suite)))
suite.set("failures", str(failed))
options.report.parent.mkdir(parents=True, exist_ok=True)
ElementTree.ElementTree(suite).write(options.report, encoding="utf-8", xml_declaration=True)
sys.exit(1 if failed else 0)
