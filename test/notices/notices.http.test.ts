// Notices that were seen: one row a person, text, page and day, written behind the page, which neither waits for it nor fails with it.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { day, hour } from '../../src/platform/clock.ts';
import { unavailable } from '../../src/platform/errors.ts';
import { startPanel, type TestPanel, unescaped, Visitor } from '../support/panel.ts';

let house: TestPanel;
let owner: Visitor;
let customerId: string;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  owner = new Visitor(house);
  const site = await owner.arrive('owner@example.com', { plan: 'tree' });
  ({ customerId } = await house.panel.doors.sites.byName(site));
});
afterAll(() => house?.close());

const rows = async () => {
  const { notices } = house.panel.doors;
  await notices.settled();
  return notices.seenBy(customerId, undefined, 1000);
};
const kinds = async () =>
  (await rows()).map(({ notice, page, language, day: on }) => `${on} ${page} ${notice} ${language}`).sort();
const words = (html: string) => unescaped(html.replaceAll(/<[^>]+>/g, '')).replaceAll(/\s+/g, '');

test('what a page showed is kept once a day, with the words that stood there', async () => {
  const { text } = await owner.get('/dashboard');
  await owner.get('/dashboard');
  const seen = (await rows()).filter(({ page }) => page === '/dashboard');
  expect(seen).toHaveLength(1);
  const [row] = seen;
  expect(row).toMatchObject({
    notice: 'backup-duty',
    document: 'backup',
    version: '2026-11-22',
    language: 'ko',
    day: '2026-11-22',
  });
  const shown = (await house.panel.doors.notices.textsOf([row?.sha256 ?? ''])).get(row?.sha256 ?? '') ?? '';
  expect(createHash('sha256').update(shown).digest('hex')).toBe(row?.sha256);
  expect(words(text)).toContain(words(shown));
  expect(shown).toContain('고의나 중대한 과실');
});

test('every page with a notice, in the language it was read in; a guest leaves no trace', async () => {
  const before = (await rows()).length;
  const guest = new Visitor(house);
  for (const path of ['/', '/plans', '/plans/forest', '/backup-location']) expect((await guest.get(path)).status).toBe(200);
  expect(await rows()).toHaveLength(before);
  const english = new Visitor(house, 'en');
  await english.logIn('owner@example.com');
  for (const path of ['/', '/plans', '/plans/forest', '/backup-location', '/dashboard']) await english.get(path);
  expect((await kinds()).filter((one) => one.endsWith(' en'))).toEqual([
    '2026-11-22 / backup-duty en',
    '2026-11-22 / backup-location en',
    '2026-11-22 /backup-location backup-location en',
    '2026-11-22 /dashboard backup-duty en',
    '2026-11-22 /plans compensation en',
    '2026-11-22 /plans/forest backup-duty en',
    '2026-11-22 /plans/forest compensation en',
  ]);
  const forest = (await rows()).find(({ page, notice }) => page === '/plans/forest' && notice === 'backup-duty');
  expect(forest?.document).toBe('backup-service');
});

test('another day has its own row; nobody sees it at another customer', async () => {
  const { length } = await rows();
  house.clock.advance(day);
  await owner.logIn('owner@example.com');
  await owner.get('/dashboard');
  expect(await rows()).toHaveLength(length + 1);
  const stranger = new Visitor(house);
  await stranger.arrive('stranger@example.com');
  await stranger.get('/dashboard');
  expect(await rows()).toHaveLength(length + 1);
});

test('all of it can be read in portions', async () => {
  const { notices } = house.panel.doors;
  const all = await rows();
  const found = [];
  for (let after: (typeof all)[number] | undefined; ; after = found.at(-1)) {
    const some = await notices.seenBy(customerId, after, 2);
    if (some.length === 0) break;
    found.push(...some);
  }
  expect(found).toEqual(all);
});

test('while the database cannot be written the page comes all the same, and the row follows', async () => {
  const { connection, notices } = house.panel.doors;
  house.clock.advance(day);
  await owner.logIn('owner@example.com');
  await owner.get('/account/security');
  const { length } = await rows();
  const write = connection.write;
  const broken = () => Promise.reject(unavailable());
  try {
    Object.assign(connection, { write: broken });
    const person = {
      customerId,
      personId: 'somebody',
      role: 'owner',
      siteIds: null,
      hasSeveralPlaces: false,
      freshAt: 0,
    } as const;
    notices.shown({ person, language: 'ko', path: '/x' }, [{ name: 'backup-duty', document: 'backup', text: 'x' }]);
    await notices.settled();
  } finally {
    Object.assign(connection, { write });
  }
  expect(await rows()).toHaveLength(length + 1);
});

test('what is older than ten years goes', async () => {
  house.clock.advance(3651 * day + hour);
  await house.panel.doors.notices.sweep();
  expect(await rows()).toEqual([]);
});
