/** Which microphone, camera or speaker. */
import { type DeviceKind, deviceChoices, deviceList, present } from "../../state/devices";
import { t } from "../../text/i18n";

interface Props {
  kind: DeviceKind;
  onChoose: (id: string) => void;
}

export function DeviceSelect({ kind, onChoose }: Props) {
  const list = deviceList.value[kind];
  const chosen = deviceChoices.value[kind];
  return (
    <label>
      {t(`devices:${kind}`)}
      <select
        value={chosen}
        onChange={(event) => onChoose(event.currentTarget.value)}
        data-testid={`choose-${kind}`}
      >
        <option value="">{t("devices:default")}</option>
        {list.map(({ id, name }, index) => (
          <option key={id} value={id}>
            {name || t("devices:unnamed", { number: index + 1 })}
          </option>
        ))}
        {chosen && !present(list, chosen) && (
          <option value={chosen}>{t("devices:unplugged")}</option>
        )}
      </select>
    </label>
  );
}
