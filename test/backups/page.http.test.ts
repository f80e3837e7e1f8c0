// The pages of backups in words: fresh, late, failed and damaged, in both languages, and what a broken download leaves.
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { day, hour, minute } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

const email = 'owner@example.com';
let house: TestPanel;
let site: string;
let id: string;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  const owner = new Visitor(house);
  site = await owner.arrive(email);
  await writeFile(
    join(house.folder, 'sites', site, 'www', 'big.bin'),
    Buffer.alloc(8_000_000, 'not so compressible?').map((byte, at) => byte ^ ((at * 7919) % 251)),
  );
  const made = await owner.submit(`/sites/${site}/backups`, {});
  id = made.headers.location?.split('/').at(-1) ?? '';
  await house.work();
});
afterAll(() => house?.close());

async function signedIn(language: 'ko' | 'en' = 'ko'): Promise<Visitor> {
  const visitor = new Visitor(house, language);
  await visitor.logIn(email);
  return visitor;
}

const page = async (language: 'ko' | 'en' = 'ko', path = '') => (await signedIn(language)).get(`/sites/${site}/backups${path}`);
const change = (values: object) =>
  house.panel.doors.connection.write((tx) => tx.updateTable('backups').set(values).where('id', '=', id).execute());

test('the short address leads to the site that was used last, and that to the last good backup', async () => {
  const visitor = await signedIn();
  expect((await visitor.get('/backups')).headers.location).toBe(`/sites/${site}/backups`);
  const { text } = await visitor.get(`/sites/${site}/backups`);
  expect(text).toContain('마지막 정상 백업: 2026년 11월 22일 12:00 (방금 전)');
  expect(text).toContain(`/sites/${site}/backups/${id}/download`);
  expect(text).toContain('단기·장기 백업 단계는 아직 없습니다');
  expect(text).toContain('하루 1회까지 만들 수 있고, 오늘은 0회 남았습니다.');
  expect(text).not.toContain('지금 백업 만들기</span>');
});

test('unknown months are ignored, unknown pages and backups are not there', async () => {
  expect((await page('ko', '?month=2026-13&page=x')).text).toContain('2026년 11월 백업');
  expect((await page('en', '?month=2026-10')).text).toContain('Backups of October 2026');
  expect((await page('ko', '?page=2')).status).toBe(404);
  expect((await page('ko', '/0199f3a2-7c41-7d10-9a55-2f1c6be7a301')).status).toBe(404);
});

test('one request more than the plan allows is refused in words on the same page', async () => {
  const visitor = await signedIn();
  const { _csrf } = await visitor.hidden(`/sites/${site}/backups`, '/logout');
  const refused = await visitor.send(`/sites/${site}/backups`, { _csrf: String(_csrf) });
  expect([refused.status, refused.text.includes('하루에 만들 수 있는 백업은 1회이고')]).toEqual([422, true]);
});

test('after 26 hours the page is worried, after 50 it tells whom to ask', async () => {
  house.clock.advance(27 * hour);
  expect((await page()).text).toContain('마지막 정상 백업이 27시간 전입니다');
  expect((await page('en')).text).toContain('The last good backup is 27 hours old');
  house.clock.advance(24 * hour);
  const { text } = await page();
  expect(text).toMatch(/message is-bad[\s\S]*마지막 정상 백업이 51시간 전입니다[\s\S]*02-000-0000/);
  house.clock.advance(-51 * hour);
});

test.each([
  ['failed', '만들지 못했습니다', 409],
  ['damaged', '기록과 다', 409],
  ['expired', '보관 기간이 지나', 410],
  ['running', '지금 만들고 있습니다', 409],
  ['queued', '차례를 기다', 409],
  ['missing', '만들지 않았습니다', 409],
] as const)('a backup that is %s says so in both languages and cannot be downloaded', async (state, words, status) => {
  const failed_at = house.clock.now();
  await change({
    state,
    failed_at,
    reason: state === 'expired' ? null : 'backups.reason.storage',
    expired_at: state === 'expired' ? failed_at : null,
  });
  const one = await page('ko', `/${id}`);
  const all = await page();
  expect([one.status, all.status, (await page('en')).status, (await page('en', `/${id}`)).status]).toEqual([200, 200, 200, 200]);
  expect(`${one.text}${all.text}`.includes(words) || state === 'running' || state === 'queued').toBe(true);
  expect((await page('ko', `/${id}/download`)).status).toBe(status);
  expect((await (await signedIn()).get(`/sites/${site}/backups/${id}/state`)).body.finished).toBe(
    !['queued', 'running'].includes(state),
  );
  await change({ state: 'verified', failed_at: null, reason: null, expired_at: null });
});

test('one failure is told above a backup that is still young, with what stays good, and in other words where the site itself is gone', async () => {
  const { connection } = house.panel.doors;
  const row = await connection.db.selectFrom('backups').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const failedAt = house.clock.now() + minute;
  const nothing = { file_name: null, bytes: null, sha256: null, made_at: null, verified_at: null };
  const failed = { ...row, ...nothing, id: newId(failedAt), state: 'failed', queued_at: failedAt, data_at: failedAt } as const;
  const because = async (reason: string) => {
    await connection.write(async (tx) => {
      await tx.deleteFrom('backups').where('id', '=', failed.id).execute();
      await tx
        .insertInto('backups')
        .values({ ...failed, failed_at: failedAt, reason, kept_because: JSON.stringify(['backups.keptDaily']) })
        .execute();
    });
    return [await page('ko'), await page('ko', `/${failed.id}`)].map(({ text }) => text);
  };
  const good = '가장 최근의 정상 백업은 2026년 11월 22일 12:00(방금 전)에 만든 것입니다.';
  for (const text of await because('backups.reason.full')) {
    for (const said of ['백업 저장 공간이 부족합니다.', '사이트와 자료는 그대로입니다.', good]) expect(text).toContain(said);
    expect(text).toContain(`/sites/${site}/backups/${id}`);
    expect(text).not.toContain('www 폴더를 직접');
  }
  const [list = '', one = ''] = await because('backups.reason.siteMissing');
  expect([list.includes('message is-warn'), list.includes('02-000-0000에')]).toEqual([true, false]);
  for (const text of [list, one]) {
    expect(text).toContain('www 폴더를 직접 지우거나 옮기지 않으셨다면 바로 저희에게 알려 주세요.');
    expect(text).not.toContain('사이트와 자료는 그대로입니다.');
  }
  // What was written down while it was good is of no use any more.
  expect(one).not.toContain('보관하는 이유');
  await connection.write((tx) => tx.deleteFrom('backups').where('id', '=', failed.id).execute());
  await change({ state: 'failed', failed_at: failedAt, reason: 'backups.reason.full' });
  expect((await page()).text).toContain('아직 정상 백업이 없으니');
  await change({ state: 'verified', failed_at: null, reason: null });
});

test('one that is much smaller names the whole one of before', async () => {
  const { connection } = house.panel.doors;
  const row = await connection.db.selectFrom('backups').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const at = (row.data_at ?? 0) + minute;
  const shrunk = JSON.stringify([{ what: 'files', before: 1840, after: 612 }]);
  const small = { ...row, id: newId(at), file_name: 'small.zip', state: 'shrunken', queued_at: at, data_at: at, shrunk } as const;
  await connection.write((tx) => tx.insertInto('backups').values(small).execute());
  const { text } = await page('en', `/${small.id}`);
  expect(text).toContain('you can restore from the one before');
  expect(text).toContain(`<a href="/en/sites/${site}/backups/${id}">See the backup of 22 Nov 2026, 12:00</a>`);
  await connection.write((tx) => tx.deleteFrom('backups').where('id', '=', small.id).execute());
});

test('work that runs shows its step and how far it is, and says when nothing moves', async () => {
  await change({ state: 'running', step: 'files', files_done: 30, files_total: 120, moved_at: house.clock.now() - 6 * minute });
  const { text } = await page();
  expect(text).toContain('진행 중: 5단계 가운데 3단계, 파일 담기');
  expect(text).toContain('파일 30개 / 120개');
  expect(text).toContain('6분째 움직임이 없습니다');
  expect(text).toMatch(/<progress class="bar" value="30" max="120"/);
  await change({ state: 'verified', step: null });
});

test('a download that is broken off closes its file', async () => {
  const { headers } = await new Visitor(house).logIn(email);
  const cookie = [headers['set-cookie'] ?? []]
    .flat()
    .map((one) => String(one).split(';')[0])
    .join('; ');
  const open = async () => {
    const names = await readdir('/proc/self/fd');
    const files = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
    return files.filter((file) => file.endsWith('.zip')).length;
  };
  await new Promise<void>((resolve, reject) => {
    const asked = get(`${house.origin}/sites/${site}/backups/${id}/download`, { headers: { cookie } }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
      answer.once('data', async () => {
        expect(await open()).toBe(1);
        asked.destroy();
        resolve();
      });
    });
    asked.on('error', () => {});
  });
  await vi.waitFor(async () => expect(await open()).toBe(0), 5000);
});

test('a night is missing from the calendar when nothing was made, and the day after has one', async () => {
  house.clock.advance(2 * day);
  await house.work();
  const { text } = await page();
  expect(text).toContain('11월 23일, 없음');
  expect(text).toMatch(/11월 24일, 검증됨, [\d.]+\sMB/);
});
