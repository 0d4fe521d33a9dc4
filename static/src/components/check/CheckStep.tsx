/** One step of the network test. */
import type { Step } from "../../state/check";
import { t } from "../../text/i18n";
import { Icon, type IconName } from "../parts/Icon";

const ICONS: Partial<Record<Step["state"], IconName>> = { passed: "check", failed: "close" };

export function CheckStep({ step }: { step: Step }) {
  const icon = ICONS[step.state];
  return (
    <li
      class={`check-step check-${step.state}`}
      data-testid={`check-${step.id}`}
      data-state={step.state}
    >
      <span class="check-mark">{icon ? <Icon name={icon} /> : <span class="check-dot" />}</span>
      <div>
        <h2>
          {step.title} <span class="unseen">{t(`check:${step.state}`)}</span>
        </h2>
        {step.detail && <p>{step.detail}</p>}
        {step.remedy && <p class="check-remedy">{step.remedy}</p>}
      </div>
    </li>
  );
}
