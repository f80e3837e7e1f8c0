// Files over HTTP: what comes in is judged, nothing is silent, nothing half stored.
import { createHash } from 'node:crypto';
import promises, { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let house: TestPanel;
let owner: Visitor;
let stranger: Visitor;
let site: string;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
  stranger = new Visitor(house);
  await stranger.arrive('stranger@example.com');
});
afterAll(() => house?.close());
beforeEach(() => house.clock.advance(1000));

const www = (...path: string[]) => join(house.folder, 'sites', site, 'www', ...path);
const rowsOf = async (answer: { headers: Record<string, string> }, visitor = owner) => {
  const { body } = await visitor.get(answer.headers.location ?? '').set('Accept', 'application/json');
  return body.files as { file: string; result: string; code: string | null; reason: string }[];
};
const photograph = () =>
  sharp({
    create: { width: 320, height: 200, channels: 3, background: '#3a6', noise: { type: 'gaussian', mean: 120, sigma: 40 } },
  })
    .jpeg()
    .toBuffer();

test('a photograph, a page and a folder with Korean names arrive byte for byte', async () => {
  const photo = await photograph();
  const page = '<!doctype html><title>안녕하세요</title><p>곳간';
  const answer = await owner.upload(site, [
    { name: '사진.jpg', body: photo },
    { name: 'index.html', body: page },
    { name: '앨범/가을/단풍 (1).jpg'.normalize('NFD'), body: photo },
  ]);
  expect(answer.status).toBe(303);
  expect((await rowsOf(answer)).map(({ result }) => result)).toEqual(['stored', 'stored', 'stored']);
  expect(await readFile(www('사진.jpg'))).toEqual(photo);
  expect(await readFile(www('index.html'), 'utf8')).toBe(page);
  expect(await readFile(www('앨범', '가을', '단풍 (1).jpg'))).toEqual(photo);
  const list = await owner.get(`/sites/${site}/files/www/${encodeURIComponent('앨범')}/${encodeURIComponent('가을')}`);
  expect(list.text).toContain('단풍 (1).jpg');
});

test('scripts, disguised programs and polyglots are refused, each with its reason and what to do', async () => {
  const photo = await photograph();
  const answer = await owner.upload(site, [
    { name: 'shell.php', body: '<?php system($_GET["c"]);' },
    { name: 'a.php.jpg', body: photo },
    { name: 'setup.jpg', body: Buffer.concat([Buffer.from('MZ'), Buffer.alloc(600, 7)]) },
    { name: 'party.gif', body: 'GIF89a;<?php phpinfo(); ?>' },
    { name: 'good.jpg', body: photo },
  ]);
  const rows = await rowsOf(answer);
  expect(Object.fromEntries(rows.map(({ file, code, result }) => [file, code ?? result]))).toEqual({
    'shell.php': 'type_not_allowed',
    'a.php.jpg': 'double_ext',
    'setup.jpg': 'content_mismatch',
    'party.gif': 'content_mismatch',
    'good.jpg': 'stored',
  });
  for (const { code, reason } of rows) if (code) expect(reason.length).toBeGreaterThan(20);
  expect((await readdir(www())).filter((name) => /shell|setup|party|php/.test(name))).toEqual([]);
  expect(await readdir(join(house.folder, 'quarantine'))).toEqual([]);
});

/** Sends one file whose name is written into the form as it is. */
async function uploadNamed(name: string) {
  const hidden = await owner.hidden(`/sites/${site}/files/www`, `/sites/${site}/files/upload`);
  const boundary = 'limitOfThisForm';
  const fields = Object.entries({ ...hidden, to: 'www' }).map(
    ([key, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`,
  );
  const file = `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--${boundary}--\r\n`;
  return owner.agent
    .post(`/sites/${site}/files/upload`)
    .set({ Origin: house.origin, 'Content-Type': `multipart/form-data; boundary=${boundary}` })
    .send(Buffer.from(fields.join('') + file));
}

test.each([
  ['a right-to-left mark', 'a\u202Egpj.txt', 'name_chars'],
  ['300 bytes', `${'가'.repeat(100)}.txt`, 'name_long'],
  ['a parent folder', '../../evil.txt', 'path_outside'],
  ['an encoded parent folder', '%2e%2e/evil.txt', 'name_chars'],
  ['a server control file', '.htaccess', 'type_not_allowed'],
])('a name with %s is refused in words', async (_name, name, code) => {
  const answer = await uploadNamed(name);
  expect(answer.status).toBe(303);
  expect((await rowsOf(answer)).map((row) => row.code)).toEqual([code]);
});

test.each([
  ['a control character', 'a\u0007b.txt'],
  ['NUL', 'a\u0000b.txt'],
])('a name with %s makes a form that cannot be read: 400, and nothing is stored', async (_name, name) => {
  const before = await readdir(www());
  expect((await uploadNamed(name)).status).toBe(400);
  expect(await readdir(www())).toEqual(before);
});

test('two identical uploads at once: one is stored, the other skipped', async () => {
  const answers = await Promise.all([0, 1].map(() => owner.upload(site, [{ name: 'twin.txt', body: 'the same' }])));
  const results = (await Promise.all(answers.map((answer) => rowsOf(answer)))).flat().map(({ result }) => result);
  expect(results.sort()).toEqual(['skipped', 'stored']);
});

test('one form that is sent twice is carried out once', async () => {
  const hidden = await owner.hidden(`/sites/${site}/files/www`, `/sites/${site}/files/upload`);
  const send = () => owner.upload(site, [{ name: 'once.txt', body: 'once' }], { _idem: String(hidden._idem) });
  const first = await send();
  const second = await send();
  expect(second.headers.location).toBe(first.headers.location);
  expect((await readdir(www())).filter((name) => name.startsWith('once'))).toEqual(['once.txt']);
});

test('what stands where a folder would be is told by its name, a file and a link, and is no fault of ours', async () => {
  await writeFile(www('album'), 'a file');
  await symlink(www('index.html'), www('linked'));
  const answer = await owner.upload(site, [
    { name: 'album/in/a.txt', body: 'one' },
    { name: 'linked/b.txt', body: 'two' },
  ]);
  const rows = await rowsOf(answer);
  expect(rows.map(({ result, code }) => [result, code])).toEqual([
    ['refused', 'in_the_way'],
    ['refused', 'in_the_way'],
  ]);
  expect(rows.map(({ reason }) => /^\/(\S+) /.exec(reason)?.[1])).toEqual(['www/album', 'www/linked']);
  expect(await readFile(www('album'), 'utf8')).toBe('a file');
});

test('a name that exists is skipped, kept beside, or replaced, as chosen', async () => {
  const put = (body: string, conflict: string) => owner.upload(site, [{ name: 'note.txt', body }], { conflict });
  await put('first', 'skip');
  expect((await rowsOf(await put('second', 'skip')))[0]).toMatchObject({ result: 'skipped', code: 'exists' });
  expect((await rowsOf(await put('third', 'rename')))[0]).toMatchObject({ result: 'renamed' });
  expect(await readFile(www('note (2).txt'), 'utf8')).toBe('third');
  expect((await rowsOf(await put('fourth', 'replace')))[0]).toMatchObject({ result: 'replaced' });
  expect(await readFile(www('note.txt'), 'utf8')).toBe('fourth');
});

test('a file without a token before it stores nothing', async () => {
  const answer = await owner.agent
    .post(`/sites/${site}/files/upload`)
    .set('Origin', house.origin)
    .field('to', 'www')
    .attach('files', Buffer.from('x'), 'tokenless.txt');
  expect(answer.status).toBe(403);
  expect(await readdir(www())).not.toContain('tokenless.txt');
});

test('a broken multipart body is 400, a wrong content type 415, and an upload that is cut off publishes nothing', async () => {
  const post = () => owner.agent.post(`/sites/${site}/files/upload`).set('Origin', house.origin);
  expect((await post().type('form').send({ to: 'www' })).status).toBe(415);
  const { _csrf } = await owner.hidden(`/sites/${site}/files/www`, `/sites/${site}/files/upload`);
  const start = `--b\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\n${_csrf}\r\n--b\r\nContent-Disposition: form-data; name="files"; filename="cut.txt"\r\n\r\nhalf`;
  expect((await post().set('Content-Type', 'multipart/form-data; boundary=b').send(start)).status).toBe(400);
  const cookie = (owner.agent as unknown as { jar: { getCookies(access: object): { toValueString(): string } } }).jar
    .getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false })
    .toValueString();
  await new Promise<void>((resolve) => {
    const socket = connect(Number(new URL(house.origin).port), '127.0.0.1', () => {
      socket.write(
        `POST /sites/${site}/files/upload HTTP/1.1\r\nHost: x\r\nOrigin: ${house.origin}\r\nCookie: ${cookie}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n${start}`,
      );
      setTimeout(() => socket.destroy(), 200);
    });
    socket.once('close', () => setTimeout(resolve, 300));
  });
  expect(await readdir(www())).not.toContain('cut.txt');
  expect(await readdir(join(house.folder, 'quarantine'))).toEqual([]);
});

/** The first new file of an upload is opened late: what other disks do by themselves. */
function slowDisk() {
  const { open } = promises;
  let isFirst = true;
  promises.open = async (path, flags, mode) => {
    if (flags === 'wx' && isFirst) {
      isFirst = false;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    return open(path, flags, mode);
  };
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      promises.open = open;
      syncBuiltinESMExports();
    },
  };
}

test('files beyond the quota are refused on the bytes that arrive, the rest stands; room is given in order, however slow the disk', async () => {
  using _slow = slowDisk();
  const small = await startPanel({ limits: { uploadFileBytes: 50_000 } });
  try {
    const visitor = new Visitor(small);
    const name = await visitor.arrive('small@example.com');
    await small.panel.doors.connection.write((tx) =>
      tx.updateTable('sites').set({ quota_bytes: 60_000 }).where('name', '=', name).execute(),
    );
    const answer = await visitor.upload(name, [
      { name: 'a.txt', body: 'a'.repeat(40_000) },
      { name: 'too-big.txt', body: 'b'.repeat(50_001) },
      { name: 'over.txt', body: 'c'.repeat(40_000) },
      { name: 'fits.txt', body: 'd'.repeat(10_000) },
    ]);
    const codes = Object.fromEntries((await rowsOf(answer, visitor)).map(({ file, code, result }) => [file, code ?? result]));
    expect(codes).toEqual({ 'a.txt': 'stored', 'too-big.txt': 'too_big', 'over.txt': 'quota', 'fits.txt': 'stored' });
    const { used_bytes } = await small.panel.doors.connection.db
      .selectFrom('sites')
      .select('used_bytes')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    expect(used_bytes).toBe(50_000);
  } finally {
    await small.close();
  }
});

test('10,000 files in one form are taken, and what is beyond is said', async () => {
  const few = await startPanel({ limits: { uploadFiles: 20 } });
  try {
    const visitor = new Visitor(few);
    const name = await visitor.arrive('many@example.com');
    const answer = await visitor.upload(
      name,
      Array.from({ length: 25 }, (_, i) => ({ name: `f${i}.txt`, body: `${i}` })),
    );
    const rows = await rowsOf(answer, visitor);
    expect(rows.filter(({ result }) => result === 'stored')).toHaveLength(20);
    expect(rows.find(({ code }) => code === 'too_many')?.reason).toContain('5개');
  } finally {
    await few.close();
  }
});

describe('what stands in a site', () => {
  test('is downloaded as an attachment that browsers neither sniff nor run', async () => {
    await owner.upload(site, [{ name: '쪽지 "1".html'.replaceAll('"', ''), body: '<script>alert(1)</script>' }]);
    const answer = await owner.get(`/sites/${site}/files/www/${encodeURIComponent('쪽지 1.html')}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-disposition']).toMatch(
      /^attachment; filename=".*"; filename\*=UTF-8''%EC%AA%BD%EC%A7%80%201\.html$/,
    );
    expect(answer.headers['content-type']).toBe('application/octet-stream');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['content-security-policy']).toContain('sandbox');
  });

  test('can be moved, renamed within its kind and removed, but not renamed into a program', async () => {
    await owner.upload(site, [{ name: 'story.txt', body: 'once upon a time' }]);
    const page = `/sites/${site}/files/www`;
    const send = async (what: string, fields: Record<string, string | string[]>) =>
      owner.send(`/sites/${site}/files/${what}`, { ...(await owner.hidden(page, `/sites/${site}/files/folder`)), ...fields });
    expect((await send('folder', { path: 'www', name: '이야기' })).status).toBe(303);
    expect((await send('folder', { path: 'www', name: '이야기' })).status).toBe(422);
    expect((await send('move', { path: 'www/story.txt', to: 'www/이야기', name: 'tale.txt' })).status).toBe(303);
    expect(await readFile(www('이야기', 'tale.txt'), 'utf8')).toBe('once upon a time');
    for (const name of ['tale.php', 'tale.php.txt', '.htaccess', '../tale.txt', 'tale.jpg']) {
      expect((await send('move', { path: 'www/이야기/tale.txt', to: 'www/이야기', name })).status).toBe(422);
    }
    expect((await send('move', { path: 'www/이야기', to: 'www/이야기' })).status).toBe(422);
    expect((await send('delete', { path: 'www/이야기' })).status).toBe(303);
    expect(await readdir(www())).not.toContain('이야기');
    for (const path of ['www', 'backup', 'backup/x.zip', 'www/../backup', ''])
      expect((await send('delete', { path })).status).toBe(422);
  });

  test('refused names are shown on the same form again, with the reason and what was typed', async () => {
    const page = `/sites/${site}/files/www`;
    const refused = await owner.submit(page, { path: 'www', name: 'bad|name' }, `/sites/${site}/files/folder`);
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('value="bad|name"');
    expect(refused.text).toContain('이름에 쓸 수 없는 글자나 낱말이 있습니다: |');
    await owner.upload(site, [{ name: 'form.txt', body: 'x' }]);
    const move = await owner.send(`/sites/${site}/files/move`, {
      ...(await owner.hidden(`${page}?do=move&path=www/form.txt`, `/sites/${site}/files/move`)),
      to: 'www',
      name: 'form.php',
    });
    expect(move.status).toBe(422);
    expect(move.text).toContain('value="form.php"');
  });

  test('what was typed for a folder when the session had died waits on the folder’s page after signing in', async () => {
    const visitor = new Visitor(house);
    // Only who signed in here before finds it again.
    await visitor.submit('/login', { email: 'owner@example.com', password });
    await visitor.submit('/dashboard', {}, '/logout');
    await visitor.get('/login');
    const lost = await visitor.send(`/sites/${site}/files/folder`, { path: 'www', name: '봄 사진' });
    expect(lost.headers.location).toBe(`/login?next=${encodeURIComponent(`/sites/${site}/files/www`)}`);
    const login = await visitor.submit(lost.headers.location ?? '', { email: 'owner@example.com', password }, '/login');
    expect(login.headers.location).toBe(`/sites/${site}/files/www`);
    expect((await visitor.get(login.headers.location ?? '')).text).toContain('value="봄 사진"');
  });

  test('is never reached through a link', async () => {
    await symlink('/etc', www('etc'));
    for (const path of ['www/etc/passwd', 'www/etc']) expect((await owner.get(`/sites/${site}/files/${path}`)).status).toBe(404);
  });

  test.each(['www/..', 'www/%2e%2e/backup', 'www/a%00b', 'www/%E0%A4%A', 'www/nothing', 'etc/passwd', 'www/a%5cb'])(
    'GET %s is 404 or 400, never 500',
    async (path) => {
      expect([400, 404]).toContain((await owner.get(`/sites/${site}/files/${path}`)).status);
    },
  );

  test('belongs to its customer: a stranger gets 404 on reading, uploading and removing', async () => {
    expect((await stranger.get(`/sites/${site}/files/www`)).status).toBe(404);
    const own = await stranger.site();
    const hidden = await stranger.hidden(`/sites/${own}/files/www`, `/sites/${own}/files/folder`);
    expect((await stranger.send(`/sites/${site}/files/folder`, { ...hidden, path: 'www', name: 'mine' })).status).toBe(404);
    expect((await stranger.send(`/sites/${site}/files/delete`, { ...hidden, path: 'www/twin.txt' })).status).toBe(404);
    const upload = stranger.agent
      .post(`/sites/${site}/files/upload`)
      .set('Origin', house.origin)
      .field('_csrf', String(hidden._csrf));
    expect((await upload.attach('files', Buffer.from('x'), 'x.txt')).status).toBe(404);
  });
});

test('a quarantine that cannot be made refuses each upload, and the next one is taken as soon as it can', async () => {
  const quarantine = join(house.folder, 'quarantine');
  await rm(quarantine, { recursive: true, force: true });
  await writeFile(quarantine, '');
  const send = () => owner.upload(site, [{ name: 'patient.txt', body: 'still here' }]);
  const { uploadsAtOnce } = house.panel.doors.choices.limits;
  for (let turn = 0; turn <= uploadsAtOnce; turn += 1) expect((await send()).status).toBe(503);
  await rm(quarantine);
  expect((await rowsOf(await send()))[0]).toMatchObject({ file: 'patient.txt', result: 'stored' });
});

test('of several moves each that was made is written down, also when a later one is refused', async () => {
  await owner.upload(site, [
    { name: 'one.txt', body: '1' },
    { name: 'shelf/two.txt', body: '2' },
    { name: 'two.txt', body: 'another' },
  ]);
  const moves = async () =>
    (
      await house.panel.doors.connection.db.selectFrom('audit').select('details').where('action', '=', 'files.moved').execute()
    ).map(({ details }) => JSON.parse(details).count);
  const before = await moves();
  const hidden = await owner.hidden(`/sites/${site}/files/www`, `/sites/${site}/files/folder`);
  const answer = await owner.send(`/sites/${site}/files/move`, {
    ...hidden,
    path: ['www/one.txt', 'www/two.txt'],
    to: 'www/shelf',
  });
  expect(answer.status).toBe(422);
  expect((await readdir(www('shelf'))).sort()).toEqual(['one.txt', 'two.txt']);
  expect(await moves()).toEqual([...before, 1]);
});

test('a form that says what its files make together is taken as a whole or not at all', async () => {
  const files = [
    { name: 'sum/one.txt', body: 'one' },
    { name: 'sum/shell.php', body: 'refused, and summed all the same' },
    { name: 'sum/empty.txt', body: '' },
  ];
  const digest = (body: string | Buffer) => createHash('sha256').update(body).digest();
  const right = digest(Buffer.concat(files.map(({ body }) => digest(body)))).toString('hex');
  const send = (sha256: string) => owner.upload(site, files, { sha256, _idem: 'the-same-key-each-time' });
  expect((await send(digest('other').toString('hex'))).status).toBe(460);
  expect((await send('no checksum')).status).toBe(400);
  await expect(readdir(www('sum'))).rejects.toThrow();
  expect(await readdir(join(house.folder, 'quarantine'))).toEqual([]);
  const rows = await rowsOf(await send(right));
  expect(rows.map(({ result }) => result)).toEqual(['refused', 'stored', 'stored']);
  expect((await readdir(www('sum'))).sort()).toEqual(['empty.txt', 'one.txt']);
});
