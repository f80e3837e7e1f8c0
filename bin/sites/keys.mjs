// Who may come in by SSH: the file of a site's user that sshd reads (AuthorizedKeysFile <keys>/%u), below a folder of root, so that
// nobody who came in can add a key of their own. Every part of a line is checked here again, whoever sent it.
import * as fs from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { endProcesses } from './processes.mjs';
import { syncFolder, writeWhole } from './records.mjs';
import { trustedFolder } from './settings.mjs';
import { failed, tool, unless } from './system.mjs';

const isKey = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{16,12000}={0,2}$/;

function isNetwork(network) {
  const [address = '', length = '', ...more] = String(network).split('/');
  return /^[\da-f:.]+$/.test(address) && isIP(address) !== 0 && /^\d{1,3}$/.test(length) && more.length === 0;
}

/** @throws for what is no entry: a line must never let more in than was meant */
export function entriesOf(entries) {
  if (!Array.isArray(entries) || entries.length > 10) throw failed('entries must be a list of ten at most');
  return entries.map((entry) => {
    const { key, from, until, label } = entry ?? {};
    if (typeof key !== 'string' || !isKey.test(key)) throw failed('key must be kind and base64 of a public key');
    // Without a list sshd would let the key in from everywhere.
    if (!Array.isArray(from) || from.length === 0 || from.length > 50 || !from.every(isNetwork))
      throw failed('from must be a list of networks, each with its length');
    if (!(Number.isSafeInteger(until) && until > 0 && until < 253_402_300_800_000)) throw failed('until must be a time');
    if (typeof label !== 'string' || !/^[\w-]{1,64}$/.test(label)) throw failed('label must be one word');
    return { key, from, until, label };
  });
}

/** sshd keeps the end as well, so that it holds when the panel is down (`Z`, UTC, needs OpenSSH 9.1; older ones refuse the key). */
function lineOf({ key, from, until, label }) {
  const end = new Date(until).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
  return `restrict,pty,from="${from.join(',')}",expiry-time="${end}Z" ${key} ${label}\n`;
}

/** The list is the whole truth: what runs in sessions of a key that is gone ends, and with the last key the shell goes. */
export function letIn({ ssh }, user, entries) {
  if (!ssh && entries.length === 0) return { login: { user: user.name, host: '', port: 22, hostKeys: [] } };
  if (!ssh) throw failed('this server lets nobody in by SSH: its settings have no ssh');
  trustedFolder(ssh.keys);
  const path = join(ssh.keys, user.name);
  const before = unless(['ENOENT'], () => fs.readFileSync(path, 'utf8')) ?? '';
  const text = entries.map(lineOf).join('');
  const now = new Set(text.split('\n'));
  // Stays until the sessions of keys that are gone have ended, so that whoever comes next ends them when this run does not.
  const unended = `${path}.gone`;
  if (before.split('\n').some((line) => !now.has(line))) {
    writeWhole(unended, '', 0o600);
    syncFolder(ssh.keys);
  }
  if (text === '') fs.rmSync(path, { force: true });
  else {
    // A dot is in no user's name: sshd never reads this one.
    writeWhole(`${path}.new`, text, 0o644);
    fs.chmodSync(`${path}.new`, 0o644);
    fs.renameSync(`${path}.new`, path);
  }
  syncFolder(ssh.keys);
  tool('usermod', ['--shell', text === '' ? '/usr/sbin/nologin' : ssh.shell, '--', user.name]);
  if (fs.existsSync(unended)) {
    endProcesses(user);
    fs.rmSync(unended);
    syncFolder(ssh.keys);
  }
  return { login: { user: user.name, host: ssh.host, port: ssh.port, hostKeys: ssh.hostKeys.map(fingerprintOf) } };
}

const fingerprintOf = (path) => tool('ssh-keygen', ['-l', '-E', 'sha256', '-f', path]).stdout.split(' ')[1] ?? '';
