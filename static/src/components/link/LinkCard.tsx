/** A link asked for a call: whom, and the click that browsers want before they give a microphone. */
import { useEffect, useRef, useState } from "preact/hooks";
import { callPerson, nameOf } from "../../matrix/callperson";
import { type CallLink, forgetLink } from "../../state/link";
import { connection } from "../../state/store";
import { t } from "../../text/i18n";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import "../../style/link.css";

export function LinkCard({ link }: { link: CallLink }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const name = useName(link.userId);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  useEffect(() => dialog.current?.showModal(), []);

  const call = async (video: boolean) => {
    setBusy(true);
    setProblem("");
    try {
      await callPerson(link.userId, video);
      forgetLink();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  const ready = connection.value === "online" && !busy;

  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="link-title"
      onCancel={forgetLink}
      data-testid="link"
    >
      <div class="card link-card">
        <Avatar name={name} mxc={null} size="large" />
        <h2 id="link-title">{t("links:callWhom", { name })}</h2>
        {name !== link.userId && <p class="soft">{link.userId}</p>}
        <p class="problem" role="alert" data-testid="link-problem">
          {problem}
        </p>
        <div class="link-answers">
          {[false, true].map((video) => (
            <button
              key={String(video)}
              type="button"
              class={video === link.video ? "button primary" : "button"}
              disabled={!ready}
              onClick={() => void call(video)}
              data-testid={video ? "link-video" : "link-voice"}
            >
              <Icon name={video ? "video" : "phone"} /> {t(video ? "links:video" : "links:voice")}
            </button>
          ))}
        </div>
        <button type="button" class="button plain" onClick={forgetLink} data-testid="link-close">
          {t("links:notNow")}
        </button>
        <p role="status" class="soft">
          {busy ? t("links:waiting") : !ready && t("links:connecting")}
        </p>
      </div>
    </dialog>
  );
}

function useName(userId: string): string {
  const [name, setName] = useState(userId);
  const online = connection.value === "online";
  useEffect(() => {
    let gone = false;
    setName(userId);
    if (online) void nameOf(userId).then((found) => gone || setName(found));
    return () => {
      gone = true;
    };
  }, [userId, online]);
  return name;
}
