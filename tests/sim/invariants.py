"""What holds whatever happens. Each check says what would be wrong with the world otherwise."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from tests.sim import old_invariants
from tests.sim.device import Member, SimDevice, Told
from tests.sim.media import Media
from tests.sim.stories import of_kind, sent, stories
from voip.signalling.call import Call
from voip.signalling.commands import (
    Answered,
    By,
    CloseMedia,
    CreateAnswer,
    CreateOffer,
    Ended,
    EndReason,
    Established,
    Incoming,
    Replaced,
    SendEvent,
)
from voip.signalling.events import (
    HangUp,
    MediaFailed,
    MemberLeft,
    Place,
    Received,
    Reject,
    SendFailed,
)
from voip.signalling.ids import NO_PARTY, CallKey, Party
from voip.signalling.states import TIMERS, Negotiating, State

if TYPE_CHECKING:
    from tests.sim.world import World

_R = EndReason
SAID_OF_ITS_MEDIA: Final = frozenset({_R.PEER_FAILED, _R.REJECTED})
TOGETHER: Final[dict[EndReason, frozenset[EndReason]]] = {
    _R.HANGUP: frozenset({_R.HANGUP}),
    _R.REJECTED: frozenset({_R.REJECTED}),
    _R.NOT_ANSWERED: frozenset({_R.NOT_ANSWERED}),
    _R.NO_PATH: frozenset({_R.NO_PATH, _R.REJECTED}),
    _R.CONNECT_TIMEOUT: frozenset({_R.NO_PATH, _R.REJECTED}),
    _R.MEDIA_LOST: frozenset({_R.MEDIA_LOST, _R.REJECTED}),
    _R.MEDIA_FAILED: SAID_OF_ITS_MEDIA,
    _R.MEDIA_CRASHED: SAID_OF_ITS_MEDIA,
    _R.BAD_DESCRIPTION: SAID_OF_ITS_MEDIA,
    _R.NO_COMMON_CODEC: SAID_OF_ITS_MEDIA,
    _R.SEND_FAILED: frozenset({_R.PEER_FAILED}),
}
"""Who ended a call for this reason lets the other side end it for one of those. (Before an answer
there is only the reject, which has no reason.)"""

_INVITE: Final = "m.call.invite"
BEFORE_MEDIA: Final = {_R.ANSWERED_ELSEWHERE, _R.REJECTED_ELSEWHERE, _R.REJECTED, _R.NOT_ANSWERED}


# --- at every step --------------------------------------------------------------------------


def at_every_step(device: SimDevice) -> None:
    registry, config = device.calls._registry, device.config
    for call in registry._calls.values():
        assert call.state is not State.ENDED
        assert (call._timer is not None) == (call.state in TIMERS), "a timer outlives its state"
        assert (call.armed and call.armed[0]) == call.deadline
        _at_every_step_of(call, device)
    armed = [call for call in registry._calls.values() if call.armed is not None]
    assert registry.timers._live == len(armed), "what is gone has a deadline still"
    assert len(registry._tombstones) <= config.max_tombstones
    assert len(registry._unanswered) <= config.max_unanswered + len(registry._calling) + 1
    assert len(device.calls._invites._early) <= config.max_early_calls


def _at_every_step_of(call: Call, device: SimDevice) -> None:
    config = device.config
    assert len(call._device_keys or ()) <= config.max_parties
    early = getattr(call, "_early", None)
    if early is not None:
        assert len(early._by_party) <= config.max_early_parties
        assert all(len(kept) <= config.max_early_candidates for kept in early._by_party.values())
    talk = call._conversation
    if talk is None:
        return
    assert call.state in {State.CONNECTING, State.CONNECTED}
    negotiation = talk.negotiation
    if negotiation is not None:
        stable = negotiation.state is Negotiating.STABLE
        assert (negotiation.deadline is None) == stable, "a timer outlives its state"
        assert stable <= (negotiation._next is None and negotiation._wanted is None)


def at_established(device: SimDevice, told: Established, media: Media) -> None:
    """The party that signalling talks to is the one that the media are connected to."""
    answered = [t.item for t in device.told if isinstance(t.item, Answered)]
    peer = [item.peer for item in answered if item.key == told.key][-1]
    partner = media.partner(device.party, told.key)
    assert partner is not None
    assert partner.heard_as == peer, "connected to somebody else"


# --- at the end -----------------------------------------------------------------------------


def at_the_end(world: World) -> None:
    assert world.media.open_ends == 0
    # Where known events come again, an answer may too; nothing in it says which offer it answers.
    assert not (world.drops_known and world.media.mistaken), "an answer met another offer"
    for device in world.devices.values():
        _is_at_rest(device)
        told = stories(device)
        for life, key in told:
            assert (life - 1, key) not in told, "a call comes back after a crash"
        for (life, key), story in told.items():
            _is_whole(story, crashed=life < device.life)
            _rings_in_time(device, life, key, story)
            if isinstance(story[-1].item, Ended):
                _makes_sense(world, device, key, story[-1])
        _is_answered_by_the_callee(device)
    _peers_are_mutual(world)
    _glare_is_settled(world)
    old_invariants.at_the_end(world)


def _is_at_rest(device: SimDevice) -> None:
    registry = device.calls._registry
    assert len(device.calls) == 0
    assert device.calls.deadline() is None
    assert device.calls.poll() is None
    for index in (registry._by_room, registry._calling, registry._held, registry._unanswered):
        assert not index
    requests = [
        (told.life, told.item.request) for told in device.told if hasattr(told.item, "request")
    ]
    assert len(requests) == len(set(requests)), "two requests share a number"


def _is_whole(story: list[Told], *, crashed: bool) -> None:
    """It ends once; what is told and asked once is told and asked once."""
    counts = Counter(type(told.item) for told in story)
    gave_way_to_its_own_id = any(
        isinstance(told.item, Replaced) and told.item.by == told.item.key for told in story
    )
    lives = 1 + gave_way_to_its_own_id
    endings = counts[Ended] + counts[Replaced]
    assert endings == lives or (crashed and endings == lives - 1), "it ends once"
    assert crashed or isinstance(story[-1].item, Ended | Replaced), "nothing follows the end"
    opened = counts[CreateOffer] + counts[CreateAnswer]
    assert opened <= lives
    assert counts[CloseMedia] == opened or (crashed and counts[CloseMedia] == opened - 1)
    assert counts[Established] <= counts[Answered] <= 1
    assert counts[Incoming] <= 1
    said = Counter(told.item.type for told in story if isinstance(told.item, SendEvent))
    assert all(said[once] <= 1 for once in ("m.call.invite", "m.call.answer", "m.call.reject"))
    assert said["m.call.hangup"] + said["m.call.reject"] <= 1
    assert not (said["m.call.reject"] and said["m.call.answer"])
    assert not (said["m.call.reject"] and said["m.call.invite"]) or lives > 1
    last = story[-1].item
    known_there = said["m.call.invite"] or said["m.call.answer"]
    if known_there and isinstance(last, Ended) and last.by in {By.US, By.FAULT}:
        silent = {EndReason.SEND_REFUSED, EndReason.LEFT_ROOM}
        told_them = said["m.call.hangup"] + said["m.call.reject"]
        assert told_them or last.reason in silent, "the other side is not told"
    if counts[Established] and isinstance(last, Ended):
        assert last.reason not in BEFORE_MEDIA, "media flowed here, so it was this device"


def _makes_sense(world: World, device: SimDevice, key: CallKey, end: Told) -> None:
    """Whoever is said to have ended it did, for a reason that fits."""
    assert isinstance(end.item, Ended)
    ended = end.item
    others = [other for other in world.everybody.values() if other is not device]
    same_user = [other for other in others if other.party.user_id == device.party.user_id]
    match ended.by:
        case By.PEER if ended.reason is EndReason.LEFT_ROOM:
            assert any(isinstance(event, MemberLeft) for _, _, event in device.happened)
        case By.PEER:
            users = _other_side(device, key)
            theirs = [other for other in others if not users or other.party.user_id in users]
            assert any(_lets_end(other, key, ended) for other in theirs), "nobody ended it"
        case By.OTHER_DEVICE if ended.reason is EndReason.ANSWERED_ELSEWHERE:
            chosen = [
                item.content["selected_party_id"]
                for other in others
                for item in sent(other, key, "m.call.select_answer")
            ]
            assert any(party_id != device.party.party_id for party_id in chosen) or any(
                list(sent(other, key, "m.call.answer")) for other in same_user
            ), "nobody answered elsewhere"
        case By.OTHER_DEVICE:
            assert any(
                key in getattr(other, "crash_hangups", ())
                or list(sent(other, key, "m.call.reject"))
                or list(sent(other, key, "m.call.hangup"))
                for other in same_user
            ), "nobody declined elsewhere"
        case By.US:
            wishes = (HangUp, Reject, MemberLeft)
            assert any(isinstance(event, wishes) for _, _, event in device.happened)
        case By.FAULT:
            failures = (MediaFailed, SendFailed)
            assert any(
                isinstance(event, failures) and event.key == key for _, _, event in device.happened
            ) or ended.reason in {EndReason.CONNECT_TIMEOUT, EndReason.MEDIA_FAILED}
        case By.TIME:
            assert ended.reason is EndReason.NOT_ANSWERED


def _other_side(device: SimDevice, key: CallKey) -> set[str]:
    """The users that the device may talk to in this call; none where it may be anybody."""
    users = {told.caller.user_id for told in of_kind(device, Incoming, key)}
    users |= {told.peer.user_id for told in of_kind(device, Answered, key)}
    users |= {told.caller.user_id for told in of_kind(device, Replaced) if told.by == key}
    placed = [event for _, _, event in device.happened if isinstance(event, Place)]
    return users | {event.invitee for event in placed if event.key == key and event.invitee}


def _is_answered_by_the_callee(device: SimDevice) -> None:
    inbound = {told.key for told in of_kind(device, CreateAnswer)}
    for answered in of_kind(device, Answered):
        if answered.key not in inbound:
            (invite,) = sent(device, answered.key, "m.call.invite")
            invitee, user = invite.content.get("invitee"), answered.peer.user_id
            meant = user == invitee if invitee else user != device.party.user_id
            assert meant, "somebody else answered"


def _rings_in_time(device: SimDevice, life: int, key: CallKey, story: list[Told]) -> None:
    """An invite counts for its lifetime, from when its homeserver took it."""
    used = [told for told in story if isinstance(told.item, Incoming | CreateAnswer)]
    if not used:
        return
    ends = [
        at - event.age + float(str(event.content["lifetime"])) / 1000
        for at, in_life, event in device.happened
        if isinstance(event, Received)
        and (in_life, event.type) == (life, "m.call.invite")
        and CallKey(event.room_id, str(event.content["call_id"])) == key
    ]
    assert all(told.at <= max(ends) for told in used), "it rings when the caller has given up"


def _lets_end(other: Member, key: CallKey, ended: Ended) -> bool:
    """Whether what this device said of the call explains such an end of the other side."""
    hangups = sent(other, key, "m.call.hangup")
    if ended.reason is EndReason.HANGUP and any(said.content["version"] == 0 for said in hangups):
        return True  # version 0 gives no reason, so whatever the reason was
    if not isinstance(other, SimDevice):
        return False
    if key in other.crash_hangups and ended.reason is EndReason.PEER_FAILED:
        return True
    for told in other.told:
        item = told.item
        if isinstance(item, Replaced) and item.key == key and ended.reason is EndReason.HANGUP:
            return True
        if (
            isinstance(item, Ended)
            and item.key == key
            and item.by is not By.PEER
            and ended.reason in TOGETHER.get(item.reason, ())
        ):
            return True
    return False


def _peers_are_mutual(world: World) -> None:
    """At most two ends of a call are connected, to each other, and not each blames the other."""
    peers: dict[CallKey, dict[Party, Party]] = defaultdict(dict)
    connected: dict[CallKey, set[Party]] = defaultdict(set)
    blaming: dict[CallKey, set[Party]] = defaultdict(set)
    for party, device in world.everybody.items():
        for answered in of_kind(device, Answered):
            peers[answered.key][party] = answered.peer
        for established in of_kind(device, Established):
            connected[established.key].add(party)
        for ended in of_kind(device, Ended):
            if ended.by is By.PEER and ended.reason is not EndReason.LEFT_ROOM:
                blaming[ended.key].add(party)
    for key, parties in connected.items():
        # Old clients settle no glare: two calls under one id may both come about.
        invites = [said for one in world.everybody.values() for said in sent(one, key, _INVITE)]
        calls = len(invites) if world.old else 1
        assert len(parties) <= 2 * calls, "more than two ends are connected"
        for party in parties & world.devices.keys():
            peer = peers[key][party]
            # One without a name says of nobody whom it talks to; `at_established` has asked.
            mutual = peer.party_id == NO_PARTY or peers[key].get(peer) == party
            assert mutual, "two ends talk to different parties"
    for key, parties in blaming.items():
        crashed = any(key in device.crash_hangups for device in world.devices.values())
        for party in parties:
            assert crashed or peers[key].get(party) not in parties, "each blames the other"


def _glare_is_settled(world: World) -> None:
    """Never do both calls give way, and of two that were sent the lesser stays."""
    replaced: dict[tuple[Party, CallKey], tuple[Party, CallKey]] = {}
    for party, device in world.devices.items():
        for item in of_kind(device, Replaced):
            replaced[party, item.key] = (item.caller, item.by)
            if list(sent(device, item.key, "m.call.invite")):
                theirs, ours = (item.by.call_id, item.caller), (item.key.call_id, party)
                assert theirs < ours, "the greater call stayed"
    for gave_way, stayed in replaced.items():
        assert replaced.get(stayed) != gave_way, "both calls gave way"
