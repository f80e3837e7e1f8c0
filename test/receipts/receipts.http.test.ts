// Receipts and optional consents on a real panel: shown as agreed, checked by a program of its own, taken back with one press, told by letter.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { day } from '../../src/platform/clock.ts';
import { welcome } from '../people/guests.ts';
import { startPanel, type TestPanel, unescaped, Visitor } from '../support/panel.ts';

const page = '/account/consents';
const verify = join(import.meta.dirname, '../evidence/verify.py');

let house: TestPanel;
let folder: string;
let owner: Visitor;
let developer: Visitor;
let site: string;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  folder = await mkdtemp(join(tmpdir(), 'gotgan-receipts-'));
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com', { plan: 'tree', ads_email: '1' });
  developer = await welcome(house, owner, { email: 'developer@example.com', sites: site });
});
afterAll(async () => {
  await house?.close();
  await rm(folder, { recursive: true, force: true });
});

const textOf = (html: string) => unescaped(html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' '));
const listed = async (visitor: Visitor) => {
  const { text } = await visitor.get(page);
  return [...text.matchAll(/account\/consents\/([0-9a-f-]{36})"/g)].map(([, id = '']) => id);
};
const customerId = async () => (await house.panel.doors.sites.byName(site)).customerId;
const ledger = async () => house.panel.doors.consent.forCustomer(await customerId());
const rowOf = async (item: string) => (await ledger()).find((one) => one.item === item);
/** Each press has its moment. */
const choose = async (visitor: Visitor, item: string, agreed: string) => {
  house.clock.advance(1000);
  return visitor.send(`${page}/optional`, { ...(await visitor.hidden(page, `${page}/optional`)), item, agreed });
};
const letters = async (words: string) =>
  (await house.letters()).filter((letter) => decoded(letter).includes('/account/consents') && decoded(letter).includes(words));
const decoded = (letter: string) => {
  const [head = '', ...parts] = letter.replaceAll('\r\n', '\n').split('\n\n');
  const body = parts.join('\n\n');
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString();
  if (!/quoted-printable/i.test(head)) return body;
  const bytes = body
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
};

test('every answer is listed, refused ones too, and nobody but an owner sees those of others', async () => {
  const { text, status } = await owner.get(page);
  expect(status).toBe(200);
  const shown = textOf(text);
  for (const words of [
    '호스팅 이용약관',
    '장애 보상 기준(SLA)',
    '백업 책임 안내',
    '문자로 광고 받기',
    '동의하지 않음',
    '버전 2026-11-22',
  ])
    expect(shown).toContain(words);
  const all = (await ledger()).length;
  expect(await listed(owner)).toHaveLength(all);
  const own = await listed(developer);
  expect(own.length).toBeGreaterThan(0);
  expect(own.length).toBeLessThan(all);
  const sla = await rowOf('agree_sla');
  expect((await developer.get(`${page}/${sla?.id}`)).status).toBe(403);
  expect((await developer.get(`${page}/${own[0]}`)).status).toBe(200);
  const stranger = new Visitor(house);
  await stranger.arrive('stranger@example.com');
  expect((await stranger.get(`${page}/${sla?.id}`)).status).toBe(404);
  expect((await stranger.get(`${page}/${sla?.id}/receipt.json`)).status).toBe(404);
  expect((await owner.get(`${page}/nothing`)).status).toBe(404);
});

test('a receipt holds the text as it was agreed to, and a program without the panel can check it', async () => {
  const sla = await rowOf('agree_sla');
  const { text } = await owner.get(`${page}/${sla?.id}`);
  expect(text).toContain(sla?.textSha256 ?? 'none');
  expect(textOf(text)).toContain('중단된 시간 전체에 대한 요금의 3배');
  const { body, headers } = await owner.get(`${page}/${sla?.id}/receipt.json`);
  expect(headers['content-disposition']).toMatch(/^attachment; filename="receipt-agree_sla-/);
  const checked = async (receipt: object, published?: string) => {
    const file = join(folder, 'receipt.json');
    await writeFile(file, JSON.stringify(receipt));
    return promisify(execFile)('python3', [verify, file, ...(published ? [published] : [])]).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout as string,
    );
  };
  expect(await checked(body, house.panel.doors.evidence.key.name)).toContain('HOLDS: receipt of agree_sla');
  expect(await checked(body, 'another-key1')).toContain('not the one that was published');
  const forged = (change: (receipt: typeof body) => object) => checked({ ...body, ...change(structuredClone(body)) });
  expect(await forged(({ document }) => ({ document: { ...document, text: `${document.text} ` } }))).toContain(
    'the text was changed',
  );
  const otherRow = ({ row }: typeof body) => ({ row: { ...row, text: row.text.replace('agree_sla', 'agree_all') } });
  expect(await forged(otherRow)).toContain('the row was changed');
  expect(await forged(({ chain }) => ({ chain: { ...chain, position: chain.position + 1 } }))).toContain('about something else');
  expect(await forged(({ signature }) => ({ signature: `A${signature.slice(1)}` }))).toContain('DOES NOT HOLD');
});

test('optional consents are given and taken back with the same one press, and a letter tells of each', async () => {
  const { text } = await owner.get(page);
  expect(text).not.toMatch(/<input[^>]+type="checkbox"/);
  expect(text.match(/name="agreed" value="0"/g)).toHaveLength(1);
  expect(text.match(/name="agreed" value="1"/g)).toHaveLength(3);
  const before = await ledger();
  expect((await choose(owner, 'ads_email', '0')).status).toBe(303);
  const [taken] = await ledger();
  const given = before.find(({ item }) => item === 'ads_email');
  expect(taken).toMatchObject({
    item: 'ads_email',
    agreed: false,
    withdraws: given?.id,
    method: 'button',
    page: 'consents',
    actorRole: 'owner',
  });
  expect(await ledger()).toHaveLength(before.length + 1);
  expect(await letters('동의를 거두셨습니다')).toHaveLength(1);
  // Nothing else changes, and once more does nothing.
  await choose(owner, 'ads_email', '0');
  expect(await ledger()).toHaveLength(before.length + 1);
  await choose(owner, 'ads_email', '1');
  const [again] = await ledger();
  expect(again).toMatchObject({ item: 'ads_email', agreed: true, required: false, document: 'privacy' });
  expect(again?.wording).toContain('이메일로 광고를 받는 데 동의');
  expect(again?.reconfirmBy).toBe(again && new Date(again.at).setUTCFullYear(2028));
  expect(await letters('결과: 동의하셨습니다')).toHaveLength(1);
  expect(textOf((await owner.get(page)).text)).toContain('처리 결과를 이메일로 알려');
  expect((await choose(owner, 'agree_terms', '0')).status).toBe(400);
  expect((await choose(owner, 'ads_email', 'x')).status).toBe(422);
  expect((await house.panel.doors.consent.ledger.verify()).faults).toEqual([]);
});

test("what somebody else agreed to is theirs: a developer's press changes nothing of the owner's", async () => {
  const state = async (visitor: Visitor) => ((await visitor.get(page)).text.match(/name="agreed" value="0"/g) ?? []).length;
  expect([await state(owner), await state(developer)]).toEqual([1, 0]);
  await choose(developer, 'ads_email', '1');
  expect([await state(owner), await state(developer)]).toEqual([1, 1]);
  await choose(developer, 'ads_email', '0');
  expect([await state(owner), await state(developer)]).toEqual([1, 0]);
});

test('after two years whoever still agrees to advertising is reminded, once', async () => {
  const { reminding } = house.panel.doors.receipts;
  const about = () => letters('2년이 되어 갑니다');
  await reminding.keep();
  expect(await about()).toHaveLength(0);
  house.clock.advance(701 * day);
  await Promise.all([reminding.keep(), reminding.keep()]);
  await reminding.keep();
  const [letter, ...others] = await about();
  expect(others).toEqual([]);
  expect(letter?.toLowerCase()).toContain('to: owner@example.com');
  expect(decoded(letter ?? '')).toContain('이메일로 광고를 받는 데 동의');
  house.clock.advance(701 * day);
  await reminding.keep();
  expect(await about()).toHaveLength(2);
});
