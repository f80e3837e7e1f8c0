// Numbers of users and groups: none is given twice, also when its site is long gone. What somebody left anywhere is nobody's then.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { locked, syncFolder, writeWhole } from './records.mjs';
import { failed, tool, unless } from './system.mjs';

/** A dot stands before no site's name. */
const file = '.numbers';

const isTaken = (number) =>
  ['passwd', 'group'].some((list) => tool('getent', [list, String(number)], { codesTaken: [0, 2] }).status === 0);

/** @returns a number that no user, no group and no site before has had. @throws failed when none is left */
export async function nextNumber(settings) {
  const { state, numbers } = settings;
  const [from, to] = numbers;
  const path = join(state, file);
  const release = await locked(settings, file);
  try {
    const last = Number(unless(['ENOENT'], () => fs.readFileSync(path, 'utf8')) ?? 0);
    if (!Number.isSafeInteger(last)) throw failed(`${path} holds no number`);
    let number = Math.max(last + 1, from);
    while (number <= to && isTaken(number)) number++;
    if (number > to) throw failed(`no number up to ${to} is left for a user: widen numbers in the settings`);
    writeWhole(`${path}.new`, String(number), 0o600);
    fs.renameSync(`${path}.new`, path);
    syncFolder(state);
    return number;
  } finally {
    release();
  }
}
