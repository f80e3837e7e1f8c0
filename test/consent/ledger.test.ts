// The ledger of consents: nobody changes, removes or slips in a row unseen, not even with the database in their hands.
import { createHash, createHmac, createPublicKey, hkdfSync, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anchorIn, anchorLine, Consent, rowDigest } from '../../src/consent/consent.ts';
import { consentCommand } from '../../src/consent-commands.ts';
import { holdKeys } from '../../src/keys.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { hour } from '../../src/platform/clock.ts';
import { PanelError } from '../../src/platform/errors.ts';
import { Secrets } from '../../src/platform/secrets.ts';
import { publicHalf, Signing } from '../../src/platform/signing.ts';
import { type Doors, openDoors } from '../accounts/doors.ts';

const secret = 'a secret of at least thirty-two bytes';
const seed = Buffer.alloc(32, 7);
let doors: Doors;
let consent: Consent;
let customer = '';
beforeAll(async () => {
  doors = await openDoors();
  consent = new Consent({ ...doors, documentsFolder: packageFolder('views/documents'), signing: new Signing(seed) });
});
afterAll(() => doors.close());

const by = (changes: object = {}) =>
  ({
    customerId: customer,
    actor: { kind: 'person', personId: 'p', address: '203.0.113.7' },
    role: 'owner',
    language: 'ko',
    method: 'checkbox',
    page: 'signup',
    ...changes,
  }) as const;
const items = [
  { item: 'agree_terms', required: true, agreed: true, document: 'terms', wording: '동의합니다' },
  { item: 'ads_email', required: false, agreed: true, document: 'privacy', wording: 'by "mail"\n' },
];
const record = () => doors.connection.write((tx) => consent.record(tx, { ...by(), items }));
const withdraw = (consentId: string, changes: object = {}) =>
  doors.connection.write((tx) =>
    consent.withdraw(tx, { ...by({ page: 'account', method: 'button', ...changes }), consentId, wording: '거둡니다' }),
  );
beforeEach(() => {
  customer = `c${Math.random()}`;
});

/** As somebody who has the database itself, and may do there what its owner may. The guards stand again afterwards. */
async function withoutGuards(act: () => Promise<unknown>): Promise<void> {
  const { owner, engine } = doors.connection;
  if (engine === 'postgresql') {
    for (const table of ['consents', 'consents_links'])
      await sql`alter table ${sql.table(table)} disable trigger all`.execute(owner);
    await act();
    for (const table of ['consents', 'consents_links'])
      await sql`alter table ${sql.table(table)} enable trigger all`.execute(owner);
    return;
  }
  const { rows } = await sql<{
    name: string;
    sql: string;
  }>`select name, sql from sqlite_master where type = 'trigger' and tbl_name in ('consents', 'consents_links')`.execute(owner);
  for (const { name } of rows) await sql`drop trigger ${sql.ref(name)}`.execute(owner);
  await act();
  for (const { sql: text } of rows) await sql.raw(text).execute(owner);
}
const refusal = (act: Promise<unknown>) =>
  act.then(
    () => undefined,
    (error) => (error instanceof PanelError ? [error.status, error.key] : error),
  );

describe('a row of the ledger', () => {
  it('tells who answered in which role, on which page, of which kind, and until when advertising must be confirmed', async () => {
    await record();
    const [terms, ads] = (await consent.forCustomer(customer)).sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(terms).toMatchObject({
      kind: 'terms',
      actorKind: 'person',
      actorRole: 'owner',
      page: 'signup',
      withdraws: null,
      reconfirmBy: null,
    });
    expect(new Date(ads?.reconfirmBy ?? 0).toISOString()).toBe('2028-11-23T00:00:00.000Z');
  });

  it('is taken back by a row of its own, once, and only when it was a choice', async () => {
    const [required = '', chosen = ''] = await record();
    const id = await withdraw(chosen);
    const rows = await consent.forCustomer(customer);
    expect(rows).toHaveLength(3);
    expect(rows.find((row) => row.id === chosen)).toMatchObject({ agreed: true, withdraws: null });
    expect(rows.find((row) => row.id === id)).toMatchObject({
      agreed: false,
      withdraws: chosen,
      item: 'ads_email',
      wording: '거둡니다',
      page: 'account',
    });
    expect(await refusal(withdraw(chosen))).toEqual([409, 'consent.withdraw.none']);
    expect(await refusal(withdraw(required))).toEqual([409, 'consent.withdraw.required']);
    expect(await refusal(withdraw(chosen, { customerId: 'somebody else' }))).toEqual([404, 'error.notFound']);
    expect(await consent.forCustomer(customer)).toHaveLength(3);
  });

  it('taken back by two at once is taken back once', async () => {
    const [, chosen = ''] = await record();
    const ends = await Promise.allSettled([withdraw(chosen), withdraw(chosen)]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is refused by the database itself when somebody changes, deletes or replaces it', async () => {
    const [id = ''] = await record();
    const { connection } = doors;
    const act = (query: ReturnType<typeof sql>) => connection.write((tx) => query.execute(tx));
    const acts = [
      sql`update consents set agreed = 0`,
      sql`delete from consents where id = ${id}`,
      sql`update consents_links set mac = ''`,
      sql`delete from consents_links`,
      ...(connection.engine === 'postgresql'
        ? [sql`truncate consents`, sql`truncate consents_links`, sql`truncate consents_anchors`]
        : [
            sql`insert or replace into consents select * from consents where id = ${id}`,
            sql`insert or replace into consents_links select * from consents_links where row_id = ${id}`,
            sql`insert or replace into consents_links (position, row_id, mac, created_at) values (999999, ${id}, '', 0)`,
          ]),
    ];
    for (const query of acts) await expect(act(query)).rejects.toThrow('only added');
    expect((await consent.ledger.verify()).faults).toEqual([]);
  });
});

describe('the chain', () => {
  it('is what docs/decisions/0050 says, computed here from that page alone', async () => {
    await record();
    const rows = await doors.connection.db.selectFrom('consents').selectAll().execute();
    const links = await doors.connection.db.selectFrom('consents_links').selectAll().orderBy('position').execute();
    const key = Buffer.from(hkdfSync('sha256', secret, 'gotgan', 'digest.consents.chain', 32));
    const order =
      'id at order_id customer_id actor_person_id item kind required agreed document version language text_sha256 wording method address_digest agent_digest actor_kind actor_role page reason withdraws reconfirm_by'.split(
        ' ',
      );
    let before = '';
    for (const [index, link] of links.entries()) {
      const row = rows.find(({ id }) => id === link.row_id) as Record<string, unknown>;
      const text = JSON.stringify(['gotgan.consents.1', ...order.map((column) => row[column])]);
      const digest = createHash('sha256').update(text).digest('hex');
      const code = createHmac('sha256', key)
        .update(`gotgan.chain.1;consents;${index + 1};${before};${digest}`)
        .digest('base64url');
      expect([link.position, link.row_sha256, link.mac]).toEqual([index + 1, digest, code]);
      before = code;
    }
    expect(links).toHaveLength(rows.length);
  });

  it('tells where rows stand in it', async () => {
    const [first = '', second = ''] = await record();
    const places = await consent.ledger.links([first, second, 'nothing']);
    const [one, two] = [places.get(first), places.get(second)];
    expect([places.size, (two?.position ?? 0) - (one?.position ?? 0), two?.before]).toEqual([2, 1, one?.mac]);
  });

  it('has no gap and no fork when many record at once', async () => {
    await Promise.all(Array.from({ length: 20 }, record));
    const { faults, links } = await consent.ledger.verify();
    expect([faults, links >= 40]).toEqual([[], true]);
  });

  it('is anchored once for each end, signed, and read back from any line', async () => {
    await record();
    const anchor = await consent.ledger.anchor();
    if (!anchor) throw new Error('there was something to anchor');
    expect(await consent.ledger.anchor()).toBeUndefined();
    const line = `Nov 23 host gotgan[1]: {"anchor":"${anchorLine(anchor)}"}`;
    expect(anchorIn(line)).toEqual(anchor);
    const head = Buffer.from('302a300506032b6570032100', 'hex');
    const publicKey = createPublicKey({ key: Buffer.concat([head, publicHalf(seed)]), format: 'der', type: 'spki' });
    const text = `gotgan.anchor.1;consents;${anchor.position};${anchor.mac};${anchor.at}`;
    expect(verify(null, Buffer.from(text), publicKey, Buffer.from(anchor.signature, 'base64url'))).toBe(true);
    const forged = { ...anchor, mac: 'x' };
    expect((await consent.ledger.verify([forged])).faults).toEqual([expect.stringContaining('was not signed by this panel')]);
    await expect(doors.consent.ledger.anchor()).rejects.toThrow('no key');
  });
});

describe('the chain after a change of the secret', () => {
  it('still holds, and goes on with the key it began with', async () => {
    await record();
    const { settings } = doors;
    await holdKeys(settings, doors.secrets);
    const renewed = new Secrets('another secret, of thirty-two bytes and more', [secret]);
    await holdKeys(settings, renewed);
    const after = new Consent({
      ...doors,
      secrets: renewed,
      documentsFolder: packageFolder('views/documents'),
      signing: new Signing(seed),
    });
    expect((await after.ledger.verify()).faults).toEqual([]);
    await doors.connection.write((tx) => after.record(tx, { ...by(), items }));
    expect([(await after.ledger.verify()).faults, (await consent.ledger.verify()).faults]).toEqual([[], []]);
    const stranger = new Consent({
      ...doors,
      secrets: new Secrets('somebody who has only the database and this'),
      documentsFolder: packageFolder('views/documents'),
    });
    expect((await stranger.ledger.verify()).faults.join()).toContain('link 1 does not hold');
  });
});

describe('gotgan consent', () => {
  it('prints an anchor, and takes it back from a file that was kept elsewhere', async () => {
    await record();
    const folder = await mkdtemp(join(tmpdir(), 'gotgan-anchors-'));
    const file = join(folder, 'collected.log');
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    await consentCommand(['anchor'], { consent }, say);
    await writeFile(file, `something else\nNov 23 gotgan: ${lines[0]}\n`);
    await consentCommand(['verify', '--anchors', file], { consent }, say);
    expect(lines[1]).toMatch(/^\d+ rows in [\d.]+ s, \d+ anchors: nothing was changed/);
    await writeFile(
      file,
      (lines[0] ?? '').replace(/;consents;(\d+);/, (_, at) => `;consents;${Number(at) + 1};`),
    );
    await expect(consentCommand(['verify', '--anchors', file], { consent }, say)).rejects.toThrow('does not hold: 1 faults');
    await writeFile(file, 'no anchor here');
    await expect(consentCommand(['verify', '--anchors', file], { consent }, say)).rejects.toThrow('no anchor stands in it');
    await rm(folder, { recursive: true });
  });
});

describe('somebody with the database in their hands', () => {
  const faultsAfter = async (
    act: () => Promise<unknown>,
    undo: () => Promise<unknown>,
    given: Parameters<typeof consent.ledger.verify>[0] = [],
  ) => {
    await withoutGuards(act);
    const { faults } = await consent.ledger.verify(given);
    await withoutGuards(undo);
    expect((await consent.ledger.verify(given)).faults).toEqual([]);
    return faults.join('\n');
  };

  it('is seen when a no becomes a yes, also when the digest beside it is made to fit', async () => {
    const [id = ''] = await record();
    const { connection } = doors;
    const set = (wording: string) => () =>
      connection.owner.updateTable('consents').set({ wording }).where('id', '=', id).execute();
    expect(await faultsAfter(set('forged'), set('동의합니다'))).toMatch(new RegExp(`row ${id} .* was changed`));
    const links = () =>
      connection.db.selectFrom('consents_links').select('row_sha256').where('row_id', '=', id).executeTakeFirstOrThrow();
    const { row_sha256: right } = await links();
    const both = (wording: string, row_sha256: string | null) => async () => {
      await set(wording)();
      await connection.owner.updateTable('consents_links').set({ row_sha256 }).where('row_id', '=', id).execute();
    };
    const row = await connection.db.selectFrom('consents').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    expect(await faultsAfter(both('forged', rowDigest({ ...row, wording: 'forged' })), both('동의합니다', right))).toContain(
      'does not hold',
    );
  });

  it('is seen when a row is removed, or one slipped in without a link', async () => {
    const [id = ''] = await record();
    const { connection } = doors;
    const row = await connection.db.selectFrom('consents').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    const insert = (values: typeof row) => () => connection.owner.insertInto('consents').values(values).execute();
    const remove = (which: string) => () => connection.owner.deleteFrom('consents').where('id', '=', which).execute();
    expect(await faultsAfter(remove(id), insert(row))).toContain(`its row ${id} is gone`);
    expect(await faultsAfter(insert({ ...row, id: 'slipped in' }), remove('slipped in'))).toContain('row slipped in has no link');
    // Nor does a start take it for one from before there was a chain.
    expect(
      await faultsAfter(async () => {
        await insert({ ...row, id: 'old', kind: null })();
        await consent.rememberDocuments();
      }, remove('old')),
    ).toContain('row old has no link');
  });

  it('is seen by an anchor kept elsewhere when the end is cut off, head and all', async () => {
    await record();
    doors.clock.advance(hour);
    const anchor = await consent.ledger.anchor();
    if (!anchor) throw new Error('there was something to anchor');
    const { connection } = doors;
    const { position } = anchor;
    const link = await connection.db
      .selectFrom('consents_links')
      .selectAll()
      .where('position', '=', position)
      .executeTakeFirstOrThrow();
    const row = await connection.db.selectFrom('consents').selectAll().where('id', '=', link.row_id).executeTakeFirstOrThrow();
    const before = await connection.db
      .selectFrom('consents_links')
      .selectAll()
      .where('position', '=', position - 1)
      .executeTakeFirstOrThrow();
    const head = ({ position: at, mac }: { position: number; mac: string }) =>
      connection.owner.updateTable('consents_head').set({ position: at, mac }).execute();
    const cut = async () => {
      await connection.owner.deleteFrom('consents_links').where('position', '=', position).execute();
      await connection.owner.deleteFrom('consents').where('id', '=', row.id).execute();
      await head(before);
    };
    const mend = async () => {
      await connection.owner.insertInto('consents').values(row).execute();
      await connection.owner.insertInto('consents_links').values(link).execute();
      await head(link);
    };
    expect(await faultsAfter(cut, mend, [anchor])).toContain(`but an anchor tells of link ${position}`);
  });
});
