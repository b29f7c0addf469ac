"""What a call sounds like, by espeak-ng where this machine has it.

It is a stand-in, reads kanji badly, and says nothing of how a call will sound.
"""

import asyncio
import shutil
from typing import Final

from starlette.responses import PlainTextResponse, Response

from sandbox.inbox.inbox import Message

PROGRAM: Final = "espeak-ng"
SECONDS = 20.0
"""After which a speaker is ended."""
_WORDS_A_MINUTE: Final = 175
_MOST_CHARACTERS: Final = 2_000
_VOICES: Final = {"zh-cn": "cmn", "zh-tw": "cmn", "pt-br": "pt-br"}
_VARIANTS: Final = {"female": "+f3", "male": "+m3"}


def available() -> bool:
    """Whether calls can be played here."""
    return shutil.which(PROGRAM) is not None


async def answer(message: Message) -> Response:
    """The call as a WAV file; 404 where nothing can speak, 503 where it did not work."""
    program = shutil.which(PROGRAM)
    if program is None:
        return PlainTextResponse(f"{PROGRAM} is not installed here\n", 404)
    language = _VOICES.get(message.language or "", message.language or "en")
    rate = (message.raw or {}).get("speechRate", 1)
    words = round(_WORDS_A_MINUTE * (rate if isinstance(rate, int | float) else 1))
    voice = f"{language}{_VARIANTS.get(message.gender or '', '')}"
    # The text by pipe: as an argument it could be an option, and everybody's to read.
    process = await asyncio.create_subprocess_exec(
        *(program, "-v", voice, "-s", str(words), "--stdin", "--stdout"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(SECONDS):
            spoken, _ = await process.communicate(message.text[:_MOST_CHARACTERS].encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        spoken = b""
    if process.returncode != 0 or not spoken:
        return PlainTextResponse(f"{PROGRAM} could not speak this\n", 503)
    return Response(_sized(spoken), media_type="audio/wav")


def _sized(wave: bytes) -> bytes:
    """With its own length in its header, which a program that writes to a pipe cannot know."""
    riff, data = (len(wave) - 8).to_bytes(4, "little"), (len(wave) - 44).to_bytes(4, "little")
    return wave[:4] + riff + wave[8:40] + data + wave[44:]
