// Cuts a PostgreSQL dump into statements as psql would, and hands out the data of COPY; psql's own commands are not for files.
import { LoadFault } from './port.ts';
import { CopyRows } from './postgresql-rows.ts';
import { blocksAfter, readComment } from './sql-constructs.ts';
import { Tokens } from './sql-tokens.ts';
import { byteKinds, SqlWindow, type Statement } from './sql-window.ts';

type Place = 'code' | 'word' | 'text' | 'name' | 'dollar' | 'toLineEnd' | 'comment';

const [lineFeed, quote, doubleQuote, dollar, dash, slash, star] = [0x0a, 0x27, 0x22, 0x24, 0x2d, 0x2f, 0x2a];
const [open, close, semicolon, dot, backslash] = [0x28, 0x29, 0x3b, 0x2e, 0x5c];
const lookAhead = 80;
const rules = { rows: new Set(['insert']), always: new Set(['grant']), joins: new Set([dot]) };

export class PostgresText {
  readonly #window = new SqlWindow();
  readonly #rows = new CopyRows(this.#window);
  readonly #longest: number;
  #ended = false;
  #beginning = true;
  #at = 0;
  #place: Place = 'code';
  #opened = 0;
  #escapes = false;
  #tag: Buffer = Buffer.alloc(0);
  #comments = 0;
  #brackets = 0;
  #blocks = 0;
  readonly #tokens = new Tokens(rules);
  #neutralised = 0;

  /** @param longest bytes of one statement */
  constructor(longest: number) {
    this.#longest = longest;
  }

  append(chunk: Buffer): void {
    this.#window.append(chunk);
  }

  end(): void {
    this.#ended = true;
  }

  /** the line on which reading stands */
  get line(): number {
    return this.#window.line + this.#window.linesIn(Math.min(this.#at, this.#window.length));
  }

  /** @returns the next statement, or nothing when more text is needed or none is left */
  next(): Statement | undefined {
    if (this.#beginning && !this.#window.skipMark(this.#ended)) return undefined;
    this.#beginning = false;
    for (;;) {
      if (this.#at > this.#longest) throw this.#refusal('longest statement');
      const [left, place] = [this.#window.length - this.#at, this.#place];
      const found = this.#step();
      if (found) return found;
      if (left === this.#window.length - this.#at && place === this.#place) return this.#rest();
    }
  }

  /** @returns rows behind `COPY … FROM stdin;`, or nothing when more text is needed @throws LoadFault when the text ends before they do */
  data(): ReturnType<CopyRows['next']> {
    return this.#rows.next(this.#ended);
  }

  /** Behind COPY, before its rows. @returns false when more text is needed @throws LoadFault when something else stands there */
  toData(): boolean {
    return this.#rows.begin(this.#ended);
  }

  get dataLine(): number {
    return this.#window.line;
  }

  #refusal(about: string): LoadFault {
    return new LoadFault({ line: this.line, reason: 'refused', about });
  }

  #rest(): Statement | undefined {
    if (!this.#ended || this.#window.length === 0) return undefined;
    if (this.#tokens.list.length === 0 && (this.#place === 'toLineEnd' || this.#place === 'code')) return undefined;
    if (this.#place !== 'code' && this.#place !== 'toLineEnd')
      throw new LoadFault({ line: this.line, reason: 'cutOff', about: this.#place });
    return this.#cut(this.#window.length, 0, true);
  }

  #step(): Statement | undefined {
    if (this.#place === 'code') return this.#code();
    if (this.#place === 'word') this.#word();
    else if (this.#place === 'text' || this.#place === 'name') this.#quoted();
    else if (this.#place === 'dollar') this.#dollar();
    else if (this.#place === 'toLineEnd') this.#toLineEnd();
    else this.#comment();
    return undefined;
  }

  #code(): Statement | undefined {
    const { bytes, base, length } = this.#window;
    let i = this.#at;
    while (i < length && byteKinds[bytes[base + i] as number] === 1) i += 1;
    this.#at = i;
    this.#forgetBlanks();
    if (i === length) return undefined;
    const byte = this.#byte(0);
    const needed = byte === dollar ? lookAhead : byte === dash || byte === slash ? 2 : 1;
    if (this.#window.length - this.#at < needed && !this.#ended) return undefined;
    if (byte === semicolon && this.#brackets === 0 && this.#blocks === 0) return this.#cut(this.#at, 1, false);
    if (byte === backslash) this.#clientCommand();
    else if (byte === quote || byte === doubleQuote) this.#openQuote(byte, false);
    else if (byte === dollar) this.#openDollar();
    else if (byteKinds[byte] === 2) this.#open('word', 0);
    else if (byte === dash && this.#byte(1) === dash) this.#place = 'toLineEnd';
    else if (byte === slash && this.#byte(1) === star) this.#open('comment', 2);
    else this.#mark(byte);
    return undefined;
  }

  #byte(ahead: number): number {
    const i = this.#at + ahead;
    return i < this.#window.length ? (this.#window.bytes[this.#window.base + i] as number) : lineFeed;
  }

  #forgetBlanks(): void {
    if (this.#tokens.list.length > 0 || this.#at === 0) return;
    this.#window.take(this.#at);
    this.#at = 0;
  }

  #open(place: Place, signs: number): void {
    this.#place = place;
    this.#opened = this.#at;
    this.#at += signs;
    if (place === 'comment') this.#comments = 1;
  }

  /** `\restrict` and `\unrestrict` bracket what newer versions of pg_dump write; every other command is psql's alone. */
  #clientCommand(): void {
    const window = this.#window;
    const end = window.view(window.length).indexOf(lineFeed, this.#at);
    if (end === -1 && !this.#ended && window.length < 4096) return;
    const line = window.view(end === -1 ? window.length : end + 1).toString('latin1', this.#at);
    if (this.#tokens.list.length > 0 || !/^\\(un)?restrict [A-Za-z0-9]+\s*$/.test(line))
      throw this.#refusal(/^\\[a-z_]{1,20}|^\\[!?.;]?/i.exec(line)?.[0] ?? '\\');
    window.take(line.length);
    this.#neutralised += 1;
  }

  #openQuote(byte: number, escapes: boolean): void {
    this.#open(byte === quote ? 'text' : 'name', 1);
    this.#escapes = escapes;
  }

  #openDollar(): void {
    const head = this.#window.view(Math.min(this.#window.length, this.#at + lookAhead)).toString('latin1', this.#at);
    const tag = /^\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$/.exec(head)?.[0];
    if (tag === undefined) {
      this.#mark(dollar);
      return;
    }
    this.#open('dollar', tag.length);
    this.#tag = Buffer.from(tag, 'latin1');
  }

  #mark(byte: number): void {
    if (byte === open) this.#brackets += 1;
    if (byte === close && this.#brackets > 0) this.#brackets -= 1;
    this.#tokens.mark(byte, this.#at);
    this.#at += 1;
  }

  #word(): void {
    const { bytes, base, length } = this.#window;
    let i = this.#at;
    while (i < length && byteKinds[bytes[base + i] as number] === 2) i += 1;
    this.#at = i;
    if (i === length && !this.#ended) return;
    this.#place = 'code';
    const text = bytes.toString('latin1', base + this.#opened, base + Math.min(i, this.#opened + 64)).toLowerCase();
    if (this.#byte(0) === quote && /^[0-9]/.test(text)) throw this.#refusal('syntax');
    this.#tokens.keep('word', text, this.#opened, i);
    this.#blocks = blocksAfter(text, this.#tokens.list, this.#blocks);
    if (text === 'e' && this.#byte(0) === quote) this.#openQuote(quote, true);
  }

  #quoted(): void {
    const { at, closed } = this.#window.readQuoted(
      this.#at,
      this.#place === 'text' ? quote : doubleQuote,
      this.#escapes,
      this.#ended,
    );
    this.#at = at;
    if (closed) this.#closeQuote(at);
  }

  #closeQuote(end: number): void {
    const isName = this.#place === 'name';
    const name = isName ? this.#window.nameBetween(this.#opened, end, '"') : '';
    this.#tokens.keep(isName ? 'name' : 'text', name, this.#opened, end);
    this.#place = 'code';
    this.#at = end;
  }

  #dollar(): void {
    const found = this.#window.view(this.#window.length).indexOf(this.#tag, this.#at);
    if (found === -1) {
      this.#at = Math.max(this.#at, this.#window.length - this.#tag.length + 1);
      return;
    }
    this.#at = found + this.#tag.length;
    this.#tokens.keep('text', '', this.#opened, this.#at);
    this.#place = 'code';
  }

  #toLineEnd(): void {
    const found = this.#window.view(this.#window.length).indexOf(lineFeed, this.#at);
    this.#at = found === -1 ? this.#window.length : found;
    if (found !== -1) this.#place = 'code';
    this.#forgetBlanks();
  }

  #comment(): void {
    const { bytes, base, length } = this.#window;
    const range = { from: base + this.#at, to: base + length, depth: this.#comments, deepest: Number.POSITIVE_INFINITY };
    const { at, depth } = readComment(bytes, range);
    [this.#at, this.#comments] = [at - base, depth];
    if (depth === 0) this.#place = 'code';
    this.#forgetBlanks();
  }

  #cut(end: number, delimiter: number, unfinished: boolean): Statement | undefined {
    const window = this.#window;
    const [tokens, neutralised] = [this.#tokens.take(), this.#neutralised];
    const statement = { bytes: window.view(end), line: window.line, tokens, unfinished, neutralised };
    window.take(end + delimiter);
    [this.#at, this.#neutralised, this.#brackets, this.#blocks] = [0, 0, 0, 0];
    return tokens.length > 0 ? statement : undefined;
  }

  /** constructs taken out since the last statement */
  takeNeutralised(): number {
    const count = this.#neutralised;
    this.#neutralised = 0;
    return count;
  }
}
