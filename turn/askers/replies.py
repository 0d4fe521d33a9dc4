"""What homeservers' answers say about who is asking. Pure; unknown fields are ignored."""

from __future__ import annotations

from turn.askers.fetch import Reply
from turn.askers.model import BadToken, HomeserverUnreachable, MatrixUser
from turn.askers.server_names import server_of
from turn.askers.well_known import read_object

UNKNOWN_TOKEN = frozenset({401, 403})


def read_userinfo(reply: Reply, server_name: str, own_server_name: str | None) -> MatrixUser:
    """The user in an answer of ``/_matrix/federation/v1/openid/userinfo``.

    :param server_name: who was asked. A server can vouch for its own users alone.
    :raises BadToken: an unknown token, or somebody else's user. :raises HomeserverUnreachable:
        not an answer to this question.
    """
    user_id = _user_id(reply, "sub", server_name)
    server = server_of(user_id)
    if server != server_name:
        raise BadToken(f"{server_name} vouched for a user of another server, which it cannot")
    return MatrixUser(user_id, server, guest=False, local=server == own_server_name)


def read_whoami(reply: Reply, own_server_name: str | None) -> MatrixUser:
    """The user in an answer of ``/_matrix/client/v3/account/whoami``.

    :raises BadToken: an unknown token. :raises HomeserverUnreachable: not an answer to this
        question, or a homeserver of another name than the settings say.
    """
    user_id = _user_id(reply, "user_id", "our homeserver")
    server = server_of(user_id)
    if own_server_name not in {None, server}:
        raise HomeserverUnreachable(
            f"the homeserver's users are of {server}, and the settings say {own_server_name}:"
            " correct one of the two settings"
        )
    guest = reply_object(reply).get("is_guest") is True
    return MatrixUser(user_id, server, guest=guest, local=True)


def reply_object(reply: Reply) -> dict[str, object]:
    """:raises HomeserverUnreachable: the body is no JSON object."""
    try:
        return read_object(reply.body)
    except ValueError:
        raise HomeserverUnreachable("the homeserver's answer is not a JSON object") from None


def _user_id(reply: Reply, field: str, who: str) -> str:
    if reply.status in UNKNOWN_TOKEN:
        raise BadToken(f"{who} does not know the token: it may have expired, so ask for a new one")
    if reply.status != 200:
        raise HomeserverUnreachable(f"{who} answered with status {reply.status} instead of a user")
    user_id = str(reply_object(reply).get(field))
    try:
        server_of(user_id)
    except ValueError:
        raise HomeserverUnreachable(f"{who} answered without a user id in {field}") from None
    return user_id
