// Reads an SQL text into a PostgreSQL database: statements one by one, rows of INSERT many at once, rows of COPY as they come.
import type { Readable } from 'node:stream';
import { engineWords } from './engine-words.ts';
import type { Limits } from './limits.ts';
import { readChunks } from './load-source.ts';
import { LoadFault, type LoadOptions } from './port.ts';
import { judgePostgres } from './postgresql-rules.ts';
import { PostgresText } from './postgresql-text.ts';
import type { PostgresWire, WireFailure } from './postgresql-wire.ts';
import { Refusal } from './refusal.ts';
import { linesIn, type Statement } from './sql-window.ts';

/** one statement; what memory is given for */
const longestStatement = 16 << 20;
/** rows that are on their way at once: enough that the way there and back costs nothing */
const batchStatements = 200;
const batchBytes = 128 << 10;
const diskFull = /^(53100|53400|54000)$/;
/** character sets whose second bytes may be a backslash or a quotation mark: the server would read strings otherwise than we */
const misleading = /^(SJIS|SHIFT_JIS_2004|BIG5|GBK|GB18030|JOHAB)$/;

type Waiting = { readonly bytes: Buffer; readonly line: number; readonly unfinished: boolean };

export type PostgresLoad = {
  readonly wire: PostgresWire;
  readonly own: ReadonlySet<string>;
  readonly limits: Limits;
  readonly options: LoadOptions;
  readonly size: () => Promise<number>;
};

/** @throws LoadFault, the signal's reason */
export async function loadPostgres(load: PostgresLoad, from: Readable): Promise<{ lines: number; neutralised: number }> {
  const loader = new Loader(load);
  const source = { from, limits: load.limits, options: load.options, size: load.size, line: () => loader.text.line };
  try {
    for await (const chunk of readChunks(source)) {
      loader.text.append(chunk);
      await loader.takeAll();
    }
    loader.text.end();
    await loader.takeAll();
    await loader.flush();
    return { lines: loader.text.line, neutralised: loader.neutralised };
  } catch (error) {
    load.options.signal?.throwIfAborted();
    await loader.flush();
    throw error;
  } finally {
    await loader.finish();
  }
}

class Loader {
  readonly text = new PostgresText(longestStatement);
  neutralised = 0;
  readonly #load: PostgresLoad;
  #rows: Waiting[] = [];
  #rowBytes = 0;
  /** rows that wait, and those that are at the server */
  #kept = [new KeptBytes(), new KeptBytes()] as const;
  /** rows that are at the server while the next are read; nothing else is sent before they are through */
  #inFlight: Promise<void> = Promise.resolve();
  #copyLine: number | undefined;
  #copyOpen = false;

  constructor(load: PostgresLoad) {
    this.#load = load;
  }

  async takeAll(): Promise<void> {
    for (;;) {
      if (this.#copyLine !== undefined && !(await this.#copyRows())) return;
      const statement = this.text.next();
      this.neutralised += this.text.takeNeutralised();
      if (!statement) return;
      await this.#take(statement);
    }
  }

  async #take(statement: Statement): Promise<void> {
    this.neutralised += statement.neutralised;
    const judgement = await this.#judge(statement);
    if (judgement.act === 'skip') {
      this.neutralised += 1;
      return;
    }
    const { bytes, line, unfinished } = statement;
    if (judgement.rows) {
      this.#rows.push({ bytes: this.#kept[0].keep(bytes), line, unfinished });
      this.#rowBytes += bytes.length;
      if (this.#rows.length >= batchStatements || this.#rowBytes >= batchBytes) await this.#sendRows();
      return;
    }
    await this.flush();
    const waiting = { bytes: Buffer.from(bytes), line, unfinished };
    if (judgement.act === 'copy') await this.#startCopy(waiting);
    else await this.#runOne(waiting, judgement.maySetUnknown);
  }

  async #judge(statement: Statement) {
    try {
      return judgePostgres(statement, this.#load.own);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const line = statement.line + linesIn(statement.bytes.subarray(0, error.at));
      throw new LoadFault({ line, reason: 'refused', about: error.about });
    }
  }

  async #runOne(statement: Waiting, maySetUnknown: boolean): Promise<void> {
    const { failure } = await this.#load.wire.run([statement.bytes]);
    if (failure && maySetUnknown && failure.code === '42704') this.neutralised += 1;
    else if (failure) throw faultOf(failure, statement);
    this.#checkReading(statement.line);
  }

  /** What the server tells of how it reads strings. */
  #checkReading(line: number): void {
    const { reported } = this.#load.wire;
    const charset = reported.get('client_encoding') ?? '';
    if (misleading.test(charset)) throw new LoadFault({ line, reason: 'refused', about: `SET CLIENT_ENCODING ${charset}` });
    if (reported.get('standard_conforming_strings') === 'off')
      throw new LoadFault({ line, reason: 'refused', about: 'SET STANDARD_CONFORMING_STRINGS' });
  }

  /** Everything that was read so far is loaded. Errors: LoadFault */
  async flush(): Promise<void> {
    await this.#sendRows();
    await this.#inFlight;
  }

  /** When those before are through, so that a fault is the first there is. */
  async #sendRows(): Promise<void> {
    await this.#inFlight;
    const rows = this.#rows;
    if (rows.length === 0) return;
    [this.#rows, this.#rowBytes] = [[], 0];
    this.#kept = [this.#kept[1], this.#kept[0]];
    this.#kept[0].letGo();
    this.#inFlight = this.#loadRows(rows);
    // Whoever comes next awaits it.
    this.#inFlight.catch(() => {});
  }

  /** Rows that failed together are tried one by one: what came before the fault is loaded, and the fault has its line. */
  async #loadRows(rows: readonly Waiting[]): Promise<void> {
    const outcome = await this.#load.wire.run(rows.map(({ bytes }) => bytes));
    if (!outcome.failure) return;
    const failed = rows[outcome.done] ?? rows.at(-1);
    if (outcome.inTransaction || rows.length === 1 || !outcome.failure.code?.match(/^[0-9A-Z]{5}$/))
      throw faultOf(outcome.failure, failed as Waiting);
    for (const row of rows) {
      const { failure } = await this.#load.wire.run([row.bytes]);
      if (failure) throw faultOf(failure, row);
    }
  }

  async #startCopy(statement: Waiting): Promise<void> {
    const outcome = await this.#load.wire.startCopy(statement.bytes);
    if (outcome)
      throw outcome.failure
        ? faultOf(outcome.failure, statement)
        : new LoadFault({ line: statement.line, reason: 'refused', about: 'COPY' });
    this.#copyLine = 0;
    this.#copyOpen = true;
  }

  /** @returns false when more text is needed */
  async #copyRows(): Promise<boolean> {
    if (this.#copyLine === 0) {
      if (!this.text.toData()) return false;
      this.#copyLine = this.text.dataLine;
    }
    for (;;) {
      const data = this.text.data();
      if (!data) return false;
      if (!data.done && (await this.#load.wire.copy(data.bytes))) continue;
      const { failure } = await this.#load.wire.endCopy();
      const line = this.#copyLine ?? 1;
      [this.#copyLine, this.#copyOpen] = [undefined, false];
      if (failure) throw faultOf(failure, { line, bytes: Buffer.alloc(0), unfinished: false });
      return true;
    }
  }

  /** What came before a fault is kept, also inside of a transaction the text had begun and not ended. */
  async finish(): Promise<void> {
    await this.#inFlight.catch(() => {});
    if (this.#copyOpen) await this.#load.wire.endCopy('broken off');
    await this.#load.wire.run([Buffer.from('COMMIT')]);
  }
}

/** Copies of rows in one place that is used again: a buffer for each would stand as garbage beside the next, 80 MiB of it (measured). */
class KeptBytes {
  #bytes = Buffer.alloc(0);
  #used = 0;

  keep(bytes: Buffer): Buffer {
    // What stands in the old place stays there until its rows are through.
    if (this.#used + bytes.length > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.ceil(Math.max(bytes.length, 2 * batchBytes) * 1.25));
      this.#used = 0;
    }
    const kept = this.#bytes.subarray(this.#used, this.#used + bytes.length);
    bytes.copy(kept);
    this.#used += bytes.length;
    return kept;
  }

  letGo(): void {
    this.#used = 0;
  }
}

function faultOf(failure: WireFailure, { line, bytes, unfinished }: Waiting): LoadFault {
  const { code = 'UNKNOWN', message = '', position, where } = failure;
  const row = /^COPY .*?, line (\d+)/.exec(where ?? '')?.[1];
  const before = position === undefined ? '' : [...bytes.toString('utf8')].slice(0, Number(position) - 1).join('');
  const inside = row !== undefined ? Number(row) - 1 : before.split('\n').length - 1;
  const reason = diskFull.test(code) ? 'full' : unfinished && code === '42601' ? 'cutOff' : 'engine';
  const words = engineWords(message);
  return new LoadFault({ line: line + inside, reason, about: words ? `${code}: ${words}` : code });
}
