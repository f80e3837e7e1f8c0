// The people whose pages the gates look at, on one panel of real parts with a stopped clock: who has nothing, much, trouble, or no rights.
import { pbkdf2Sync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import sharp from 'sharp';
import { day } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { FactorStore } from '../../src/sign-in/factor-store.ts';
import { PasskeyStore } from '../../src/sign-in/passkey-store.ts';
import { publishNext } from '../consent/publish.ts';
import { everyKindOfAccount } from '../ftp/customer.ts';
import { accept, invite, placeOf } from '../people/guests.ts';
import { addSshServer, ask, grant } from '../ssh/asking.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { writeOutages } from '../support/outage-rows.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { writeUsage } from '../support/usage-rows.ts';
import { closeAccount, customerIdOf, eraseAccount } from '../termination/leavers.ts';
import { writeAlerts } from './alert-rows.ts';
import { type BackupName, writeBackups } from './backup-rows.ts';
import { type DatabaseNames, fillDatabases, loseDatabase, moveAway } from './database-rows.ts';
import { writeFindings } from './finding-rows.ts';
import { arrivingOf, unfinishedOf } from './household.ts';
import { beginJob, type FileJobNames, fillJobs } from './job-rows.ts';
import { type RestoreName, writeRestores } from './restore-rows.ts';

/** Who looks at a page. A guest has no session; each of the others is described at `openWorlds`. */
export type Who =
  | 'guest'
  | 'suspect'
  | 'signedUp'
  | 'newcomer'
  | 'beginner'
  | 'customer'
  | 'troubled'
  | 'broken'
  | 'several'
  | 'viewer'
  | 'developer'
  | 'guarded'
  | 'half'
  | 'imported'
  | 'changed'
  | 'moving'
  | 'leaver'
  | 'restricted';

const appSecret = new Secret({ size: 20 }).base32;

type Owner = 'beginner' | 'customer' | 'troubled' | 'broken' | 'several' | 'restricted';

/** What addresses of pages are made of. */
export type Names = {
  /** sites by their owner */
  readonly sites: Readonly<Record<Owner, string>>;
  /** the second site of `several`, which is suspended */
  readonly secondSite: string;
  /** of the newcomer, which is not open yet */
  readonly closedSite: string;
  /** id of the customer's answer about the SLA */
  readonly consent: string;
  /** suspicious files of the customer, by what became of them */
  readonly findings: Readonly<Record<'found', string>>;
  /** backups of `customer` by their state, and the one of `troubled` that runs */
  readonly backups: Readonly<Record<BackupName, string>>;
  /** of the customer: id of a token for programs */
  readonly token: string;
  /** restores of `customer` by how they ended, and the one of `troubled` that runs */
  readonly restores: Readonly<Record<RestoreName, string>>;
  readonly databases: DatabaseNames;
  readonly fileJobs: FileJobNames;
  /** results of uploads of `customer`, and one that broke off */
  readonly uploads: { readonly good: string; readonly refused: string; readonly unfinished: string; readonly arriving: string };
  /** verification links: unused, of `signedUp`; and used */
  readonly verify: string;
  readonly used: string;
  /** links of letters to `beginner`, both unused: a new password; "this was not me" */
  readonly reset: string;
  readonly notMe: string;
  /** links of a change of address of `moving` that waits, one that cannot be used yet, and one that undoes, all unused */
  readonly address: { readonly old: string; readonly new: string; readonly early: string; readonly undo: string };
  /** the link that lifts the list of networks of `beginner` */
  readonly lift: string;
  /** the letter that stops the removal of a lost factor */
  readonly lostFactor: string;
  /** the letter that undoes the closing of an account, and the one with the certificate of an account that is erased */
  readonly reopen: string;
  readonly certificate: string;
  /** of the customer: id of the developer's place; links of invitations that wait, to somebody new and to `several` */
  readonly place: string;
  readonly invitation: string;
  readonly invitationToSeveral: string;
  /** FTP accounts of the customer: the main one, and one that is locked after guesses */
  readonly ftp: { readonly main: string; readonly locked: string };
  /** the order of the customer's site, and the version of the privacy notice that is to come */
  readonly order: string;
  readonly coming: string;
  readonly longFolder: string;
  readonly longFile: string;
};

export type Worlds = {
  readonly house: TestPanel;
  readonly names: Names;
  /** Begins a session of this person. Sessions of `signedUp` are one and the same. */
  enter(who: Who, language?: 'ko' | 'en'): Promise<Visitor>;
  close(): Promise<void>;
};

const addressOf = (who: Who) => `${who.toLowerCase()}@example.com`;
const wrongPassword = 'not-the-Right-1-one';

const longWord = '아주긴이름으로저장한사진묶음';
export const longFolder = `${'2026년 여름 제주도 가족 여행 '.repeat(4)}기록`;
export const longFile = `${longWord.repeat(4)}.jpg`;

const customerFiles: Readonly<Record<string, string>> = {
  'index.html': '<!doctype html>\n<html lang="ko"><title>햇살 공방</title>\n',
  '소개.txt': '햇살 공방은 2019년에 문을 열었습니다.\n',
  [`${longFolder}/${longFile}`]: '사진 대신 글자\n',
  [`${longFolder}/${'x'.repeat(180)}.txt`]: 'x\n',
  '빈 폴더/.keep': '',
};

/**
 * Prepares everybody:
 * `suspect` failed to sign in until a CAPTCHA is due; `signedUp` waits for the letter; `newcomer` is verified, the site not open yet;
 * `beginner` has an open, empty site; `customer` has files with long names, uploads with refusals, 45 days of backups in every state
 * and 82 % of the space used; `troubled` has 97 % used, two failures in a row, a backup that runs, and confirmed a password wrongly
 * too often; `broken` has a row in the database that nothing can read; `several` has two sites, one suspended; `viewer` may only look
 * at the customer's site; `guarded` has an app and a passkey, and `half` is the same person after the password; `imported` came from
 * another panel and has not agreed yet; `changed` has a plan whose notice changes in a week; `moving` waits for the confirmation of another
 * e-mail address; `restricted` has not paid;
 * `leaver` closes the account, and comes back each time.
 * at the customer's site; `developer` was invited by the customer, works at the site and has a place at another
 * customer as well; `guarded` has an app and a passkey, and `half` is the same person after the password; `imported` came from
 * another panel and has not agreed yet; `moving` waits for the
 * confirmation of another e-mail address.
 */
export async function openWorlds(): Promise<Worlds> {
  const house = await startPanel({ limitsScale: 1000, ftpPlain: 'allowed', ftpFingerprint: 'ab'.repeat(32) });
  try {
    const names = await prepared(house);
    const waiting = new Visitor(house);
    await waiting.signUp(addressOf('signedUp'));
    const verify = await waiting.linkFor(addressOf('signedUp'), '/verify/');
    return {
      house,
      names: { ...names, verify },
      enter: (who, language = 'ko') => enter(house, who, language, waiting),
      close: () => closeHosted(house),
    };
  } catch (error) {
    await closeHosted(house);
    throw error;
  }
}

async function enter(house: TestPanel, who: Who, language: 'ko' | 'en', waiting: Visitor): Promise<Visitor> {
  const visitor = new Visitor(house, language);
  if (who === 'guest') return visitor;
  if (who === 'signedUp') {
    visitor.agent.jar = waiting.agent.jar;
  } else if (who === 'suspect') {
    const email = `${newId(Date.now())}@example.com`;
    for (let tries = 0; tries < 5; tries += 1) await visitor.logIn(email, { password: wrongPassword });
  } else {
    if (who === 'leaver') await comeBack(house);
    const { status } = await visitor.logIn(addressOf(who === 'half' ? 'guarded' : who));
    if (status !== 303) throw new Error(`${who} cannot sign in: ${status}`);
    if (who === 'guarded') await passSecondStep(house, visitor);
  }
  return visitor;
}

/** Whoever looked at the page before has closed the account. */
async function comeBack(house: TestPanel): Promise<void> {
  const { termination } = house.panel.doors;
  const customerId = await customerIdOf(house, addressOf('leaver'));
  if (await termination.of(customerId)) await termination.reopen(customerId, { kind: 'operator' });
}

/** Each code of an app is good once, and the clock stands still: what was used is forgotten here. */
async function passSecondStep(house: TestPanel, visitor: Visitor): Promise<void> {
  const { connection, clock } = house.panel.doors;
  await connection.write((tx) => tx.updateTable('second_factors').set({ last_step: 0 }).execute());
  const code = new TOTP({ secret: Secret.fromBase32(appSecret) }).generate({ timestamp: clock.now() });
  const { status } = await visitor.submit('/login/second-factor', { code });
  if (status !== 303) throw new Error(`the second step is not passed: ${status}`);
}

/** Somebody with an authenticator app, two devices and a passkey. */
async function guard(house: TestPanel): Promise<void> {
  const { connection, secrets, accounts, clock } = house.panel.doors;
  await new Visitor(house).arrive(addressOf('guarded'));
  const person = await accounts.byLoginName(addressOf('guarded'));
  const store = new FactorStore(connection, secrets);
  const passkeys = new PasskeyStore(connection, secrets);
  const personId = person?.id ?? '';
  const now = clock.now();
  await connection.write(async (tx) => {
    await store.addApp(tx, { id: newId(now), personId, secret: appSecret, step: 0, now });
    await store.setCodes(tx, personId, ['AAAABBBBCCCCDDDD', 'AAAABBBBCCCCEEEE'], now);
    const passkey = {
      id: 'a-passkey',
      personId,
      name: '거실 노트북의 지문',
      publicKey: 'x',
      counter: 0,
      transports: ['internal'],
    };
    await passkeys.add(tx, { ...passkey, isBackedUp: true, createdAt: now, usedAt: now });
  });
}

/** Somebody of another panel, with the password of before. */
async function bringOver(house: TestPanel): Promise<void> {
  const digest = pbkdf2Sync(password, 'salt', 1000, 32, 'sha256').toString('base64');
  const row = `hansol7,${addressOf('imported')},한솔,010-2345-6789,pbkdf2_sha256$1000$salt$${digest},C-1024,hansol-flowers.example.kr,forest,ko`;
  const columns = 'login_name,email,name,phone,password_hash,external_reference,domain,plan,language';
  await house.panel.doors.accounts.imports.run(Buffer.from(`${columns}\n${row}\n`));
}

async function prepared(house: TestPanel): Promise<Omit<Names, 'verify'>> {
  await hostDatabases(house);
  // First: it takes some minutes of the clock.
  await new Visitor(house).arrive('erased@example.com');
  const certificate = await eraseAccount(house, 'erased@example.com');
  const arrive = (who: Who, plan = 'seed') => new Visitor(house).arrive(addressOf(who), { plan });
  const sites = {
    beginner: await arrive('beginner'),
    customer: await arrive('customer', 'tree'),
    troubled: await arrive('troubled'),
    broken: await arrive('broken'),
    several: await arrive('several'),
    restricted: await arrive('restricted'),
  };
  const secondSite = await openSecond(house, sites.several);
  await arrive('viewer');
  await arrive('changed', 'forest');
  await arrive('leaver');
  await new Visitor(house).arrive('left@example.com');
  const reopen = await closeAccount(house, 'left@example.com');
  await lendTo(house, 'viewer', sites.customer);
  const newcomer = new Visitor(house);
  await newcomer.signUp(addressOf('newcomer'));
  const used = await newcomer.linkFor(addressOf('newcomer'), '/verify/');

  const { customer_id: unpaid } = await siteRow(house, sites.restricted);
  await house.panel.doors.accounts.restrictions.restrict(unpaid, 'unpaid');
  await guard(house);
  await bringOver(house);
  const forgetful = new Visitor(house);
  await forgetful.submit('/password/forgot', { email: addressOf('beginner') });
  const reset = await forgetful.linkFor(addressOf('beginner'), '/password/reset/');
  await forgetful.logIn(addressOf('beginner'));
  const notMe = await forgetful.linkFor(addressOf('beginner'), '/account/not-me/');

  const address = await moveAddresses(house);
  const lift = await liftLink(house, addressOf('beginner'));
  const lostFactor = await loseFactor(house);

  await fill(house, sites.customer);
  const findings = { found: await writeFindings(house, sites.customer) };
  await protectFolder(house, sites.customer);
  const customer = await enter(house, 'customer', 'ko', newcomer);
  const unfinished = await unfinishedOf(house, customer, sites.customer);
  const arriving = await arrivingOf(house, customer, sites.customer);
  const uploads = { ...(await upload(customer, sites.customer)), unfinished, arriving };
  await throwAway(customer, sites.customer);
  const ofFiles = await fillJobs(house, customer, sites.customer);
  await customer.submit(`/sites/${sites.customer}/backups`, {});
  await house.work();
  const people = await inviteAll(house, customer, sites.customer);
  const ofCustomer = await fillDatabases(house, customer, sites.customer);
  const ftp = await everyKindOfAccount(house, customer, sites.customer);
  const backups = await writeBackups(house, sites);
  const token = await writeAlerts(house, sites.customer, addressOf('customer'));
  const restores = await writeRestores(house, sites, { customer: backups.real, troubled: backups.running });
  await moveAway(house, sites.several);
  await use(house, sites.customer, 82);
  await use(house, sites.troubled, 97);
  await writeUsage(house, sites);
  await writeOutages(house, sites.customer);
  await payAhead(house, 'changed');
  await house.panel.doors.termination.wishes.ask(await payAhead(house, 'troubled'), '', { kind: 'operator' });
  const troubled = await enter(house, 'troubled', 'ko', newcomer);
  const fileJobs = { ...ofFiles, running: await beginJob(house, troubled, sites.troubled) };
  const databases = { ...ofCustomer, ...(await loseDatabase(house, troubled, sites.troubled)) };
  for (let tries = 0; tries < 5; tries += 1) await troubled.submit('/confirm', { password: wrongPassword });
  await askForSsh(house, sites);
  // Last: from here on nothing works off jobs, so that this site stays closed.
  await newcomer.submit(used, {});
  const closedSite = (await siteRows(house)).find((row) => row.opened_at === null)?.name ?? '';
  // Only the plan with a backup service rests on this notice: nobody else is asked.
  await publishNext(house.panel.doors, 'backup-service', { isUnfavourable: true, days: 30 });
  const coming = await publishNext(house.panel.doors, 'privacy');
  const { order_id: order } = await siteRow(house, sites.customer);
  const links = { order, coming, reset, notMe, lostFactor, reopen, certificate, address, lift, ftp, ...people };
  return {
    sites,
    secondSite,
    closedSite,
    consent: await slaOf(house, sites.customer),
    findings,
    backups,
    token,
    restores,
    databases,
    fileJobs,
    uploads,
    used,
    ...links,
    longFolder,
    longFile,
  };
}

/** Half of the paid time is over. @returns whose order it is */
async function payAhead(house: TestPanel, who: Who): Promise<string> {
  const { panel, clock } = house;
  const { connection, orders } = panel.doors;
  const customerId = await customerIdOf(house, addressOf(who));
  const paid = { from: clock.now() - 15 * day, until: clock.now() + 15 * day, won: 16_500 };
  for (const { id } of await orders.forCustomer(customerId))
    await connection.write((tx) => orders.setPaid(tx, id, paid, { kind: 'operator' }));
  return customerId;
}

async function slaOf({ panel }: TestPanel, name: string): Promise<string> {
  const { customerId } = await panel.doors.sites.byName(name);
  const answers = await panel.doors.consent.forCustomer(customerId);
  return answers.find(({ item }) => item === 'agree_sla')?.id ?? '';
}

/** One upload folder that is protected, and one that could be. */
export async function protectFolder(house: TestPanel, name: string): Promise<void> {
  const { sites, incoming } = house.panel.doors;
  const site = await sites.byName(name);
  const folder = join(house.folder, 'sites', name, 'www/uploads');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '여행.txt'), '바다\n');
  await sites.folders.mark(site, ['www', 'data'], { program: 'gnuboard' });
  await house.work();
  await incoming.protection.search(site.id);
}

/** SSH in its states: `customer` waits, `troubled` was refused, `several` has it; everybody else could ask. */
async function askForSsh(house: TestPanel, sites: Names['sites']): Promise<void> {
  await addSshServer(house);
  const asks = async (who: 'customer' | 'troubled' | 'several') => {
    const visitor = new Visitor(house);
    await visitor.logIn(addressOf(who));
    await ask(house, visitor, sites[who], { networks: '203.0.113.0/24\n2001:db8:1234:5678:9abc:def0:1234:5678' });
  };
  await asks('troubled');
  const { ssh } = house.panel.doors;
  for (const { request } of await ssh.grants.list())
    await ssh.grants.refuse(request.id, '계약하신 요금제로는 SSH 전용 서버를 쓸 수 없습니다.');
  await asks('customer');
  await asks('several');
  await grant(house, sites.several);
}

/** Three people with changes of their address: one that waits, one an operator asked for, one that is done. */
async function moveAddresses(house: TestPanel): Promise<Names['address']> {
  const ask = async (name: string) => {
    const visitor = new Visitor(house);
    await visitor.arrive(`${name}@example.com`);
    await visitor.submit('/account/security/address', { email: `${name}-new@example.com` });
    return (side: string) => visitor.linkFor(`${name}${side === 'new' ? '-new' : ''}@example.com`, `/account/address/${side}/`);
  };
  const waiting = await ask('moving');
  const done = await ask('moved');
  for (const side of ['old', 'new']) await new Visitor(house).submit(await done(side), {});
  const lost = await ask('lost');
  await house.panel.doors.signIn.addressChanges.askForLostMailbox('lost@example.com', 'lost-new@example.com');
  return { old: await waiting('old'), new: await waiting('new'), early: await lost('new'), undo: await done('undo') };
}

/** The link that a letter about a sign-in from elsewhere has; everybody here comes from one address. */
async function liftLink(house: TestPanel, email: string): Promise<string> {
  const { accounts, connection } = house.panel.doors;
  const personId = (await accounts.byLoginName(email))?.id ?? '';
  const token = await connection.write((tx) =>
    accounts.mailToken(tx, { purpose: 'networks-off', personId, lifetimeMinutes: 60 * 24 }),
  );
  return `/account/networks/${token}`;
}

/** A developer who came, and two invitations that wait. */
async function inviteAll(house: TestPanel, customer: Visitor, site: string) {
  const developer = new Visitor(house);
  const email = addressOf('developer');
  await invite(house, customer, { email, sites: site });
  await accept(house, email, developer);
  await developer.upload(site, [{ name: '새 화면.html', body: '<p>개발자가 올린 화면' }]);
  const place = await placeOf(customer, email);
  // The older place is the one that a sign-in begins with.
  house.clock.advance(1);
  await new Visitor(house).arrive('studio@example.com');
  const { accounts, connection } = house.panel.doors;
  const [guest, studio] = [await accounts.byLoginName(email), await accounts.byLoginName('studio@example.com')];
  const rights = { role: 'viewer', siteIds: null, networks: [], endsAt: null } as const;
  const customerId = (await accounts.membership(studio?.id ?? ''))?.customerId ?? '';
  await connection.write((tx) => accounts.memberships.add(tx, { ...rights, personId: guest?.id ?? '', customerId }));
  const networks = '203.0.113.0/24';
  await invite(house, customer, { email: 'newcomer.to.the.team@example.com', role: 'viewer', sites: site, networks });
  await invite(house, customer, { email: addressOf('several'), sites: site });
  const linkOf = (to: string) => customer.linkFor(to, '/invitations/');
  const invitation = await linkOf('newcomer.to.the.team@example.com');
  return { place, invitation, invitationToSeveral: await linkOf(addressOf('several')) };
}

const siteRows = ({ panel }: TestPanel) => panel.doors.connection.db.selectFrom('sites').selectAll().execute();

async function siteRow(house: TestPanel, name: string) {
  return house.panel.doors.connection.db.selectFrom('sites').selectAll().where('name', '=', name).executeTakeFirstOrThrow();
}

/** Somebody whose app is said to be lost. @returns the address of the letter that stops its removal */
async function loseFactor(house: TestPanel): Promise<string> {
  const email = 'loser@example.com';
  const { connection, secrets, accounts, clock, signIn } = house.panel.doors;
  const visitor = new Visitor(house);
  await visitor.arrive(email);
  const personId = (await accounts.byLoginName(email))?.id ?? '';
  const now = clock.now();
  const app = { id: newId(now), personId, secret: appSecret, step: 0, now };
  await connection.write((tx) => new FactorStore(connection, secrets).addApp(tx, app));
  await signIn.lostFactors.begin(email, { askedBy: '전화하신 분', reason: '휴대전화를 잃어버렸다고 합니다' });
  return visitor.linkFor(email, '/account/lost-factor/');
}

/** A customer's second site, suspended. */
export async function openSecond(house: TestPanel, first: string): Promise<string> {
  const { connection, sites, orders } = house.panel.doors;
  const { customer_id: customerId, order_id } = await siteRow(house, first);
  const { storageBytes } = await orders.byId(order_id);
  const id = newId(house.clock.now());
  const row = await connection.db.selectFrom('orders').selectAll().where('id', '=', order_id).executeTakeFirstOrThrow();
  const name = await connection.write(async (tx) => {
    await tx
      .insertInto('orders')
      .values({ ...row, id })
      .execute();
    return sites.prepare(tx, { id, customerId, storageBytes }, { kind: 'system' });
  });
  await house.work();
  const suspended_at = house.clock.now();
  await connection.write((tx) => tx.updateTable('sites').set({ suspended_at }).where('name', '=', name).execute());
  return name;
}

/** Makes somebody a mere viewer of another customer's site. */
async function lendTo(house: TestPanel, who: Who, site: string): Promise<void> {
  const { connection, accounts } = house.panel.doors;
  const { customer_id } = await siteRow(house, site);
  const person = await accounts.byLoginName(addressOf(who));
  const role = 'viewer';
  await connection.write((tx) =>
    tx
      .updateTable('memberships')
      .set({ customer_id, role })
      .where('person_id', '=', person?.id ?? '')
      .execute(),
  );
}

/** A picture that has a preview. */
const picture = () =>
  sharp({ create: { width: 600, height: 400, channels: 3, background: '#3a7d6b' } })
    .jpeg()
    .toBuffer();

/** Files as the site's own programs leave them, and a folder that needs a second page. */
async function fill(house: TestPanel, site: string): Promise<void> {
  const many = Array.from({ length: 205 }, (_, index) => [`많은 파일/기록-${index + 1}.txt`, `${index}\n`]);
  for (const [path = '', content = ''] of [...Object.entries(customerFiles), ...many]) {
    const target = join(house.folder, 'sites', site, 'www', path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, path.endsWith('.jpg') ? await picture() : content);
  }
}

async function upload(customer: Visitor, site: string): Promise<{ good: string; refused: string }> {
  const idOf = ({ headers }: { headers: Record<string, string | undefined> }) => headers.location?.split('/').at(-1) ?? '';
  const good = await customer.upload(site, [
    { name: '메모.txt', body: '내일 할 일\n' },
    { name: '여름 사진/바다.txt', body: '파도\n' },
  ]);
  const refused = await customer.upload(site, [
    { name: '메모.txt', body: '다시\n' },
    { name: 'shell.php', body: '<?php system($_GET["c"]);' },
    { name: '사진.php.jpg', body: 'x' },
    { name: `${longFolder}/${longWord.repeat(5)}${longWord}.jpg`, body: '사진이 아닙니다' },
    { name: `${longWord.repeat(7)}.txt`, body: '이름이 깁니다' },
    { name: 'setup.exe', body: 'MZ' },
  ]);
  return { good: idOf(good), refused: idOf(refused) };
}

/** A file with a long name and a folder, deleted and in the trash. */
async function throwAway(customer: Visitor, site: string): Promise<void> {
  const files = `/sites/${site}/files`;
  await customer.upload(site, [
    { name: `${longFolder}/${longWord}.txt`, body: '지워질 글\n' },
    { name: '지난 행사/안내.txt', body: '안내\n' },
  ]);
  const { text } = await customer.get(`${files}/www`);
  const _csrf = /<meta name="csrf" content="([^"]+)"/.exec(text)?.[1] ?? '';
  await customer.send(`${files}/trash`, { _csrf, path: [`www/${longFolder}/${longWord}.txt`, 'www/지난 행사'] });
}

async function use(house: TestPanel, site: string, percent: number): Promise<void> {
  const { quota_bytes } = await siteRow(house, site);
  const used_bytes = Math.round((quota_bytes * percent) / 100);
  await house.panel.doors.connection.write((tx) =>
    tx.updateTable('sites').set({ used_bytes, used_files: 218 }).where('name', '=', site).execute(),
  );
}
