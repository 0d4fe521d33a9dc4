/** One or two curves over the last five minutes. */
import type { Figures } from "../../media/figures";
import { t } from "../../text/i18n";
import { type Curve, HEIGHT, pathOf, topOf, WIDTH } from "./curves";

interface Props {
  title: string;
  figures: readonly Figures[];
  curves: readonly Curve[];
  lowest?: number;
  /** The top of the scale; without it the highest value decides, from `least` on. */
  highest?: number;
  least?: number;
  digits?: number;
}

export function Graph(props: Props) {
  const { title, figures, curves, lowest = 0, least = 10, digits = 0 } = props;
  const values = curves.map((each) => each.value);
  const highest = props.highest ?? topOf(figures, values, least);
  const last = figures.at(-1);
  const shown = values.map((value) => (last ? value(last) : null)?.toFixed(digits) ?? "–");
  return (
    <figure class="graph">
      <figcaption>
        <span>{title}</span>
        <span class="graph-top">{highest}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("stats:graphNow", { name: title, values: shown.join(", "), highest })}
        data-testid="graph"
        data-length={figures.length}
      >
        {curves.map(({ name, value }) => (
          <path key={name} class={`curve-${name}`} d={pathOf(figures, value, lowest, highest)} />
        ))}
      </svg>
    </figure>
  );
}
