/** A file of a message: fetched and decrypted when first asked for, freed with the component. */
import { useEffect, useState } from "preact/hooks";
import { fetchAttachment } from "../../matrix/media";
import type { Attachment } from "../../state/types";

interface Fetched {
  /** A blob: URL once fetched. */
  url: string | null;
  busy: boolean;
  /** A sentence, "" while all is well. */
  problem: string;
  fetchIt: () => Promise<string | null>;
}

export function useAttachment(attachment: Attachment): Fetched {
  const [url, setUrl] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  useEffect(() => () => URL.revokeObjectURL(url ?? ""), [url]);

  const fetchIt = async () => {
    if (url) return url;
    setBusy(true);
    setProblem("");
    try {
      const made = URL.createObjectURL(await fetchAttachment(attachment));
      setUrl(made);
      return made;
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      return null;
    } finally {
      setBusy(false);
    }
  };
  return { url, busy, problem, fetchIt };
}

/** Saves a blob: URL under the file's name. */
export function save(url: string, name: string) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
