// Customers who leave, for tests: closing, undoing and erasing in a line each.
import { createHash } from 'node:crypto';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { minute } from '../../src/platform/clock.ts';
import { type TestPanel, Visitor } from '../support/panel.ts';

/** @returns the customer of a person, also one that is closed */
export async function customerIdOf({ panel }: TestPanel, email: string): Promise<string> {
  const { accounts, connection } = panel.doors;
  const person = await accounts.byLoginName(email);
  const row = await connection.db
    .selectFrom('memberships')
    .select('customer_id')
    .where('person_id', '=', person?.id ?? '')
    .where('role', '=', 'owner')
    .executeTakeFirst();
  return row?.customer_id ?? '';
}

/** Closes an account as the operator does. @returns the path of the link that undoes it */
export async function closeAccount(house: TestPanel, email: string, days?: number): Promise<string> {
  const { termination } = house.panel.doors;
  const wish = { because: 'operator', said: 'for a test', ...(days !== undefined && { days }) } as const;
  await termination.close(await customerIdOf(house, email), wish, { kind: 'operator' });
  return days === 0 ? '' : new Visitor(house).linkFor(email, '/account/reopen/');
}

/** Lets the worker go on, round after round. */
export async function rounds(house: TestPanel, count = 3): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    house.clock.advance(minute);
    await house.work();
  }
}

/** Closes and erases. @returns the path of the certificate, read from its letter before that goes too */
export async function eraseAccount(house: TestPanel, email: string): Promise<string> {
  await closeAccount(house, email, 0);
  await rounds(house, 1);
  const link = await new Visitor(house).linkFor(email, '/certificates/');
  await rounds(house);
  return link;
}

/** Every file below a folder: what stands in it, or where a link leads. */
export async function filesBelow(folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of names) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(path, await readFile(path));
    else if (entry.isSymbolicLink()) found.set(path, Buffer.from(await readlink(path)));
  }
  return found;
}

/** @returns what of these marks stands where: in names, in content, also packed by gzip or ZIP */
export async function marksIn(folders: readonly string[], marks: Readonly<Record<string, string>>): Promise<string[]> {
  const hits: string[] = [];
  for (const folder of folders) {
    if (!(await stat(folder).catch(() => undefined))) continue;
    for (const [path, content] of await filesBelow(folder))
      for (const [name, mark] of Object.entries(marks))
        if (path.includes(mark) || content.includes(mark)) hits.push(`${name} in ${path}`);
  }
  return hits;
}

/** @returns paths and digests of everything below a folder, in order: unequal when a byte differs */
export async function treeDigest(folder: string): Promise<string> {
  const lines = [...(await filesBelow(folder))].map(
    ([path, content]) => `${path} ${createHash('sha256').update(content).digest('hex')}`,
  );
  return lines.sort().join('\n');
}
