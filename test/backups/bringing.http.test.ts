// An archive that its owner kept and brings back: ours and of this site it is a backup again, byte for byte; anybody else's is not.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backup } from '../../src/backups/backups.ts';
import { day } from '../../src/platform/clock.ts';
import { furnish, openWorld, owner, type World } from '../restores/world.ts';
import { Visitor } from '../support/panel.ts';

let world: World;
let backup: Backup;
let before: string[];
let kept: Buffer;
let folder: string;
const page = () => `/sites/${world.name}/backups/archives`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-kept-'));
  world = await openWorld();
  await furnish(world.place);
  before = await world.tree();
  backup = await world.backup();
  kept = await readFile(join(world.house.folder, 'archives', world.name, backup.fileName ?? ''));
  world.house.clock.advance(60 * day);
  await world.doors.connection.write((tx) =>
    tx
      .updateTable('backups')
      .set({ state: 'expired', expired_at: world.house.clock.now() })
      .where('id', '=', backup.id)
      .execute(),
  );
  await world.backup();
  await world.visitor.logIn(owner);
});
afterAll(async () => {
  await world?.house.close();
  await rm(folder, { recursive: true, force: true });
});

async function send(content: Buffer, visitor: Visitor = world.visitor, site = world.name) {
  const to = `/sites/${site}/backups/archives`;
  const post = visitor.agent.post(visitor.path(to)).set('Origin', world.house.origin);
  for (const [name, value] of Object.entries(await visitor.hidden(to))) post.field(name, String(value));
  return post.attach('archive', content, 'kept.zip');
}

const rows = async () =>
  world.doors.connection.db.selectFrom('backups').selectAll().where('kind', '=', 'brought').orderBy('id').execute();
const stored = async () =>
  (await readdir(join(world.house.folder, 'archives'), { recursive: true })).filter((name) => name.endsWith('.zip')).length;

/** With one file of the archive exchanged by a program of others, as somebody does who wants to bring a script in. */
async function tampered(): Promise<Buffer> {
  const path = join(folder, 'tampered.zip');
  await writeFile(path, kept);
  await writeFile(join(folder, 'index.php'), '<?php system($_GET[0]);\n');
  const program = `import zipfile,sys
source=zipfile.ZipFile(sys.argv[1]); target=zipfile.ZipFile(sys.argv[1]+'.new','w')
for info in source.infolist(): target.writestr(info, open(sys.argv[2],'rb').read() if info.filename=='www/board/index.php' else source.read(info))
target.close()`;
  execFileSync('python3', ['-c', program, path, join(folder, 'index.php')]);
  return readFile(`${path}.new`);
}

test('ours is read back and restored byte for byte, scripts included, and stands aside of the days', async () => {
  const { visitor, house, doors } = world;
  expect((await visitor.get(`/sites/${world.name}/backups`)).text).toContain(`href="${page()}"`);
  const latest = (await doors.backups.latestGood(await world.site()))?.id;
  const sent = await send(kept);
  expect(sent.status).toBe(303);
  const address = String(sent.headers.location);
  expect((await visitor.get(address)).text).toContain('이 서비스의 서명이 맞으며');
  await house.work();
  const [row] = await rows();
  expect(row).toMatchObject({ state: 'verified', sha256: backup.sha256, data_at: backup.dataAt, files: backup.files });
  const shown = await visitor.get(address);
  expect(shown.text).toContain('보관해 두셨다가 올리신 백업 파일');
  expect((await doors.backups.latestGood(await world.site()))?.id).toBe(latest);
  expect((await doors.backups.card(await world.site())).latest?.id).toBe(latest);
  await rm(world.place('www/board'), { recursive: true });
  await world.put({ 'index.html': 'wiped', 'planted.php': '<?php' });
  const top = `${address}/restoration`;
  const begun = await visitor.submit(`${top}/confirmation?scope=all&dest=in_place&mode=exact`, {}, top);
  expect(begun.headers.location).toMatch(/\/restorations\//);
  await house.work();
  expect(await world.tree()).toEqual(before);
  expect(await world.audited('backups.brought')).toHaveLength(1);
});

test('what is not ours, was changed, is cut, is no archive or is of another site says so, and leaves nothing', async () => {
  const there = await stored();
  const english = new Visitor(world.house, 'en');
  await english.logIn(owner);
  const changed = await tampered();
  execFileSync('zip', ['-q', 'foreign.zip', 'index.php'], { cwd: folder });
  const foreign = await send(await readFile(join(folder, 'foreign.zip')));
  expect([foreign.status, foreign.text]).toEqual([422, expect.stringContaining('이 서비스가 서명한 백업이 아니거나')]);
  expect(foreign.text).toContain(`/sites/${world.name}/files/upload`);
  // Its manifest is as it was signed: what was changed is found when every member is compared.
  expect((await send(changed)).status).toBe(303);
  await world.house.work();
  const damaged = (await rows()).find(({ state }) => state === 'damaged');
  expect(damaged).toMatchObject({ reason: 'backups.reason.damaged', expired_at: world.house.clock.now() });
  const refused = await world.visitor.get(`/sites/${world.name}/backups/${damaged?.id}/restoration`);
  expect(refused.status).toBe(410);
  for (const [content, words] of [
    [kept.subarray(0, kept.length - 500), 'The archive is damaged.'],
    [Buffer.from('GIF89a no archive'), 'This is no .zip archive.'],
    [Buffer.alloc(0), 'Please choose the backup archive.'],
  ] as const) {
    const answer = await send(content, english);
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining(words)]);
  }
  const other = new Visitor(world.house);
  const second = await other.arrive('second@example.com');
  const elsewhere = await send(kept, other, second);
  expect([elsewhere.status, elsewhere.text]).toEqual([422, expect.stringContaining('이 사이트의 백업이 아닙니다')]);
  expect((await other.get(page())).status).toBe(404);
  expect(await stored()).toBe(there);
});

/** Written anew by a program of others, with what somebody adds who has a genuine archive in hand. `add` is Python. */
async function forged(name: string, add: string): Promise<Buffer> {
  const path = join(folder, `${name}.zip`);
  await writeFile(path, kept);
  const program = `import zipfile,sys,warnings,re
warnings.simplefilter('ignore')
source=zipfile.ZipFile(sys.argv[1]); target=zipfile.ZipFile(sys.argv[1]+'.new','w',zipfile.ZIP_DEFLATED)
change=lambda name,content: content
extra=[]
def link(name,to):
    info=zipfile.ZipInfo(name); info.create_system=3; info.external_attr=0o120777<<16; return (info,to)
${add}
for info in source.infolist():
    target.writestr(info, change(info.filename, source.read(info)))
for name,content in extra: target.writestr(name,content)
target.close()`;
  execFileSync('python3', ['-c', program, path]);
  return readFile(`${path}.new`);
}

test.each([
  [
    'names that lead out of the folder',
    "extra=[('../../../../out.php','<?php'),('/out.php','<?php'),('www/../../out.php','<?php')]",
  ],
  ['a second file of the same name', "extra=[('www/board/index.php','<?php system($_GET[0]);')]"],
  ['a second manifest', `extra=[('manifest.json', source.read('manifest.json').replace(b'"size"', b'"size" '))]`],
  ['a second signature', "extra=[('manifest.json.sig', 'x')]"],
  ['a link to elsewhere, and a file behind it', "extra=[link('www/up','/tmp'),('www/up/out.php','<?php')]"],
  ['a link in the place of a file', "change=lambda name,content: b'/etc/passwd' if name=='www/index.html' else content"],
  ['what swells to three hundred megabytes', "extra=[('www/zero.txt', bytes(300_000_000))]"],
  ['files that nobody listed', "extra=[('databases/other.sql','drop table x;'),('shell.php','<?php')]"],
])('a genuine archive with %s is found out when it is read back, and nothing can be restored from it', async (name, add) => {
  // A second later than the one before, so that its row is the last.
  world.house.clock.advance(1000);
  const there = await stored();
  const tree = await world.tree();
  const sent = await send(await forged(name.replaceAll(' ', '-'), add));
  expect(sent.status).toBe(303);
  await world.house.work();
  const row = (await rows()).at(-1);
  expect(row).toMatchObject({ state: 'damaged', expired_at: world.house.clock.now(), held_until: null });
  expect((await world.visitor.get(`/sites/${world.name}/backups/${row?.id}/restoration`)).status).toBe(410);
  expect([await stored(), await world.tree()]).toEqual([there, tree]);
});

test.each([
  [
    'another site in its manifest',
    'change=lambda name,content: re.sub(rb\'"site":"[^"]*"\', b\'"site":"other"\', content, count=1) if name==\'manifest.json\' else content',
  ],
  [
    'one member more in its manifest',
    "change=lambda name,content: content.replace(b'www/index.html', b'www/index.php', 1) if name=='manifest.json' else content",
  ],
  [
    'a manifest that swells to two hundred megabytes',
    "change=lambda name,content: bytes(200_000_000) if name=='manifest.json' else content",
  ],
  ['a signature that swells', "change=lambda name,content: bytes(50_000_000) if name=='manifest.json.sig' else content"],
  ['no signature', "extra=[]\nsource.filelist=[one for one in source.filelist if one.filename!='manifest.json.sig']"],
])('an archive with %s is nobody’s we know, and is not taken', async (name, add) => {
  const [there, before] = [await stored(), (await rows()).length];
  const sent = await send(await forged(name.replaceAll(' ', '-'), add));
  expect([sent.status, sent.text]).toEqual([422, expect.stringContaining('이 서비스가 서명한 백업이 아니거나')]);
  expect([await stored(), (await rows()).length]).toEqual([there, before]);
});

test('two are held at a time and go after a week; the forged form stores nothing', async () => {
  expect((await send(kept)).status).toBe(303);
  const third = await send(kept);
  expect([third.status, third.text]).toEqual([409, expect.stringContaining('이미 2개 있습니다')]);
  world.house.clock.advance(8 * day);
  await world.doors.backups.retainAll();
  const before = await rows();
  expect(before.filter(({ expired_at }) => expired_at === null)).toEqual([]);
  await world.visitor.logIn(owner);
  const there = await stored();
  const forged = await world.visitor.agent
    .post(page())
    .set('Origin', world.house.origin)
    .field('_csrf', 'x')
    .attach('archive', kept, 'kept.zip');
  expect(forged.status).toBe(403);
  expect([await stored(), (await rows()).length]).toEqual([there, before.length]);
});

test('the same archive written anew by a program of others, with nothing changed, is still ours', async () => {
  expect((await send(await forged('as-it-was', ''))).status).toBe(303);
  await world.house.work();
  expect((await rows()).at(-1)).toMatchObject({ state: 'verified' });
});
