"""A call is played where this machine can speak, and nothing fails where it cannot."""

import asyncio
import io
import wave
from pathlib import Path

import pytest

from sandbox.inbox.inbox import Message
from sandbox.pages import speech

SPEAKER = """#!/bin/sh
printf '%s\\n' "$@" >"{folder}/arguments"; cat >"{folder}/text"; {then}
"""


def call(text: str = "--help; 認証コードは、4, 2", **more: object) -> Message:
    fields = {"language": "ja", "gender": "male", "raw": {"speechRate": 0.8}, **more}
    return Message("voice", "+819012345678", "81501", text, "m", **fields)  # type: ignore[arg-type]


def speaker(folder: Path, monkeypatch: pytest.MonkeyPatch, then: str) -> None:
    program = folder / speech.PROGRAM
    program.write_text(SPEAKER.format(folder=folder, then=then))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_call_is_spoken_by_its_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        file.writeframes(b"\0\0" * 100)
    # As espeak-ng does: a length in the header that is none.
    piped = sound.getvalue()[:4] + b"\xff\xff\xff\x7f" + sound.getvalue()[8:]
    (tmp_path / "sound").write_bytes(piped)
    speaker(tmp_path, monkeypatch, f'cat "{tmp_path}/sound"')
    assert speech.available()
    answer = asyncio.run(speech.answer(call()))
    assert (answer.status_code, answer.media_type) == (200, "audio/wav")
    assert answer.body == sound.getvalue()
    arguments = (tmp_path / "arguments").read_text().split("\n")
    assert arguments == ["-v", "ja+m3", "-s", "140", "--stdin", "--stdout", ""]
    assert (tmp_path / "text").read_text() == call().text


@pytest.mark.parametrize("then", ["exit 1", "exit 0", "exec sleep 60"])
def test_a_speaker_may_fail_or_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    speaker(tmp_path, monkeypatch, then)
    monkeypatch.setattr(speech, "SECONDS", 0.3)
    answer = asyncio.run(speech.answer(call(raw=None)))
    assert answer.status_code == 503


def test_without_a_speaker_nothing_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not speech.available()
    assert asyncio.run(speech.answer(call())).status_code == 404


@pytest.mark.skipif(not speech.available(), reason="needs espeak-ng")
def test_the_real_speaker_speaks_japanese() -> None:
    answer = asyncio.run(speech.answer(call("にんしょうコードは、4, 2, 3")))
    with wave.open(io.BytesIO(bytes(answer.body))) as spoken:
        assert spoken.getnframes() / spoken.getframerate() > 1
