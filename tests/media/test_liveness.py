"""Whether the other side is there, on a clock that only the test moves."""

from __future__ import annotations

import pytest

from voip.media.liveness import Liveness, News, Patience, Seen
from voip.media.settings import MediaSettings

TICK = 0.5
PATIENCE = Patience(check_after=1, interrupted_after=3, silent_after=6, gone_after=12)


class World:
    """A side that sends sound, answers checks, or does not; and what was said of it when."""

    def __init__(self) -> None:
        self.now = 100.0
        self.arrivals = self.audio = self.restarts = 0
        self.sends = self.answers = self.expected = True
        self.told: list[tuple[float, News]] = []
        self._liveness = Liveness(PATIENCE, self.now)

    def run(self, seconds: float) -> list[tuple[float, News]]:
        """What was told meanwhile but checks, with the seconds since the beginning of it."""
        began, told = self.now, len(self.told)
        while self.now < began + seconds:
            self.now += TICK
            if self.sends:
                self.arrivals += 25
                self.audio += 25
            seen = Seen(self.arrivals, self.audio, self.restarts, self.expected)
            for news in self._liveness.look(self.now, seen):
                self.told.append((self.now - began, news))
                if news is News.CHECK and self.answers:
                    self.arrivals += 1
        return [one for one in self.told[told:] if one[1] is not News.CHECK]

    @property
    def checks(self) -> int:
        return sum(news is News.CHECK for _, news in self.told)


def test_a_side_that_sends_is_never_asked() -> None:
    world = World()
    assert world.run(3600) == []
    assert world.checks == 0


@pytest.mark.parametrize("expected", [True, False])
def test_a_side_that_only_answers_is_not_dead(expected: bool) -> None:
    """On hold, muted, or with nothing to say from the beginning."""
    world = World()
    world.sends, world.expected = False, expected
    assert world.run(3600) == []
    assert 2000 < world.checks < 4000  # about one a second, no more


def test_a_dead_side_is_noticed_in_seconds_and_given_up_in_time() -> None:
    world = World()
    world.run(60)
    world.sends = world.answers = False
    assert world.run(60)[:2] == [(3, News.INTERRUPTED), (12, News.GONE)]
    assert [at for at, news in world.told if news is News.CHECK][:4] == [1, 1.5, 2, 2.5]


def test_a_side_that_comes_back_is_told_once_and_everything_begins_anew() -> None:
    world = World()
    world.run(10)
    world.sends = world.answers = False
    assert world.run(8) == [(3, News.INTERRUPTED)]
    world.sends = world.answers = True
    assert world.run(60) == [(0.5, News.RESUMED)]
    world.sends = world.answers = False
    assert world.run(12) == [(3, News.INTERRUPTED), (12, News.GONE)]


def test_a_new_path_that_was_agreed_on_gets_as_long_again() -> None:
    world = World()
    world.run(10)
    world.sends = world.answers = False
    assert world.run(10) == [(3, News.INTERRUPTED)]
    world.restarts += 1
    assert world.run(12) == []
    assert world.run(1)[0] == (0.5, News.GONE)


def test_sound_that_stops_without_a_word_is_told_and_no_end() -> None:
    world = World()
    world.run(10)
    world.sends = False
    assert world.run(600) == [(6, News.SILENT)]
    world.sends = True
    assert world.run(10) == [(0.5, News.RESUMED)]


def test_sound_that_is_not_expected_any_more_is_no_interruption() -> None:
    world = World()
    world.run(10)
    world.sends = world.expected = False
    assert world.run(600) == []
    world.expected = True  # and now it has some seconds to begin
    assert world.run(5.5) == []
    assert world.run(1) == [(0.5, News.SILENT)]
    world.expected = False
    assert world.run(1) == [(0.5, News.RESUMED)]


def test_silence_and_then_death() -> None:
    world = World()
    world.run(10)
    world.sends = False
    world.run(10)
    world.answers = False
    assert [news for _, news in world.run(30)][:2] == [News.INTERRUPTED, News.GONE]


def test_back_from_the_dead_without_sound() -> None:
    """Its answers come first, and its sound a little later: that is one resumption."""
    world = World()
    world.run(10)
    world.sends = world.answers = False
    world.run(8)
    world.answers = True
    assert world.run(4) == []
    world.sends = True
    assert world.run(4) == [(0.5, News.RESUMED)]


@pytest.mark.parametrize("asleep", [3.0, 60.0, 3600.0])
def test_time_that_this_process_slept_does_not_count(asleep: float) -> None:
    world = World()
    world.run(10)
    world.now += asleep  # nothing was read meanwhile
    assert world.run(10) == []
    world.sends = world.answers = False
    world.run(2)
    world.now += asleep
    told = world.run(30)
    assert told[0][1] is News.INTERRUPTED
    assert told[1][1] is News.GONE
    assert told[1][0] == pytest.approx(10, abs=1)


@pytest.mark.parametrize(("interrupted", "gone"), [(3.0, 2.0), (12.0, 12.0), (0.0, 12.0)])
def test_patience_that_cannot_be(interrupted: float, gone: float) -> None:
    with pytest.raises(ValueError, match=r"_after must be more than"):
        MediaSettings(interrupted_after=interrupted, gone_after=gone)


def test_patience_follows_the_settings() -> None:
    assert MediaSettings().patience == PATIENCE
    short = MediaSettings(interrupted_after=0.3, gone_after=1.0)
    assert short.patience == Patience(0.3 / 3, 0.3, 6.0, 1.0)
    assert short.look_every == pytest.approx(0.05)
