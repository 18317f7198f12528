import type { TargetedKeyboardEvent } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { type Action, actions } from "../state/actions.ts";
import { menu, type OpenMenu } from "../state/layers.ts";
import { texts } from "../texts/language.ts";
import { Icon } from "./icon.tsx";

/** What can be done here, at the pointer, or on a phone from the lower edge. */
export function ContextMenu({ pane, x, y }: OpenMenu) {
  const list = useRef<HTMLDivElement>(null);
  const [before] = useRef([document.activeElement]).current;
  const close = (): void => {
    menu.value = undefined;
    if (before instanceof HTMLElement) before.focus();
  };
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(4, Math.min(x, innerWidth - width - 4))}px`;
    element.style.top = `${Math.max(4, Math.min(y, innerHeight - height - 4))}px`;
    element.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
  }, [x, y]);
  useEffect(() => {
    const leave = (event: Event): void => {
      if (!(event.target instanceof Node && list.current?.contains(event.target))) menu.value = undefined;
    };
    addEventListener("pointerdown", leave);
    addEventListener("resize", leave);
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("resize", leave);
    };
  }, []);
  const run = (action: Action): void => {
    close();
    action.run(pane);
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>): void => {
    const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role^=menuitem]")];
    const at = items.findIndex((item) => item === document.activeElement);
    const next = moves[event.key]?.(at, items.length);
    if (next !== undefined) items[next]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const offered = actions.filter((action) => action.isInMenu && action.isOn(pane));
  return (
    <div ref={list} class="menu" role="menu" aria-label={texts.value.actions.menu} onKeyDown={onKeyDown}>
      {offered.map((action, at) => (
        <button
          key={action.id}
          type="button"
          role={action.isPressed ? "menuitemcheckbox" : "menuitem"}
          aria-checked={action.isPressed?.(pane)}
          class={`menu-item${action.isGroup && at > 0 ? " menu-group" : ""}`}
          tabIndex={-1}
          onClick={() => run(action)}
        >
          <Icon name={action.isPressed?.(pane) ? "tick" : action.icon} />
          <span>{action.title(texts.value)}</span>
          <kbd>{action.keys?.[0]}</kbd>
        </button>
      ))}
    </div>
  );
}

const moves: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};
