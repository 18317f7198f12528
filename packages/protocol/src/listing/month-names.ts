import { octetsFromText } from "../octets.ts";

/**
 * Month names that servers write, short and long, month by month: English, German, French, Spanish, Italian,
 * Portuguese, Catalan, Galician, Basque, Dutch, Danish, Norwegian, Swedish, Icelandic, Finnish, Estonian, Latvian,
 * Lithuanian, Polish, Czech, Slovak, Slovenian, Hungarian, Romanian, Turkish, Greek, Russian, Ukrainian, Belarusian,
 * Bulgarian, Macedonian, Serbian, Irish, Welsh, Indonesian, Malay, Vietnamese and Chinese. Croatian is missing: its
 * lip, srp and lis are other months in Polish and Czech.
 */
const names: readonly string[] = [
  "jan january januar jänner jän janvier janv januari janeiro enero ene gennaio gen gener xan sty styczeń stycznia led leden ledna január tammi tammikuu jaan jaanuar janvāris sau saus ian ianuarie oca ocak ιαν янв январь января січ яну urt јан th01 xaneiro janúar sausis січень січня януари јануар јануари сту студзень ean ion ionawr 一月",
  "feb february februar februari feber febrero fev fevereiro febbraio févr fév février fevr febr febrer lut luty lutego úno únor února február helmi helmikuu veebr veebruar vas februarie şub şubat sub φεβ фев февр февраль февраля лют ots peb феб th02 febreiro febrúar februāris vasaris лютий лютого февруари фебруар люты feabh chw chwef 二月",
  "mar march mär märz mrz mars marzo março març mrt maart maa maalis maaliskuu märts marts kov marzec marca bře březen března marec márc március martie mart μαρ μάρ мар март марта бер mac th03 martxoa kovas березень березня сак сакавік márta maw mawrth 三月 maret",
  "apr april avr avril abr abril aprile kwi kwiecień kwietnia dub duben dubna apríl ápr április huhti huhtikuu aprill bal aprilie nis nisan απρ апр апрель апреля кві api th04 aprīlis квіт квітень квітня април кра красавік aib ebr ebrill d’abr 四月",
  "may mai mayo maggio mag maio maig maj mei kvě květen května máj május maí touko toukokuu maijs geg mayıs μαϊ μάι μαι май мая тра мај th05 maja maiatza трав травень травня beal 五月",
  "jun june juni juin junio giugno giu junho juny xuñ cze czerwiec czerwca čen červen června jún június júní kesä kesäkuu juuni jūn bir iun iunie haz haziran ιουν ιούν июн июнь июня чер юни eka birž јун th06 junij čvn xuño jūnijs черв червень червня јуни чэр чэрвень meith meh mehefin 六月",
  "jul july juli juil juillet julio luglio lug julho juliol xul lip lipiec lipca čec červenec července júl július júlí heinä heinäkuu juuli jūl lie iul iulie tem temmuz ιουλ ιούλ июл июль июля лип юли uzt liep јул th07 julij čvc xullo jūlijs липень липня јули ліп ліпень iúil gor gorff julai 七月",
  "aug august août aout aoû agosto ago ag agost augustus augusti sie sierpień sierpnia srp srpen srpna augusztus ágú elo elokuu avg avgust rgp ağu ağustos αυγ αύγ авг август августа сер abu agu agt ogo ogos rugp th08 ágúst augusts серп серпень серпня жні жнівень lún awst d’ag agustus 八月",
  "sep sept september septembre septiembre settembre set setembro setembre wrz wrzesień września zář září szept szeptember syys syyskuu rgs eyl eylül σεπ сен сент сентябрь сентября вер септ ira rugs сеп th09 septembrie septembris вересень вересня септември септембар верасень mfómh medi septembar 九月",
  "oct october okt oktober octobre octubre ottobre ott outubro out október paź październik października říj říjen října loka lokakuu oktoober spl octombrie eki ekim οκτ окт октябрь октября жов urr spal th10 oktobris жовт жовтень жовтня октомври октобар кас кастрычнік dfómh hyd d’oct oktobar 十月",
  "nov november novembre noviembre novembro lis listopad listopada marras marraskuu nóv lap noi noiembrie kas kasım νοε νοέ ноя нояб ноябрь ноября лис ное ноем aza lapkr th11 listopadu nóvember novembris лист листопад листопада ноември новембар ліс лістапад samh tach novembar 十一月",
  "dec december déc décembre dez dezember dic diciembre dicembre dezembro desembre des desember gru grudzień grudnia pro prosinec prosince joulu joulukuu dets detsember grd decembrie ara aralık δεκ дек декабрь декабря гру abe gruod dis дец th12 decembro decembris груд грудень грудня декември децембар сне снежань noll rhag disember decembar 十二月",
];

/** What stands for month, day and year behind a number in Chinese, Japanese and Korean listings. */
const dateSigns: Readonly<Record<"year" | "month" | "day", readonly string[]>> = {
  // UTF-8 for both scripts, then Shift-JIS, EUC-JP, GBK, Big5, EUC-KR.
  year: [octetsFromText("年"), octetsFromText("년"), "\x94\x4E", "\xC7\xAF", "\xC4\xEA", "\xA6\x7E", "\xB3\xE2"],
  month: [octetsFromText("月"), octetsFromText("월"), "\x8C\x8E", "\xB7\xEE", "\xD4\xC2", "\xA4\xEB", "\xBF\xF9"],
  day: [octetsFromText("日"), octetsFromText("일"), "\x93\xFA", "\xC6\xFC", "\xC8\xD5", "\xA4\xE9", "\xC0\xCF"],
};

/** Letters beyond ASCII in the 8-bit character sets that name months; each pair says letters and their octets. */
const letterSets: readonly (readonly [letters: string, octets: string])[] = [
  // ISO 8859-1 and Windows-1252.
  ["äáâãåçéèêíñóûúüÁÉ", "\xE4\xE1\xE2\xE3\xE5\xE7\xE9\xE8\xEA\xED\xF1\xF3\xFB\xFA\xFC\xC1\xC9"],
  // Code pages 437 and 850.
  ["äáâåçéèêíñóûúü", "\x84\xA0\x83\x86\x87\x82\x8A\x88\xA1\xA4\xA2\x96\xA3\x81"],
  // ISO 8859-2.
  ["áäčěéíńóřśúůźžÚČŘ", "\xE1\xE4\xE8\xEC\xE9\xED\xF1\xF3\xF8\xB6\xFA\xF9\xBC\xBE\xDA\xC8\xD8"],
  // Windows-1250.
  ["áäčěéíńóřśúůźžÚČŘ", "\xE1\xE4\xE8\xEC\xE9\xED\xF1\xF3\xF8\x9C\xFA\xF9\x9F\x9E\xDA\xC8\xD8"],
  // ISO 8859-9 and Windows-1254.
  ["ğışüŞ", "\xF0\xFD\xFE\xFC\xDE"],
  // ISO 8859-7 and Windows-1253.
  [
    "αβγδειίκλμνέοόπρσςτυύφόάώϊ",
    "\xE1\xE2\xE3\xE4\xE5\xE9\xDF\xEA\xEB\xEC\xED\xDD\xEF\xFC\xF0\xF1\xF3\xF2\xF4\xF5\xFD\xF6\xFC\xDC\xFE\xFA",
  ],
  // KOI8-R.
  ["юабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ", characterRange(0xc0, 0x40)],
  // Windows-1251, ISO 8859-5, code page 866.
  [cyrillic(), characterRange(0xc0, 0x40)],
  [cyrillic(), characterRange(0xb0, 0x40)],
  [cyrillic(), characterRange(0x80, 0x30) + characterRange(0xe0, 0x10)],
];

/** The names that nearly all listings have, one object lookup away. */
const englishMonths: ReadonlyMap<string, number> = new Map(
  names.flatMap((line, index) => line.split(" ", 2).map((name) => [name, index + 1] as const)),
);

/** All names in all character sets; made when the first listing needs them, which most programs never do. */
let monthsByName: ReadonlyMap<string, number> | undefined;

function allMonths(): ReadonlyMap<string, number> {
  monthsByName ??= new Map(
    names.flatMap((line, index) =>
      line
        .split(" ")
        .flatMap((name) => [name, name.slice(0, 1).toUpperCase() + name.slice(1), name.toUpperCase()])
        .flatMap((name) => [octetsFromText(name), ...letterSets.map((set) => inLetterSet(name, set))])
        .flatMap((octets) => (octets === undefined ? [] : [[octets.toLowerCase(), index + 1] as const])),
    ),
  );
  return monthsByName;
}

/** The number of a month by its name, in any case, with or without a stop; undefined where it is no month's. */
export function monthOfName(word: string): number | undefined {
  if (word.length < 2 || word.length > 32) return undefined;
  const last = word.charCodeAt(word.length - 1);
  const bare = last === 0x2e || last === 0x2c ? word.replace(/[.,]{1,2}$/, "") : word;
  // The octets were lowered the same way for the table, whatever letters they stand for.
  const lowered = bare.toLowerCase();
  return englishMonths.get(lowered) ?? (isLikely(lowered) ? allMonths().get(lowered) : undefined);
}

/** No month's name has a sign of ASCII, so that most words need no further look. */
function isLikely(word: string): boolean {
  for (let at = 0; at < word.length; at++) {
    const octet = word.charCodeAt(at);
    if (octet < 0x30 || (octet > 0x39 && octet < 0x61) || (octet > 0x7a && octet < 0x80)) return false;
  }
  return true;
}

/** A number with the sign of year, month or day behind it. */
export interface SignedNumber {
  readonly sign: "year" | "month" | "day";
  readonly value: number;
}

/** Reads `2003年4月18日` and its parts; undefined where anything else is in the word. */
export function readSignedNumbers(word: string): readonly SignedNumber[] | undefined {
  const last = word.charCodeAt(word.length - 1);
  if (last < 0x4e || word.length > 24) return undefined;
  const found: SignedNumber[] = [];
  let at = 0;
  while (at < word.length) {
    const digits = /^\d{1,4}/.exec(word.slice(at, at + 4))?.[0];
    if (digits === undefined) return undefined;
    at += digits.length;
    const sign = signs.find((candidate) => word.startsWith(candidate.octets, at));
    if (sign === undefined) return undefined;
    at += sign.octets.length;
    found.push({ sign: sign.sign, value: Number(digits) });
  }
  return found;
}

const signs = (["year", "month", "day"] as const).flatMap((sign) =>
  dateSigns[sign].map((octets) => ({ sign, octets })),
);

function inLetterSet(name: string, [letters, octets]: readonly [string, string]): string | undefined {
  let written = "";
  for (const letter of name) {
    const octet = letter < "\x80" ? letter : octets[letters.indexOf(letter)];
    if (octet === undefined) return undefined;
    written += octet;
  }
  return written;
}

function characterRange(first: number, count: number): string {
  return String.fromCharCode(...Array.from({ length: count }, (_, index) => first + index));
}

function cyrillic(): string {
  return characterRange(0x410, 0x40);
}
