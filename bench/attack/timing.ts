// What the time of a failed sign-in tells: known against unknown addresses, each asked once, also where passwords rest on older panels' hashes.
import { pbkdf2Sync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hash as bcryptHash } from 'bcrypt';
import { sha512Crypt } from '../../src/accounts/sha512-crypt.ts';
import { password } from '../../test/support/panel.ts';
import { gotgan } from '../../test/support/program.ts';
import type { Circumstances, Figure, Part } from '../figure.ts';
import { fill, personAddress } from '../fill.ts';
import { median } from '../load.ts';
import { startProgram } from '../program.ts';
import { Visitor } from '../visitor.ts';

const secret = 'a secret for the benchmark only, long enough to be one';
const wrongPassword = 'not-the-Right-1-one';

export const timingPart: Part = { name: 'timing', measure };

type Who = 'known' | 'imported' | 'unknown';

/** 400 addresses of each sort in the long form: the same number of one sort after the other, and nobody is asked twice. */
async function measure({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const each = long ? 400 : 20;
  const place = join(folder, 'program');
  const program = await startProgram(place, { SECRET: secret });
  try {
    await fill({ url: `sqlite:${join(place, 'data/panel.db')}`, secret, password, persons: each, auditRows: 0 });
    await importOlder(place, each, { SECRET: secret, PUBLIC_URL: program.url });
    const times: Record<Who, number[]> = { known: [], imported: [], unknown: [] };
    const address: Record<Who, (at: number) => string> = {
      known: personAddress,
      imported: importedName,
      unknown: (at) => `nobody-${at}@example.com`,
    };
    for (let at = 0; at < each; at += 1) {
      // Each comes first as often as the others.
      const order = [...sorts.slice(at % sorts.length), ...sorts.slice(0, at % sorts.length)];
      for (const who of order) times[who].push(await failedAfter(new Visitor(program), address[who](at)));
    }
    for (const who of sorts) say(`${who}: median ${median(times[who]).toFixed(1)} ms of ${times[who].length}`);
    const unknown = median(times.unknown);
    return (['known', 'imported'] as const).map((who) => ({
      name: `failed sign-in, ${who === 'known' ? 'known' : 'imported, with an older hash,'} against unknown: medians of ${each} apart by`,
      unit: '%',
      ours: (Math.abs(median(times[who]) - unknown) / unknown) * 100,
      bound: { atMost: 5 },
    }));
  } finally {
    await program.stop();
  }
}

const sorts: readonly Who[] = ['known', 'imported', 'unknown'];
const importedName = (at: number) => `older-${at}`;

/** Milliseconds from sending the form to the end of its answer. */
async function failedAfter(visitor: Visitor, email: string): Promise<number> {
  let sent = 0;
  const { status } = await visitor.submit('/login', {
    get email() {
      // Asked for when the page with its hidden fields is there.
      sent = performance.now();
      return email;
    },
    password: wrongPassword,
  });
  const milliseconds = performance.now() - sent;
  if (status !== 422) throw new Error(`a failed sign-in was answered with ${status}`);
  return milliseconds;
}

/** Customers with hashes of every kind that is taken over, by the command that operators use, while the panel runs. */
async function importOlder(folder: string, count: number, environment: Record<string, string>): Promise<void> {
  const right = 'maple-Teacup-48-orbit';
  const hashes = [
    await bcryptHash(right, 10),
    `$6$rounds=5000$saltstring$${sha512Crypt({ password: right, salt: 'saltstring', rounds: 5000 })}`,
    `pbkdf2_sha256$260000$salt$${pbkdf2Sync(right, 'salt', 260_000, 32, 'sha256').toString('base64')}`,
  ];
  const rows = Array.from(
    { length: count },
    (_, at) => `${importedName(at)},older-${at}@example.com,${hashes[at % hashes.length]},tree`,
  );
  const file = join(folder, 'customers.csv');
  await writeFile(file, ['login_name,email,password_hash,plan', ...rows].join('\n'));
  const { code, out, err } = await gotgan(['accounts', 'import', file], { folder, environment }).ended;
  if (code !== 0) throw new Error(`the import failed:\n${out}${err}`);
}
