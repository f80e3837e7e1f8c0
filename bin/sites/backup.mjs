// The newest backup in a site's backup/, its bytes taken from the order.
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { syncFolder, writeWhole } from './records.mjs';
import { trustedFolder } from './settings.mjs';
import { failed, unless } from './system.mjs';

const temporary = '.gotgan-';
const sum = '.sha256';

export async function takeBackup({ folder }, { name, bytes, checksum }, body) {
  const backup = join(folder, 'backup');
  trustedFolder(backup);
  const path = join(backup, `${temporary}${randomUUID()}`);
  const file = fs.openSync(path, 'wx', 0o640);
  try {
    let taken = 0;
    for await (const piece of body) {
      taken += piece.length;
      if (taken > bytes) throw failed('more came than the archive has');
      fs.writeFileSync(file, piece);
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
