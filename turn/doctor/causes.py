"""Each cause that the doctor names, and its remedy. docs/turn-doctor.md has every one of them."""

from __future__ import annotations

from enum import Enum


class Cause(Enum):
    """The value is what `--json` says; it does not change between releases."""

    # the list of relays
    HOMESERVER_UNREACHABLE = "homeserver-unreachable"
    HOMESERVER_REFUSED = "homeserver-refused"
    HOMESERVER_ANSWER = "homeserver-answer"
    NO_TURN_CONFIGURED = "no-turn-configured"
    NO_TLS_URI = "no-tls-uri"
    NO_PORT_443 = "no-port-443"
    NO_IPV6 = "no-ipv6"
    TTL_SHORT = "ttl-short"
    TTL_BEYOND = "ttl-beyond"
    CLOCK_SKEW = "clock-skew"
    # the URI
    URI_GRAMMAR = "uri-grammar"
    DTLS_URI = "dtls-uri"
    NOT_A_RELAY = "not-a-relay"
    # the way there
    NAME_UNKNOWN = "name-unknown"
    NAME_SERVERS = "name-servers"
    NOTHING_LISTENS = "nothing-listens"
    NO_ANSWER = "no-answer"
    UDP_BLOCKED = "udp-blocked"
    TCP_BLOCKED = "tcp-blocked"
    UNREACHABLE = "unreachable"
    NOT_STUN = "not-stun"
    BINDING_REFUSED = "binding-refused"
    # TLS
    TLS_EXPIRED = "tls-expired"
    TLS_NOT_YET_VALID = "tls-not-yet-valid"
    TLS_EXPIRES_SOON = "tls-expires-soon"
    TLS_WRONG_NAME = "tls-wrong-name"
    TLS_UNKNOWN_ISSUER = "tls-unknown-issuer"
    TLS_SELF_SIGNED = "tls-self-signed"
    TLS_CERTIFICATE = "tls-certificate"
    TLS_NONE = "tls-none"
    # the credential
    CREDENTIAL_MISSING = "credential-missing"
    CREDENTIAL_EXPIRED = "credential-expired"
    CREDENTIAL_EXPIRES_SOON = "credential-expires-soon"
    CREDENTIAL_REFUSED = "credential-refused"
    CREDENTIAL_CLOCK = "credential-clock"
    NO_AUTHENTICATION = "no-authentication"
    REALM = "realm"
    # the allocation
    QUOTA = "quota"
    CAPACITY = "capacity"
    FORBIDDEN = "forbidden"
    ALTERNATE = "alternate"
    RELAY_FAMILY = "relay-family"
    ALLOCATE_REFUSED = "allocate-refused"
    RELAY_ADDRESS_PRIVATE = "relay-address-private"
    RELAY_ADDRESS_LOCAL = "relay-address-local"
    # what it is for
    PEER_DENIED = "peer-denied"
    OWN_ADDRESS_DENIED = "own-address-denied"
    ECHO_LOST = "echo-lost"
    RELAY_TO_RELAY = "relay-to-relay"
    RELAY_PORTS = "relay-ports"
    SLOW = "slow"
    TIME_OVER = "time-over"


def remedy(cause: Cause) -> str:
    """What to do about it, in a sentence."""
    return REMEDIES[cause]


REMEDIES = {
    Cause.HOMESERVER_UNREACHABLE: "Check the homeserver's address and that it runs.",
    Cause.HOMESERVER_REFUSED: "Give a valid access token, or the password, of a user of this"
    " homeserver.",
    Cause.HOMESERVER_ANSWER: "Something in front of the homeserver answers in its place: check the"
    " reverse proxy's route for /_matrix/client/v3/voip/turnServer.",
    Cause.NO_TURN_CONFIGURED: "Set turn_uris and turn_shared_secret in the homeserver's"
    " configuration (Synapse: homeserver.yaml) and restart it.",
    Cause.NO_TLS_URI: "Add a turns: URI, for networks that let only TLS out.",
    Cause.NO_PORT_443: "Add turns:HOST:443?transport=tcp, for networks that let only HTTPS out.",
    Cause.NO_IPV6: "Give the relay's name an AAAA record and let it listen on IPv6, for networks"
    " that have no IPv4.",
    Cause.TTL_SHORT: "Raise the lifetime to an hour or more (Synapse: turn_user_lifetime: 1h);"
    " clients keep a credential until it ends.",
    Cause.TTL_BEYOND: "Sign credentials for longer than the ttl that you announce; clients"
    " ask late.",
    Cause.CLOCK_SKEW: "Let NTP set the clocks of the homeserver, the relay and this machine:"
    " credentials are dated.",
    Cause.URI_GRAMMAR: "Write turn:HOST:3478?transport=udp, turn:HOST:3478?transport=tcp or"
    " turns:HOST:5349?transport=tcp.",
    Cause.DTLS_URI: "No browser speaks DTLS to a relay: write transport=tcp behind turns:.",
    Cause.NOT_A_RELAY: "A stun: URI relays nothing: offer turn: or turns: as well.",
    Cause.NAME_UNKNOWN: "Correct the host in the URI, or give the name an A or AAAA record.",
    Cause.NAME_SERVERS: "The name servers of this machine do not answer: try again, or from another"
    " network.",
    Cause.NOTHING_LISTENS: "Start the relay, and compare the port with its listening-port or"
    " tls-listening-port and the address with its listening-ip.",
    Cause.NO_ANSWER: "Open the port in the firewalls before the relay and before this machine, and"
    " check that the relay runs.",
    Cause.UDP_BLOCKED: "The relay answers over TCP and not over UDP: open the port for UDP, or"
    " remove no-udp from turnserver.conf.",
    Cause.TCP_BLOCKED: "The relay answers over UDP and not over TCP: open the port for TCP, or"
    " remove no-tcp from turnserver.conf.",
    Cause.UNREACHABLE: "No way leads from here to this address: check the routes and the DNS"
    " record.",
    Cause.NOT_STUN: "Another program answers on this port: correct the port, or the proxy before"
    " the relay (it must pass TCP through, not HTTP).",
    Cause.BINDING_REFUSED: "The relay refuses Binding: remove no-stun or secure-stun from"
    " turnserver.conf; some clients ask it first.",
    Cause.TLS_EXPIRED: "Renew the relay's certificate and let the relay read it again (coturn:"
    " SIGUSR2).",
    Cause.TLS_NOT_YET_VALID: "Check the clocks of this machine and of the one that issued the"
    " certificate.",
    Cause.TLS_EXPIRES_SOON: "Renew the relay's certificate, and let the renewal run by itself from"
    " now on.",
    Cause.TLS_WRONG_NAME: "Issue the certificate for the host in the URI, or write the"
    " certificate's name into the URI.",
    Cause.TLS_UNKNOWN_ISSUER: "Put the whole chain into the relay's cert file (fullchain.pem), from"
    " an authority that browsers trust.",
    Cause.TLS_SELF_SIGNED: "Browsers refuse self-signed certificates: get one from an authority"
    " that they trust.",
    Cause.TLS_CERTIFICATE: "Replace the relay's certificate; the reason beside is OpenSSL's.",
    Cause.TLS_NONE: "Set cert and pkey in turnserver.conf and remove no-tls; or write turn:"
    " instead of turns:.",
    Cause.CREDENTIAL_MISSING: "Give --username and --password-file, --secret-file, or --homeserver"
    " and --token-file.",
    Cause.CREDENTIAL_EXPIRED: "Fetch a new credential; if it came just now, set the clock of"
    " whoever issued it.",
    Cause.CREDENTIAL_EXPIRES_SOON: "Fetch a new credential before it ends; a relay gives nothing"
    " new after that.",
    Cause.CREDENTIAL_REFUSED: "Make the issuer's secret (Synapse: turn_shared_secret) and the"
    " relay's static-auth-secret the same text, and set use-auth-secret.",
    Cause.CREDENTIAL_CLOCK: "The relay's clock is ahead of the issuer's by more than the lifetime:"
    " let NTP set both.",
    Cause.NO_AUTHENTICATION: "Set use-auth-secret and static-auth-secret, or lt-cred-mech, in"
    " turnserver.conf: now anybody may relay through it.",
    Cause.REALM: "Set a short realm in turnserver.conf, such as the host name.",
    Cause.QUOTA: "Raise user-quota or total-quota in turnserver.conf, or wait until old"
    " allocations end (ten minutes).",
    Cause.CAPACITY: "Widen min-port to max-port in turnserver.conf, and open those ports.",
    Cause.FORBIDDEN: "The relay forbids allocations to this client: check its rules, and whether"
    " it relays UDP at all (no-udp-relay).",
    Cause.ALTERNATE: "The relay sends clients to another server: name that one in the URI, or"
    " remove alternate-server.",
    Cause.RELAY_FAMILY: "Browsers ask for no family and get nothing: give the relay an IPv4"
    " relay-ip too, or set allocation-default-address-family=keep.",
    Cause.ALLOCATE_REFUSED: "Look up the code in RFC 8656 section 19 and in the relay's log.",
    Cause.RELAY_ADDRESS_PRIVATE: "Set external-ip=PUBLIC/PRIVATE in turnserver.conf: callers are"
    " given an address that they cannot reach.",
    Cause.RELAY_ADDRESS_LOCAL: "Right for a relay that serves one network only; for callers from"
    " outside set external-ip in turnserver.conf.",
    Cause.PEER_DENIED: "The relay forbids every peer that was tried: narrow its denied-peer-ip, or"
    " add allowed-peer-ip=RELAY'S OWN ADDRESS.",
    Cause.OWN_ADDRESS_DENIED: "Add allowed-peer-ip=RELAY'S OWN ADDRESS (its private one where it"
    " has external-ip) to turnserver.conf: calls in which both sides need the relay fail without"
    " it.",
    Cause.ECHO_LOST: "Open the relay's UDP ports min-port to max-port (coturn: 49152 to 65535) in"
    " its firewall, and check external-ip.",
    Cause.RELAY_TO_RELAY: "The relay cannot reach its own outer address: give it external-ip as"
    " PUBLIC/PRIVATE, or let the router send such packets back in (hairpin).",
    Cause.RELAY_PORTS: "Open the relay's UDP ports min-port to max-port in its firewall and check"
    " external-ip; or this network lets no UDP out to such ports: try another one.",
    Cause.SLOW: "Put a relay nearer to the callers; more than 150 ms one way is heard.",
    Cause.TIME_OVER: "Run it again with a longer --timeout, or with fewer URIs.",
}
