/** A picture, or initials on a colour of the name's own. */
import { useEffect, useState } from "preact/hooks";
import { fetchThumbnail } from "../../matrix/media";

const TONES = 8;

export function Avatar({ name, mxc, size }: { name: string; mxc: string | null; size?: "large" }) {
  const url = usePicture(mxc);
  const classes = `avatar tone-${toneOf(name)} ${size === "large" ? "avatar-large" : ""}`;
  return (
    <span class={classes} aria-hidden="true">
      {url ? <img src={url} alt="" /> : initials(name)}
    </span>
  );
}

function usePicture(mxc: string | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    setUrl(null);
    if (!mxc) return;
    let made = "";
    let gone = false;
    fetchThumbnail(mxc, 192)
      .then((blob) => {
        if (gone || !blob) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      })
      .catch(() => {}); // Initials do.
    return () => {
      gone = true;
      URL.revokeObjectURL(made);
    };
  }, [mxc]);
  return url;
}

function initials(name: string): string {
  const words = name
    .replace(/^[@#!]/, "")
    .split(/[\s._:-]+/)
    .filter(Boolean);
  const letters = words.slice(0, 2).map((word) => Array.from(word)[0] ?? "");
  return letters.join("").toUpperCase() || "?";
}

function toneOf(name: string): number {
  let hash = 0x811c9dc5; // FNV-1a
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % TONES;
}
