"""A store for benchmarks: files as a web server and as S3 send them, at little cost.

``python benchmarks/store.py FOLDER MILLISECONDS`` serves the files of a folder at a free port, and
prints its URL. Below ``/bucket`` they are what S3 shows of a bucket. Each answer waits for some
milliseconds, as those of distant stores do.
"""

from __future__ import annotations

import asyncio
import sys
from hashlib import md5
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "/bucket"


class Store:
    """The files, and how requests for them are answered."""

    def __init__(self, folder: Path, wait: float) -> None:
        self._wait = wait
        self._files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        self._tags = {key: f'"{md5(data).hexdigest()}"' for key, data in self._files.items()}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                request, *lines = head.split("\r\n")
                method, target, _ = request.split(" ")
                headers = {
                    name.lower(): value
                    for name, _, value in (line.partition(": ") for line in lines)
                }
                await asyncio.sleep(self._wait)
                status, reply, body = self._answer(target, headers.get("range", ""))
                reply["Content-Length"] = str(len(body))
                text = "".join(f"{name}: {value}\r\n" for name, value in reply.items())
                writer.write(f"HTTP/1.1 {status}\r\n{text}\r\n".encode())
                if method != "HEAD":
                    writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, target: str, asked: str) -> tuple[str, dict[str, str], bytes | memoryview]:
        """Return the status, headers and body of an answer."""
        url = urlsplit(target)
        query = parse_qs(url.query)
        path = unquote(url.path).removeprefix(BUCKET).strip("/")
        if "list-type" in query:
            return "200 OK", {}, self._listing(query.get("prefix", [""])[0])
        if path not in self._files:
            return "404 Not Found", {}, b""
        data = memoryview(self._files[path])
        headers = {"ETag": self._tags[path], "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        if not asked:
            return "200 OK", headers, data
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last) + 1, len(data))
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        return "206 Partial Content", headers, data[start:end]

    def _listing(self, prefix: str) -> bytes:
        """Return a list of objects, as S3 sends it."""
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(data)}</Size><ETag>{self._tags[key]}"
            "</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key, data in self._files.items()
            if key.startswith(prefix)
        )
        return (
            '<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>'
            f"{entries}</ListBucketResult>"
        ).encode()


async def main() -> None:
    """Serve until the process is stopped."""
    store = Store(Path(sys.argv[1]), float(sys.argv[2]) / 1000)
    server = await asyncio.start_server(store.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
