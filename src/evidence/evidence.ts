// The door of evidence: everything that a dispute about one customer asks for, in one signed archive (slides 8-2, 9-1; docs/evidence.md).
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { Actor } from '../audit/audit.ts';
import { byteOrderMark, csvLine } from '../platform/csv.ts';
import { ZipWriter } from '../platform/zip/writer.ts';
import { agreedPart } from './agreed.ts';
import { namesOf } from './names.ts';
import type { EvidenceParts, Member, Table } from './parts.ts';
import { backupTable, downloadTable, noticePart, orderTable, outageTables, peopleTable, signInTable } from './tables.ts';

export type { EvidenceParts } from './parts.ts';

export type Exported = {
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  /** what is wrong with the ledger as a whole; it stands in the bundle as well */
  readonly faults: readonly string[];
};

/** Of a table as many rows as a person would read on a page; the file has them all. */
const shownRows = 200;

/** One customer's bundle: what the panel knows, in a form that others can check without it. */
export class Evidence {
  readonly #parts: EvidenceParts;

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
  }

  /** The public half of what signs bundles, and its name: to be published before it is needed. */
  get key(): { readonly name: string; readonly publicKey: string } {
    const { signing } = this.#parts;
    return { name: signing.keyName, publicKey: signing.publicKey };
  }

  /**
   * @param path of a file that is not there yet; it is readable for its owner alone, and gone again when something fails
   * @throws the error of the file system
   */
  async export(customerId: string, path: string, actor: Actor): Promise<Exported> {
    const { connection, audit } = this.#parts;
    const file = await open(path, 'wx', 0o600);
    await file.close();
    try {
      const { tables, members, faults } = await this.#collected(customerId);
      const { sha256, bytes } = await this.#written(path, customerId, { tables, members, faults });
      const entry = { action: 'evidence.exported', actor, customerId, details: { sha256 } };
      await connection.write((tx) => audit.record(tx, entry));
      return { sha256, bytes, faults, rows: tables.reduce((sum, { rows }) => sum + rows.length, 0) };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  async #collected(customerId: string): Promise<{ tables: Table[]; members: Member[]; faults: readonly string[] }> {
    const parts = this.#parts;
    const names = await namesOf(customerId, parts);
    const agreed = await agreedPart(customerId, names, parts);
    const notices = await noticePart(customerId, names, parts);
    const tables = [
      agreed.table,
      notices.table,
      await backupTable(customerId, names, parts),
      await downloadTable(customerId, names, parts),
      ...(await outageTables(customerId, names, parts)),
      await signInTable(customerId, names, parts),
      await orderTable(customerId, names, parts),
      peopleTable(names),
    ];
    return { tables, members: [...agreed.members, ...notices.members], faults: agreed.verification.faults };
  }

  async #written(path: string, customerId: string, found: { tables: Table[]; members: Member[]; faults: readonly string[] }) {
    const { clock, madeBy, timeZone, signing } = this.#parts;
    const now = clock.now();
    const files: Member[] = [
      { path: 'index.html', content: this.#page(customerId, found, now) },
      ...found.tables.map(({ name, columns, rows }) => ({ path: `${name}.csv`, content: this.#csv(columns, rows) })),
      ...found.members,
    ];
    const members = files.map(({ path: name, content }) => ({
      path: name,
      size: Buffer.byteLength(content),
      sha256: createHash('sha256').update(content).digest('hex'),
    }));
    const head = { format: 'gotgan-evidence', version: 1, customer: customerId, madeAt: new Date(now).toISOString() };
    const manifest = `${JSON.stringify({ ...head, madeBy, zone: timeZone, key: this.key, members }, null, 1)}\n`;
    const sha256 = createHash('sha256').update(manifest).digest('hex');
    const statement = `Gotgan evidence signature, version 1\nKey: ${signing.keyName}\nManifest-SHA256: ${sha256}\n`;
    const closing = [
      { path: 'manifest.json', content: manifest },
      { path: 'manifest.json.sig', content: `${statement}Ed25519: ${signing.sign(statement)}\n` },
    ];
    return zipped(path, [...files, ...closing], now);
  }

  #csv(columns: readonly string[], rows: Table['rows']): string {
    const { t } = this.#parts.words;
    const heads = columns.map((name) => `${t(`evidence.column.${name}`)} (${name})`);
    return byteOrderMark + csvLine(heads) + rows.map((row) => csvLine(row)).join('');
  }

  #page(customerId: string, { tables, faults }: { tables: readonly Table[]; faults: readonly string[] }, now: number): string {
    const { words, madeBy, render } = this.#parts;
    const shown = tables.map((table) => ({ ...table, total: table.rows.length, rows: table.rows.slice(0, shownRows) }));
    return render('evidence/index', { ...words, customerId, madeBy, key: this.key, madeAt: now, tables: shown, faults });
  }
}

async function zipped(path: string, files: readonly Member[], now: number): Promise<{ bytes: number; sha256: string }> {
  const writer = await ZipWriter.create(path);
  try {
    for (const { path: name, content } of files)
      await writer.put({ name, kind: 'file', mode: 0o644, modifiedAt: now }, await writer.pack(Buffer.from(content)));
    const done = await writer.finish();
    const file = await open(path, 'r');
    await file.sync().finally(() => file.close());
    return done;
  } finally {
    await writer.close();
  }
}
