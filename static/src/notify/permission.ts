/** Whether this page may show notifications of the system. Browsers without them: never. */

const REFUSED = "voip.notify-not-now";

export function mayAsk(): boolean {
  if (!("Notification" in globalThis) || Notification.permission !== "default") return false;
  try {
    return localStorage.getItem(REFUSED) === null;
  } catch {
    return true;
  }
}

/** Must follow a click. Whether it is allowed now. */
export async function request(): Promise<boolean> {
  return (await Notification.requestPermission()) === "granted";
}

export function refuse() {
  try {
    localStorage.setItem(REFUSED, "1");
  } catch {
    // Asked again next time.
  }
}
