#!/usr/bin/env node
// Makes sites as Unix users of this machine, run as root: one order as JSON on stdin, one answer on stdout (docs/servers.md).
// It stands alone on purpose: no package and no other file of the panel is loaded with root's rights. What the order names is checked
// here again, whoever sent it; nothing of it reaches a shell, and no path of it is ever opened.
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';

const codes = { done: 0, notFound: 0, conflict: 0, failed: 1, again: 75 };
const temporary = '.gotgan-';
const sum = '.sha256';
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
/** Below it are the system's own users. */
const leastUserId = 1000;

/** An end that is told: `outcome` and a sentence for the operator. */
const ending = (outcome, says) => Object.assign(new Error(says), { outcome });
const failed = (says) => ending('failed', says);
const again = (says) => ending('again', says);

function tool(program, args, { codesTaken = [0], ...options } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', env: environment, ...options });
  if (error) throw failed(`${program} cannot be run (${error.code}): is its package installed?`);
  if (codesTaken.includes(status)) return { status, stdout };
  const says = `${program}: ${stderr.trim() || `ended with ${status}`}`;
  throw /cannot lock|try again/i.test(stderr) ? again(says) : failed(says);
}

const unless = (codesTaken, act) => {
  try {
    return act();
  } catch (error) {
    if (codesTaken.includes(error.code)) return undefined;
    throw error;
  }
};

// --- settings: a file that only root can write ---

function settingsOf(path) {
  const own = fs.lstatSync(path);
  if (!own.isFile() || own.uid !== 0 || (own.mode & 0o022) !== 0)
    throw failed(`${path} must belong to root and be writable by root alone`);
  const {
    root,
    state = '/var/lib/gotgan-sites',
    prefix = '',
    panelUser = null,
    webUser,
    memberOf = null,
    ...rest
  } = JSON.parse(fs.readFileSync(path, 'utf8'));
  const [unknown] = Object.keys(rest);
  if (unknown) throw failed(`${path}: ${unknown} is not known`);
  for (const [name, value] of Object.entries({ root, state }))
    if (typeof value !== 'string' || value !== resolve(value) || value === '/')
      throw failed(`${path}: ${name} must be an absolute path`);
  for (const [name, value] of Object.entries({ panelUser, webUser, memberOf }))
    if (value !== null && !/^[a-z_][a-z0-9_-]{0,31}$/.test(value))
      throw failed(`${path}: ${name} must be the name of a user or group`);
  if (!/^([a-z_][a-z0-9_-]{0,15})?$/.test(prefix)) throw failed(`${path}: prefix must begin with a letter and have at most 16`);
  return { root, state, prefix, panelUser, webUser, memberOf };
}

function trustedFolder(path) {
  const stats = unless(['ENOENT'], () => fs.lstatSync(path));
  if (!stats) throw failed(`${path} is not there: make it as root`);
  if (!stats.isDirectory() || stats.uid !== 0 || (stats.mode & 0o022) !== 0)
    throw failed(`${path} must be a folder of root that nobody else can write`);
}

// --- the order ---

/** @returns the first line, and what was read beyond it; stdin then goes on with the rest of the body */
async function firstLine(stream) {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const end = bytes.indexOf(10);
    if (end >= 0) return { line: bytes.subarray(0, end).toString(), rest: bytes.subarray(end + 1) };
    if (bytes.length > 65_536) throw failed('the order has no end');
    const piece = stream.read();
    if (piece) bytes = Buffer.concat([bytes, piece]);
    else if (stream.readableEnded) return { line: bytes.toString(), rest: Buffer.alloc(0) };
    else await Promise.race([once(stream, 'readable'), once(stream, 'end')]);
  }
}

function orderOf(line) {
  let order;
  try {
    order = JSON.parse(line);
  } catch {
    throw failed('the order is no JSON');
  }
  const { version, act, site, backup } = order ?? {};
  if (version !== 1) throw failed('only version 1 is known here');
  if (!Object.hasOwn(acts, act)) throw failed('this act is not known here');
  if (act === 'check') return { act, site: { id: null } };
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(site?.id)) throw failed('the id of the site is none');
  if (!/^[a-z0-9-]{3,32}$/.test(site.name)) throw failed('the name of the site is none');
  const { id, name, quotaBytes } = site;
  if (quotaBytes !== undefined && !(Number.isSafeInteger(quotaBytes) && quotaBytes >= 0))
    throw failed('quotaBytes must be a number of bytes');
  if (act === 'showBackup') {
    const isName = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$/.test(backup?.name) && !backup.name.endsWith(sum);
    const isSum = typeof backup?.checksum === 'string' && /^[^\0\r\n]{1,400}\n?$/.test(backup.checksum);
    if (!isName || !isSum || !(Number.isSafeInteger(backup.bytes) && backup.bytes >= 0))
      throw failed('backup must have name, bytes and checksum');
  }
  return { act, site: { id, name, quotaBytes }, backup };
}

// --- what is known of a site: a file of root's, written before anything is made and removed after everything is gone ---

const statePath = ({ state }, { name }) => join(state, `${name}.json`);

function recordOf(settings, site) {
  const text = unless(['ENOENT'], () => fs.readFileSync(statePath(settings, site), 'utf8'));
  const record = text === undefined ? undefined : JSON.parse(text);
  if (record && record.id !== site.id) throw ending('conflict', `the name ${site.name} belongs to another site`);
  return record;
}

function keepRecord(settings, site, record) {
  const path = statePath(settings, site);
  writeWhole(`${path}.new`, JSON.stringify({ id: site.id, ...record }), 0o600);
  fs.renameSync(`${path}.new`, path);
  syncFolder(settings.state);
}

function writeWhole(path, content, mode) {
  const file = fs.openSync(
    path,
    fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_TRUNC | fs.constants.O_NOFOLLOW,
    mode,
  );
  try {
    fs.writeFileSync(file, content);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

function syncFolder(path) {
  const folder = fs.openSync(path, 'r');
  fs.fsyncSync(folder);
  fs.closeSync(folder);
}

/** One act a site at a time; the lock is the system's and ends with this process, however that ends. @returns how to let go */
async function locked({ state }, { name }) {
  fs.mkdirSync(state, { recursive: true, mode: 0o700 });
  trustedFolder(state);
  const holder = spawn('flock', ['-w', '50', join(state, `${name}.lock`), 'cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: environment,
  });
  holder.stdin.on('error', () => {});
  holder.stdin.write('\n');
  const [held] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'close').then(() => [])]);
  if (!held) throw again('another act on this site is under way');
  return () => holder.stdin.end();
}

// --- the user ---

const userName = ({ prefix }, { name }) => `${prefix}${name}`;

/** @returns the system's user of this site, undefined where there is none. @throws when somebody else has the name */
function userOf(settings, site) {
  const name = userName(settings, site);
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(name))
    throw failed(`${name} can be no user of this system: names begin with a letter and have at most 32`);
  const { status, stdout } = tool('getent', ['passwd', name], { codesTaken: [0, 2] });
  if (status === 2) return undefined;
  const [, , uid, gid, comment] = stdout.trim().split(':');
  const user = { name, uid: Number(uid), gid: Number(gid) };
  if (comment !== `gotgan ${site.id}` || !(user.uid >= leastUserId) || !(user.gid >= leastUserId))
    throw ending('conflict', `the system has a user ${name} that is not of this site`);
  return user;
}

function makeUser(settings, site, folder) {
  const name = userName(settings, site);
  // A group alone is what a useradd that was cut off leaves.
  const { status, stdout } = tool('getent', ['group', name], { codesTaken: [0, 2] });
  const [, , gid = '0', members = ''] = stdout.trim().split(':');
  if (status === 0 && (members !== '' || !(Number(gid) >= leastUserId)))
    throw ending('conflict', `the system has a group ${name} that is not of this site`);
  const group = status === 0 ? ['--no-user-group', '--gid', gid] : ['--user-group'];
  const home = ['--no-create-home', '--home-dir', folder, '--shell', '/usr/sbin/nologin'];
  const own = ['--comment', `gotgan ${site.id}`, '-K', 'SUB_UID_COUNT=0', '-K', 'SUB_GID_COUNT=0'];
  tool('useradd', [...home, ...group, ...own, ...(settings.memberOf ? ['--groups', settings.memberOf] : []), '--', name]);
  return userOf(settings, site);
}

/** No password fits `*`; `!` before it and a day long past keep keys out as well. */
function setAccount(user, isOpen) {
  const day = isOpen ? '' : '1970-01-02';
  tool('usermod', ['--password', isOpen ? '*' : '!*', '--expiredate', day, '--', user.name]);
}

function endProcesses(uid) {
  const isTheirs = (pid) => {
    const status = unless(['ENOENT', 'ESRCH'], () => fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
    const ids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
    return !/^State:\s+[ZX]/m.test(status) && ids.includes(String(uid));
  };
  for (let round = 0; round < 100; round++) {
    const theirs = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isTheirs(name));
    if (theirs.length === 0) return;
    for (const pid of theirs) unless(['ESRCH'], () => process.kill(Number(pid), 'SIGKILL'));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  throw again('processes of this site do not end');
}

// --- the folders: the site's own belongs to root, so that nobody can rename or remove what stands in it ---

const folderOf = ({ root }, { name }) => join(root, name);

function acl(path, entries, inherited) {
  const both = inherited ? [...entries, ...entries.map((entry) => `d:${entry}`)] : entries;
  // In one call of the system for the folder itself: there is no moment in between.
  tool('setfacl', ['--set', both.join(','), '--', path]);
}

const named = (user, rights) => (user === null ? [] : [`u:${user}:${rights}`]);

function setDoor({ panelUser, webUser }, folder, user, isOpen) {
  const inside = isOpen ? [...named(webUser, '--x'), `g:${user.gid}:r-x`] : [];
  acl(folder, ['u::rwx', 'g::---', 'o::---', 'm::r-x', ...named(panelUser, 'r-x'), ...inside], false);
}

function makeFolders(settings, site, user, isOpen) {
  const { root, panelUser, webUser } = settings;
  trustedFolder(root);
  const folder = folderOf(settings, site);
  const made = (path) => {
    unless(['EEXIST'], () => fs.mkdirSync(path, 0o700));
    if (!fs.lstatSync(path).isDirectory()) throw failed(`${path} is no folder`);
  };
  made(folder);
  fs.lchownSync(folder, 0, 0);
  // Of root's group: what lies in backup/ is in nobody's quota.
  const backup = join(folder, 'backup');
  made(backup);
  fs.lchownSync(backup, 0, 0);
  acl(backup, ['u::rwx', 'g::---', 'o::---', 'm::r-x', `g:${user.gid}:r-x`, ...named(panelUser, 'r-x')], true);
  // Everything in www/ gets the site's group, whoever writes it: the site's user may use it, and the quota of the group counts it.
  const www = join(folder, 'www');
  made(www);
  fs.lchownSync(www, user.uid, user.gid);
  fs.chmodSync(www, 0o2770);
  acl(www, ['u::rwx', 'g::rwx', 'o::---', 'm::rwx', ...named(panelUser, 'rwx'), ...named(webUser, 'r-x')], true);
  setDoor(settings, folder, user, isOpen);
  syncFolder(folder);
  syncFolder(root);
}

/** @returns whether this file system keeps quotas of groups */
function setGroupQuota(settings, site, user, kib) {
  const mount = tool('findmnt', ['-n', '-o', 'TARGET', '--target', folderOf(settings, site)]).stdout.trim();
  const { status, error } = spawnSync('setquota', ['-g', String(user.gid), '0', String(kib), '0', '0', mount], {
    env: environment,
  });
  return !error && status === 0;
}

/** The wall for what comes past the panel, which counts by itself: blocks are more than bytes, so it stands a little further out. */
function setQuota(settings, site, user) {
  if (site.quotaBytes === undefined) return 'not asked';
  return setGroupQuota(settings, site, user, Math.ceil((site.quotaBytes * 1.1 + 64 * 2 ** 20) / 1024)) ? 'set' : 'not here';
}

// --- the acts ---

/** @returns record and user of a site that was opened. @throws notFound */
function opened(settings, site) {
  const record = recordOf(settings, site);
  const user = record && userOf(settings, site);
  if (!user || !fs.existsSync(join(folderOf(settings, site), 'www'))) throw ending('notFound', 'there is no such site');
  return { record, user, folder: folderOf(settings, site) };
}

async function countedBytes(www) {
  // find opens folder by folder without following a link, so nobody can lead root elsewhere while it looks.
  const find = spawn('find', [www, '-xdev', '-type', 'f', '-printf', '%s %n %D:%i\\n'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: environment,
  });
  const ended = once(find, 'close');
  const seen = new Set();
  let [bytes, files, rest] = [0, 0, ''];
  for await (const piece of find.stdout.setEncoding('latin1')) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [size, names, identity] = line.split(' ');
      if (names !== '1' && seen.has(identity)) continue;
      if (names !== '1') seen.add(identity);
      bytes += Number(size);
      files++;
    }
  }
  await ended;
  return { bytes, files };
}

async function takeBackup({ folder }, { name, bytes, checksum }, body) {
  const backup = join(folder, 'backup');
  const path = join(backup, `${temporary}${randomUUID()}`);
  const file = fs.openSync(path, 'wx', 0o640);
  try {
    let taken = 0;
    for await (const piece of body) {
      taken += piece.length;
      if (taken > bytes) throw failed('more came than the archive has');
      fs.writeSync(file, piece);
    }
    if (taken !== bytes) throw failed(`the archive has ${bytes} bytes, and ${taken} came`);
    fs.fsyncSync(file);
    // The sum first: what has one beside it is a backup that was shown, and may go when the next one comes.
    writeWhole(`${path}${sum}`, checksum, 0o640);
    fs.renameSync(`${path}${sum}`, join(backup, `${name}${sum}`));
    fs.renameSync(path, join(backup, name));
  } catch (error) {
    for (const left of [path, `${path}${sum}`]) fs.rmSync(left, { force: true });
    throw error;
  } finally {
    fs.closeSync(file);
  }
  removeShownBefore(backup, name);
  syncFolder(backup);
}

function removeShownBefore(backup, newest) {
  const remove = (name) => unless(['ENOENT', 'EISDIR', 'EPERM'], () => fs.unlinkSync(join(backup, name)));
  for (const name of fs.readdirSync(backup)) {
    if (name.startsWith(temporary)) remove(name);
    if (!name.endsWith(sum) || name === `${newest}${sum}`) continue;
    const archive = name.slice(0, -sum.length);
    if (archive !== '' && archive !== newest) remove(archive);
    remove(name);
  }
}

/** Files and folders that the site's programs closed to everybody (0600, 0700) are opened to the panel again, and to nobody else. As the site's own user: no right of root's goes into its tree. */
function mend({ panelUser, webUser }, { user, folder }) {
  if (panelUser === null) return;
  const own = { uid: user.uid, gid: user.gid, cwd: join(folder, 'www') };
  const closed = (rights, mask) => [
    '-exec',
    'setfacl',
    '-m',
    [`u:${panelUser}:${rights}`, ...named(webUser, '---'), `m::${mask}`].join(','),
    '--',
    '{}',
    '+',
  ];
  const find = (...tests) =>
    tool('find', ['.', '-xdev', '-user', String(user.uid), ...tests], {
      ...own,
      codesTaken: [0, 1],
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  find('-type', 'd', '!', '-perm', '-g=rx', ...closed('rwx', 'rwx'));
  find('-type', 'd', '!', '-perm', '-g=w', '-exec', 'setfacl', '-m', 'm::rwx', '--', '{}', '+');
  find('-type', 'f', '!', '-perm', '-g=r', ...closed('r--', 'r--'));
}

const acts = {
  open(settings, { site }) {
    let record = recordOf(settings, site);
    if (!record) {
      if (userOf(settings, site) === undefined && fs.existsSync(folderOf(settings, site)))
        throw ending('conflict', `${folderOf(settings, site)} is there already and of no site`);
      record = { suspended: false };
      keepRecord(settings, site, record);
    }
    const user = userOf(settings, site) ?? makeUser(settings, site, folderOf(settings, site));
    setAccount(user, !record.suspended);
    makeFolders(settings, site, user, !record.suspended);
    return { quota: setQuota(settings, site, user) };
  },
  suspend(settings, { site }) {
    const record = recordOf(settings, site);
    if (!record) return {};
    // Written first: an opening that is repeated late finds it and opens nothing.
    keepRecord(settings, site, { ...record, suspended: true });
    const user = userOf(settings, site);
    if (!user) return {};
    setAccount(user, false);
    if (fs.existsSync(folderOf(settings, site))) setDoor(settings, folderOf(settings, site), user, false);
    endProcesses(user.uid);
    return {};
  },
  resume(settings, { site }) {
    const { record, user, folder } = opened(settings, site);
    setDoor(settings, folder, user, true);
    setAccount(user, true);
    keepRecord(settings, site, { ...record, suspended: false });
    return {};
  },
  remove(settings, { site }) {
    if (!recordOf(settings, site)) return {};
    acts.suspend(settings, { site });
    const user = userOf(settings, site);
    trustedFolder(settings.root);
    if (user && fs.existsSync(folderOf(settings, site))) setGroupQuota(settings, site, user, 0);
    // rm opens folder by folder and follows no link.
    tool('rm', ['-rf', '--one-file-system', '--', folderOf(settings, site)]);
    syncFolder(settings.root);
    // Last, so that nobody else gets number and name while files of theirs are left.
    if (user) tool('userdel', ['--', user.name]);
    fs.rmSync(statePath(settings, site), { force: true });
    syncFolder(settings.state);
    return {};
  },
  async usage(settings, { site }) {
    return countedBytes(join(opened(settings, site).folder, 'www'));
  },
  home(settings, { site }) {
    const { user, folder } = opened(settings, site);
    return { folder, userId: user.uid, groupId: user.gid };
  },
  async showBackup(settings, { site, backup }, body) {
    await takeBackup(opened(settings, site), backup, body);
    return {};
  },
  mend(settings, { site }) {
    mend(settings, opened(settings, site));
    return {};
  },
  /** Whether everything is there that the acts need: said when a server is added, and every minute after. */
  check({ root, panelUser, webUser, memberOf }) {
    trustedFolder(root);
    for (const program of ['useradd', 'usermod', 'userdel', 'getent', 'flock', 'find', 'findmnt'])
      tool(program, ['--version'], { codesTaken: [0, 1, 2, 3], stdio: 'ignore' });
    for (const user of [panelUser, webUser].filter((name) => name !== null))
      if (tool('getent', ['passwd', user], { codesTaken: [0, 2] }).status === 2) throw failed(`the system has no user ${user}`);
    if (memberOf !== null && tool('getent', ['group', memberOf], { codesTaken: [0, 2] }).status === 2)
      throw failed(`the system has no group ${memberOf}`);
    const tried = fs.mkdtempSync(join(root, `${temporary}check-`));
    try {
      tool('setfacl', ['-m', `u:${leastUserId}:r-x`, '--', tried]);
    } finally {
      fs.rmdirSync(tried);
    }
    return {};
  },
};

async function* bodyOf(stream, rest) {
  if (rest.length > 0) yield rest;
  yield* stream;
}

async function answerTo(settingsPath, told) {
  if (process.getuid() !== 0) throw failed('this program makes users, so it must be run as root');
  process.umask(0o022);
  process.chdir('/');
  const settings = settingsOf(settingsPath);
  const { line, rest } = await firstLine(process.stdin);
  const order = orderOf(line);
  Object.assign(told, { act: order.act, site: order.site.id });
  if (order.act === 'check') return acts.check(settings);
  const release = await locked(settings, order.site);
  try {
    return await acts[order.act](settings, order, bodyOf(process.stdin, rest));
  } finally {
    release();
  }
}

async function main(settingsPath) {
  const told = { version: 1, act: null, site: null };
  let answer;
  try {
    answer = { ...told, ...(await answerTo(settingsPath, told)), ...told, outcome: 'done' };
  } catch (error) {
    const outcome = error.outcome ?? (['ENOSPC', 'EDQUOT', 'EMFILE', 'EAGAIN'].includes(error.code) ? 'again' : 'failed');
    answer = { ...told, outcome, error: error.message };
    console.error(error.message);
  }
  end(answer);
}

/** Says the answer once, on stdout, and ends with its code even where stdin is still being sent. */
function end(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(codes[answer.outcome] ?? 1));
}

/** Hands the order to the same program behind a socket (systemd, `Accept=yes`), for a panel that may run nothing as root. */
async function ask(socketPath) {
  const socket = connect(socketPath);
  let said = '';
  socket.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const over = once(socket, 'end').catch((error) => ({ error }));
  process.stdin.pipe(socket);
  const { error } = await over;
  if (error) return end({ outcome: 'again', error: `${dirname(socketPath)}: ${error.code}` });
  let answer;
  try {
    answer = JSON.parse(said);
  } catch {
    answer = { outcome: 'again', error: 'the service gave no answer' };
  }
  if (answer.error) console.error(answer.error);
  end(answer);
}

const [first = '/etc/gotgan-sites.json', second, ...more] = process.argv.slice(2);
if (more.length > 0 || (second !== undefined && first !== '--ask')) {
  console.error(
    'gotgan-sites [<settings>]        does the order on stdin\ngotgan-sites --ask <socket>      hands it to the service',
  );
  process.exitCode = 64;
} else await (first === '--ask' ? ask(second ?? '/run/gotgan-sites.sock') : main(first));
