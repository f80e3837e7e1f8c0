// What owners of databases do in tests, in words: make one, come in as its user, read bytes.
import type { DatabaseAccess, DatabaseEngine } from '../../src/platform/database-server/port.ts';
import { ask } from '../support/database-client.ts';
import { administrator } from '../support/database-servers.ts';
import { unescaped, type Visitor } from '../support/panel.ts';

export type Made = { readonly id: string; readonly name: string; readonly password: string };

/** Makes a database by the form, with a drawn password. */
export async function make(owner: Visitor, site: string, fields: { db_name: string; engine?: string }): Promise<Made> {
  const page = `/sites/${site}/databases`;
  const made = await owner.submit(page, { charset: '', db_password: '', ...fields });
  const id = /\/databases\/([0-9a-f-]{36})\/password\/once$/.exec(made.headers.location ?? '')?.[1];
  if (!id) throw new Error(`${fields.db_name} was not made: ${made.status} ${made.headers.location} ${made.text}`);
  const { text } = await owner.get(`${page}/${id}/password/once`);
  const password = unescaped(/id="drawn-password">([^<]+)</.exec(text)?.[1] ?? '');
  return { id, name: `${site}_${fields.db_name}`, password };
}

/** Comes in as the user of a database. */
export const usedAs = Object.assign(
  async (engine: DatabaseEngine, made: Made) => {
    await ask(usedAs.access(engine, made), made.name, 'SELECT 1');
  },
  {
    access: (engine: DatabaseEngine, { name, password }: Made): DatabaseAccess => ({
      ...administrator(engine),
      user: name,
      password,
    }),
  },
);

/** @returns the answer with its body as bytes */
export const bytesOf = (visitor: Visitor, path: string) =>
  visitor
    .get(path)
    .buffer(true)
    .parse((res, done) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => done(null, Buffer.concat(chunks)));
      res.on('error', (error: Error) => done(error, Buffer.concat(chunks)));
    });

/** Sends a dump by the form of an import. */
export async function sendDump(
  owner: Visitor,
  origin: string,
  {
    site,
    id,
    body,
    name = 'dump.sql',
    fields = {},
  }: { site: string; id: string; body: Buffer | string; name?: string; fields?: Record<string, string> },
) {
  const page = `/sites/${site}/databases/${id}/imports`;
  const hidden = await owner.hidden(page);
  const post = owner.agent.post(owner.path(page)).set('Origin', origin);
  for (const [field, value] of Object.entries({ ...hidden, mode: 'empty', ...fields })) post.field(field, String(value));
  return post.attach('dump', Buffer.from(body), { filename: name });
}
