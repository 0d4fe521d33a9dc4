/** Which of the page's faces is shown: sign-in, the client, or "it runs in another tab". */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { claim } from "../../state/session";
import { elsewhere, session } from "../../state/store";
import type { Session } from "../../state/types";
import { loadClientTexts, t } from "../../text/i18n";
import { LanguageChoice } from "../parts/LanguageChoice";
import { SignIn } from "../signin/SignIn";
import { ElsewhereCard } from "./ElsewhereCard";
import { PageStatus } from "./PageStatus";
import { Splash } from "./Splash";

export function App() {
  const [Shell, setShell] = useState<ComponentType | null>(null);
  const [problem, setProblem] = useState("");
  const device = session.value?.expired ? null : session.value;
  // New tokens of the same device change nothing here.
  const name = device && `${device.userId} ${device.deviceId}`;

  const open = async (found: Session, take: boolean) => {
    try {
      // The Matrix SDK and its cryptography: nine tenths of the script, not needed to sign in.
      const [client, shell] = await Promise.all([
        import("../../matrix/client"),
        import("./Shell"),
        loadClientTexts(),
      ]);
      if (!(await claim(found, take, () => void client.stop()))) return;
      setShell(() => shell.Shell);
      await client.start(found);
    } catch (error) {
      setProblem(t("noStart", { error: String(error) }));
    }
  };

  useEffect(() => {
    if (device) void open(device, false);
    else {
      setShell(null);
      setProblem("");
    }
  }, [name]);

  if (!device) {
    return (
      <>
        <SignIn />
        <footer class="corner">
          <PageStatus />
          <LanguageChoice />
        </footer>
      </>
    );
  }
  if (elsewhere.value) return <ElsewhereCard onTake={() => void open(device, true)} />;
  return Shell && !problem ? <Shell /> : <Splash problem={problem} />;
}
