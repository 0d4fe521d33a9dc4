/** Each TURN URI that the homeserver gives, by itself. */
import {
  checkTurn,
  remedyOf,
  type TurnResult,
  type TurnServer,
  transportOf,
} from "../../media/turncheck";
import type { Outcome } from "../../state/check";
import { t } from "../../text/i18n";
import { running } from "../current";
import { failed, passed } from "./run";

/** A homeserver may answer anything. */
const MOST = 10;

export async function turnServers(): Promise<TurnServer[]> {
  const client = running();
  await client.checkTurnServers();
  return client
    .getTurnServers()
    .flatMap(({ urls, username, credential }) => urls.map((uri) => ({ uri, username, credential })))
    .filter(({ uri }) => /^turns?:/i.test(uri))
    .slice(0, MOST);
}

export async function turnStep(server: TurnServer): Promise<Outcome> {
  return outcomeOf(await checkTurn(server), transportOf(server.uri));
}

function outcomeOf(result: TurnResult, transport: string): Outcome {
  switch (result.kind) {
    case "works":
      return passed(t("check:turnWorks", { transport, ms: result.afterMs }));
    case "invalid":
      return failed(t("check:turnInvalid"), t("check:turnInvalidRemedy"));
    case "silent":
      return failed(t("check:turnSilent", { transport }), t("check:turn_network", { transport }));
    case "refused": {
      const { code } = result;
      const remedy = remedyOf(code);
      const detail = remedy === "network" ? "check:turnSilent" : "check:turnRefused";
      return failed(t(detail, { transport, code }), t(`check:turn_${remedy}`, { transport }));
    }
  }
}
