"""Everything on one machine: a homeserver, a relay, the bots and the page."""
