/** Looks through the camera for the other side's code. */
import { useEffect, useRef, useState } from "preact/hooks";
import { scanned } from "../../matrix/trustverify";
import { t } from "../../text/i18n";
import { mediaProblem } from "../../text/reasons";

/** Milliseconds between two looks, so that a phone stays cool. */
const PACE = 250;
/** Pixels of the side of the square that is looked at. */
const SIZE = 480;

export function QrScanner({ onClose }: { onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState("");

  useEffect(() => {
    let stream: MediaStream | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const begin = async () => {
      const { readCode } = await import("../../matrix/qrcode");
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (gone || !video.current) return stop();
      video.current.srcObject = stream;
      await video.current.play();
      const look = async () => {
        const picture = video.current && snapshot(video.current);
        const found = picture && readCode(picture);
        if (gone) return;
        if (!found) {
          timer = setTimeout(() => void look(), PACE);
          return;
        }
        await scanned(found).catch(() => {
          setProblem(t("trust:otherCode"));
          timer = setTimeout(() => void look(), PACE * 4);
        });
      };
      await look();
    };
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    begin().catch((error: unknown) => {
      setProblem(
        mediaProblem(
          error instanceof DOMException && error.name !== "NotFoundError"
            ? error.name
            : "no-camera",
        ),
      );
    });
    return () => {
      gone = true;
      clearTimeout(timer);
      stop();
    };
  }, []);

  return (
    <>
      <p>{t("trust:scanHint")}</p>
      <video
        ref={video}
        class="qr-camera"
        muted
        playsInline
        aria-label={t("trust:scan")}
        data-testid="qr-camera"
      />
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="button" class="button wide" onClick={onClose}>
        {t("trust:showInstead")}
      </button>
    </>
  );
}

/** The middle of what the camera sees. */
function snapshot(video: HTMLVideoElement): ImageData | null {
  const side = Math.min(video.videoWidth, video.videoHeight);
  if (!side) return null;
  const canvas = document.createElement("canvas");
  canvas.width = SIZE;
  canvas.height = SIZE;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const [x, y] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
  context?.drawImage(video, x, y, side, side, 0, 0, SIZE, SIZE);
  return context?.getImageData(0, 0, SIZE, SIZE) ?? null;
}
