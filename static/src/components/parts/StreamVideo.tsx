/** A <video> that plays a MediaStream. */
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../text/i18n";

interface Props {
  stream: MediaStream | null;
  classes: string;
  testid: string;
  muted?: boolean;
  hidden?: boolean;
  /** For screen readers, where it is neither of the two faces. */
  label?: string;
}

export function StreamVideo(props: Props) {
  const { stream, classes, testid, muted = false, hidden = false, label } = props;
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element || element.srcObject === stream) return;
    element.srcObject = stream;
    // Refused only without a click on the page, and a call always begins with one.
    if (stream) element.play().catch(() => {});
  }, [stream]);
  return (
    <video
      ref={video}
      class={hidden ? `${classes} unseen` : classes}
      autoplay
      playsInline
      muted={muted}
      aria-label={label ?? t(muted ? "call:you" : "call:peer")}
      data-testid={testid}
    />
  );
}
