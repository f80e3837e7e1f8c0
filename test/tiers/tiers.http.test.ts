// What customers and operators are told of two tiers: pages in both languages, figures, and `gotgan check` (KHADA 8.5).
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { twoTiers } from '../support/two-tiers.ts';

describe('a panel with two tiers', () => {
  let folder: string;
  let house: TestPanel;
  let owner: Visitor;
  let site: string;
  beforeAll(async () => {
    const two = twoTiers();
    folder = two.folder;
    house = await startPanel({ limitsScale: 1000, tiers: two.tiers });
    owner = new Visitor(house);
    site = await owner.arrive('owner@example.com');
    await owner.upload(site, [{ name: 'index.html', body: '<h1>곳간</h1>' }]);
    await owner.submit(`/sites/${site}/backups`, {});
    await house.work();
  });
  afterAll(async () => {
    await house.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('the page of backups and the dashboard tell each tier with its own age and place', async () => {
    for (const page of [`/sites/${site}/backups`, '/dashboard']) {
      const { text } = await owner.get(page);
      expect(text).toContain('단기 백업: 2026년 11월 22일 12:00 (방금 전, 가산 데이터센터)');
      expect(text).toContain('장기 백업: 2026년 11월 22일 12:00 (방금 전, 분당 데이터센터)');
      expect(text).not.toContain('단계는 아직 없습니다');
    }
    const english = new Visitor(house, 'en');
    await english.logIn('owner@example.com');
    const { text } = await english.get(`/sites/${site}/backups`);
    expect(text).toContain('Short-term backup: 22 Nov 2026, 12:00 (just now, 가산 데이터센터)');
  });

  test('the public pages promise what is there', async () => {
    const guest = new Visitor(house);
    const location = await guest.get('/backup-location');
    expect(location.text).toContain('다른 서버: 가산 데이터센터');
    expect(location.text).toContain('다른 데이터센터: 분당 데이터센터');
    expect(location.text).not.toContain('아직 두지 않습니다');
  });

  test('the operator sees both in the figures', async () => {
    const { text } = await new Visitor(house).get('/metrics');
    expect(text).toContain('gotgan_tier_sites{tier="short-term",state="kept"} 1');
    expect(text).toContain('gotgan_tier_sites{tier="long-term",state="failing"} 0');
  });
});

describe('gotgan check', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gotgan-check-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const check = (more: Readonly<Record<string, string>>) =>
    new Promise<{ code: number; out: string }>((resolve) => {
      const env = { PATH: process.env.PATH ?? '', DATA_DIR: join(folder, 'data'), PUBLIC_URL: 'http://127.0.0.1:3000', ...more };
      execFile(process.execPath, [join(import.meta.dirname, '../../bin/gotgan.mjs'), 'check'], { env }, (error, out, err) =>
        resolve({ code: error ? Number(error.code) : 0, out: out + err }),
      );
    });

  test('says that nothing is wrong, and that there are no tiers on other machines', async () => {
    const { code, out } = await check({});
    expect(out).toContain('there are no backup tiers on other machines yet (KHADA 8.5)');
    expect(out).toContain('No fault was found.');
    expect(code).toBe(0);
  });

  test('refuses one tier with the clause, and repeats no secret of its address', async () => {
    const { code, out } = await check({ LONG_TERM_URL: 'restic:s3:https://key:hidden@s3.example.net/bucket' });
    expect(out).toContain('SHORT_TERM_URL: is missing: at least two tiers are needed, short-term and long-term (KHADA 8.5)');
    expect(out).not.toContain('hidden');
    expect(code).toBe(1);
  });

  test('takes two folders of this machine, and says that they do not count', async () => {
    const { code, out } = await check({ SHORT_TERM_URL: `file:${folder}/one`, LONG_TERM_URL: `restic:${folder}/two` });
    expect(out).toContain('there are no backup tiers on other machines yet (KHADA 8.5)');
    expect(code).toBe(0);
  });

  test('names a tier that does not answer, with its code', async () => {
    const far = { SHORT_TERM_URL: 'restic:s3:https://a:b@127.0.0.1:1/bucket', LONG_TERM_URL: `file:${folder}/two` };
    const { code, out } = await check(far);
    expect(out).toContain('SHORT_TERM_URL: the tier does not answer (UNREACHABLE)');
    expect(code).toBe(1);
  });
});
