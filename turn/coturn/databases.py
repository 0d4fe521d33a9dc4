"""The same database in our words (a URL) and in coturn's. Pure."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from turn.coturn.plan import DatabaseSecrets, PlanError

CONNECT_WITHIN = 10
TABLES = ("sqlite", "postgresql", "postgres", "redis", "rediss")


def is_table(place: str) -> bool:
    """Whether a place of secrets is coturn's own table, and not a file of ours."""
    return place.partition(":")[0] in TABLES


def database_secrets(place: str) -> DatabaseSecrets:
    """How coturn is told of the table. Raises PlanError."""
    kind, _, rest = place.partition(":")
    if kind == "sqlite":
        path = rest[2:] if rest.startswith("///") else rest
        if not path.startswith("/"):
            raise PlanError(["coturn needs the whole path of its database: sqlite:/PATH"])
        return DatabaseSecrets("userdb", unquote(path))
    if kind in {"postgresql", "postgres"}:
        has_password = urlsplit(place).password is not None or "password=" in place
        return DatabaseSecrets("psql-userdb", place, has_password)
    return redis_line("redis-userdb", place)


def redis_line(option: str, url: str) -> DatabaseSecrets:
    """A `redis://` URL as `redis-userdb` or `redis-statsdb` wants it. Raises PlanError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None:
        raise PlanError([f"{option} needs a URL such as redis://127.0.0.1/0"])
    if parts.scheme != "redis":
        raise PlanError(
            [f"{option}: coturn speaks no TLS to Redis; use redis:// on a network of your own"]
        )
    password = unquote(parts.password or "")
    if any(sign.isspace() for sign in password):
        raise PlanError([f"{option}: coturn takes no password of Redis that has spaces in it"])
    number = parts.path.strip("/") or "0"
    if not number.isdecimal():
        raise PlanError([f"{option}: the path of the URL is the number of a database, such as /0"])
    words = [f"ip={host}", f"dbname={number}"]
    if password:
        words.append(f"password={password}")
    words += [f"port={port or 6379}", f"connect_timeout={CONNECT_WITHIN}"]
    return DatabaseSecrets(option, " ".join(words), has_password=bool(password))
