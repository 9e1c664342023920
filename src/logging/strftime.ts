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
  F: (date) => strftime("%Y-%m-%d", date),
  H: (date) => two(date.getHours()),
  I: (date) => two(hour12(date)),
  j: (date) => String(dayOfYear(date)).padStart(3, "0"),
  m: (date) => two(date.getMonth() + 1),
  M: (date) => two(date.getMinutes()),
  p: (date) => (date.getHours() < 12 ? "AM" : "PM"),
  R: (date) => strftime("%H:%M", date),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => two(date.getSeconds()),
  T: (date) => strftime("%H:%M:%S", date),
  u: (date) => String(date.getDay() || 7),
  w: (date) => String(date.getDay()),
  x: (date) => strftime("%m/%d/%y", date),
  X: (date) => strftime("%H:%M:%S", date),
  y: (date) => two(date.getFullYear() % 100),
  Y: (date) => String(date.getFullYear()),
  z: offset,
  Z: zoneName,
  "%": () => "%",
};

/** @throws TypeError when a format of dates has a directive that is not known. */
export function assertDateFormat(format: string): void {
  for (const [directive] of format.matchAll(/%(.?)/gsu)) {
    if (Object.hasOwn(DIRECTIVES, directive.slice(1))) continue;
    const known = Object.keys(DIRECTIVES).map((name) => `%${name}`);
    throw new TypeError(`datefmt ${JSON.stringify(format)} has ${directive}; known are ${known.join(", ")}`);
  }
}

/** Shows a date in local time, as Python's `time.strftime` does in the C locale. The format must have passed {@link assertDateFormat}. */
export function strftime(format: string, date: Date): string {
  return format.replace(/%(.)/gsu, (_, name: string) => (DIRECTIVES[name] as (date: Date) => string)(date));
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

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(date);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}
