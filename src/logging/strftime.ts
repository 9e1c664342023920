const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const two = (value: number) => String(value).padStart(2, "0");
const hour12 = (date: Date) => date.getHours() % 12 || 12;

/** The directives of C's `strftime` in the C locale, in local time. */
const DIRECTIVES: Readonly<Record<string, (date: Date) => string>> = {
  a: (date) => (DAYS[date.getDay()] as string).slice(0, 3),
  A: (date) => DAYS[date.getDay()] as string,
  b: (date) => (MONTHS[date.getMonth()] as string).slice(0, 3),
  B: (date) => MONTHS[date.getMonth()] as string,
  c: (date) => strftime("%a %b %e %H:%M:%S %Y", date),
  d: (date) => two(date.getDate()),
  D: (date) => strftime("%m/%d/%y", date),
  e: (date) => String(date.getDate()).padStart(2),
  C: (date) => two(Math.floor(date.getFullYear() / 100)),
  F: (date) => strftime("%Y-%m-%d", date),
  g: (date) => two(isoWeek(date).year % 100),
  G: (date) => String(isoWeek(date).year),
  h: (date) => strftime("%b", date),
  H: (date) => two(date.getHours()),
  I: (date) => two(hour12(date)),
  j: (date) => String(dayOfYear(date)).padStart(3, "0"),
  k: (date) => String(date.getHours()).padStart(2),
  l: (date) => String(hour12(date)).padStart(2),
  m: (date) => two(date.getMonth() + 1),
  M: (date) => two(date.getMinutes()),
  n: () => "\n",
  p: (date) => (date.getHours() < 12 ? "AM" : "PM"),
  P: (date) => (date.getHours() < 12 ? "am" : "pm"),
  r: (date) => strftime("%I:%M:%S %p", date),
  R: (date) => strftime("%H:%M", date),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => two(date.getSeconds()),
  t: () => "\t",
  T: (date) => strftime("%H:%M:%S", date),
  u: (date) => String(date.getDay() || 7),
  U: (date) => two(Math.floor((dayOfYear(date) + 6 - date.getDay()) / 7)),
  V: (date) => two(isoWeek(date).week),
  w: (date) => String(date.getDay()),
  W: (date) => two(Math.floor((dayOfYear(date) + 6 - ((date.getDay() + 6) % 7)) / 7)),
  x: (date) => strftime("%m/%d/%y", date),
  X: (date) => strftime("%H:%M:%S", date),
  y: (date) => two(date.getFullYear() % 100),
  Y: (date) => String(date.getFullYear()),
  z: offset,
  Z: zoneName,
  "%": () => "%",
};

/** A directive with glibc's flag: `-` leaves the padding out, `_` and `0` pad with spaces or zeros, `^` has capital letters. */
const DIRECTIVE = /%(?<flag>[-_0^])?(?<name>.?)/gsu;

/** @throws TypeError when a format of dates has a directive that is not known. */
export function assertDateFormat(format: string): void {
  for (const { 0: directive, groups } of format.matchAll(DIRECTIVE)) {
    if (Object.hasOwn(DIRECTIVES, groups?.name ?? "")) continue;
    const known = Object.keys(DIRECTIVES).map((name) => `%${name}`);
    throw new TypeError(`datefmt ${JSON.stringify(format)} has ${directive}; known are ${known.join(", ")}`);
  }
}

/** Shows a date in local time, as Python's `time.strftime` does in the C locale. The format must have passed {@link assertDateFormat}. */
export function strftime(format: string, date: Date): string {
  return format.replace(DIRECTIVE, (_, flag: string | undefined, name: string) =>
    flagged((DIRECTIVES[name] as (date: Date) => string)(date), flag),
  );
}

function flagged(text: string, flag: string | undefined): string {
  if (flag === "^") return text.toUpperCase();
  if (flag === undefined || !/^[ \d]+$/.test(text)) return text;
  const bare = text.replace(/^[ 0]+(?=\d)/, "");
  return flag === "-" ? bare : bare.padStart(text.length, flag === "0" ? "0" : " ");
}

/** Local time as `2026-11-25 20:31:04,017`. */
export function asctime(date: Date): string {
  return `${strftime("%Y-%m-%d %H:%M:%S", date)},${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function dayOfYear(date: Date): number {
  const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((day - Date.UTC(date.getFullYear(), 0, 0)) / 86_400_000);
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const least = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(least / 60))}${two(least % 60)}`;
}

/** The year and week of ISO 8601: weeks begin on Monday, and belong to the year that has their Thursday. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 4 - (date.getDay() || 7));
  return { year: thursday.getFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) };
}

/** English names of zones are spread over locales, each of which knows those of its part of the world. */
const ZONE_LOCALES = ["en-US", "en-GB", "en-AU", "en-IN", "en-ZA", "en-NZ"];

/** A name such as `CET`; where there is none, the offset. */
function zoneName(date: Date): string {
  for (const locale of ZONE_LOCALES) {
    const parts = new Intl.DateTimeFormat(locale, { timeZoneName: "short" }).formatToParts(date);
    const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
    if (/^[A-Z]+$/.test(name)) return name;
  }
  return offset(date).replace(/00$/, "");
}
