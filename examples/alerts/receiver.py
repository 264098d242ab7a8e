"""Takes webhooks of the gateway, and of any Alertmanager, and prints them. Needs nothing but Python.

python3 receiver.py [PORT]
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


def told(message: dict[str, Any]) -> str:
    """Write a message for people: what Apprise sends has a title, what Alertmanager sends has alerts."""
    lines = [message["title"]] if "title" in message else []
    for alert in message.get("alerts", ()):
        labels = alert["labels"]
        name, host = labels.get("alertname"), labels.get("instance", "")
        lines.append(f"{alert['status'].upper()} {name} {host}: {alert['annotations'].get('summary', '')}")
        # Only the gateway knows who did it; an Alertmanager sends no such field.
        if evidence := alert.get("evidence"):
            lines.append(f"  {evidence['summary']}")
            lines += [f"  {each['name']}[{each['pid']}] of {each['user']}" for each in evidence["processes"]]
    return "\n".join(lines)


class Receiver(BaseHTTPRequestHandler):
    """Answers 200: anything from 500 on, and 429, would be sent again."""

    def do_POST(self) -> None:
        """Take a message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sys.stdout.write(told(json.loads(body)) + "\n")
        sys.stdout.flush()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8080), Receiver).serve_forever()
