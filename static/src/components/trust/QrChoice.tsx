/** The code to be scanned, and the camera to scan the other side's with. */
import { useEffect, useState } from "preact/hooks";
import { t } from "../../text/i18n";
import { QrScanner } from "./QrScanner";

export function QrChoice({ qr, canScan }: { qr: Uint8ClampedArray | null; canScan: boolean }) {
  const [scanning, setScanning] = useState(false);
  if (scanning) return <QrScanner onClose={() => setScanning(false)} />;
  return (
    <>
      <p>{t(qr ? "trust:chooseQr" : "trust:chooseEmoji")}</p>
      {qr && <QrCode data={qr} />}
      {canScan && (
        <button
          type="button"
          class="button wide"
          onClick={() => setScanning(true)}
          data-testid="verify-scan"
        >
          {t("trust:scan")}
        </button>
      )}
    </>
  );
}

function QrCode({ data }: { data: Uint8ClampedArray }) {
  const [dots, setDots] = useState<boolean[][]>([]);
  useEffect(() => {
    let gone = false;
    void import("../../matrix/qrcode").then(({ drawCode }) => {
      if (!gone) setDots(drawCode(data));
    });
    return () => {
      gone = true;
    };
  }, [data]);
  const path = dots
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join("");
  const size = Math.max(1, dots.length);
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={t("trust:qr")}
      shape-rendering="crispEdges"
      data-testid="qr"
      data-ready={dots.length > 0}
    >
      <path d={path} />
    </svg>
  );
}
