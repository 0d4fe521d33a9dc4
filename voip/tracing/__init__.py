"""The call trace: what happened to a call, told so that it can be attached to a bug report.

Who and where is never in it: people are `us`, `peer`, `another person 1`; addresses are `host A
(IPv4, private, udp)`; of a session description there are facts, of a text its length. `tracer`
watches the driver and the media edge, `record` is what is kept, `verdict` says in plain words what
went wrong, `ladder` lays it out.
"""
