"""Take the messages of a webhook, and believe only those that are signed.

    pip install standardwebhooks
    SOUNDINGS_WEBHOOK_SECRET=whsec_... python webhook_receiver.py --port 8080

The secret is the one that `POST /v1/webhooks` has shown. Put a proxy with TLS in front. A message says that something
happened, and holds no figures: start the job that fetches them (`report_job.py`), here by printing what to do.
"""

from __future__ import annotations

import argparse
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

LONGEST = 64 * 1024  # messages are a few hundred bytes long


class Receiver(BaseHTTPRequestHandler):
    """Answers quickly; what takes longer belongs in another process."""

    signed: Webhook
    seen: set[str]

    def do_POST(self) -> None:
        given = self.headers.get("Content-Length", "")
        length = int(given) if given.isdecimal() else 0
        if not 0 < length <= LONGEST:
            return self.answer(413)
        body = self.rfile.read(length)  # verified as it came: parsing and writing it again would change it
        try:
            message = self.signed.verify(body, dict(self.headers))
        except (WebhookVerificationError, ValueError):
            return self.answer(401)
        identity = self.headers["webhook-id"]
        if identity not in self.seen:  # one may come twice; a real receiver remembers them for some days
            self.seen.add(identity)
            print(message["type"], message["data"]["wave"], message["data"]["release"], flush=True)
        return self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: addresses and paths of callers are no news."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the messages of a webhook.")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    Receiver.signed = Webhook(os.environ["SOUNDINGS_WEBHOOK_SECRET"])
    Receiver.seen = set()
    with ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Receiver) as server:
        print(f"listening on port {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
