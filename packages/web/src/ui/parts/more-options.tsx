import { useEffect, useState } from "preact/hooks";
import type { ConnectionWishes, GatewayOffer } from "../../api/wishes.ts";
import { gatewayOffer } from "../gateway-client.ts";
import { texts } from "../texts/language.ts";

interface MoreOptionsProperties {
  readonly wishes: ConnectionWishes;
  readonly setWishes: (wishes: ConnectionWishes) => void;
}

type Names<Kind> = {
  [Key in keyof ConnectionWishes]-?: Exclude<ConnectionWishes[Key], undefined> extends Kind ? Key : never;
}[keyof ConnectionWishes];

const choices = {
  minVersion: ["TLSv1.2", "TLSv1.3"],
  maxVersion: ["TLSv1.2", "TLSv1.3"],
  groups: ["default", "small"],
  resumption: ["prefer", "require", "off"],
  authFirst: ["TLS", "SSL"],
  dataProtection: ["P", "C"],
  compression: ["off", "auto", "on"],
} as const satisfies { readonly [Key in keyof ConnectionWishes]?: readonly ConnectionWishes[Key][] };

const ofLogin = ["virtualHost", "account", "insteadOfUser"] as const satisfies readonly Names<string>[];
const ofNames = ["encoding", "timeZone"] as const satisfies readonly Names<string>[];
const numbers = ["connections", "limitRate", "patienceSeconds"] as const satisfies readonly Names<number>[];
const encodings = ["auto", "utf-8", "windows-1252", "iso-8859-1", "windows-1251", "koi8-r", "shift_jis", "euc-kr"];
const moreEncodings = ["gb18030", "big5", "cp437", "cp850", "windows-1250", "iso-8859-15"];

/** What few people need: each is the safe default until it is changed. */
export function MoreOptions({ wishes, setWishes }: MoreOptionsProperties) {
  const t = texts.value.options;
  const [offer, setOffer] = useState<GatewayOffer>({ proxies: false });
  useEffect(() => void gatewayOffer().then(setOffer, () => {}), []);
  const set = (change: ConnectionWishes): void => {
    const next = Object.entries({ ...wishes, ...change }).filter(([, value]) => value !== undefined && value !== "");
    setWishes(Object.fromEntries(next));
  };
  const text = (name: Names<string>) => (
    <label class="field" key={name}>
      <span>{t[name]}</span>
      <input
        value={wishes[name] ?? ""}
        onInput={({ currentTarget }) => set({ [name]: currentTarget.value })}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        {...(name === "encoding" && { list: "encodings", placeholder: "auto" })}
        {...(name === "passphrase" && { type: "password" })}
        {...(name === "proxy" && { placeholder: "socks5://127.0.0.1:1080", pattern: "(socks5h?|socks4a|http)://.+" })}
        {...(name === "timeZone" && { placeholder: "Europe/Paris" })}
      />
    </label>
  );
  return (
    <div class="options">
      <fieldset>
        <legend>TLS</legend>
        <div class="pair">
          {(["minVersion", "maxVersion", "resumption", "groups", "authFirst", "dataProtection"] as const).map(
            (name) => (
              <Choice key={name} name={name} value={wishes[name]} onChange={(value) => set({ [name]: value })} />
            ),
          )}
          {text("servername")}
          <span />
          <PemFile label={t.certificate} value={wishes.certificate} onPem={(pem) => set({ certificate: pem })} />
          <PemFile label={t.key} value={wishes.key} onPem={(pem) => set({ key: pem })} />
          {wishes.key !== undefined && text("passphrase")}
        </div>
        {wishes.dataProtection === "C" && <p class="warning">{t.dataInClear}</p>}
        <label class="tick">
          <input
            type="checkbox"
            checked={wishes.clearControl === true}
            onChange={({ currentTarget }) => set({ clearControl: currentTarget.checked || undefined })}
          />
          {t.clearControl}
        </label>
        {wishes.clearControl === true && <p class="warning">{t.controlInClear}</p>}
      </fieldset>
      <fieldset>
        <legend>{t.login}</legend>
        {offer.kerberos && <KerberosTick isOn={wishes.kerberos === true} onChange={(kerberos) => set({ kerberos })} />}
        <div class="pair">{ofLogin.map(text)}</div>
        <label class="field">
          <span>{t.afterLogin}</span>
          <textarea
            rows={2}
            value={wishes.afterLogin?.join("\n") ?? ""}
            onInput={({ currentTarget }) => {
              const lines = currentTarget.value.split("\n");
              set({ afterLogin: lines.some((line) => line.trim() !== "") ? lines : undefined });
            }}
            spellcheck={false}
          />
        </label>
      </fieldset>
      <fieldset>
        <legend>{t.transfers}</legend>
        <div class="pair">
          {ofNames.map(text)}
          <Choice name="compression" value={wishes.compression} onChange={(compression) => set({ compression })} />
          {numbers.map((name) => (
            <label class="field" key={name}>
              <span>{t[name]}</span>
              <input
                type="number"
                min={name === "limitRate" ? 1024 : 1}
                {...(name === "connections" && { max: 4 })}
                {...(name === "patienceSeconds" && { max: 600 })}
                value={wishes[name] ?? ""}
                onInput={({ currentTarget: { value } }) => set({ [name]: value === "" ? undefined : Number(value) })}
              />
            </label>
          ))}
          {offer.proxies && text("proxy")}
        </div>
        <datalist id="encodings">
          {[...encodings, ...moreEncodings].map((label) => (
            <option key={label} value={label} />
          ))}
        </datalist>
      </fieldset>
    </div>
  );
}

interface ChoiceProperties<Name extends keyof typeof choices> {
  readonly name: Name;
  readonly value: ConnectionWishes[Name];
  readonly onChange: (value: ConnectionWishes[Name] | undefined) => void;
}

function Choice<Name extends keyof typeof choices>({ name, value, onChange }: ChoiceProperties<Name>) {
  const t = texts.value.options;
  const words: Readonly<Record<string, string>> = t.choices;
  return (
    <label class="field">
      <span>{t[name]}</span>
      <select
        value={value ?? ""}
        onChange={({ currentTarget }) => {
          const found = choices[name].find((each) => each === currentTarget.value);
          onChange(found as ConnectionWishes[Name] | undefined);
        }}
      >
        <option value="">{t.usual}</option>
        {choices[name].map((each) => (
          <option key={each} value={each}>
            {words[`${name}-${each}`] ?? each}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A file that is read here; what is in it goes to the gateway with the login and is kept nowhere. */
function PemFile({
  label,
  value,
  onPem,
}: {
  readonly label: string;
  readonly value: string | undefined;
  readonly onPem: (pem: string | undefined) => void;
}) {
  return (
    <label class="field">
      <span>
        {label} {value !== undefined && "✓"}
      </span>
      <input
        type="file"
        accept=".pem,.crt,.cer,.key"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file === undefined) onPem(undefined);
          else void file.text().then(onPem);
        }}
      />
    </label>
  );
}

interface KerberosTickProperties {
  readonly isOn: boolean;
  readonly onChange: (isOn: true | undefined) => void;
}

/** The gateway lends its ticket. */
function KerberosTick({ isOn, onChange }: KerberosTickProperties) {
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={isOn}
        onChange={({ currentTarget }) => onChange(currentTarget.checked || undefined)}
      />
      {texts.value.options.kerberos}
    </label>
  );
}
