import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { texts } from "../texts/language.ts";

/** A part of the page that is loaded when it is shown first. */
export function later<Properties extends object>(
  load: () => Promise<ComponentType<Properties>>,
): ComponentType<Properties> {
  let loaded: ComponentType<Properties> | undefined;
  return function Later(properties: Properties) {
    const [Part, setPart] = useState(() => loaded);
    const [hasFailed, setFailed] = useState(false);
    useEffect(() => {
      if (Part !== undefined) return;
      load().then(
        (found) => {
          loaded = found;
          setPart(() => found);
        },
        () => setFailed(true),
      );
    }, []);
    if (Part !== undefined) return <Part {...properties} />;
    return (
      <p class="waiting" role="status">
        {hasFailed ? texts.value.page.notLoaded : texts.value.page.opening}
      </p>
    );
  };
}
