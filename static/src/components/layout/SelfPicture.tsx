/** One's own picture, as in a mirror: it can be dragged to a corner, or moved there by a button. */
import { useRef } from "preact/hooks";
import { arrange, cornerAt, layoutChoices, nextCorner } from "../../state/layout";
import { t } from "../../text/i18n";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import { StreamVideo } from "../parts/StreamVideo";
import type { Role } from "./roles";

interface Props {
  stream: MediaStream | null;
  role: Role;
  name: string;
  avatar: string | null;
}

export function SelfPicture({ stream, role, name, avatar }: Props) {
  const drag = useDrag(role === "small");
  return (
    <div
      class={`pic pic-${role} pic-self`}
      data-role={role}
      data-corner={layoutChoices.value.selfCorner}
      data-testid="pic-self"
      {...drag}
    >
      {stream ? (
        <StreamVideo stream={stream} classes="pic-video pic-mirror" muted testid="local-video" />
      ) : (
        <Avatar name={name} mxc={avatar} size="large" />
      )}
      {role === "tile" && <span class="pic-name">{t("layout:you")}</span>}
      <span class="pic-buttons">
        {role === "small" && (
          <button
            type="button"
            class="pic-button"
            aria-label={t("layout:moveSelf")}
            title={t("layout:moveSelf")}
            onClick={() => arrange({ selfCorner: nextCorner(layoutChoices.value.selfCorner) })}
            data-testid="move-self"
          >
            <Icon name="corners" />
          </button>
        )}
        <button
          type="button"
          class="pic-button"
          aria-label={t("layout:hideSelf")}
          title={t("layout:hideSelf")}
          onClick={() => arrange({ selfHidden: true })}
          data-testid="hide-self"
        >
          <Icon name="hide" />
        </button>
      </span>
    </div>
  );
}

/** Follows the pointer; released, the picture goes to the nearest corner of the stage. */
function useDrag(movable: boolean) {
  const from = useRef<{ x: number; y: number } | null>(null);
  if (!movable) return {};
  const end = (event: PointerEvent) => {
    const element = event.currentTarget as HTMLElement;
    if (!from.current) return;
    from.current = null;
    element.style.translate = "";
    const stage = element.closest(".stage")?.getBoundingClientRect();
    if (!stage) return;
    const x = (event.clientX - stage.left) / stage.width;
    const y = (event.clientY - stage.top) / stage.height;
    arrange({ selfCorner: cornerAt(x, y, getComputedStyle(element).direction === "rtl") });
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if ((event.target as HTMLElement).closest("button")) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      from.current = { x: event.clientX, y: event.clientY };
    },
    onPointerMove: (event: PointerEvent) => {
      if (!from.current) return;
      const [dx, dy] = [event.clientX - from.current.x, event.clientY - from.current.y];
      (event.currentTarget as HTMLElement).style.translate = `${dx}px ${dy}px`;
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}
