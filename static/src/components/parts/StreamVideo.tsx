/** A <video> that plays a MediaStream. */
import { useEffect, useRef } from "preact/hooks";
import { devicesInUse } from "../../state/devices";
import { t } from "../../text/i18n";

interface Props {
  stream: MediaStream | null;
  classes: string;
  testid: string;
  muted?: boolean;
  hidden?: boolean;
  /** What a screen reader calls it; else whose face it is. */
  label?: string;
}

export function StreamVideo(props: Props) {
  const { stream, classes, testid, muted = false, hidden = false, label } = props;
  const speaker = devicesInUse.value.speaker;
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element || element.srcObject === stream) return;
    element.srcObject = stream;
    // Refused only without a click on the page, and a call always begins with one.
    if (stream) element.play().catch(() => {});
  }, [stream]);
  useEffect(() => {
    const element = video.current;
    // Missing in some browsers; refused for a speaker that is gone, in place of which the
    // system's default is chosen as soon as the list says so.
    if (!muted && element?.setSinkId && element.sinkId !== speaker) {
      element.setSinkId(speaker).catch(() => {});
    }
  }, [speaker, muted]);
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
