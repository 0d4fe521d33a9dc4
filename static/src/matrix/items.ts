/** One event of a room → the line that the page shows for it. */
import { EventType, type MatrixEvent, MsgType } from "matrix-js-sdk/lib/matrix";
import type { Attachment, FileKey, TimelineItem } from "../state/types";
import { t } from "../text/i18n";

const FILE_KINDS: Record<string, "audio" | "video" | "image" | "file"> = {
  [MsgType.Audio]: "audio",
  [MsgType.Video]: "video",
  [MsgType.Image]: "image",
  [MsgType.File]: "file",
};
/** Nobody reads more in a timeline, and an event may carry 64 KB of it. */
const LONGEST_TEXT = 5000;

/** null for events that are not shown. Calls are told by `callItems`, not here. */
export function itemOf(event: MatrixEvent, myId: string): TimelineItem | null {
  const base = {
    id: event.getId() ?? event.getTxnId() ?? "",
    at: event.getTs(),
    mine: event.getSender() === myId,
    sender: event.getSender() ?? "",
    senderName: event.sender?.name ?? event.getSender() ?? "",
  };
  if (event.isDecryptionFailure()) {
    return { ...base, kind: "hidden", body: t("room:unreadable") };
  }
  if (event.getType() !== EventType.RoomMessage || event.isRedacted()) return null;
  const content = event.getContent<FileContent>();
  const kind = FILE_KINDS[String(content.msgtype)];
  const attachment = kind && attachmentOf(content);
  if (kind && attachment) return { ...base, kind, attachment };
  const body = text(content.body);
  if (!body) return null;
  return { ...base, kind: content.msgtype === MsgType.Notice ? "notice" : "text", body };
}

/** A few words for the list; "" for events that say nothing there. */
export function previewOf(event: MatrixEvent): string {
  if (event.getType() === EventType.CallInvite) return t(`room:${callKind(event)}Call`);
  if (event.getType() !== EventType.RoomMessage || event.isRedacted()) return "";
  const content = event.getContent();
  const kind = FILE_KINDS[String(content.msgtype)];
  return kind ? t(`room:${kind}`) : text(content.body).slice(0, 120);
}

/** What an m.call.invite offers. */
export function callKind(invite: MatrixEvent): "video" | "voice" {
  const sdp = text(invite.getContent().offer?.sdp, 100_000);
  return sdp.includes("\nm=video") ? "video" : "voice";
}

function text(value: unknown, longest: number = LONGEST_TEXT): string {
  return typeof value === "string" ? value.slice(0, longest) : "";
}

interface FileContent {
  msgtype?: string;
  body?: unknown;
  filename?: unknown;
  url?: unknown;
  file?: { url?: unknown; key?: { k?: unknown }; iv?: unknown; hashes?: { sha256?: unknown } };
  info?: { mimetype?: unknown; duration?: unknown };
  "org.matrix.msc1767.audio"?: { duration?: unknown; waveform?: unknown };
}

/** null when it names no file of a media repository: such an event is shown as its text. */
export function attachmentOf(content: FileContent): Attachment | null {
  const mxc = content.file?.url ?? content.url;
  if (typeof mxc !== "string" || !mxc.startsWith("mxc://")) return null;
  const key = content.file ? keyOf(content.file) : null;
  if (content.file && !key) return null;
  const audio = content["org.matrix.msc1767.audio"];
  const duration_ms = content.info?.duration ?? audio?.duration;
  return {
    mxc,
    name: text(content.filename) || text(content.body) || "file",
    mimetype: text(content.info?.mimetype) || "application/octet-stream",
    duration: typeof duration_ms === "number" && duration_ms > 0 ? duration_ms / 1000 : null,
    waveform: waveformOf(audio?.waveform),
    key,
  };
}

function keyOf(file: NonNullable<FileContent["file"]>): FileKey | null {
  const [k, iv, sha256] = [file.key?.k, file.iv, file.hashes?.sha256];
  if (typeof k !== "string" || typeof iv !== "string" || typeof sha256 !== "string") return null;
  return { k, iv, sha256 };
}

/** MSC3246: integers from 0 to 1024, and senders that send floats or thousands of them. */
function waveformOf(value: unknown): number[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, 1000).map((each) => Math.min(1, Math.max(0, Number(each) / 1024 || 0)));
}
