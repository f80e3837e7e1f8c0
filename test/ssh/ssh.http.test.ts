// SSH from the request to its end: a consent of its own, the operator's word, a real door on a real server, and its closing.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { panelApp } from '../../src/app.ts';
import { Consent } from '../../src/consent/consent.ts';
import { day, hour, LocalTime, minute } from '../../src/platform/clock.ts';
import { Ssh } from '../../src/ssh/ssh.ts';
import { sshCommands } from '../../src/ssh-commands.ts';
import { welcome } from '../people/guests.ts';
import { unescaped, Visitor } from '../support/panel.ts';
import { ask, moveTo, publicKey } from './asking.ts';
import { type SshHouse, startSshHouse } from './house.ts';

let house: SshHouse;
let owner: Visitor;
let site: string;
let email: string;
let count = 0;

beforeAll(async () => {
  house = await startSshHouse();
});
afterAll(() => house?.close());

/** A customer of one's own for each test: what was granted to one is nothing to another. */
beforeEach(async () => {
  count += 1;
  email = `owner${count}@example.com`;
  owner = new Visitor(house);
  site = await owner.arrive(email);
});

const doors = () => house.panel.doors;
const page = async (visitor = owner) => unescaped((await visitor.get(`/sites/${site}/ssh`)).text);
const errors = (text: string) => [...text.matchAll(/<p class="error">[\s\S]*?<\/span>([^<]*)<\/span>/g)].map(([, one]) => one);
const letters = async (to = email) =>
  (await house.letters()).filter((one) => one.toLowerCase().includes(`to: ${to}`)).map((one) => one.replaceAll(/=\r?\n/g, ''));
const siteRow = () => doors().connection.db.selectFrom('sites').selectAll().where('name', '=', site).executeTakeFirstOrThrow();
const requests = async () => {
  const { id } = await siteRow();
  return doors().connection.db.selectFrom('ssh_requests').selectAll().where('site_id', '=', id).orderBy('id').execute();
};
const lastId = async () => (await requests()).at(-1)?.id ?? '';
const grants = async () => {
  const { id } = await siteRow();
  return doors().connection.db.selectFrom('ssh_grants').selectAll().where('site_id', '=', id).execute();
};
const actions = async () => {
  const { customer_id } = await siteRow();
  const rows = await doors().connection.db.selectFrom('audit').select('action').where('customer_id', '=', customer_id).execute();
  return rows
    .map(({ action }) => action)
    .filter((one) => one.startsWith('ssh.'))
    .sort();
};
const consents = async () => {
  const { customer_id } = await siteRow();
  return (await doors().consent.forCustomer(customer_id)).filter(({ item }) => item === 'agree_ssh');
};
const command = async (act: string, ...args: string[]) => {
  const said: string[] = [];
  await sshCommands[act]?.(
    args,
    (run) => run(house.panel),
    (line) => said.push(line),
  );
  return said.join('\n');
};
/** The worker's round as far as it is about SSH: of days that pass, every customer's nightly backups would be made as well. */
const round = async () => {
  await doors().ssh.grants.endDue();
  await doors().queue.drain({ 'ssh.write': (run) => doors().ssh.grants.write(String(run.payload.siteId)) });
};

const moved = () => house.moveIn(site);
/** Who comes in comes as the user of the site. */
const as = (more: { from?: string } = {}) => ({ user: house.ssh.userOf(site), ...more });

describe('before anything is asked', () => {
  test('a company without servers for it takes no request, and says what to do', async () => {
    expect(await page()).toContain('지금은 신청을 받지 않습니다');
    const csrf = await owner.hidden('/account/security', '/logout');
    const sent = { ...csrf, public_key: publicKey(), networks: '203.0.113.7', until: '2030-01-01', agree_ssh: '1' };
    expect([409, 422]).toContain((await owner.send(`/sites/${site}/ssh`, sent)).status);
    expect(await requests()).toEqual([]);
  });

  test('the page says what SSH means, in both languages, and no box is ticked', async () => {
    await moved();
    expect(await page()).toContain('SSH를 쓰는 고객만 모아 둔 별도의 서버');
    const { text } = await owner.get(`/sites/${site}/ssh`);
    expect(text).toMatch(/<input type="checkbox" id="agree_ssh" name="agree_ssh" value="1"(?! checked)/);
    expect(text).toContain('고의나 중대한 과실');
    expect(text).not.toContain('checked');
    const english = new Visitor(house, 'en');
    await english.logIn(email);
    expect(await page(english)).toContain('intent or gross negligence');
  });

  test('the short address leads to the site used last', async () => {
    const { status, headers } = await owner.get('/ssh');
    expect([status, headers.location]).toEqual([303, `/sites/${site}/ssh`]);
  });

  test("a stranger's site is not there", async () => {
    const stranger = new Visitor(house);
    await stranger.arrive(`stranger${count}@example.com`);
    expect((await stranger.get(`/sites/${site}/ssh`)).status).toBe(404);
    expect((await ask(house, stranger, site)).status).not.toBe(303);
    expect(await requests()).toEqual([]);
  });
});

describe('a request', () => {
  beforeEach(moved);

  test('is kept with its consent: version, digest of the text, the words beside the box, time and sealed address', async () => {
    const key = publicKey('kim@secret-office');
    expect((await ask(house, owner, site, { public_key: key, networks: '203.0.113.77/24\n2001:db8::1' })).status).toBe(303);
    const [given] = await consents();
    const document = doors().consent.current('ssh', 'ko');
    expect(given).toMatchObject({
      document: 'ssh',
      version: document.version,
      textSha256: document.sha256,
      wording: 'SSH 이용 책임 안내를 읽었으며 이에 동의합니다.',
      agreed: true,
      required: true,
      method: 'checkbox',
      at: house.clock.now(),
    });
    const personal = await doors()
      .connection.db.selectFrom('consents_personal')
      .selectAll()
      .where('id', '=', given?.id ?? '')
      .executeTakeFirstOrThrow();
    const place = { table: 'consents_personal', column: 'address_sealed', row: given?.id ?? '' };
    expect(doors().secrets.open(personal.address_sealed ?? '', place)).toMatch(/127\.0\.0\.1/);
    const [row] = await requests();
    expect(row).toMatchObject({ consent_id: given?.id, consent_version: document.version, approved_at: null });
    const stored = JSON.stringify(row);
    for (const secret of [key.split(' ')[1] ?? '', '203.0.113', 'secret-office']) expect(stored).not.toContain(secret);
    expect(await actions()).toEqual(['ssh.requested']);
    const text = await page();
    for (const shown of ['203.0.113.0/24', '2001:db8:0:0:0:0:0:1', '신청을 확인하고 있습니다']) expect(text).toContain(shown);
    expect(text).not.toContain('secret-office');
    expect(unescaped((await owner.get('/account/history?kind=ssh')).text)).toContain('SSH 접속을 신청하고 책임 안내');
  });

  test('is told to the owner with the text that was agreed to, and to the operator with what to do', async () => {
    await ask(house, owner, site);
    const document = doors().consent.current('ssh', 'ko');
    const [letter] = (await letters()).filter((one) => one.includes('SSH 접속 신청을 받았습니다'));
    for (const part of [document.sha256, document.version, site, '203.0.113.7', '1. 왜 따로 동의를'])
      expect(letter).toContain(part);
    const id = await lastId();
    const [staff] = (await letters('staff@example.com')).filter((one) => one.includes(id));
    expect(staff).toContain(`gotgan ssh approve ${id}`);
  });

  test('is refused with every reason at once, and nothing is kept of it', async () => {
    const wrong = { public_key: 'hello', networks: '203.0.113.7, office, 0.0.0.0/0', until: '2020-01-01', agree_ssh: '' };
    const answer = await ask(house, owner, site, wrong);
    expect([answer.status, errors(answer.text).length]).toEqual([422, 5]);
    expect(answer.text).toContain('office');
    expect([await requests(), await consents(), await actions()]).toEqual([[], [], []]);
  });

  test('is refused for each of its fields, in words', async () => {
    for (const [more, reason] of [
      [{ public_key: '' }, '공개 키를'],
      [{ public_key: `command="/bin/sh" ${publicKey()}` }, '키 앞의 옵션은'],
      [{ public_key: `${publicKey()}\n${publicKey()}` }, '공개 키는 한 번에 하나'],
      [{ networks: '' }, '접속을 허용할 IP 주소를 하나 이상'],
      [{ networks: '::/0' }, '1번째 주소의 범위가 너무'],
      [{ until: '2099-01-01' }, '1년 안의'],
      [{ agree_ssh: '' }, 'SSH 이용 책임 안내에 동의하셔야'],
      [{ ssh_version: '2020-01-01' }, '그사이 안내가 바뀌었습니다'],
    ] as const) {
      const answer = await ask(house, owner, site, more);
      expect([answer.status, errors(answer.text)[0]?.startsWith(reason)], reason).toEqual([422, true]);
    }
    expect([await requests(), await consents()]).toEqual([[], []]);
  });

  test('takes the address it comes from with one tick', async () => {
    expect((await ask(house, owner, site, { networks: '', with_present: '1' })).status).toBe(303);
    expect(await page()).toContain('127.0.0.1');
  });

  test('with a private key is refused with a warning, and the key is kept nowhere', async () => {
    const { file } = await house.ssh.newKey();
    const secret = (await readFile(file, 'utf8')).trim();
    const answer = await ask(house, owner, site, { public_key: secret });
    expect([answer.status, errors(answer.text)[0]?.startsWith('이것은 비밀 키입니다.')]).toEqual([422, true]);
    const middle = secret.split('\n')[2] ?? '';
    expect(middle.length).toBeGreaterThan(30);
    expect(answer.text).not.toContain(middle);
    // A sign-in that is too old keeps what was typed for a new submit: not this.
    house.clock.advance(20 * minute);
    const late = await ask(house, owner, site, { public_key: secret, networks: '198.51.100.7' });
    expect([late.status, late.headers.location?.startsWith('/confirm')]).toEqual([303, true]);
    await owner.submit('/confirm', { password: 'maple-Teacup-48-orbit' });
    const back = await page();
    expect([back.includes('198.51.100.7'), back.includes(middle)]).toEqual([true, false]);
  });

  test('needs a fresh sign-in', async () => {
    house.clock.advance(20 * minute);
    expect((await ask(house, owner, site)).headers.location).toContain('/confirm');
    expect(await requests()).toEqual([]);
  });

  test('is the only one of a site, also when two are sent at the same moment, and one form sent twice is one', async () => {
    const hidden = await owner.hidden(`/sites/${site}/ssh`);
    const until = new LocalTime('Asia/Seoul').day(house.clock.now() + 9 * day);
    const fields = { ...hidden, public_key: publicKey(), networks: '203.0.113.7', until, agree_ssh: '1' };
    const once1 = await owner.send(`/sites/${site}/ssh`, fields);
    const again = await owner.send(`/sites/${site}/ssh`, fields);
    expect([once1.status, again.status, (await requests()).length]).toEqual([303, 303, 1]);
    const another = await owner.send(`/sites/${site}/ssh`, { ...fields, _idem: `${String(hidden._idem)}x` });
    expect([another.status, (await requests()).length, (await consents()).length]).toEqual([409, 1, 1]);
  });

  test('is sent by owners only: developers see where it stands, and neither key nor addresses', async () => {
    await ask(house, owner, site);
    const developer = await welcome(house, owner, { email: `dev${count}@example.com`, sites: site });
    const text = await page(developer);
    expect([text.includes('신청을 확인하고 있습니다'), text.includes('203.0.113.7'), text.includes('SHA256:')]).toEqual([
      true,
      false,
      false,
    ]);
    const csrf = await developer.hidden('/account/security', '/logout');
    for (const part of ['', '/withdrawal', '/consent', '/end'])
      expect((await developer.send(`/sites/${site}/ssh${part}`, csrf)).status).toBe(403);
  });

  test('can be taken back, and sent again', async () => {
    await ask(house, owner, site);
    expect((await owner.submit(`/sites/${site}/ssh`, {}, `/sites/${site}/ssh/withdrawal`)).status).toBe(303);
    expect(await page()).toContain('신청을 거두었습니다');
    await expect(command('approve', await lastId())).rejects.toThrow('ssh.approve.notOpen');
    expect((await ask(house, owner, site)).status).toBe(303);
    expect(await actions()).toEqual(['ssh.requested', 'ssh.requested', 'ssh.withdrawn']);
  });

  test('is refused with a reason that the customer reads', async () => {
    await ask(house, owner, site);
    await expect(command('refuse', 'x')).rejects.toThrow(/--reason/);
    await command('refuse', await lastId(), '--reason', '서버 점검이 끝난 뒤 다시 신청해 주세요.');
    expect(await page()).toContain('사유: 서버 점검이 끝난 뒤 다시 신청해 주세요.');
    expect((await letters()).some((one) => one.includes('서버 점검이 끝난 뒤'))).toBe(true);
    expect((await requests())[0]?.reason_sealed).not.toContain('점검');
    expect(await actions()).toContain('ssh.refused');
  });

  test('that nobody decided is over when its day has passed, and the owner is told', async () => {
    await ask(house, owner, site, { until: new LocalTime('Asia/Seoul').day(house.clock.now()) });
    house.clock.advance(day);
    await expect(command('approve', await lastId())).rejects.toThrow('ssh.approve.late');
    await round();
    expect(await actions()).toEqual(['ssh.lapsed', 'ssh.requested']);
    owner = new Visitor(house);
    await owner.logIn(email);
    expect(await page()).toContain('확인하기 전에 정한 날이 지나');
    house.clock.advance(-day);
  });
});

describe('the operator', () => {
  test('is refused while the site lies on a web server, and is told what must be done first', async () => {
    await ask(house, owner, site);
    expect(await command('list')).toContain(`${site} on this-machine (group web)`);
    await expect(command('approve', await lastId())).rejects.toThrow('ssh.approve.webServer');
    expect([await grants(), (await requests())[0]?.approved_at, await actions()]).toEqual([[], null, ['ssh.requested']]);
  });

  test('cannot approve what is not there, or for whom nobody may come in', async () => {
    await moved();
    await expect(command('approve', 'nothing')).rejects.toThrow('error.notFound');
    await expect(command('approve')).rejects.toThrow(/which request/);
    await ask(house, owner, site);
    const { customer_id } = await siteRow();
    await doors().accounts.restrictions.restrict(customer_id, 'unpaid');
    await expect(command('approve', await lastId())).rejects.toThrow('ssh.approve.restricted');
    await doors().accounts.restrictions.lift(customer_id);
    await setSite({ suspended_at: 1 });
    await expect(command('approve', await lastId())).rejects.toThrow('ssh.approve.site');
  });
});

const setSite = (values: { suspended_at: number | null }) =>
  doors().connection.write((tx) => tx.updateTable('sites').set(values).where('name', '=', site).execute());

describe('access', () => {
  beforeEach(moved);
  /** Asks with a real key, from the address of this machine, and has it approved. */
  const opened = async (more: Record<string, string> = {}) => {
    const key = await house.ssh.newKey();
    // Requests of one moment have no order.
    house.clock.advance(1);
    await ask(house, owner, site, { public_key: key.line, networks: '127.0.0.1', ...more });
    await command('approve', await lastId());
    return key;
  };
  const inDays = (days: number) => new LocalTime('Asia/Seoul').day(house.clock.now() + days * day);
  const comesIn = async (key: { file: string; line: string }) => (await house.ssh.run(key, 'true', as())).code === 0;
  const back = async () => {
    owner = new Visitor(house);
    await owner.logIn(email);
  };

  test('opens a real door, and the page and the letter say how to come in', async () => {
    const key = await opened();
    expect(await page()).toContain('승인되어 접속을 여는 중입니다');
    expect(await comesIn(key)).toBe(false);
    await house.work();
    expect(await comesIn(key)).toBe(true);
    expect((await house.ssh.run(key, 'true', as({ from: '127.0.0.9' }))).code).toBe(255);
    const how = `ssh -p ${house.ssh.port} ${house.ssh.userOf(site)}@127.0.0.1`;
    const [fingerprint = ''] =
      /SHA256:\S+/.exec(execFileSync('ssh-keygen', ['-lf', `${key.file}.pub`], { encoding: 'utf8' })) ?? [];
    const text = await page();
    for (const shown of [how, fingerprint]) expect(text).toContain(shown);
    expect((await letters()).some((one) => one.includes(how))).toBe(true);
    expect(await command('list')).toContain('in force');
    expect(await actions()).toEqual(['ssh.approved', 'ssh.requested']);
    // Repeating the job changes nothing and writes no second letter.
    const before = (await letters()).length;
    await doors().ssh.grants.write((await siteRow()).id);
    expect([await comesIn(key), (await letters()).length]).toEqual([true, before]);
  });

  test('is ended by the customer at once, with the session that is open', async () => {
    const key = await opened();
    await round();
    const session = house.ssh.stay(key, 'echo begun; sleep 600', as());
    await once(session.stdout ?? session, 'data');
    const ended = once(session, 'exit');
    house.clock.advance(20 * minute);
    expect((await owner.submit(`/sites/${site}/ssh/end`, {})).status).toBe(303);
    await round();
    await ended;
    expect([await comesIn(key), await grants(), await actions()]).toEqual([
      false,
      [],
      ['ssh.approved', 'ssh.ended', 'ssh.requested'],
    ]);
    expect(await page()).toContain('소유자가 끝냈습니다.');
    expect((await owner.get(`/sites/${site}/ssh/end`)).text).toContain('지금 열려 있는 SSH 접속이 없습니다.');
    const csrf = await owner.hidden('/account/security', '/logout');
    expect((await owner.send(`/sites/${site}/ssh/end`, csrf)).status).toBe(404);
  });

  test('is ended by the operator', async () => {
    const key = await opened();
    await round();
    await command('end', await lastId());
    await round();
    expect([await comesIn(key), await page()]).toEqual([false, expect.stringContaining('담당자가 끝냈습니다.')]);
    await expect(command('end', await lastId())).rejects.toThrow('ssh.approve.notInForce');
  });

  test('ends by itself on its day, after a letter a week before', async () => {
    const key = await opened({ until: inDays(20) });
    await round();
    const told = () => letters().then((all) => all.length);
    const before = await told();
    house.clock.advance(12 * day);
    await round();
    expect(await told()).toBe(before);
    house.clock.advance(2 * day);
    await round();
    await round();
    expect(await told()).toBe(before + 1);
    house.clock.advance(7 * day);
    await round();
    expect([await told(), await comesIn(key), await grants()]).toEqual([before + 2, false, []]);
    expect((await requests())[0]?.ended_because).toBe('due');
    await back();
    expect(await page()).toContain('정한 날이 지났습니다.');
    house.clock.advance(-21 * day);
  });

  test('of a few days is not announced to end a week before', async () => {
    await opened({ until: inDays(3) });
    await round();
    const before = (await letters()).length;
    house.clock.advance(day);
    await round();
    expect((await letters()).length).toBe(before);
    house.clock.advance(-day);
  });

  test('is shut while the site is suspended or the customer restricted, and goes on afterwards', async () => {
    const key = await opened();
    await round();
    await setSite({ suspended_at: house.clock.now() });
    await house.work();
    expect([await comesIn(key), (await page()).includes('지금은 SSH 접속이 막혀 있습니다')]).toEqual([false, true]);
    await setSite({ suspended_at: null });
    await round();
    expect(await comesIn(key)).toBe(true);
    const { customer_id } = await siteRow();
    await doors().accounts.restrictions.restrict(customer_id, 'unpaid');
    await round();
    expect(await comesIn(key)).toBe(false);
    await doors().accounts.restrictions.lift(customer_id);
    await round();
    expect([await comesIn(key), (await letters()).filter((one) => one.includes('ssh -p')).length]).toEqual([true, 1]);
  });

  test('that another request replaces takes its key with it', async () => {
    const first = await opened();
    await round();
    const second = await opened({ until: inDays(60) });
    await round();
    expect([await comesIn(first), await comesIn(second), (await grants()).length]).toEqual([false, true, 1]);
    expect((await requests()).map((one) => one.ended_because)).toEqual(['replaced', null]);
  });

  test('that a server could not be told is told it again, and nothing is said before it is true', async () => {
    await house.setReachable(false);
    const key = await opened();
    await round();
    expect([(await page()).includes('여는 중'), (await letters()).some((one) => one.includes('ssh -p'))]).toEqual([true, false]);
    await house.setReachable(true);
    house.clock.advance(hour);
    await round();
    expect(await comesIn(key)).toBe(true);
    // The row that holds site and server in place stays until the server has taken the key back.
    await house.setReachable(false);
    await command('end', await lastId());
    await round();
    expect((await grants())[0]?.closed_at).not.toBeNull();
    await expect(moveTo(house, site, (await aWebServer()).id)).rejects.toThrow(/constraint/i);
    await house.setReachable(true);
    house.clock.advance(hour);
    await round();
    expect([await comesIn(key), await grants()]).toEqual([false, []]);
  });
});

const aWebServer = () =>
  doors().connection.db.selectFrom('servers').select('id').where('server_group', '=', 'web').executeTakeFirstOrThrow();

describe('a new version of the notice', () => {
  test('is asked for again: what waits cannot be approved before, what is in force goes on to its end', async () => {
    await moved();
    await ask(house, owner, site);
    const folder = await mkdtemp(join(tmpdir(), 'gotgan-documents-'));
    const documentsFolder = join(folder, 'documents');
    await cp(join(import.meta.dirname, '../../views/documents'), documentsFolder, { recursive: true });
    const version = new LocalTime('Asia/Seoul').day(house.clock.now() + day);
    for (const language of ['ko', 'en'])
      await writeFile(join(documentsFolder, `ssh/${version}.${language}.md`), '# SSH\n\n새 안내, a new notice\n');
    const { connection, secrets, clock } = doors();
    const consent = new Consent({ connection, secrets, clock, documentsFolder });
    const ssh = new Ssh({ ...doors(), consent, hostOf: ({ serverId }) => doors().sites.servers.host(serverId) });
    const server = createServer(panelApp({ ...doors(), consent, ssh }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      house.clock.advance(day);
      const visitor = new Visitor({ ...house, server });
      await visitor.logIn(email);
      const shown = () => visitor.get(`/sites/${site}/ssh`).then(({ text }) => unescaped(text));
      expect(await shown()).toContain('새 안내에 동의하셔야 신청을 승인할 수 있습니다');
      await expect(ssh.grants.approve(await lastId())).rejects.toThrow('ssh.approve.oldConsent');
      const again = `/sites/${site}/ssh/consent`;
      const refused = await visitor.submit(`/sites/${site}/ssh`, {}, again);
      expect([refused.status, errors(refused.text).length]).toEqual([422, 1]);
      expect((await visitor.submit(`/sites/${site}/ssh`, { agree_ssh: '1' }, again)).status).toBe(303);
      expect((await consents()).map((one) => one.version)).toEqual([version, '2026-11-22']);
      await ssh.grants.approve(await lastId());
      expect(await actions()).toEqual(['ssh.agreedAgain', 'ssh.approved', 'ssh.requested']);
    } finally {
      house.clock.advance(-day);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    }
  });
});
