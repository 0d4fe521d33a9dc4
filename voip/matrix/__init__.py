"""The Matrix edge: raw homeserver in, `voip.signalling` events out, and events of ours back.

Begin reading at `edge.py`. What it is made of:

- `settings`, `folder`, `discovery`, `http`, `session`: who we are and how one request is made;
- `sync`, `intake`, `timeline`, `backfill`, `holding`: what is received, complete and in order;
- `machine`, `nio_state`, `decryption`, `keys`: matrix-nio, which keeps room state and keys;
- `signatures`, `cross_signing`, `identity`, `vault`, `secret_storage`, `recovery_key`,
  `confirmation`: our account's own signing keys; `trust`: whether others have signed theirs;
- `sends`, `transmit`: what is sent, by urgency and in order;
- `rooms`, `direct`, `files`, `history`, `turnserver`: what else a homeserver is asked for.
"""
