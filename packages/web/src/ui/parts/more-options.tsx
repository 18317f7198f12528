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

interface OptionsProperties {
  readonly wishes: ConnectionWishes;
  readonly set: (change: ConnectionWishes) => void;
}

/** What few people need: each is the safe default until it is changed. */
export function MoreOptions({ wishes, setWishes }: MoreOptionsProperties) {
  const [offer, setOffer] = useState<GatewayOffer>({ proxies: false });
  useEffect(() => void gatewayOffer().then(setOffer, () => {}), []);
  const set = (change: ConnectionWishes): void => {
    const next = Object.entries({ ...wishes, ...change }).filter(([, value]) => value !== undefined && value !== "");
    setWishes(Object.fromEntries(next));
  };
  return (
    <div class="options">
      <TlsOptions wishes={wishes} set={set} />
      <LoginOptions wishes={wishes} set={set} offer={offer} />
      <TransferOptions wishes={wishes} set={set} offer={offer} />
    </div>
  );
}

function TlsOptions({ wishes, set }: OptionsProperties) {
  const t = texts.value.options;
  return (
    <fieldset>
      <legend>TLS</legend>
      <div class="pair">
        {(["minVersion", "maxVersion", "resumption", "groups", "authFirst", "dataProtection"] as const).map((name) => (
          <Choice key={name} name={name} value={wishes[name]} onChange={(value) => set({ [name]: value })} />
        ))}
        <TextField name="servername" wishes={wishes} set={set} />
        <PemFile label={t.authority} value={wishes.authority} onPem={(pem) => set({ authority: pem })} />
        <PemFile label={t.certificate} value={wishes.certificate} onPem={(pem) => set({ certificate: pem })} />
        <PemFile label={t.key} value={wishes.key} onPem={(pem) => set({ key: pem })} />
        {wishes.key !== undefined && <PassphraseField wishes={wishes} set={set} />}
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
  );
}

function LoginOptions({ wishes, set, offer }: OptionsProperties & { readonly offer: GatewayOffer }) {
  const t = texts.value.options;
  return (
    <fieldset>
      <legend>{t.login}</legend>
      {offer.kerberos && <KerberosTick isOn={wishes.kerberos === true} onChange={(kerberos) => set({ kerberos })} />}
      <div class="pair">
        {ofLogin.map((name) => (
          <TextField key={name} name={name} wishes={wishes} set={set} />
        ))}
      </div>
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
  );
}

function TransferOptions({ wishes, set, offer }: OptionsProperties & { readonly offer: GatewayOffer }) {
  return (
    <fieldset>
      <legend>{texts.value.options.transfers}</legend>
      <div class="pair">
        {ofNames.map((name) => (
          <TextField key={name} name={name} wishes={wishes} set={set} />
        ))}
        <Choice name="compression" value={wishes.compression} onChange={(compression) => set({ compression })} />
        {numbers.map((name) => (
          <NumberField key={name} name={name} wishes={wishes} set={set} />
        ))}
        {offer.proxies && <TextField name="proxy" wishes={wishes} set={set} />}
      </div>
      <datalist id="encodings">
        {[...encodings, ...moreEncodings].map((label) => (
          <option key={label} value={label} />
        ))}
      </datalist>
    </fieldset>
  );
}

const examples: { readonly [Name in Names<string>]?: string } = {
  encoding: "auto",
  timeZone: "Europe/Paris",
  proxy: "socks5://127.0.0.1:1080",
};

function TextField({ name, wishes, set }: OptionsProperties & { readonly name: Names<string> }) {
  return (
    <label class="field">
      <span>{texts.value.options[name]}</span>
      <input
        type="text"
        value={wishes[name] ?? ""}
        onInput={({ currentTarget }) => set({ [name]: currentTarget.value })}
        placeholder={examples[name] ?? ""}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        list={name === "encoding" ? "encodings" : undefined}
        {...(name === "proxy" && { pattern: "(socks5h?|socks4a|http)://.+" })}
      />
    </label>
  );
}

function PassphraseField({ wishes, set }: OptionsProperties) {
  return (
    <label class="field">
      <span>{texts.value.options.passphrase}</span>
      <input
        type="password"
        value={wishes.passphrase ?? ""}
        onInput={({ currentTarget }) => set({ passphrase: currentTarget.value })}
        autocomplete="off"
      />
    </label>
  );
}

const ranges = {
  connections: { min: 1, max: 4 },
  limitRate: { min: 1024, max: 2 ** 40 },
  patienceSeconds: { min: 1, max: 600 },
} as const;

function NumberField({ name, wishes, set }: OptionsProperties & { readonly name: keyof typeof ranges }) {
  return (
    <label class="field">
      <span>{texts.value.options[name]}</span>
      <input
        type="number"
        {...ranges[name]}
        value={wishes[name] ?? ""}
        onInput={({ currentTarget: { value } }) => set({ [name]: value === "" ? undefined : Number(value) })}
      />
    </label>
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
