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
  /** @returns `03:10` */
  clock(at: number): string;
  /** @returns `6시간 전`, `6 hours ago` */
  ago(at: number): string;
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
  const localDates = format({ ...wholeDate, timeZone: 'UTC' });
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
    clock,
    time: (at) => `${date(at)}${language === 'ko' ? ' ' : ', '}${clock(at)}`,
    ago: (at) => agoIn(relative, now() - at),
    iso: (at) => new Date(at).toISOString(),
    bytes: (count) => sizeIn(threeDigits, count),
    number: (count) => plain.format(count),
    won: (amount) => (language === 'ko' ? `${plain.format(amount)}원` : `₩${plain.format(amount)}`),
  };
}

/** An unknown placeholder stays visible: a test finds it. */
function fill(sentence: string, parameters: Parameters): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => (name in parameters ? String(parameters[name]) : whole));
}

function agoIn(relative: Intl.RelativeTimeFormat, passed: number): string {
  const [unit, length] =
    passed < hour ? (['minute', minute] as const) : passed < 2 * day ? (['hour', hour] as const) : (['day', day] as const);
  return relative.format(-Math.max(0, Math.floor(passed / length)), unit);
}

function sizeIn(threeDigits: Intl.NumberFormat, count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, count < 1000 ? 0 : Math.floor(Math.log10(count) / 3));
  return `${threeDigits.format(count / 1000 ** step)}\u00a0${units[step]}`;
}
