/** Facts of m.call.* contents: sizes, kinds and reasons, never the values. */
import type { Facts } from "./record";

const MOST_SECTIONS = 16;
const KINDS = new Set(["audio", "video", "application", "text", "message", "image"]);
/** What is shown by name: an `a=rtpmap` is the other side's to fill, with anything. */
const CODECS = new Set(
  "opus red telephone-event g722 pcmu pcma cn isac ilbc vp8 vp9 av1 h264 h265 rtx ulpfec flexfec-03".split(
    " ",
  ),
);
export const WIRE_REASONS = new Set(
  (
    "user_hangup user_busy user_media_failed invite_timeout ice_failed ice_timeout unknown_error " +
    "answered_elsewhere signalling_timeout replaced transferred new_session transfer_failed " +
    "no_answer local_hangup remote_hangup no_user_media"
  ).split(" "),
);
const TYPE = /^(m|org\.matrix)(\.[a-z_][a-z_0-9]{0,40}){1,6}$/;

export interface CandidateParts {
  kind: string;
  address: string;
  transport: string;
}

export function eventType(type: string): string {
  return TYPE.test(type) ? type : `an event of an unknown type (${type.length} chars)`;
}

export function wireReason(reason: string): string {
  return WIRE_REASONS.has(reason) ? reason : `another reason (${reason.length} chars)`;
}

/** Of a content as it is on the wire, ours or anybody's: so nothing is believed. */
export function factsOf(content: Readonly<Record<string, unknown>>): Facts {
  const facts: Facts = { chars: size(content) };
  for (const name of ["offer", "answer", "description"]) {
    const sdp = sdpIn(content[name]);
    if (sdp !== null) facts[name] = descriptionFacts(sdp);
  }
  if (Array.isArray(content.candidates)) {
    const texts = candidateTexts(content.candidates);
    facts.candidates = counted(texts.flatMap(partsOf));
    facts.last = texts.includes("");
  }
  if (typeof content.lifetime === "number") facts.lifetime_ms = content.lifetime;
  if ("version" in content) facts.version = versionOf(content.version);
  if (typeof content.reason === "string") facts.reason = wireReason(content.reason);
  return facts;
}

function versionOf(version: unknown): string {
  return version === "0" || version === "1" || version === 0 || version === 1
    ? String(version)
    : "another";
}

/** Every candidate that a content carries, in descriptions or by itself. */
export function candidatesIn(content: Readonly<Record<string, unknown>>): CandidateParts[] {
  const described = ["offer", "answer", "description"].flatMap((name) => {
    const sdp = sdpIn(content[name]) ?? "";
    return [...sdp.matchAll(/^a=candidate:(.*)/gm)].map((found) => found[1] ?? "");
  });
  const listed = Array.isArray(content.candidates) ? candidateTexts(content.candidates) : [];
  return [...described, ...listed].flatMap(partsOf);
}

function sdpIn(part: unknown): string | null {
  const sdp = isObject(part) ? part.sdp : null;
  return typeof sdp === "string" ? sdp : null;
}

function candidateTexts(listed: readonly unknown[]): string[] {
  return listed.flatMap((each) =>
    isObject(each) && typeof each.candidate === "string" ? [each.candidate] : [],
  );
}

/** Kind, address and transport (RFC 8839 §5.1). */
function partsOf(text: string): CandidateParts[] {
  const words = text
    .replace(/^candidate:/, "")
    .trim()
    .split(/\s+/);
  if (words.length < 8 || words[6] !== "typ") return [];
  const kind = words[7] ?? "";
  const known = ["host", "srflx", "prflx", "relay"].includes(kind) ? kind : "other";
  return [{ kind: known, address: words[4] ?? "", transport: words[2] ?? "" }];
}

export function descriptionFacts(sdp: string): Facts {
  const sections = sdp.split(/^(?=m=)/m).slice(1, MOST_SECTIONS + 1);
  const candidates = [...sdp.matchAll(/^a=candidate:(.*)/gm)].flatMap(([, text]) =>
    partsOf(text ?? ""),
  );
  return {
    chars: sdp.length,
    media: sections.map(sectionOf),
    candidates: counted(candidates),
    complete: sdp.includes("\na=end-of-candidates"),
  };
}

/** As in `audio sendrecv: opus, red`. */
function sectionOf(text: string): string {
  const words = (text.slice(2).split("\n")[0] ?? "").trim().split(/\s+/);
  const kind = KINDS.has(words[0] ?? "") ? words[0] : "other";
  if (words.length < 2 || words[1] === "0") return `${kind} rejected`; // RFC 3264 §6
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(text)?.[1] ?? "sendrecv";
  const named = [...text.matchAll(/^a=rtpmap:\d+ ([^/\s]*)/gm)].map(([, name = ""]) => {
    const small = name.toLowerCase();
    return CODECS.has(small) ? small : "other";
  });
  const codecs = [...new Set(named)].join(", ");
  return codecs ? `${kind} ${direction}: ${codecs}` : `${kind} ${direction}`;
}

function counted(candidates: readonly CandidateParts[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of candidates) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const MOST_ITEMS = 2000;

/** About how long a content is, by its texts; bounded, however it nests. */
export function size(value: unknown): number {
  let total = 0;
  const waiting: unknown[] = [value];
  for (let count = 0; count < MOST_ITEMS && waiting.length > 0; count++) {
    const each = waiting.pop();
    if (typeof each === "string") total += each.length;
    else if (Array.isArray(each)) waiting.push(...each.slice(0, MOST_ITEMS));
    else if (isObject(each)) waiting.push(...Object.entries(each).flat().slice(0, MOST_ITEMS));
    else total += 4;
  }
  return total;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `stun`, `turn udp`, `turns tcp`: never where they are. */
export function serverKind(uri: string): string {
  const scheme = /^(stuns?|turns?):/i.exec(uri)?.[1]?.toLowerCase() ?? "other";
  const transport = /[?&]transport=(udp|tcp)\b/i.exec(uri)?.[1]?.toLowerCase();
  if (!scheme.startsWith("turn")) return scheme;
  return `${scheme} ${transport ?? (scheme === "turns" ? "tcp" : "udp")}`;
}
