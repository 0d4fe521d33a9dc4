"""The recogniser's process: sound in, words out. `sphinx.py` starts it, as a file of its own.

A process, because pocketsphinx keeps the GIL while it works. It reads a line of JSON with the
phrases, and answers with one that says whether it is ready; from then on it reads lines that say
how many bytes of sound follow (16 kHz, int16, mono), and answers each with what was understood.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any, BinaryIO

RATE = 16_000
MISSING = 'recognising words needs pocketsphinx: pip install "matrix-voip[transcription]"'


def main() -> None:
    source, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        decoder = ready(json.loads(source.readline()))
    except (ImportError, ValueError, RuntimeError) as error:
        tell(answers, {"error": MISSING if isinstance(error, ImportError) else str(error)})
        return
    tell(answers, {})
    while line := source.readline():
        order = json.loads(line)
        tell(answers, {"number": order["number"], **understood(decoder, source, order["bytes"])})


def ready(phrases: list[str]) -> Any:
    """A decoder for these phrases, or for English where there are none.

    Raises ImportError, and ValueError for a word that it does not know.
    """
    decoder_class = importlib.import_module("pocketsphinx").Decoder  # an extra, without types
    # Without a little noise digital silence has no logarithm; each utterance is judged by itself.
    noise = {"dither": True, "seed": 1}
    options = {"samprate": RATE, "loglevel": "FATAL", "cmn": "batch", **noise}
    if not phrases:
        return decoder_class(**options)
    decoder = decoder_class(lm=None, **options)
    for word in " ".join(phrases).split():
        if decoder.lookup_word(word) is None:
            raise ValueError(f"the recogniser's dictionary has no word {word!r}: choose another")
    rules = " | ".join(phrases)
    decoder.add_jsgf_string("phrases", f"#JSGF V1.0; grammar phrases; public <phrase> = {rules};")
    decoder.activate_search("phrases")
    return decoder


def understood(decoder: Any, source: BinaryIO, size: int) -> dict[str, Any]:
    decoder.start_utt()
    decoder.process_raw(source.read(size), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return {"text": found.hypstr if found else ""}


def tell(answers: BinaryIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
