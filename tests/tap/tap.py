#!/usr/bin/env python3
"""Stands between cairn and an engine's socket: counts and records requests, and breaks the one it is told to.

  tap.py LISTEN ENGINE RECORD [--at N ACTION] [--only-changing] [--match PATTERN] [--uptime]

LISTEN and ENGINE are paths of unix sockets. RECORD gets a line of JSON for every request, as it arrives:
{"n": 1, "changes": true, "method": "POST", "path": "/v1.41/containers/create?name=x"}.
With --uptime also "at": seconds since the machine's start, as /proc/uptime counts them.
At request N (of the changing ones only, with --only-changing; of those whose "METHOD path" the pattern is found in, with
--match; "N+" is that one and all later ones), ACTION is one of

  delay:MILLISECONDS    forward it later
  cut-before            close the connection instead of forwarding it
  cut-after             forward it, wait for the head of the answer, close the connection
  half                  forward it, hand on the head and the first bytes of the answer's body, close the connection
  hang                  take it and never answer
  error                 answer 500 instead of forwarding it
  kill-before:PID       SIGKILL to PID, nothing is forwarded
  kill-after:PID        forward it, wait for the head of the answer, SIGKILL to PID, nothing comes back

Prints "ready" when it listens. Ends with SIGTERM.
"""
import argparse
import json
import os
import re
import select
import signal
import socket
import threading
import time

WAITS = re.compile(r"/(wait|attach|resize)(\?|$)")


def changes(method, path):
    """Whether a request changes something on the engine: waiting is no change."""
    return method not in ("GET", "HEAD") and not WAITS.search(path)


def read_head(source):
    """A message's head and what came of its body with it; nothing at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = source.recv(65536)
        if not piece:
            return None, b""
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def header(head, name):
    found = re.search(rb"(?im)^" + name + rb":[ \t]*([^\r\n]*)", head)
    return found.group(1).decode() if found else ""


def relay_chunks(source, target, rest):
    """Copies a chunked body; returns what came behind it."""

    def more():
        nonlocal rest
        piece = source.recv(65536)
        if not piece:
            raise ConnectionError
        rest += piece

    while True:
        while b"\r\n" not in rest:
            more()
        line, _, rest = rest.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        while len(rest) < size + 2:
            more()
        target.sendall(line + b"\r\n" + rest[: size + 2])
        rest = rest[size + 2 :]
        if size == 0:
            return rest


def relay_body(source, target, head, rest, answer_to=None):
    """Copies a message's body; returns what came behind it, or None when the body ended with the connection."""
    status = head.split(b" ", 2)[1] if answer_to else b""
    if answer_to == "HEAD" or status in (b"204", b"304"):
        return rest
    if "chunked" in header(head, rb"transfer-encoding").lower():
        return relay_chunks(source, target, rest)
    length = header(head, rb"content-length")
    if answer_to and not length:
        while rest or (rest := source.recv(65536)):
            target.sendall(rest)
            rest = b""
        return None
    left = int(length or 0)
    while left:
        if not rest:
            rest = source.recv(65536)
            if not rest:
                raise ConnectionError
        piece, rest = rest[:left], rest[left:]
        target.sendall(piece)
        left -= len(piece)
    return rest


class Tap:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.all = 0
        self.counted = 0  # of the requests that --at counts
        self.record = open(options.record, "a", buffering=1, encoding="utf-8")

    def action_for(self, method, path):
        with self.lock:
            changing = changes(method, path)
            self.all += 1
            line = {"n": self.all, "changes": changing, "method": method, "path": path}
            if getattr(self.options, "uptime", False):
                line["at"] = time.clock_gettime(time.CLOCK_BOOTTIME)
            self.record.write(json.dumps(line) + "\n")
            if not self.options.at or (self.options.only_changing and not changing):
                return "", ""
            if self.options.match and not re.search(self.options.match, f"{method} {path}"):
                return "", ""
            self.counted += 1
            wanted = self.options.at[0]
            if self.counted < int(wanted.rstrip("+")) or (self.counted > int(wanted.rstrip("+")) and not wanted.endswith("+")):
                return "", ""
            name, _, argument = self.options.at[1].partition(":")
            return name, argument

    def serve(self, client):
        engine = socket.socket(socket.AF_UNIX)
        try:
            engine.connect(self.options.engine)
            while self.exchange(client, engine):
                pass
        except (OSError, ConnectionError):
            pass
        finally:
            client.close()
            engine.close()

    def exchange(self, client, engine):
        head, rest = read_head(client)
        if head is None:
            return False
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        action, argument = self.action_for(method, path)
        if action == "delay":
            time.sleep(int(argument) / 1000)
        if action == "kill-before":
            self.kill(argument)
        if action in ("cut-before", "kill-before"):
            return False
        if action == "hang":
            while client.recv(65536):
                pass
            return False
        if action == "error":
            body = b'{"message":"tap: 500"}'
            head = b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            client.sendall(head % len(body) + body)
            return False
        engine.sendall(head)
        # The answer may begin before the body's end: the body goes its own way.
        sender = threading.Thread(target=self.send_body, args=(client, engine, head, rest), daemon=True)
        sender.start()
        while True:
            answer, rest = read_head(engine)
            if answer is None:
                return False
            if action == "kill-after":
                self.kill(argument)
            if action in ("cut-after", "kill-after"):
                return False
            if action == "half":
                client.sendall(answer)
                client.sendall((rest or engine.recv(65536))[:7])
                return False
            client.sendall(answer)
            status = answer.split(b" ", 2)[1]
            if status == b"101":
                return self.relay_both_ways(client, engine, rest)
            if not status.startswith(b"1"):
                break
        if relay_body(engine, client, answer, rest, answer_to=method) is None:
            return False
        sender.join()
        return "close" not in header(answer, rb"connection").lower()

    def kill(self, argument):
        """Returns when the process cannot do anything any more: nothing that follows is its doing."""
        pid = int(argument)
        descriptor = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        select.select([descriptor], [], [])
        os.close(descriptor)

    def listen(self):
        """The listening socket; whoever has it calls accept_from()."""
        if os.path.exists(self.options.listen):
            os.unlink(self.options.listen)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.options.listen)
        listener.listen(128)
        return listener

    def accept_from(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # it was closed
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    @staticmethod
    def relay_both_ways(client, engine, rest):
        """After an upgrade: bytes, until both sides have ended."""

        def copy(source, target):
            try:
                while piece := source.recv(65536):
                    target.sendall(piece)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        client.sendall(rest)
        back = threading.Thread(target=copy, args=(engine, client), daemon=True)
        back.start()
        copy(client, engine)
        back.join()
        return False

    @staticmethod
    def send_body(client, engine, head, rest):
        try:
            relay_body(client, engine, head, rest)
        except (OSError, ConnectionError):
            engine.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("listen")
    parser.add_argument("engine")
    parser.add_argument("record")
    parser.add_argument("--at", nargs=2, metavar=("N", "ACTION"))
    parser.add_argument("--only-changing", action="store_true")
    parser.add_argument("--match", metavar="PATTERN")
    parser.add_argument("--uptime", action="store_true")
    options = parser.parse_args()
    tap = Tap(options)
    listener = tap.listen()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler waits for the main thread, which may wait for a client
    print("ready", flush=True)
    tap.accept_from(listener)


if __name__ == "__main__":
    main()
