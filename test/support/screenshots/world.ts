// A panel with customers in every state a page can show: new, a quiet month of nights, late, failed, running, several sites.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { day, hour, minute, StoppedClock } from '../../../src/platform/clock.ts';
import { newId } from '../../../src/platform/ids.ts';
import { everyKindOfAccount } from '../../ftp/customer.ts';
import { writeAlerts } from '../../gates/alert-rows.ts';
import { writeFindings } from '../../gates/finding-rows.ts';
import { beginJob, fillJobs } from '../../gates/job-rows.ts';
import { type RestoreName, writeRestores } from '../../gates/restore-rows.ts';
import { invite, placeOf } from '../../people/guests.ts';
import { addSshServer, ask, grant } from '../../ssh/asking.ts';
import { writeOutages } from '../outage-rows.ts';
import { password, startPanel, type TestPanel, Visitor } from '../panel.ts';
import { twoTiers } from '../two-tiers.ts';
import { writeUsage } from '../usage-rows.ts';

export type Customer = { readonly email: string; readonly site: string };
export type World = TestPanel & {
  readonly customers: Readonly<Record<'quiet' | 'fresh' | 'late' | 'failed' | 'running' | 'several' | 'unpaid', Customer>>;
  /** addresses of pages of one thing: a result of an upload, single backups */
  readonly found: Readonly<
    Record<
      | 'ftpMain'
      | 'ftpLocked'
      | 'fileJob'
      | 'fileJobRunning'
      | 'results'
      | 'inside'
      | 'before'
      | 'invitation'
      | 'place'
      | 'verified'
      | 'warned'
      | 'restoration'
      | `restore-${RestoreName}`
      | 'proven'
      | 'shrunken'
      | 'damaged'
      | 'missing'
      | 'failedBackup',
      string
    >
  >;
};

const brand = {
  name: '곳간',
  sender: '곳간 <no-reply@gotgan.example>',
  legalFooter: [
    '주식회사 보기호스팅, 대표 김보기, 사업자등록번호 000-00-00000, 통신판매업 신고 제0000-서울예시-0000호',
    '서울특별시 예시구 보기로 1, 2층 (00000)',
  ],
  support: { phone: '02-000-0000', email: 'help@gotgan.example' },
};
const security = {
  name: '박지훈',
  title: '보안팀장',
  department: '기술본부',
  phone: '02-000-0001',
  email: 'security@gotgan.example',
  since: '2026-03-02',
};
const privacy = {
  ...security,
  name: '이서연',
  title: '개인정보보호팀장',
  department: '경영지원본부',
  phone: '02-000-0002',
  email: 'privacy@gotgan.example',
};

/** @param log what is being done, for the one who waits */
export async function buildWorld(log: (line: string) => void): Promise<World> {
  const clock = new StoppedClock('2026-10-12T02:10:00Z');
  const { tiers, folder: tierFolder } = twoTiers();
  const test = await startPanel({
    clock,
    tiers,
    brand,
    officers: { security, privacy },
    limitsScale: 10_000,
    ftpFingerprint: '5e'.repeat(32),
  });
  const customer = async (name: string, plan: string) => {
    const email = `${name}@example.com`;
    const visitor = new Visitor(test);
    const site = await visitor.arrive(email, { plan });
    return { email, site, visitor };
  };
  const quiet = await customer('minseo.han', 'tree');
  await fill(quiet.visitor, quiet.site);
  await writeFindings(test, quiet.site);
  const nights = async (from: number, to: number) => {
    for (let night = from; night < to; night += 1) {
      clock.advance(Date.parse('2026-10-12T18:04:00Z') + night * day - clock.now());
      await test.work();
    }
  };
  log('the nights of one customer');
  await nights(0, 31);
  clock.advance(6 * hour);
  const late = await customer('jiwoo.seo', 'tree');
  const failed = await customer('haneul.cho', 'forest');
  const running = await customer('doyun.ahn', 'tree');
  const several = await customer('sua.lim', 'forest');
  await addSite(test, several);
  for (const one of [late, failed, running, several]) await one.visitor.upload(one.site, [{ name: 'index.html', body: page }]);
  log('the nights of all');
  await nights(31, 40);
  await changeFiles(test, several.site);
  await nights(40, 41);
  log('states');
  clock.advance(Date.parse('2026-11-22T00:40:00Z') - clock.now());
  await moved(test, several);
  await tierAway(test, failed.site);
  const fresh = await customer('yuna.kwon', 'tree');
  const unpaid = await customer('taeyang.bae', 'tree');
  const { accounts, sites } = test.panel.doors;
  await accounts.restrictions.restrict((await sites.byName(unpaid.site)).customerId, 'unpaid');
  await quiet.visitor.logIn(quiet.email);
  const [inside, before] = await insideOf(test, several);
  const people = await peopleOf(test, quiet);
  await addSshServer(test);
  await ask(test, quiet.visitor, quiet.site);
  await grant(test, quiet.site);
  const ftp = await everyKindOfAccount(test, quiet.visitor, quiet.site);
  const results = await refusals(quiet.visitor, quiet.site);
  const { done: fileJob } = await fillJobs(test, quiet.visitor, quiet.site);
  // After the last work of a worker, who would find that these archives are not what their rows say.
  await history(test, { quiet, late, failed, running, several });
  await failed.visitor.logIn(failed.email);
  // Last: nothing works off jobs any more.
  const fileJobRunning = await beginJob(test, failed.visitor, failed.site);
  const jobs = { fileJob, fileJobRunning };
  const found = {
    ...people,
    ...jobs,
    ftpMain: ftp.main,
    ftpLocked: ftp.locked,
    results,
    ...{ inside, before },
    ...(await backupsOf(test, { quiet, failed })),
    ...(await restoresOf(test, { quiet, failed })),
  };
  const close = async () => {
    await test.close();
    await rm(tierFolder, { recursive: true, force: true });
  };
  await writeAlerts(test, several.site, several.email);
  return { ...test, close, customers: { quiet, late, failed, running, several, fresh, unpaid }, found };
}

/** The short-term tier has not answered for two hours. */
async function tierAway({ panel, clock }: TestPanel, name: string): Promise<void> {
  const site = await panel.doors.sites.byName(name);
  const change = { failed_at: clock.now() - 2 * hour, fault: 'UNREACHABLE' };
  await panel.doors.connection.write((tx) =>
    tx.updateTable('tier_states').set(change).where('site_id', '=', site.id).where('tier', '=', 'short-term').execute(),
  );
}

const page = '<!doctype html>\n<html lang="ko"><meta charset="utf-8"><title>햇살 공방</title><h1>햇살 공방</h1>\n';

async function fill(visitor: Visitor, site: string): Promise<void> {
  const photo = await sharp({ create: { width: 900, height: 600, channels: 3, background: '#7aa79c' } })
    .jpeg()
    .toBuffer();
  const names = [
    'index.html',
    '오시는 길.html',
    'style.css',
    '2026년 가을 전시 안내문과 신청서 양식 (최종본, 수정 2, 인쇄소 전달용, 글꼴 포함).pdf.html',
    'a-very-long-name-without-any-space-that-a-camera-or-a-program-made-20261104-183055-export-final-final.txt',
    '사진/여름 바다.jpg',
    '사진/가을 산.jpg',
    'notes/readme.txt',
  ];
  const files = names.map((name) => ({
    name,
    body: name.endsWith('.jpg') ? photo : name.endsWith('.css') ? 'h1 { margin: 0 }\n' : page,
  }));
  await visitor.upload(site, files);
}

/** What a day of work leaves: a page that was edited, a folder that came, a file that went. */
async function changeFiles({ folder }: TestPanel, site: string): Promise<void> {
  const www = join(folder, 'sites', site, 'www');
  await writeFile(join(www, 'index.html'), page.replace('<h1>', '<link rel="stylesheet" href="style.css">\n<h1>'));
  await mkdir(join(www, '가을 전시'), { recursive: true });
  for (const name of ['안내.html', '오시는 길.html', '작가 소개와 작품 목록 (최종본, 인쇄소 전달용).html'])
    await writeFile(join(www, '가을 전시', name), page);
  await writeFile(join(www, 'style.css'), 'h1 { margin: 0 }\n');
}

/** Downloads of several kinds of the newest backup. @returns its address, and the id of the one before */
async function insideOf(
  { panel, clock }: TestPanel,
  { email, site, visitor }: Customer & { visitor: Visitor },
): Promise<[string, string]> {
  await visitor.logIn(email);
  const [newest, before] = await panel.doors.backups.held(await panel.doors.sites.byName(site));
  const address = `/sites/${site}/backups/${newest?.id}`;
  for (const path of ['/download', '/download/files', '/file/www/index.html']) {
    clock.advance(40_000);
    await visitor.get(`${address}${path}`);
  }
  return [address, before?.id ?? ''];
}

/** @returns the address of the results of an upload with every kind of end */
async function refusals(visitor: Visitor, site: string): Promise<string> {
  const files = [
    { name: '새 소식.html', body: page },
    { name: 'index.html', body: page },
    { name: 'shell.php', body: '<?php echo 1;' },
    { name: 'photo.php.jpg', body: page },
    { name: '사진.jpg', body: 'GIF89a' },
    { name: '가을 전시?.txt', body: page },
    { name: 'Style.css', body: 'h1 { margin: 0 }\n' },
    { name: '2026년 가을 전시 안내문과 신청서 양식 (최종본, 수정 2, 인쇄소 전달용).exe', body: 'MZ' },
  ];
  const { headers } = await visitor.upload(site, files);
  return String(headers.location);
}

/** A developer who has come, and an invitation that waits. */
async function peopleOf(test: TestPanel, { visitor, site }: Customer & { visitor: Visitor }) {
  const developer = new Visitor(test);
  developer.agent.set('User-Agent', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36');
  await invite(test, visitor, { email: 'dev@bogi-studio.example', sites: site });
  await developer.submit(await developer.linkFor('dev@bogi-studio.example', '/invitations/'), {
    password,
    name: '정하윤',
    age_14: '1',
    agree_terms: '1',
  });
  await developer.upload(site, [{ name: 'new/index.html', body: page }]);
  await invite(test, visitor, { email: 'accountant@example.com', role: 'viewer', sites: site, networks: '203.0.113.0/24' });
  const place = `/account/people/${await placeOf(visitor, 'dev@bogi-studio.example')}`;
  return { place, invitation: await visitor.linkFor('accountant@example.com', '/invitations/') };
}

/** A second site of the same customer, as an order by support makes it. */
async function addSite({ panel, clock }: TestPanel, { site }: Customer): Promise<void> {
  const { connection, sites } = panel.doors;
  const { customer_id } = await connection.db
    .selectFrom('sites')
    .select('customer_id')
    .where('name', '=', site)
    .executeTakeFirstOrThrow();
  const order = await connection.db
    .selectFrom('orders')
    .selectAll()
    .where('customer_id', '=', customer_id)
    .executeTakeFirstOrThrow();
  const id = newId(clock.now());
  await connection.write(async (tx) => {
    await tx
      .insertInto('orders')
      .values({ ...order, id })
      .execute();
    await sites.prepare(tx, { id, customerId: customer_id, storageBytes: order.storage_bytes }, { kind: 'system' });
  });
}

/** One site of theirs came from a server without FTP two days ago, the other one is being moved. */
export async function moved({ panel, clock, folder }: TestPanel, { site }: Customer): Promise<void> {
  const { connection, sites } = panel.doors;
  const here = await sites.byName(site);
  const plain = { name: 'web-2', group: 'web', hostKind: 'folders', hostCommand: null, storage: `${folder}/web-2` } as const;
  const other = await sites.servers.add({ ...plain, ftpHost: 'ftp2.gotgan.example', ftpPort: 21 }, { kind: 'operator' });
  const second = (await sites.forCustomer(here.customerId)).find(({ id }) => id !== here.id) ?? here;
  const never = { run_id: null, over_move_id: null, backup_id: null, sha256: null, fault: null, removed_at: null };
  const row = { ...never, customer_id: here.customerId, from_server_id: here.serverId, to_server_id: other.id, keep_days: 7 };
  const counted = { pass: 3, files: 18_201, bytes: 1_240_000_000 };
  const [then, now] = [clock.now() - 2 * day, clock.now()];
  const times = (at: number) => ({ asked_at: at, step_at: at, seen_at: at, frozen_at: null });
  const done = {
    step: 'done',
    switched_at: then,
    ended_at: then,
    left_on_server_id: here.serverId,
    left_until: now + 5 * day,
  } as const;
  const open = { step: 'copying', switched_at: null, ended_at: null, left_on_server_id: null, left_until: null } as const;
  await connection.write(async (tx) => {
    const add = (more: object) =>
      tx
        .insertInto('site_moves')
        .values({ ...row, ...counted, ...more } as never)
        .execute();
    await add({ id: newId(then), site_id: here.id, ...times(then), ...done });
    await add({ id: newId(now), site_id: second.id, ...times(now), ...open });
  });
}

/** Restores in every state, of the newest backup of each. @returns their pages by what they are, and the first page before one */
async function restoresOf(test: TestPanel, { quiet, failed }: Record<'quiet' | 'failed', Customer>) {
  const { backups: door, sites } = test.panel.doors;
  const site = await sites.byName(quiet.site);
  // Of this very moment: what the nights have left was changed for other pictures.
  await door.runNow(site);
  const newest = (await door.latestGood(site))?.id ?? '';
  // Beside nights of other sizes it looks as if it had shrunk.
  const { connection } = test.panel.doors;
  await connection.write((tx) =>
    tx.updateTable('backups').set({ state: 'verified', shrunk: null }).where('id', '=', newest).execute(),
  );
  const backups = { customer: newest, troubled: newest };
  const ids = await writeRestores(test, { customer: quiet.site, troubled: failed.site }, backups);
  const address = (name: RestoreName, { site }: Customer) => `/sites/${site}/backups/restorations/${ids[name]}`;
  return {
    'restore-done': address('done', quiet),
    'restore-aside': address('aside', quiet),
    'restore-returned': address('returned', quiet),
    'restore-running': address('running', failed),
    restoration: `/sites/${quiet.site}/backups/${backups.customer}/restoration`,
  };
}

type Row = { state: string; reason?: string; left_out?: string; step?: string; files_done?: number; files_total?: number };
type People = Record<'quiet' | 'late' | 'failed' | 'running' | 'several', Customer>;

/** Puts into the past what no clock brings about by itself: failures, damage, a backup at work. */
async function history(test: TestPanel, { quiet, late, failed, running, several }: People): Promise<void> {
  const { connection } = test.panel.doors;
  const now = test.clock.now();
  const nights = async ({ site }: Customer) =>
    connection.db
      .selectFrom('backups')
      .innerJoin('sites', 'sites.id', 'backups.site_id')
      .select(['backups.id', 'backups.day'])
      .where('sites.name', '=', site)
      .orderBy('backups.day', 'desc')
      .execute();
  const put = async (customer: Customer, back: number, row: Row) => {
    const found = (await nights(customer))[back];
    if (found)
      await connection.write((tx) =>
        tx
          .updateTable('backups')
          .set(row as never)
          .where('id', '=', found.id)
          .execute(),
      );
  };
  const gone = { file_name: null, bytes: null, sha256: null, verified_at: null, made_at: null };
  const leftOut = JSON.stringify([
    { path: 'databases/haneul_members.sql', reason: 'unavailable' },
    { path: 'www/cache/session.lock', reason: 'changed' },
    { path: 'www/tmp/2026년 가을 전시 안내문과 신청서 양식.part', reason: 'gone' },
  ]);
  const databaseList = JSON.stringify([
    { name: 'haneul_blog', engine: 'mariadb', tables: 12, rows: 48_213, bytes: 21_400_000 },
    { name: 'haneul_members', engine: 'postgresql', tables: 7, rows: 3204, bytes: 1_900_000 },
  ]);
  await put(quiet, 0, { state: 'proven', proven_at: now, databases: 2, database_list: databaseList } as Row);
  await put(quiet, 2, { state: 'warned', left_out: leftOut });
  await put(quiet, 4, { state: 'failed', reason: 'backups.reason.full', ...gone, failed_at: now } as Row);
  await put(quiet, 6, { state: 'proven' });
  await put(quiet, 9, { state: 'shrunken', shrunk: JSON.stringify([{ what: 'files', before: 1840, after: 612 }]) } as Row);
  await put(quiet, 12, { state: 'damaged', reason: 'backups.reason.damaged', verified_at: null, failed_at: now } as Row);
  await put(quiet, 16, { state: 'missing', reason: 'backups.reason.notStarted', ...gone, failed_at: now } as Row);
  await put(late, 0, { state: 'made', verified_at: null } as Row);
  await put(failed, 0, { state: 'failed', reason: 'backups.reason.storage', ...gone, failed_at: now - 6 * hour } as Row);
  await put(failed, 1, { state: 'damaged', reason: 'backups.reason.damaged', verified_at: null, failed_at: now - day } as Row);
  await put(failed, 2, { state: 'failed', reason: 'backups.reason.full', ...gone, failed_at: now - 2 * day } as Row);
  const work = { step: 'files', files_done: 8214, files_total: 18_201, moved_at: now - 12_000, started_at: now - 3 * minute };
  await put(running, 0, { state: 'running', ...gone, ...work } as Row);
  for (const [customer, bytes] of [
    [quiet, 1_240_000_000],
    [late, 312_000_000],
    [failed, 48_600_000],
    [running, 2_870_000_000],
  ] as const) {
    const ids = (await nights(customer)).map(({ id }) => id);
    await connection.write((tx) =>
      tx
        .updateTable('backups')
        .set({ bytes, original_bytes: bytes * 2, files: 18_201, folders: 1204 })
        .where('id', 'in', ids)
        .where('file_name', 'is not', null)
        .execute(),
    );
  }
  const used: readonly [Customer, number][] = [
    [quiet, 0.72],
    [late, 0.86],
    [failed, 0.97],
    [several, 0.31],
  ];
  for (const [{ site }, share] of used) {
    await connection.write(async (tx) => {
      const { quota_bytes } = await tx
        .selectFrom('sites')
        .select('quota_bytes')
        .where('name', '=', site)
        .executeTakeFirstOrThrow();
      await tx
        .updateTable('sites')
        .set({ used_bytes: Math.round(quota_bytes * share) })
        .where('name', '=', site)
        .execute();
    });
  }
  await writeOutages(test, quiet.site);
  await writeUsage(test, { customer: quiet.site, troubled: failed.site });
}

async function backupsOf({ panel }: TestPanel, { quiet, failed }: Record<'quiet' | 'failed', Customer>) {
  const address = async ({ site }: Customer, state: string) => {
    const row = await panel.doors.connection.db
      .selectFrom('backups')
      .innerJoin('sites', 'sites.id', 'backups.site_id')
      .select('backups.id')
      .where('sites.name', '=', site)
      .where('backups.state', '=', state as 'verified')
      .orderBy('backups.day', 'desc')
      .executeTakeFirst();
    return row ? `/sites/${site}/backups/${row.id}` : '/';
  };
  return {
    verified: await address(quiet, 'verified'),
    warned: await address(quiet, 'warned'),
    proven: await address(quiet, 'proven'),
    shrunken: await address(quiet, 'shrunken'),
    damaged: await address(quiet, 'damaged'),
    missing: await address(quiet, 'missing'),
    failedBackup: await address(failed, 'failed'),
  };
}
