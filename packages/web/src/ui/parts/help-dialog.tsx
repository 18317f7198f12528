import { actions } from "../state/actions.ts";
import { isHelpShown } from "../state/layers.ts";
import { texts } from "../texts/language.ts";
import { Modal } from "./modal.tsx";

/** Every key and what it does. */
export function HelpDialog() {
  const t = texts.value.help;
  const close = (): void => void (isHelpShown.value = false);
  const rows: readonly (readonly [readonly string[], string])[] = [
    [["↑", "↓", "Home", "End", "PageUp", "PageDown"], t.move],
    [["Shift", "↑", "↓"], t.range],
    [["a", "b", "c", "…"], t.typeahead],
    [["Space"], t.toggle],
    [["Esc"], t.none],
    [["Backspace"], t.up],
    [["Ctrl+L"], t.path],
    [["Ctrl+F"], t.filter],
    [["Shift+F10"], t.menu],
    ...actions.flatMap((action) => (action.keys ? [[action.keys, action.title(texts.value)] as const] : [])),
  ];
  return (
    <Modal title={t.title} tone="wide" onClose={close}>
      <dl class="facts keys">
        {rows.map(([keys, text]) => (
          <div key={text}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <div class="actions">
        <button type="button" class="primary" onClick={close} autofocus>
          {texts.value.common.close}
        </button>
      </div>
    </Modal>
  );
}
