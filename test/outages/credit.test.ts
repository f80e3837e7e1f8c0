// What outages are worth, case by case: every figure is counted by hand from the document `sla`, version 2026-11-22.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRules } from '../../src/orders/orders.ts';
import { compensationOf } from '../../src/orders/plans.ts';
import { creditsOf, type Exclusion, type Stop } from '../../src/outages/credit.ts';
import { Months } from '../../src/outages/months.ts';
import { minute } from '../../src/platform/clock.ts';

const documents = join(import.meta.dirname, '../../views/documents');
const ruleOf = readRules(join(documents, 'sla-rules.json'));
const seoul = new Months('Asia/Seoul');

/** A time as clocks in Seoul show it. */
const at = (text: string) => Date.parse(`${text.replace(' ', 'T')}${text.length === 16 ? ':00' : ''}+09:00`);

type Rest = Partial<Pick<Stop, 'cause' | 'restored' | 'priceWon' | 'exclusions' | 'outageId' | 'slaVersion'>>;
function stop(from: string, to: string, rest: Rest = {}): Stop {
  const usual = { outageId: `${from} ${rest.cause ?? ''}`, cause: 'a disk', restored: false, priceWon: 11_000, exclusions: [] };
  return { ...usual, slaVersion: '2026-11-22', startedAt: at(from), endedAt: at(to), ...rest };
}
const excluded = (because: Exclusion['because'], from: string, to: string, announced?: string): Exclusion => ({
  ...{ because, startedAt: at(from), endedAt: at(to), announcedAt: announced === undefined ? null : at(announced) },
});
const months = (...stops: Stop[]) => creditsOf(stops, { months: seoul, ruleOf });
/** Month, minutes down, minutes of each incident, amount. */
const short = (...stops: Stop[]) =>
  months(...stops).map(({ month, downMinutes, incidents, won }) => [
    month,
    downMinutes,
    incidents.map(({ minutes }) => minutes).join(' '),
    won,
  ]);

test('the example of the document, and its limit', () => {
  // 11,000 ÷ 720 h × 4 h × 3 = 183.3…
  expect(short(stop('2026-11-10 02:00', '2026-11-10 06:00'))).toEqual([['2026-11', 240, '240', 183]]);
  // 241 h without a break: 11,000 × 241 × 3 ÷ 720 = 11,045.8, and a month's fee is the limit.
  const [month] = months(stop('2026-11-10 00:00', '2026-11-20 01:00'));
  expect([month?.uncappedWon, month?.mostWon, month?.won]).toEqual([11_046, 11_000, 11_000]);
  expect(short(stop('2026-11-10 00:00', '2026-11-20 00:00'))).toEqual([['2026-11', 14_400, '14400', 11_000]]);
});

describe.each([
  ['three hours to the minute', '05:00', 180, 138],
  ['a minute less', '04:59', 179, 0],
  ['a begun minute is one', '04:59:01', 180, 138],
  ['a second is a minute', '02:00:01', 1, 0],
])('the threshold: %s', (_what, until, minutes, won) => {
  test(`until ${until}`, () => {
    // 11,000 ÷ 43,200 min × 180 min × 3 = 137.5, rounded up
    expect(short(stop('2026-11-10 02:00', `2026-11-10 ${until}`))).toEqual([['2026-11', minutes, String(minutes), won]]);
  });
});

test('fees and months: a longer month pays less an hour, a free plan nothing', () => {
  const four = (price: number, month: string) =>
    short(stop(`2026-${month}-10 02:00`, `2026-${month}-10 06:00`, { priceWon: price }))[0]?.[3];
  // Without a rounding error: 33,000 × 240 × 3 ÷ 43,200 is 550 exactly.
  expect(four(33_000, '11')).toBe(550);
  // 31 days: 33,000 × 720 ÷ 44,640 = 532.25…
  expect(four(33_000, '12')).toBe(532);
  // 4,400 × 720 ÷ 43,200 = 73.3…
  expect(four(4400, '11')).toBe(73);
  expect(four(0, '11')).toBe(0);
});

test('across the end of a month: money in the month in which it began, downtime in both', () => {
  // 22:00 in November to 04:00 in December: 360 min × 11,000 × 3 ÷ 43,200 = 275
  const all = months(stop('2026-11-30 22:00', '2026-12-01 04:00'));
  expect(all.map(({ month, downMinutes, incidents, won }) => [month, downMinutes, incidents.length, won])).toEqual([
    ['2026-11', 120, 1, 275],
    ['2026-12', 240, 0, 0],
  ]);
  expect(all[0]?.availability).toBeCloseTo(100 * (1 - 120 / 43_200), 10);
  expect(all[1]?.availability).toBeCloseTo(100 * (1 - 240 / 44_640), 10);
});

test('months begin at midnight in the zone of the company, also where clocks change', () => {
  // 23:30 UTC on 31 October is November in Seoul.
  expect(short(stop('2026-11-01 08:30', '2026-11-01 12:30'))[0]?.[0]).toBe('2026-11');
  const newYork = new Months('America/New_York');
  const hours = (month: string) => {
    const { startedAt, endedAt } = newYork.span(month);
    return (endedAt - startedAt) / (60 * minute);
  };
  expect([hours('2026-11'), hours('2026-03'), hours('2026-02')]).toEqual([721, 743, 672]);
});

describe('several outages', () => {
  const far = (day: number, cause: string, hours = 4) =>
    stop(`2026-11-${day} 02:00`, `2026-11-${day} ${String(2 + hours).padStart(2, '0')}:00`, { cause });

  test('each for itself, and one limit for all of a month', () => {
    expect(short(far(10, 'a'), far(11, 'b'))).toEqual([['2026-11', 480, '240 240', 366]]);
    // Two of 150 h: 6,875 each; together more than a month's fee.
    const [month] = months(
      stop('2026-11-01 00:00', '2026-11-07 06:00', { cause: 'a' }),
      stop('2026-11-10 00:00', '2026-11-16 06:00', { cause: 'b' }),
    );
    expect([month?.uncappedWon, month?.won]).toEqual([13_750, 11_000]);
  });

  test('two short ones of different causes are worth nothing, of the same cause within an hour they are one', () => {
    const parts = (gap: number, cause: string) => [
      stop('2026-11-10 02:00', '2026-11-10 04:00'),
      {
        ...stop('2026-11-10 04:00', '2026-11-10 05:00', { cause }),
        startedAt: at('2026-11-10 04:00') + gap * minute,
        endedAt: at('2026-11-10 05:00') + gap * minute,
      },
    ];
    // The time in between counts: 120 + 60 + 60 minutes.
    expect(short(...parts(60, 'a disk'))).toEqual([['2026-11', 240, '240', 183]]);
    expect(short(...parts(61, 'a disk'))).toEqual([['2026-11', 180, '120 60', 0]]);
    expect(short(...parts(30, 'another'))).toEqual([['2026-11', 180, '120 60', 0]]);
  });

  test('what overlaps is counted once, whatever its cause', () => {
    const inside = stop('2026-11-10 03:00', '2026-11-10 04:00', { cause: 'b' });
    const after = stop('2026-11-10 05:00', '2026-11-10 07:00', { cause: 'c' });
    expect(short(stop('2026-11-10 02:00', '2026-11-10 06:00'), inside, after)).toEqual([['2026-11', 300, '300', 229]]);
    const same = stop('2026-11-10 02:00', '2026-11-10 06:00');
    expect(short(same, { ...same, outageId: 'twice' })).toEqual([['2026-11', 240, '240', 183]]);
  });

  test('after a change of plan each goes by the fee of its day, and the higher fee is the limit', () => {
    const before = stop('2026-11-05 02:00', '2026-11-05 06:00', { cause: 'a' });
    const later = stop('2026-11-20 02:00', '2026-11-20 06:00', { cause: 'b', priceWon: 33_000 });
    const [month] = months(later, before);
    expect([month?.incidents.map(({ won }) => won), month?.mostWon, month?.won]).toEqual([[183, 550], 33_000, 733]);
  });
});

describe('what does not count', () => {
  const day = '2026-11-20';
  const long = (rest: Rest) => short(stop(`${day} 00:00`, `${day} 10:00`, rest))[0]?.slice(1);
  const maintenance = (from: string, to: string, announced?: string) =>
    excluded('maintenance', `${day} ${from}`, `${day} ${to}`, announced);

  test.each([
    ['nothing', [], [600, '600', 458]],
    ['the part that a court ordered', [excluded('authority', `${day} 00:00`, `${day} 02:00`)], [480, '480', 367]],
    ['all but what is too short for money', [excluded('network', `${day} 02:59`, `${day} 10:00`)], [179, '179', 0]],
    ['everything', [excluded('force-majeure', `${day} 00:00`, `${day} 10:00`)], [0, '0', 0]],
    ['what is said to go beyond the outage', [excluded('customer', `${day} 08:00`, `${day} 20:00`)], [480, '480', 367]],
    [
      'the same twice',
      [excluded('customer', `${day} 00:00`, `${day} 02:00`), excluded('network', `${day} 01:00`, `${day} 02:00`)],
      [480, '480', 367],
    ],
    ['maintenance announced seven days before', [maintenance('00:00', '04:00', '2026-11-13 00:00')], [360, '360', 275]],
    ['maintenance announced a minute too late', [maintenance('00:00', '04:00', '2026-11-13 00:01')], [600, '600', 458]],
    ['maintenance that nobody announced', [maintenance('00:00', '04:00')], [600, '600', 458]],
    ['only four hours of maintenance', [maintenance('00:00', '10:00', '2026-11-01 00:00')], [360, '360', 275]],
  ] as const)('%s', (_what, exclusions, expected) => {
    expect(long({ exclusions: [...exclusions] })).toEqual(expected);
  });

  test('four hours of maintenance are for the whole month', () => {
    const done = (on: string) =>
      stop(`${on} 00:00`, `${on} 03:00`, {
        cause: on,
        exclusions: [excluded('maintenance', `${on} 00:00`, `${on} 03:00`, '2026-11-01 00:00')],
      });
    // Three hours of the first, one of the second; the other two count.
    expect(short(done('2026-11-10'), done('2026-11-17'))).toEqual([['2026-11', 120, '0 120', 0]]);
  });

  test('announced in time goes by when the maintenance began, also for a site that it reached only later', () => {
    // Announced six days and 21 hours before it began; seven days before the site moved to that server.
    const late = maintenance('00:00', '08:00', '2026-11-13 03:00');
    expect(short(stop(`${day} 03:00`, `${day} 10:00`, { exclusions: [late] }))).toEqual([['2026-11', 420, '420', 321]]);
  });

  test('bringing the service back from a backup is never maintenance', () => {
    const exclusions = [maintenance('00:00', '04:00', '2026-11-01 00:00')];
    expect(long({ exclusions, restored: true })).toEqual([600, '600', 458]);
  });

  test('what another outage at the same time was down for counts all the same', () => {
    const ordered = stop(`${day} 00:00`, `${day} 04:00`, {
      cause: 'order',
      exclusions: [excluded('authority', `${day} 00:00`, `${day} 04:00`)],
    });
    expect(short(ordered, stop(`${day} 02:00`, `${day} 05:00`))).toEqual([['2026-11', 180, '180', 138]]);
  });
});

describe('the rule of a version', () => {
  test('is the newest that is not newer, and a version before all rules has none', () => {
    expect(ruleOf('2027-03-01').from).toBe('2026-11-22');
    expect(() => ruleOf('2026-11-21')).toThrow('no rule for the version 2026-11-21');
  });

  test('is what the document itself says, and what plans promise', () => {
    const { leastMinutes, times, joinedMinutes, maintenanceNoticeDays, maintenanceMinutesPerMonth } = ruleOf('2026-11-22');
    const { fromHours, times: shown, exampleHours } = compensationOf(ruleOf('2026-11-22'));
    expect([fromHours, shown, exampleHours]).toEqual([3, 3, 4]);
    const text = readFileSync(join(documents, 'sla/2026-11-22.ko.md'), 'utf8');
    for (const words of [
      `${leastMinutes / 60}시간 이상`,
      `요금의 ${times}배`,
      `복구한 뒤 ${joinedMinutes / 60}시간 안에 같은 원인`,
      `${maintenanceNoticeDays}일 전까지 알린 점검. 한 달에 모두 ${maintenanceMinutesPerMonth / 60}시간까지만`,
      '한 달의 보상액은 그 고객의 한 달 요금을 넘지 않습니다',
    ])
      expect(text).toContain(words);
  });

  test('each outage goes by the version that was agreed to for it', () => {
    const older = { ...ruleOf('2026-11-22'), from: '2026-01-01', times: 2, joinedMinutes: 0 };
    const both = (version: string) => (version < '2026-11-22' ? older : ruleOf(version));
    const stops = [
      stop('2026-11-10 02:00', '2026-11-10 06:00', { slaVersion: '2026-01-01', cause: 'a' }),
      stop('2026-11-25 02:00', '2026-11-25 06:00', { cause: 'b' }),
    ];
    const [month] = creditsOf(stops, { months: seoul, ruleOf: both });
    expect(month?.incidents.map(({ won }) => won)).toEqual([122, 183]);
  });
});
