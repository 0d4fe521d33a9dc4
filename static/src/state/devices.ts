/** Microphone, camera and speaker: what there is, and what the person chose. */
import { computed, signal } from "@preact/signals";
import { remembered } from "./remembered";

export interface DeviceChoices {
  /** Device ids; empty: the system's default. They stay when the device is unplugged. */
  microphone: string;
  camera: string;
  speaker: string;
  noiseSuppression: boolean;
  echoCancellation: boolean;
  autoGainControl: boolean;
}

export type DeviceKind = "microphone" | "camera" | "speaker";

export interface Device {
  id: string;
  /** Empty until the page may use devices of that kind. */
  name: string;
}

export type DeviceList = Record<DeviceKind, Device[]>;

export const deviceChoices = remembered<DeviceChoices>("voip.devices", {
  microphone: "",
  camera: "",
  speaker: "",
  noiseSuppression: true,
  echoCancellation: true,
  autoGainControl: true,
});

export const deviceList = signal<DeviceList>({ microphone: [], camera: [], speaker: [] });
export const devicesOpen = signal(false);

/** What was chosen where it is plugged in, else the default. */
export const devicesInUse = computed<Record<DeviceKind, string>>(() => {
  const inUse = (kind: DeviceKind) =>
    present(deviceList.value[kind], deviceChoices.value[kind]) ? deviceChoices.value[kind] : "";
  return { microphone: inUse("microphone"), camera: inUse("camera"), speaker: inUse("speaker") };
});

export function choose(change: Partial<DeviceChoices>) {
  deviceChoices.value = { ...deviceChoices.value, ...change };
}

export function present(list: readonly Device[], id: string): boolean {
  return list.some((each) => each.id === id);
}
