// The tokens of the statement that is being read: all that a judgement needs, and not every value of a million rows.
import type { Token } from './sql-window.ts';

/** of a statement that is no list of rows */
const mostKept = 20_000;
/** of one that is: its head */
const mostKeptOfRows = 64;

export type TokenRules = {
  /** words at the beginning of statements that are rows */
  readonly rows: ReadonlySet<string>;
  /** words that are kept wherever they stand */
  readonly always: ReadonlySet<string>;
  /** signs behind which a word is part of a longer name */
  readonly joins: ReadonlySet<number>;
};

export class Tokens {
  readonly #rules: TokenRules;
  list: Token[] = [];
  /** the sign read before, or 0 behind anything else */
  last = 0;

  constructor(rules: TokenRules) {
    this.#rules = rules;
  }

  get isFull(): boolean {
    const { length } = this.list;
    if (length < mostKeptOfRows) return false;
    return length >= mostKept || this.#rules.rows.has((this.list[0] as Token).text);
  }

  keep(kind: Token['kind'], text: string, start: number, end: number): void {
    const { always, joins } = this.#rules;
    if (!this.isFull || (kind === 'word' && always.has(text)))
      this.list.push({ kind, text, start, end, inName: joins.has(this.last) });
    this.last = 0;
  }

  /** A sign of its own. */
  mark(byte: number, at: number): void {
    this.keep('mark', String.fromCharCode(byte), at, at + 1);
    this.last = byte;
  }

  /** @returns those of the statement that ends here */
  take(): Token[] {
    const taken = this.list;
    [this.list, this.last] = [[], 0];
    return taken;
  }
}
