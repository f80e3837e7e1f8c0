// The order on stdin, checked part by part whoever sent it.
import { once } from 'node:events';
import { entriesOf } from './keys.mjs';
import { sessionOf } from './sessions.mjs';
import { failed } from './system.mjs';

/** @returns the first line, and what was read beyond it; stdin then goes on with the rest of the body */
export async function firstLine(stream) {
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

/** @param acts what is known here, by name. @throws with what is wrong */
export function orderOf(line, acts) {
  let order;
  try {
    order = JSON.parse(line);
  } catch {
    throw failed('the order is no JSON');
  }
  const { version, act, site, backup, entries, session } = order ?? {};
  if (version !== 1) throw failed('only version 1 is known here');
  // A list of one text would find an act too, and pass by what is asked of it below.
  if (typeof act !== 'string' || !Object.hasOwn(acts, act)) throw failed('this act is not known here');
  if (act === 'check') return { act, site: { id: null } };
  if (typeof site?.id !== 'string' || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(site.id))
    throw failed('the id of the site is none');
  if (typeof site.name !== 'string' || !/^[a-z0-9][a-z0-9-]{2,31}$/.test(site.name)) throw failed('the name of the site is none');
  const { id, name, quotaBytes } = site;
  if (quotaBytes !== undefined && !(Number.isSafeInteger(quotaBytes) && quotaBytes >= 0))
    throw failed('quotaBytes must be a number of bytes');
  if (act === 'showBackup') {
    const [called, checksum] = [backup?.name, backup?.checksum];
    const isName =
      typeof called === 'string' && /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$/.test(called) && !called.endsWith('.sha256');
    const isSum = typeof checksum === 'string' && /^[^\0\r\n]{1,400}\n?$/.test(checksum);
    if (!isName || !isSum || !(Number.isSafeInteger(backup.bytes) && backup.bytes >= 0))
      throw failed('backup must have name, bytes and checksum');
  }
  if (act === 'endSession') return { act, site: { id, name, quotaBytes }, session: sessionOf(session) };
  if (act === 'letIn') return { act, site: { id, name, quotaBytes }, entries: entriesOf(entries) };
  return { act, site: { id, name, quotaBytes }, backup };
}
