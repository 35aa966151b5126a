"""Opening the file systems of URLs by fsspec, and messages about them that keep secrets.

Credentials and the address of a store are taken from the same environment variables and files as
those of the store's own tools; a user and password in a URL are used, but never shown.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from .errors import InputError
from .places import LOCAL, scheme_of, shown_url

EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "http": "http", "https": "http"}
PACKAGES = {"hf": "huggingface_hub"}  # of schemes that are not among our extras
WEB = ("http", "https")  # schemes
_REQUEST = re.compile(r"""(https?://[^\s?"'<>]*)\?[^\s"'<>)]*""")  # with its query
# Names of versions and times in the replies of stores.
VERSIONS = (
    *("ETag", "etag", "blob_id", "LastModified", "Last-Modified"),
    *("updated", "mtime", "created"),
)


def store_of(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path of the URL there, without a final slash.

    Called before each request, as a forked process must not use the connection of its parent.

    Raises
    ------
    InputError
        If the scheme is unknown, its package is not installed, or the store cannot be reached.
    """
    return _opened(url, os.getpid())


@functools.lru_cache(maxsize=64)
def _opened(url: str, process: int) -> tuple[Any, str]:
    scheme = scheme_of(url)
    try:
        from fsspec.core import url_to_fs

        store, root = url_to_fs(url)
    except ImportError as error:
        extra = EXTRAS.get(scheme)
        package = f"'colorprep[{extra}]'" if extra else PACKAGES.get(scheme, "the package above")
        raise InputError(
            f"cannot read {shown_url(url)}: {error}; run pip install {package}"
        ) from error
    except ValueError as error:
        raise InputError(
            f"cannot read {shown_url(url)}: {without_secrets(error, url)}; give a folder, an "
            "archive, or a URL that fsspec supports, such as s3://bucket/folder or "
            "gs://bucket/folder"
        ) from error
    except Exception as error:
        raise no_answer(url, error) from error
    return store, root.rstrip("/")


def object_in_s3(store: Any, path: str, **options: str) -> tuple[bytes, Mapping[str, Any]]:
    """Return the bytes of an object, and the answer with its facts.

    This takes one request; `cat_file` of s3fs takes two, of which the first asks for the size.
    """
    from fsspec.asyn import sync

    bucket, key, _ = store.split_path(path)
    if not key:
        raise FileNotFoundError(path)
    reply = store.call_s3("get_object", Bucket=bucket, Key=key, **options)
    try:
        return sync(store.loop, reply["Body"].read), reply
    finally:
        reply["Body"].close()


def content_of(store: Any, path: str) -> bytes:
    """Return the content of a file, in one request.

    Raises
    ------
    Exception
        As the file system raises it.
    """
    if hasattr(store, "call_s3"):
        return object_in_s3(store, path)[0]
    return bytes(store.cat_file(path))


def forget_stores() -> None:
    """Open every store anew from now on."""
    _opened.cache_clear()


def is_local(url: str) -> bool:
    """Return whether a URL stands for a local path."""
    return scheme_of(url) in LOCAL


def version_in(info: Mapping[str, Any]) -> str:
    """Return what a store reports about a file's version; empty if it reports nothing."""
    return "\n".join(str(info[name]) for name in VERSIONS if info.get(name))


def version_stamp(version: str) -> int:
    """Return a digest of a version, 56 bits; 0 if it is empty."""
    digest = hashlib.blake2b(version.encode(), digest_size=7).digest()
    return int.from_bytes(digest, "little") if version else 0


def no_answer(url: str, error: Exception) -> InputError:
    """Return the error for a store that cannot be reached."""
    return InputError(
        f"cannot list {shown_url(url)}: {without_secrets(error, url)}; check the URL, the network, "
        "and the credentials that the store's own tools would use (for a public bucket of s3, set "
        "FSSPEC_S3_ANON=true)"
    )


def no_permission(url: str, error: Exception, what: str) -> InputError:
    """Return the error for a store that denies access; `what` is the verb that it denies."""
    return InputError(
        f"no permission to {what} {shown_url(url)}: {without_secrets(error, url)}; check the "
        "credentials, such as those of AWS_PROFILE or AWS_ACCESS_KEY_ID for s3"
    )


def stopped_answering(url: str, error: Exception, key: str = "") -> InputError:
    """Return the error for a store, or a web server, that failed while it was read."""
    who = "server" if scheme_of(url) in WEB else "store"
    what = f"{key} in {shown_url(url)}" if key else shown_url(url)
    return InputError(
        f"the {who} did not answer for {what}: {without_secrets(error, url)}; when it does again, "
        "run the same command again"
    )


def without_secrets(error: Exception, url: str) -> str:
    """Return the message of an error without the secrets in its URL, and queries of requests.

    Examples
    --------
    >>> error = ConnectionError("no answer from http://host/bucket?list-type=2&prefix=train")
    >>> without_secrets(error, "s3://bucket/train")
    'ConnectionError: no answer from http://host/bucket'
    """
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    text = _REQUEST.sub(r"\1", text.replace(url, shown_url(url)))
    login = re.search(r"(?<=://)[^/]*(?=@)", url.partition("?")[0])
    secrets = [login[0], *login[0].split(":", 1)] if login else []
    secrets += [value for _, value in parse_qsl(url.partition("?")[2])]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def url_name(url: str) -> str:
    """Return the last part of a URL's path."""
    return shown_url(url).partition("://")[2].rstrip("/").rpartition("/")[2]
