/** Which of the dialogs about trust is open. Loaded when the first one is. */
import { dialog, reauthentication, verification } from "../../state/trust";
import { EncryptionDialog } from "./EncryptionDialog";
import { PersonDialog } from "./PersonDialog";
import { ReauthDialog } from "./ReauthDialog";
import { VerifyDialog } from "./VerifyDialog";

export function TrustDialogs() {
  const asked = reauthentication.value;
  const running = verification.value;
  const open = dialog.value;
  return (
    <>
      {open === "encryption" && !running && <EncryptionDialog />}
      {open === "person" && !running && <PersonDialog />}
      {running && <VerifyDialog view={running} />}
      {asked && <ReauthDialog asked={asked} />}
    </>
  );
}
