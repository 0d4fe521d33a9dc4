"""A microphone that speaks when it is told to, as a person does who waits for the tone.

Chromium's own reads its file from the moment it is opened, no matter how long the call takes to
connect; what is compared with what arrives must not depend on that.
"""

from __future__ import annotations

import base64

from playwright.async_api import Page

from tests.media.audio import RATE, Samples

GIVE = """
([pcm, rate]) => {
  const said = new Int16Array(Uint8Array.from(atob(pcm), each => each.charCodeAt(0)).buffer);
  const devices = navigator.mediaDevices;
  const getUserMedia = devices.getUserMedia;
  devices.getUserMedia = async wanted => {
    const stream = await getUserMedia.call(devices, wanted);
    if (stream.getAudioTracks().length === 0) return stream;
    for (const track of stream.getAudioTracks()) track.stop();
    const context = new AudioContext();
    await context.resume();
    const mouth = context.createMediaStreamDestination();
    // Without a source nothing at all is sent; no room is quite silent.
    const room = new ConstantSourceNode(context, {offset: 1e-4});
    room.connect(mouth);
    room.start();
    window.speak = () => new Promise(resolve => {
      const buffer = context.createBuffer(1, said.length, rate);
      buffer.copyToChannel(Float32Array.from(said, each => each / 32768), 0);
      const voice = new AudioBufferSourceNode(context, {buffer});
      voice.connect(mouth);
      voice.addEventListener("ended", resolve);
      voice.start();
    });
    return new MediaStream([...mouth.stream.getTracks(), ...stream.getVideoTracks()]);
  };
}
"""


async def give_voice(page: Page, said: Samples) -> None:
    """The page's microphone is silent until `speak`; mono samples of 48 kHz."""
    pcm = base64.b64encode(said.astype("<i2").tobytes()).decode()
    await page.evaluate(GIVE, [pcm, RATE])


async def speak(page: Page) -> None:
    """Says it, during a call; returns when it is said."""
    await page.evaluate("window.speak()")
