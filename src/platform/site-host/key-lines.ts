// What a server's sshd reads about who may come in (sshd(8), AUTHORIZED_KEYS FILE FORMAT): one line a key, and nothing but the shell.
import { isIP } from 'node:net';

/** One key that may come in. */
export type Entry = {
  /** type and base64 of a public key, without options and comment */
  readonly key: string;
  /** networks, at least one, each with its length and no bits behind it (`203.0.113.7/32`): sshd refuses a key with others */
  readonly from: readonly string[];
  /** epoch milliseconds; sshd refuses the key from that second on */
  readonly until: number;
  /** stands behind the key, for whoever reads the file: an id */
  readonly label: string;
};

const isKey = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{16,12000}={0,2}$/;

/**
 * Forwarding of ports, agents and X11 and the customer's own `~/.ssh/rc` are off (`restrict`), a terminal is allowed. The end stands in
 * the line as well, so that sshd keeps it when the panel is down (`Z`, UTC, needs OpenSSH 9.1; older ones refuse the key).
 * @returns the whole file; empty when nobody may come in
 * @throws RangeError rather than a line that would let more in than was meant
 */
export function keyLines(entries: readonly Entry[]): string {
  return entries.map(lineOf).join('');
}

function lineOf({ key, from, until, label }: Entry): string {
  if (!isKey.test(key)) throw new RangeError('Not a public key');
  if (!/^[\w-]{1,64}$/.test(label)) throw new RangeError('Not a label');
  // Without a list sshd would let the key in from everywhere.
  if (from.length === 0) throw new RangeError('Nobody knows from where');
  if (!from.every(isNetwork)) throw new RangeError('Not a network');
  return `restrict,pty,from="${from.join(',')}",expiry-time="${expiryTime(until)}" ${key} ${label}\n`;
}

/** Nothing but addresses and numbers may stand between the quotes. */
function isNetwork(network: string): boolean {
  const [address = '', length = '', ...more] = network.split('/');
  const version = isIP(address);
  return /^[\da-f:.]+$/.test(address) && /^\d{1,3}$/.test(length) && more.length === 0 && version !== 0;
}

/** @returns `YYYYMMDDHHMMSSZ` */
function expiryTime(until: number): string {
  if (!Number.isFinite(until) || until < 0) throw new RangeError('Not a time');
  return `${new Date(until).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}
