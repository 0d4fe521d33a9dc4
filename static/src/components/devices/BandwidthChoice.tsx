/** How much this side sends, and what sending less saves. */
import { useBandwidth } from "../../matrix/bandwidth";
import { megabytes } from "../../media/bandwidth";
import { BANDWIDTHS, layoutChoices } from "../../state/layout";
import { measured } from "../../state/stats";
import { call } from "../../state/store";
import { t } from "../../text/i18n";

export function BandwidthChoice() {
  return (
    <fieldset class="device choices">
      <legend>{t("devices:bandwidth")}</legend>
      {BANDWIDTHS.map((each) => (
        <label class="switch" key={each}>
          <input
            type="radio"
            name="bandwidth"
            checked={layoutChoices.value.bandwidth === each}
            onChange={() => void useBandwidth(each)}
            data-testid={`bandwidth-${each}`}
          />
          <span>
            {t(`devices:bandwidth_${each}`)}
            <small class="soft">{t(`devices:bandwidth_${each}More`)}</small>
          </span>
        </label>
      ))}
      <Saving />
    </fieldset>
  );
}

/** Told once it was measured: a fixed figure would be wrong for most. */
function Saving() {
  const found = measured.value;
  const limited = layoutChoices.value.bandwidth !== "full";
  const now = found?.figures.at(-1)?.outKbps;
  if (!call.value || !limited || now === undefined || !found?.fullKbps) return null;
  const percent = Math.round(100 * (1 - now / found.fullKbps));
  if (percent <= 0) return null;
  const saved = Math.round(megabytes(found.fullKbps - now));
  return (
    <p class="saving" data-testid="saving">
      {t("devices:saving", {
        now: Math.round(now),
        full: Math.round(found.fullKbps),
        percent,
        saved,
      })}
    </p>
  );
}
