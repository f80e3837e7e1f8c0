// "Tomorrow at 03:00" is what the customer's own clock calls tomorrow.
import { describe, expect, it } from 'vitest';
import { momentWords } from '../../src/dashboard/words.ts';
import { catalogues } from '../../src/messages/catalogue.ts';
import { LocalTime } from '../../src/platform/clock.ts';
import { wordsIn } from '../../src/platform/web/words.ts';

const zone = 'Asia/Seoul';
const inLanguage = (language: 'ko' | 'en', now: number) => wordsIn(language, { catalogues, zone, now: () => now });
const inSeoul = (text: string) => Date.parse(`${text}+09:00`);
const said = (at: string, now: string) =>
  momentWords(inLanguage('ko', inSeoul(now)), inSeoul(at), { now: inSeoul(now), local: new LocalTime(zone) });

describe('the next backup', () => {
  it('is today where the night is still to come', () => {
    expect(said('2026-11-22T03:00', '2026-11-22T01:30')).toBe('오늘 03:00');
  });

  it('is tomorrow after it', () => {
    expect(said('2026-11-23T03:00', '2026-11-22T03:00:01')).toBe('내일 03:00');
    expect(said('2026-12-01T03:00', '2026-11-30T23:59')).toBe('내일 03:00');
  });

  it('has its date where it is further away', () => {
    expect(said('2026-11-24T03:00', '2026-11-22T12:00')).toBe('2026년 11월 24일 03:00');
  });
});

describe('the zone', () => {
  it('is named in the language of the page', () => {
    expect(inLanguage('ko', 0).zoneAt(0)).toBe('한국 표준시');
    expect(inLanguage('en', 0).zoneAt(0)).toBe('Korean Standard Time');
  });
});
