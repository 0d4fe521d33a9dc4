/** The people of a room: who is verified, with which devices, and the way to verify one. */
import { acceptChange } from "../../matrix/trustpeople";
import { verifyPerson } from "../../matrix/trustverify";
import { dialog, type Person, roomTrust, standing } from "../../state/trust";
import { t } from "../../text/i18n";
import { Modal } from "./Modal";
import { ShieldIcon } from "./ShieldIcon";
import { useWork } from "./useWork";
import { shieldOf, trustWords } from "./words";

export function PersonDialog() {
  const close = () => {
    dialog.value = null;
  };
  const found = roomTrust.value;
  return (
    <Modal title={t("trust:peopleTitle")} onClose={close} testid="person">
      <ul class="trust-people">
        {found?.people.map((each) => (
          <PersonRow key={each.userId} person={each} roomId={found.roomId} />
        ))}
      </ul>
      <div class="dialog-buttons">
        <button type="button" class="button primary" onClick={close} data-testid="trust-close">
          {t("close")}
        </button>
      </div>
    </Modal>
  );
}

function PersonRow({ person, roomId }: { person: Person; roomId: string }) {
  const { busy, problem, run } = useWork();
  const { name, userId, trust } = person;
  const unsigned = person.devices.filter((each) => !each.signed);
  // Who has not confirmed the own device has no key to confirm others with.
  const canVerify = trust === "unverified" && standing.value === "verified";
  return (
    <li class="trust-person" data-testid="trust-person" data-user={userId} data-trust={trust}>
      <ShieldIcon kind={shieldOf(trust)} />
      <div class="row-words">
        <strong>{name}</strong>
        <span class="soft trust-id">{userId}</span>
        <span>{trustWords(trust)}</span>
        <p class="soft">{t(`trust:${trust}More`, { name })}</p>
        {unsigned.length > 0 && trust !== "unsigned" && (
          <p class="trust-warning" data-testid="unsigned-devices">
            {t("trust:unsignedDevices", {
              count: unsigned.length,
              names: unsigned.map((each) => each.name || each.id).join(", "),
            })}
          </p>
        )}
        {trust === "unverified" && !canVerify && <p class="soft">{t("trust:firstYours")}</p>}
        <p class="problem" role="alert">
          {problem}
        </p>
        {canVerify && (
          <button
            type="button"
            class="button small"
            disabled={busy}
            onClick={() => void run(() => verifyPerson(userId, roomId))}
            data-testid="verify-person"
          >
            {t("trust:verify", { name })}
          </button>
        )}
        {trust === "changed" && (
          <button
            type="button"
            class="button small"
            disabled={busy}
            onClick={() => void run(() => acceptChange(userId))}
            data-testid="accept-change"
          >
            {t("trust:acceptChange")}
          </button>
        )}
      </div>
    </li>
  );
}
