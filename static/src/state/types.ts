/** The shapes of everything the page shows: plain data, so that components never touch the SDK. */

/** A signed-in device. Kept in this browser until sign-out. */
export interface Session {
  homeserver: string;
  userId: string;
  deviceId: string;
  accessToken: string;
  /** Gets the next access token, where the homeserver lets them expire. */
  refreshToken?: string | undefined;
  /** Milliseconds since 1970 when the access token expires. */
  expiresAt?: number | undefined;
  /** Set where the tokens are of an OAuth 2.0 server: what this page is called there. */
  oauthClientId?: string | undefined;
  /** An account without a password, made to join by a link. */
  guest?: boolean | undefined;
  /** The homeserver wants the person to sign in again, and the device's keys stay meanwhile. */
  expired?: boolean | undefined;
}

/** What `config.json` beside the page may set. */
export interface Config {
  homeserver: string | null;
  brand: string;
  /** The sites that may show the page in a frame and place calls in it. */
  embedOrigins: string[];
  /** The user id of the echo bot, for the network test. */
  echo: string | null;
}

export type Connection = "connecting" | "online" | "reconnecting";

/** One line of the list: a person (direct room) or a room. */
export interface RoomSummary {
  id: string;
  name: string;
  kind: "person" | "room";
  /** The other person of a direct room, else null. */
  peerId: string | null;
  /** Set while the person called has not accepted the invitation to the room. */
  peerPending: boolean;
  avatar: string | null;
  preview: string;
  /** Milliseconds since 1970 of the newest message; 0 when there is none. */
  at: number;
  unread: number;
  encrypted: boolean;
  /** Anyone may join: calls do not ring there. */
  open: boolean;
  /** Joined members other than us. */
  others: number;
  /** Who invited us, while we have not joined. */
  inviter: string | null;
}

/** A file in the homeserver's media repository, perhaps encrypted. */
export interface Attachment {
  mxc: string;
  name: string;
  mimetype: string;
  /** Seconds, where the sender said so. */
  duration: number | null;
  /** Loudness over time, 0 to 1. */
  waveform: number[];
  key: FileKey | null;
}

/** How to decrypt an attachment (client-server API, "Sending encrypted attachments"). */
export interface FileKey {
  k: string;
  iv: string;
  sha256: string;
}

interface ItemBase {
  id: string;
  at: number;
  mine: boolean;
  sender: string;
  senderName: string;
}

export type TimelineItem = ItemBase &
  (
    | { kind: "text" | "notice" | "event" | "hidden"; body: string }
    | { kind: "audio" | "video" | "image" | "file"; attachment: Attachment }
    | { kind: "call"; body: string; failed: boolean }
  );

export interface Timeline {
  roomId: string;
  items: TimelineItem[];
  /** Older messages exist on the server. */
  more: boolean;
}

export type CallPhase = "starting" | "calling" | "incoming" | "connecting" | "connected";

/** The call on the stage, or the one that rings. */
export interface CallView {
  id: string;
  roomId: string;
  peerName: string;
  peerAvatar: string | null;
  video: boolean;
  outgoing: boolean;
  phase: CallPhase;
  /** Was connected before: "connecting" then means that the connection was lost. */
  reconnecting: boolean;
  /** The other side lets us wait. */
  onHold: boolean;
  /** We let the other side wait. */
  held: boolean;
  /** Who the other side says is on the line (m.call.asserted_identity); nothing proves it. */
  saidToBe: string | null;
  /** The other side can be handed over to somebody else. */
  transferable: boolean;
  takesDigits: boolean;
  /** Screens that are shown; null where none is. */
  ownScreen: MediaStream | null;
  peerScreen: MediaStream | null;
  /** Milliseconds since 1970 when media first connected. */
  connectedAt: number | null;
  micMuted: boolean;
  cameraOff: boolean;
  peerMicMuted: boolean;
  peerCameraOff: boolean;
  localStream: MediaStream | null;
  remoteStream: MediaStream | null;
}

/** What the media connection does right now. */
export interface CallStats {
  /** "direct" or "relayed"; null while no candidate pair is chosen. */
  route: "direct" | "relayed" | null;
  protocol: string;
  roundTripMs: number | null;
  packetsReceived: number;
  packetsSent: number;
  lossPercent: number;
  framesDecoded: number;
  /** Loudness of what arrives, 0 to 1. */
  level: number;
}

/** A sentence for the person: what happened and what to do. */
export interface Notice {
  tone: "info" | "problem";
  text: string;
  /** Set where a call can be tried again. */
  retry: { roomId: string; video: boolean } | null;
}

/** Somebody who can be called. */
export interface Person {
  userId: string;
  name: string;
  avatar: string | null;
}
