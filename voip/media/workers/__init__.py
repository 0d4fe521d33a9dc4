"""Media in worker processes of this machine, so that neither they nor signalling wait for another.

`pool.MediaPool` is what the rest of the project sees. Each worker (`worker.py`) is a process with
an ordinary MediaEngine, at the other end of one Unix socket pair (`channel.py`, `messages.py`).
What crosses is taken from the signatures of MediaEngine's methods (`methods.py`, `plain.py`).
"""
