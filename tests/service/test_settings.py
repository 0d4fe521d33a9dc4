"""Where settings come from, which source wins, and what a person is told about a wrong one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voip.matrix import recovery_key
from voip.media.limits import PartLimits
from voip.media.sounds import SoundFile, Speech
from voip.service.announcement import announcement, question
from voip.service.settings import BotName, LogLevel, Settings, UnverifiedCalls
from voip.service.settings_sources import SettingsError, load_settings, warnings
from voip.service.translation import bot_settings, matrix_settings, phone_settings

MINIMAL = {
    "VOIP_HOMESERVER": "https://matrix.example.org/",
    "VOIP_USER_ID": "@bot:example.org",
    "VOIP_PASSWORD": "hunter2hunter2",
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("VOIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def set_environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in {**MINIMAL, **values}.items():
        monkeypatch.setenv(name, value)


def toml(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def problems(file: Path | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    return caught.value.problems


def secret(settings: Settings, name: str) -> str | None:
    value = getattr(settings, name)
    return None if value is None else str(value.get_secret_value())


def test_the_environment_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch)
    settings = load_settings()
    assert settings.homeserver == "https://matrix.example.org"
    assert settings.server_name == "example.org"
    assert settings.allowed == ("@*:example.org",)
    assert settings.bot is BotName.RECORDER
    assert settings.data_dir == Path("voip-data")
    assert secret(settings, "password") == "hunter2hunter2"


def test_a_server_name_keeps_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, VOIP_USER_ID="@bot:localhost:8448")
    assert load_settings().allowed == ("@*:localhost:8448",)


def test_the_file_alone_is_enough(tmp_path: Path) -> None:
    file = toml(
        tmp_path / "my.toml",
        'homeserver = "http://localhost:8008"\nuser_id = "@bot:example.org"\n'
        'access_token = "syt_secret"\nbot = "echo"\nallow = ["@a:b.c", "@*:example.com"]\n'
        "max_seconds = 30\nrelay_only = true\n",
    )
    settings = load_settings(file)
    assert settings.bot is BotName.ECHO
    assert settings.allowed == ("@a:b.c", "@*:example.com")
    assert settings.max_seconds == 30
    assert settings.relay_only
    assert secret(settings, "access_token") == "syt_secret"


def test_the_file_of_the_working_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch)
    toml(tmp_path / "voip.toml", 'device_name = "found"\n')
    assert load_settings().device_name == "found"


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(
        monkeypatch, VOIP_BOT="echo", VOIP_ALLOW="@a:b.c, @d:e.f", VOIP_LOG_LEVEL="DEBUG"
    )
    file = toml(tmp_path / "my.toml", 'bot = "recorder"\nallow = ["@x:y.z"]\nmax_seconds = 7\n')
    settings = load_settings(file)
    assert settings.bot is BotName.ECHO
    assert settings.allowed == ("@a:b.c", "@d:e.f")
    assert settings.log_level is LogLevel.DEBUG
    assert settings.max_seconds == 7


@pytest.mark.parametrize("name", ["VOIP_PASSWORD", "VOIP_PASSWORD_FILE"])
def test_the_environments_login_replaces_the_files(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch)
    monkeypatch.delenv("VOIP_PASSWORD")
    (tmp_path / "secret").write_text("from the environment\n")
    value = {"VOIP_PASSWORD": "from the environment", "VOIP_PASSWORD_FILE": "secret"}[name]
    monkeypatch.setenv(name, value)
    text = 'password = "from the file"\naccess_token_file = "/not/read/at/all"\n'
    file = toml(tmp_path / "my.toml", text)
    settings = load_settings(file)
    assert secret(settings, "password") == "from the environment"
    assert settings.access_token is None


@pytest.mark.parametrize("name", ["example.org", "localhost:8008", "[2001:db8::1]:8448"])
def test_a_server_name_will_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, VOIP_HOMESERVER=name)
    assert load_settings().homeserver == name


def test_an_announcement_is_a_text_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, VOIP_ANNOUNCEMENT="Speak and/or sing.")
    assert announcement(load_settings()) == Speech("Speak and/or sing.")
    (tmp_path / "our sounds").mkdir()
    for name in ("welcome.ogg", "our sounds/welcome.aac"):
        (tmp_path / name).write_bytes(b"")
        set_environment(monkeypatch, VOIP_ANNOUNCEMENT=name, VOIP_CONSENT_QUESTION=name)
        settings = load_settings()
        assert announcement(settings) == question(settings) == SoundFile(Path(name))


@pytest.mark.parametrize("name", ["VOIP_ANNOUNCEMENT", "VOIP_CONSENT_QUESTION"])
def test_what_is_said_may_be_long_and_a_misspelt_path_is_not_read_out(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "This call is recorded. " * 40  # longer than a file's name may be
    set_environment(monkeypatch, **{name: text})
    settings = load_settings()
    assert announcement(settings) == Speech(settings.announcement)
    assert question(settings) == Speech(settings.consent_question)
    set_environment(monkeypatch, **{name: "./welcom.ogg"})
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert name in str(caught.value)
    assert "there is no such file" in str(caught.value)


def test_an_empty_list_lets_nobody_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch)
    assert load_settings(toml(tmp_path / "my.toml", "allow = []\n")).allowed == ()
    set_environment(monkeypatch, VOIP_ALLOW="*")
    assert load_settings().allowed == ("*",)


def test_secrets_from_files_lose_their_last_newline_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, VOIP_ACCESS_TOKEN_FILE=str(tmp_path / "token"))
    (tmp_path / "token").write_text(" syt_token \n")
    assert secret(load_settings(), "access_token") == " syt_token "


def test_the_recovery_key_is_no_login_and_reaches_the_edge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = recovery_key.to_text(bytes(range(32)))
    set_environment(monkeypatch, VOIP_RECOVERY_KEY_FILE=str(toml(tmp_path / "key", f"{text}\n")))
    settings = load_settings()
    assert secret(settings, "password") == "hunter2hunter2"
    assert matrix_settings(settings).recovery_key == text
    monkeypatch.delenv("VOIP_PASSWORD")
    assert any("VOIP_ACCESS_TOKEN" in problem for problem in problems())


def test_a_misspelt_recovery_key_is_told_without_quoting_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = recovery_key.to_text(bytes(range(32)))
    set_environment(monkeypatch, VOIP_RECOVERY_KEY=text[:-1] + "2")
    (problem,) = problems()
    assert problem.startswith("VOIP_RECOVERY_KEY (recovery_key in the file) must be a recovery key")
    assert text[:9] not in problem


@pytest.mark.parametrize("choice", list(UnverifiedCalls))
def test_what_happens_to_unverified_callers(
    choice: UnverifiedCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, VOIP_UNVERIFIED=choice.value)
    assert bot_settings(load_settings()).unverified.value == choice.value


def test_the_limits_of_a_file_reach_the_media(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch)
    assert bot_settings(load_settings()).phone.media.part_limits == PartLimits()
    set_environment(monkeypatch, VOIP_PART_SECONDS="1800", VOIP_PART_MEGABYTES="2.5")
    limits = bot_settings(load_settings()).phone.media.part_limits
    assert limits == PartLimits(1800, 2_500_000)


def test_media_workers_are_a_number_or_one_for_each_core(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, VOIP_MEDIA_WORKERS="3", VOIP_MEDIA_PORT="65533")
    assert bot_settings(load_settings()).phone.media.workers == 3
    assert phone_settings(load_settings(), "call").media.workers == 0
    set_environment(monkeypatch, VOIP_MEDIA_WORKERS="auto", VOIP_MEDIA_PORT="40000")
    assert load_settings().media_workers == len(os.sched_getaffinity(0))
    set_environment(monkeypatch, VOIP_MEDIA_WORKERS="3", VOIP_MEDIA_PORT="65534")
    assert any("VOIP_MEDIA_PORT is too high" in problem for problem in problems())


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, VOIP_BOT="", VOIP_MAX_SECONDS="")
    assert load_settings().max_seconds == 600


def test_every_problem_is_named_at_once() -> None:
    told = "\n".join(problems())
    for name in MINIMAL:
        assert f"{name} " in told
    assert "for example VOIP_HOMESERVER=https://matrix.example.org" in told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("VOIP_HOMESERVER", "matrix example org", "starts with https://"),
        ("VOIP_HOMESERVER", "ftp://example.org", "starts with https://"),
        ("VOIP_HOMESERVER", "https://user:pw@example.org", "without a user"),
        ("VOIP_USER_ID", "bot", "whole Matrix id"),
        ("VOIP_BOT", "singer", "'menu' or 'bridge-recorder'"),
        ("VOIP_ALLOW", "everybody", "patterns"),
        ("VOIP_MAX_SECONDS", "long", "valid number"),
        ("VOIP_MEDIA_WORKERS", "many", "must be a number or `auto`"),
        ("VOIP_MEDIA_WORKERS", "-1", "must be a number or `auto`"),
        ("VOIP_MEDIA_WORKERS", "257", "less than or equal to 256"),
        ("VOIP_MAX_SECONDS", "-1", "greater than 0"),
        ("VOIP_SILENCE_SECONDS", "nan", "finite"),
        ("VOIP_CONNECT_TIMEOUT", "0", "greater than or equal to 1"),
        ("VOIP_RELAY_ONLY", "perhaps", "boolean"),
        ("VOIP_LOG_LEVEL", "loud", "'debug'"),
        ("VOIP_ANNOUNCEMENT", "./missing", "no such file"),
        ("VOIP_ANNOUNCEMENT", "missing.ogg", "no such file"),
        ("VOIP_PASSWORD_FILE", "/missing/file", "keep one of them"),
        ("VOIP_ACCESS_TOKEN_FILE", "/missing/file", "cannot be read"),
        ("VOIP_ACCESS_TOKEN_FILE", "/dev/null", "is empty"),
    ],
)
def test_one_wrong_setting_is_one_problem(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, **{name: value})
    (problem,) = problems()
    assert told in problem
    assert name in problem or name.removeprefix("VOIP_").lower() in problem


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if "file" not in name])
def test_no_value_is_ever_quoted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password pasted into any line stays out of the message, whatever else is wrong."""
    pasted = "./s3cr3t-pasted"
    set_environment(monkeypatch, **{"VOIP_BOT": "singer", f"VOIP_{name.upper()}": pasted})
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("password = s3cr3t", "not TOML, at line 1"),
        ('pasword = "s3cr3t"', "password meant"),
        ("max_seconds = 's3cr3t'", "valid number"),
        ('password = "s3cr3t"\npassword_file = "x"', "keep one of them"),
        ("password = [3]", "valid string"),
        ('password = "s3cr3t"\n= \'', "at line 2"),
    ],
)
def test_a_wrong_file_is_told_without_its_values(text: str, told: str, tmp_path: Path) -> None:
    file = toml(
        tmp_path / "my.toml",
        f'homeserver = "https://example.org"\nuser_id = "@bot:example.org"\n{text}'
        if "line" not in told
        else text,
    )
    all_told = "\n".join(problems(file))
    assert told in all_told
    assert "s3cr3t" not in all_told


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert "no settings file" in problems(tmp_path / "missing.toml")[0]
    assert "cannot be read" in problems(tmp_path)[0]
    (tmp_path / "latin.toml").write_bytes(b"device_name = '\xe4'")
    assert "UTF-8" in problems(tmp_path / "latin.toml")[0]


def test_a_settings_object_prints_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, VOIP_ACCESS_TOKEN="syt_token")
    printed = repr(load_settings()) + str(load_settings()) + load_settings().model_dump_json()
    assert "hunter2" not in printed
    assert "syt_token" not in printed


def test_warnings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, VOIP_HOMSERVER="x", VOIP_CONFIG="voip.toml")
    file = toml(tmp_path / "my.toml", 'password = "x"\n')
    (unknown,) = warnings(file)
    assert "VOIP_HOMSERVER" in unknown
    assert "VOIP_HOMESERVER meant" in unknown
    file.chmod(0o644)
    assert any("chmod 600" in warning for warning in warnings(file))
