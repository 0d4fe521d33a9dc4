/** Sending less, from now on and in the calls that run. */
import { limitSending } from "../media/bandwidth";
import { arrange, type Bandwidth } from "../state/layout";
import { call } from "../state/store";
import { setCameraOff } from "./callmedia";
import { liveCalls } from "./callof";

/**
 * Takes the choice. `voice` switches the camera off once, so that the other side is told; switched on
 * again it sends the small picture.
 */
export async function useBandwidth(bandwidth: Bandwidth) {
  arrange({ bandwidth });
  for (const { peerConn } of liveCalls()) {
    if (peerConn) limitSending(peerConn, bandwidth);
  }
  const active = call.value;
  if (bandwidth === "voice" && active?.phase === "connected" && !active.cameraOff) {
    await setCameraOff(true);
  }
}
