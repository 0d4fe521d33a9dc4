/** Files from the media repository: fetched with our token, checked, decrypted. */
import type { Attachment, FileKey } from "../state/types";
import { t } from "../text/i18n";
import { running } from "./current";

/** What the browser may play or show from a blob URL; anything else is only offered to save. */
const SHOWN = /^(audio|video)\/[\w.+-]+$|^image\/(png|jpeg|gif|webp|avif)$/;
const LARGEST_BYTES = 512 * 1024 * 1024;

/** Throws an Error whose message is a sentence for the person. */
export async function fetchAttachment(attachment: Attachment): Promise<Blob> {
  const url = running().mxcUrlToHttp(
    attachment.mxc,
    undefined,
    undefined,
    undefined,
    false,
    true,
    true,
  );
  if (!url) throw new Error(t("room:noAddress"));
  const bytes = await download(url);
  const plain = attachment.key ? await decrypt(bytes, attachment.key) : bytes;
  const type = attachment.mimetype.split(";")[0]?.trim() ?? "";
  return new Blob([plain], { type: SHOWN.test(type) ? type : "application/octet-stream" });
}

export async function fetchThumbnail(mxc: string, size: number): Promise<Blob | null> {
  const url = running().mxcUrlToHttp(mxc, size, size, "crop", false, true, true);
  return url ? new Blob([await download(url)], { type: "image/png" }) : null;
}

async function download(url: string): Promise<ArrayBuffer> {
  const headers = { Authorization: `Bearer ${running().getAccessToken()}` };
  const answer = await fetch(url, { headers }).catch(() => null);
  if (!answer) throw new Error(t("room:notFetched"));
  if (answer.status === 404) throw new Error(t("room:gone"));
  if (!answer.ok) throw new Error(t("room:withheld"));
  if (Number(answer.headers.get("Content-Length") ?? 0) > LARGEST_BYTES) {
    throw new Error(t("room:tooLarge"));
  }
  return answer.arrayBuffer();
}

/** Client-server API, "Sending encrypted attachments": AES-CTR-256, hash over the ciphertext. */
export async function decrypt(bytes: ArrayBuffer, file: FileKey): Promise<ArrayBuffer> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  if (unbase64(file.sha256).some((byte, index) => byte !== hash[index])) {
    throw new Error(t("room:changed"));
  }
  const jwk = { kty: "oct", k: file.k, alg: "A256CTR", ext: true };
  const key = await crypto.subtle.importKey("jwk", jwk, "AES-CTR", false, ["decrypt"]);
  return crypto.subtle.decrypt(
    { name: "AES-CTR", counter: unbase64(file.iv), length: 64 },
    key,
    bytes,
  );
}

/** Unpadded base64, in either alphabet. */
function unbase64(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}
