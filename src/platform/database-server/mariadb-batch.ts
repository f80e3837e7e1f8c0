// Rows that follow each other are committed together: alone, each would wait for the disk.
import type { Statement, Token } from './sql-window.ts';

/** of one commit: what the server has to keep for taking it back, and what a load that dies has loaded in vain */
const mostStatements = 1000;
const mostBytes = 8 << 20;

/** words that begin a statement about transactions */
const ofTransactions = new Set(['start', 'begin', 'commit', 'rollback', 'savepoint', 'release']);

/**
 * By `autocommit`, which leaves LOCK TABLES as it is. Nothing but rows is ever inside, so that every other statement finds what it would
 * find without; a text that has transactions of its own is left alone from there on.
 */
export class RowBatch {
  readonly #run: (sql: string) => Promise<void>;
  #isOpen = false;
  #isTexts = false;
  #statements = 0;
  #bytes = 0;

  /** @param run performs a short statement of ours. Errors: its own */
  constructor(run: (sql: string) => Promise<void>) {
    this.#run = run;
  }

  /** To be awaited before each statement, when the one before is done. */
  async before({ tokens, bytes }: Statement, isRows: boolean): Promise<void> {
    if (!isRows) {
      await this.close();
      this.#isTexts ||= isAboutTransactions(tokens);
      return;
    }
    if (this.#isTexts) return;
    if (this.#statements >= mostStatements || this.#bytes + bytes.length > mostBytes) await this.close();
    if (!this.#isOpen) await this.#run('SET autocommit = 0');
    this.#isOpen = true;
    this.#statements += 1;
    this.#bytes += bytes.length;
  }

  /** What it holds is committed. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    [this.#isOpen, this.#statements, this.#bytes] = [false, 0, 0];
    await this.#run('SET autocommit = 1');
  }
}

function isAboutTransactions(tokens: readonly Token[]): boolean {
  const [first] = tokens;
  if (first?.kind !== 'word') return false;
  return (
    ofTransactions.has(first.text) || (first.text === 'set' && tokens.some(({ text }) => text.toLowerCase() === 'autocommit'))
  );
}
