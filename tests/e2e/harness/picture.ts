/** What a person sees of the other side. */
import { callOf } from "./calls";

const PERIOD_MS = 50;
const shown = new Map<string, HTMLVideoElement>();

/**
 * The mean colour (red, green, blue) of what a feed of that purpose shows now; null where there is
 * no such feed, or nothing was decoded of it yet.
 */
export async function picture(id: string, purpose: string): Promise<number[] | null> {
  const feed = callOf(id)
    .getRemoteFeeds()
    .find((each) => each.purpose === purpose);
  if (!feed || feed.isVideoMuted()) return null;
  const place = `${id} ${purpose}`;
  const video = shown.get(place) ?? document.createElement("video");
  shown.set(place, video);
  video.muted = true;
  if (video.srcObject !== feed.stream) {
    video.srcObject = feed.stream;
    void video.play();
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
  if (!video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser draws nothing");
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const mean = (colour: number) =>
    (data.reduce((sum, value, index) => (index % 4 === colour ? sum + value : sum), 0) * 4) /
    data.length;
  return [mean(0), mean(1), mean(2)];
}
