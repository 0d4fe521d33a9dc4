/** Names for people and addresses that tell neither, the same ones throughout a trace. */

/** A device of a user; `partyId` is empty where it is not known. */
export interface Party {
  userId: string;
  partyId: string;
}

const MOST_HOSTS = 200;
const MOST_PEOPLE = 100;

/** `peer` is settled by the first party of the other side that is named. */
export class People {
  private peer: Party | null;
  private readonly names = new Map<string, string>();

  constructor(
    private readonly us: Party,
    peerUserId: string | null,
  ) {
    this.peer = peerUserId === null ? null : { userId: peerUserId, partyId: "" };
  }

  name(party: Party): string {
    const key = JSON.stringify([party.userId, party.partyId]);
    const known = this.names.get(key);
    if (known) return known;
    const name = this.newName(party);
    if (this.names.size < MOST_PEOPLE) this.names.set(key, name);
    return name;
  }

  private newName({ userId, partyId }: Party): string {
    if (userId === this.us.userId) {
      return partyId === this.us.partyId || !partyId ? "us" : "our other device";
    }
    this.peer ??= { userId, partyId };
    if (userId !== this.peer.userId) return "another person";
    this.peer.partyId ||= partyId;
    return !partyId || partyId === this.peer.partyId ? "peer" : "peer's other device";
  }
}

/** `host A (IPv4, private, udp)`: the letter stands for the address, throughout a trace. */
export class Hosts {
  private readonly letters = new Map<string, string>();

  name(kind: string, address: string, transport: string): string {
    const known = ["host", "srflx", "prflx", "relay"].includes(kind) ? kind : "other";
    const protocol = transport.toLowerCase() === "tcp" ? "tcp" : "udp";
    return `${known} ${this.letter(address)} (${nature(address)}, ${protocol})`;
  }

  private letter(address: string): string {
    const known = this.letters.get(address);
    if (known) return known;
    if (this.letters.size >= MOST_HOSTS) return "?";
    const letter = lettersOf(this.letters.size);
    this.letters.set(address, letter);
    return letter;
  }
}

function lettersOf(number: number): string {
  const last = String.fromCharCode(65 + (number % 26));
  const first = Math.floor(number / 26);
  return first === 0 ? last : String.fromCharCode(64 + first) + last;
}

/** What sort of address it is, as in `IPv4, private`. */
export function nature(address: string): string {
  // RFC 8828: browsers hide host addresses behind such names.
  if (address.endsWith(".local")) return "mDNS name";
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number);
  if (parts) return parts.every((each) => each < 256) ? `IPv4, ${scope4(parts)}` : "no address";
  const plain = address.replace(/%.*$/, "").toLowerCase();
  return /^[0-9a-f:.]*:[0-9a-f:.]*$/.test(plain) ? `IPv6, ${scope6(plain)}` : "no address";
}

function scope4([a = 0, b = 0]: readonly number[]): string {
  if (a === 127) return "loopback";
  if (a === 169 && b === 254) return "link-local";
  if (a === 0) return "hidden";
  if (a === 100 && b >= 64 && b < 128) return "carrier NAT"; // RFC 6598
  // RFC 1918, and what is for documentation (RFC 5737) or tests (RFC 2544).
  const isPrivate =
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && (b === 168 || b === 0)) ||
    (a === 198 && (b === 18 || b === 19 || b === 51)) ||
    (a === 203 && b === 0) ||
    a >= 240;
  return isPrivate ? "private" : "public";
}

function scope6(address: string): string {
  if (address === "::1") return "loopback";
  if (address === "::") return "hidden";
  if (/^fe[89ab]/.test(address)) return "link-local";
  return /^f[cd]|^2001:db8:/.test(address) ? "private" : "public"; // RFC 4193, RFC 3849
}
