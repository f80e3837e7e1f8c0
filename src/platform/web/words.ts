// Words, dates, numbers and sizes in the reader's language. The catalogue is given; nothing here knows a feature.
import { day, hour, minute } from '../clock.ts';
import type { Parameters } from '../errors.ts';

export type Language = 'ko' | 'en';
export const languages: readonly Language[] = ['ko', 'en'];

export type Sentence = string | ((parameters: Parameters) => string);
export type Catalogues = Readonly<Record<Language, Readonly<Record<string, Sentence>>>>;

/** All that a view says, in one language and zone. */
export type Words = {
  readonly language: Language;
  /** @returns the sentence of `key` with its placeholders filled; an unknown key is a bug and throws */
  t(key: string, parameters?: Parameters): string;
  /** @returns `2026년 11월 22일 03:10`, `22 Nov 2026, 03:10` */
  time(at: number): string;
  /** @returns `2026년 11월 22일`, `22 Nov 2026` */
  date(at: number): string;
  /** @param day a local day, `YYYY-MM-DD`. @returns the same as `date` */
  dateOf(day: string): string;
  /** @param day a local day. @returns `11월 22일`, `22 Nov`: without its year */
  shortDateOf(day: string): string;
  /** @param month `YYYY-MM`. @returns `2026년 11월`, `November 2026` */
  monthOf(month: string): string;
  /** Monday to Sunday */
  readonly weekdays: readonly { readonly short: string; readonly full: string }[];
  /** @returns the zone of times as its people call it at that moment: `한국 표준시`, `Korean Standard Time` */
  zoneAt(at: number): string;
  /** @returns `03:10` */
  clock(at: number): string;
  /** @returns `6시간 전`, `6 hours ago`; `방금 전`, `just now` within a minute */
  ago(at: number): string;
  /** @param milliseconds a minute at least. @returns `6시간`, `6 hours` */
  duration(milliseconds: number): string;
  /** @returns RFC 3339 in UTC, for `<time datetime>` */
  iso(at: number): string;
  /** @returns decimal units with one unit everywhere: `1.24 GB`, `312 B` */
  bytes(count: number): string;
  number(count: number): string;
  /** @returns `11,000원`, `₩11,000` */
  won(amount: number): string;
};

export type WordsOptions = { readonly catalogues: Catalogues; readonly zone: string; readonly now: () => number };

export function wordsIn(language: Language, { catalogues, zone, now }: WordsOptions): Words {
  const locale = language === 'ko' ? 'ko-KR' : 'en-GB';
  const plain = new Intl.NumberFormat(locale);
  const threeDigits = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: 'h23', ...options });
  const wholeDate = { year: 'numeric', month: language === 'ko' ? 'long' : 'short', day: 'numeric' } as const;
  const dates = format(wholeDate);
  const ofDay = (options: Intl.DateTimeFormatOptions) => format({ ...options, timeZone: 'UTC' });
  const localDates = ofDay(wholeDate);
  const shortDates = ofDay({ month: wholeDate.month, day: 'numeric' });
  const months = ofDay({ year: 'numeric', month: 'long' });
  const zones = format({ timeZoneName: 'long' });
  const clocks = format({ hour: '2-digit', minute: '2-digit' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
  const t = (key: string, parameters: Parameters = {}) => {
    const sentence = catalogues[language][key];
    if (sentence === undefined) throw new Error(`no sentence for ${key} in ${language}`);
    return typeof sentence === 'function' ? sentence(parameters) : fill(sentence, parameters);
  };
  const date = (at: number) => dates.format(at);
  const clock = (at: number) => clocks.format(at);
  return {
    language,
    t,
    date,
    dateOf: (text) => localDates.format(Date.parse(`${text}T00:00:00Z`)),
    shortDateOf: (text) => shortDates.format(Date.parse(`${text}T00:00:00Z`)),
    monthOf: (text) => months.format(Date.parse(`${text}-01T00:00:00Z`)),
    weekdays: weekdaysIn(ofDay({ weekday: 'short' }), ofDay({ weekday: 'long' })),
    zoneAt: lately((at) => zones.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? zone),
    clock,
    time: (at) => `${date(at)}${language === 'ko' ? ' ' : ', '}${clock(at)}`,
    ago: (at) => (now() - at < minute ? t('shell.justNow') : agoIn(relative, now() - at)),
    duration: (milliseconds) => durationIn(locale, milliseconds),
    iso: (at) => new Date(at).toISOString(),
    bytes: (count) => sizeIn(threeDigits, count),
    number: (count) => plain.format(count),
    won: (amount) => (language === 'ko' ? `${plain.format(amount)}원` : `₩${plain.format(amount)}`),
  };
}

/** Zones change their name on a full quarter of an hour, and every page asks for it. */
function lately(name: (at: number) => string): (at: number) => string {
  let known: { quarter: number; name: string } | undefined;
  return (at) => {
    const quarter = Math.floor(at / (15 * minute));
    if (known?.quarter !== quarter) known = { quarter, name: name(at) };
    return known.name;
  };
}

/** 2024 began with a Monday. */
function weekdaysIn(short: Intl.DateTimeFormat, full: Intl.DateTimeFormat): Words['weekdays'] {
  const days = Array.from({ length: 7 }, (_, index) => Date.UTC(2024, 0, index + 1));
  return days.map((day) => ({ short: short.format(day), full: full.format(day) }));
}

/** An unknown placeholder stays visible: a test finds it. */
function fill(sentence: string, parameters: Parameters): string {
  if (!sentence.includes('{')) return sentence;
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => (name in parameters ? String(parameters[name]) : whole));
}

/** Told in days from two of them on: half of one matters to who waits. */
const unitOf = (passed: number) =>
  passed < hour ? (['minute', minute] as const) : passed < 2 * day ? (['hour', hour] as const) : (['day', day] as const);

function agoIn(relative: Intl.RelativeTimeFormat, passed: number): string {
  const [unit, length] = unitOf(passed);
  return relative.format(-Math.floor(passed / length), unit);
}

function durationIn(locale: string, milliseconds: number): string {
  const [unit, length] = unitOf(milliseconds);
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.floor(milliseconds / length));
}

function sizeIn(threeDigits: Intl.NumberFormat, count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, count < 1000 ? 0 : Math.floor(Math.log10(count) / 3));
  return `${threeDigits.format(count / 1000 ** step)}\u00a0${units[step]}`;
}
