/** Which microphones, cameras and speakers there are; kept up to date as they come and go. */
import { type Device, type DeviceKind, type DeviceList, deviceList } from "../state/devices";

const KINDS: Record<MediaDeviceKind, DeviceKind> = {
  audioinput: "microphone",
  videoinput: "camera",
  audiooutput: "speaker",
};

/** Chromium lists the default once more under these names: the page has an entry for it. */
const STANDING_FOR_ANOTHER = new Set(["default", "communications"]);

export async function listDevices(): Promise<void> {
  const found = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
  deviceList.value = sorted(found ?? []);
}

export function sorted(found: readonly Pick<MediaDeviceInfo, "kind" | "deviceId" | "label">[]) {
  const list: DeviceList = { microphone: [], camera: [], speaker: [] };
  for (const { kind, deviceId, label } of found) {
    // Ids are empty until the page may use devices of the kind.
    if (!deviceId || STANDING_FOR_ANOTHER.has(deviceId)) continue;
    const device: Device = { id: deviceId, name: label };
    list[KINDS[kind]].push(device);
  }
  return list;
}

/** Calls `changed` whenever a device came or went, with the new list in place. */
export function watchDeviceList(changed: () => void): () => void {
  const { mediaDevices } = navigator;
  if (!mediaDevices) return () => {};
  const onChange = () => void listDevices().then(changed);
  mediaDevices.addEventListener("devicechange", onChange);
  void listDevices().then(changed);
  return () => mediaDevices.removeEventListener("devicechange", onChange);
}
