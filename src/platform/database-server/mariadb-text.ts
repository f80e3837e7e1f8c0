// Cuts a MariaDB dump into statements as the server would read them, and leaves it nothing to read otherwise: version comments become plain text or nothing.
import { LoadFault } from './port.ts';
import { delimiterOf, readComment, versionComment } from './sql-constructs.ts';
import { Tokens } from './sql-tokens.ts';
import { blank, byteKinds, SqlWindow, type Statement } from './sql-window.ts';

export type MariaDbModes = { readonly backslashes: boolean; readonly ansiQuotes: boolean };

type Place = 'code' | 'word' | 'quoted' | 'toLineEnd' | 'comment' | 'skipped';

const [lineFeed, space, exclamation, quote, doubleQuote, hash] = [0x0a, 0x20, 0x21, 0x27, 0x22, 0x23];
const [star, dash, dot, slash, at, capitalM, backtick] = [0x2a, 0x2d, 0x2e, 0x2f, 0x40, 0x4d, 0x60];
/** enough for `/*M!123456` and any delimiter */
const lookAhead = 16;
const rules = {
  rows: new Set(['insert', 'replace']),
  always: new Set(['grant', 'revoke', 'outfile', 'dumpfile', 'load_file']),
  joins: new Set([dot, at]),
};

export class MariaDbText {
  /** as the session has them; to be set anew after statements that change them */
  modes: MariaDbModes = { backslashes: true, ansiQuotes: false };
  readonly #window = new SqlWindow();
  readonly #version: number;
  readonly #longest: number;
  #ended = false;
  #beginning = true;
  #delimiter: Buffer = Buffer.from(';');
  // Where reading stands, counted from the window's base, which is the statement's first byte once one has begun.
  #at = 0;
  #place: Place = 'code';
  #opened = 0;
  #closer = quote;
  #depth = 0;
  #inVersionComment = 0;
  readonly #tokens = new Tokens(rules);
  #neutralised = 0;

  /** @param version as in version comments, 101119 for 10.11.19 @param longest bytes of a statement the server takes */
  constructor(version: number, longest: number) {
    this.#version = version;
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
      if (this.#at > this.#longest)
        throw new LoadFault({ line: this.#window.line, reason: 'refused', about: 'max_allowed_packet' });
      const [left, place] = [this.#window.length - this.#at, this.#place];
      const found = this.#step();
      if (found) return found;
      if (left === this.#window.length - this.#at && place === this.#place) return this.#rest();
    }
  }

  #rest(): Statement | undefined {
    if (!this.#ended || this.#window.length === 0) return undefined;
    if (this.#place === 'toLineEnd' || (this.#place === 'code' && this.#tokens.list.length === 0)) return undefined;
    if (this.#place !== 'code') throw new LoadFault({ line: this.line, reason: 'cutOff', about: this.#place });
    return this.#cut(this.#window.length, 0, true);
  }

  #step(): Statement | undefined {
    switch (this.#place) {
      case 'code':
        return this.#code();
      case 'word':
        return void this.#word();
      case 'quoted':
        return void this.#quoted();
      case 'toLineEnd':
        return void this.#toLineEnd();
      default:
        return void this.#comment();
    }
  }

  #code(): Statement | undefined {
    const { bytes, base, length } = this.#window;
    const first = this.#delimiter[0];
    for (let i = this.#at; i < length; i += 1) {
      const byte = bytes[base + i] as number;
      const kind = byteKinds[byte];
      if (kind === 1) continue;
      this.#at = i;
      const severalMean = byte === slash || byte === dash || byte === star || (byte === first && this.#delimiter.length > 1);
      if (severalMean && length - i < lookAhead && !this.#ended) return undefined;
      if (byte === first && this.#isDelimiter(i)) return this.#cut(i, this.#delimiter.length, false);
      if (kind === 2) return void this.#open('word');
      if (byte === quote || byte === doubleQuote || byte === backtick) return void this.#open('quoted', byte);
      if (!this.#commentStarts(byte, i)) this.#mark(byte);
      return undefined;
    }
    this.#at = length;
    this.#forgetBlanks();
    return undefined;
  }

  #isDelimiter(i: number): boolean {
    const { bytes, base, length } = this.#window;
    const sign = this.#delimiter;
    return bytes.compare(sign, 0, sign.length, base + i, base + Math.min(length, i + sign.length)) === 0;
  }

  #open(place: Place, closer = 0): void {
    this.#forgetBlanks();
    this.#place = place;
    this.#opened = this.#at;
    this.#closer = closer;
    if (closer !== 0) this.#at += 1;
  }

  /** What stands before a statement's first sign is not part of it. */
  #forgetBlanks(): void {
    if (this.#tokens.list.length > 0 || this.#at === 0 || this.#place === 'skipped') return;
    this.#window.take(this.#at);
    this.#at = 0;
  }

  #mark(byte: number): void {
    this.#forgetBlanks();
    this.#tokens.mark(byte, this.#at);
    this.#at += 1;
  }

  #word(): void {
    const { bytes, base, length } = this.#window;
    const first = this.#delimiter[0];
    let i = this.#at;
    for (; i < length; i += 1) {
      const byte = bytes[base + i] as number;
      if (byteKinds[byte] !== 2) break;
      if (byte !== first || i === this.#opened) continue;
      if (length - i < lookAhead && !this.#ended) {
        this.#at = i;
        return;
      }
      if (this.#isDelimiter(i)) break;
    }
    this.#at = i;
    if (i === length && !this.#ended) return;
    this.#place = 'code';
    const { list, isFull } = this.#tokens;
    // Values of rows: too short or too long for a word that is looked for.
    if (isFull && (i - this.#opened > 9 || i - this.#opened < 5)) {
      this.#tokens.last = 0;
      return;
    }
    const text = bytes.toString('latin1', base + this.#opened, base + Math.min(i, this.#opened + 64)).toLowerCase();
    if (list.length === 0 && text === 'delimiter') this.#readDelimiter();
    else this.#tokens.keep('word', text, this.#opened, i);
  }

  /** DELIMITER is the client's own: its line ends it. Signs that mean something else in SQL are refused. */
  #readDelimiter(): void {
    const window = this.#window;
    const lineEnd = window.view(window.length).indexOf(lineFeed, this.#at);
    if (lineEnd === -1 && !this.#ended && window.length - this.#at < 1024) {
      // Read again when the line is there.
      this.#place = 'word';
      this.#at = this.#opened;
      return;
    }
    const end = lineEnd === -1 ? window.length : lineEnd + 1;
    const sign = delimiterOf(window.view(end).toString('latin1', this.#at));
    if (sign === undefined) throw new LoadFault({ line: window.line, reason: 'refused', about: 'DELIMITER' });
    this.#delimiter = sign;
    window.take(end);
    this.#at = 0;
  }

  #quoted(): void {
    const closer = this.#closer;
    const escapes = this.modes.backslashes && closer !== backtick && !(closer === doubleQuote && this.modes.ansiQuotes);
    const { at: end, closed } = this.#window.readQuoted(this.#at, closer, escapes, this.#ended);
    this.#at = end;
    if (closed) this.#closeQuote(end);
  }

  #closeQuote(end: number): void {
    const isName = this.#closer === backtick || (this.#closer === doubleQuote && this.modes.ansiQuotes);
    const name =
      isName && !this.#tokens.isFull ? this.#window.nameBetween(this.#opened, end, String.fromCharCode(this.#closer)) : '';
    this.#tokens.keep(isName ? 'name' : 'text', name, this.#opened, end);
    this.#place = 'code';
    this.#at = end;
  }

  #commentStarts(byte: number, i: number): boolean {
    const { bytes, base, length } = this.#window;
    const next = i + 1 < length ? bytes[base + i + 1] : lineFeed;
    const third = i + 2 < length ? (bytes[base + i + 2] as number) : lineFeed;
    if (byte === hash || (byte === dash && next === dash && (third <= space || third === 0x7f))) {
      this.#place = 'toLineEnd';
      return true;
    }
    if (byte === star && next === slash && this.#inVersionComment > 0) {
      this.#inVersionComment -= 1;
      this.#erase(i, i + 2);
      return true;
    }
    if (byte !== slash || next !== star) return false;
    const mariaDb = third === capitalM && bytes[base + i + 3] === exclamation;
    if (third === exclamation || mariaDb) this.#versionComment(i);
    else this.#enterComment('comment', i + 2);
    return true;
  }

  /** Executed ones lose their brackets; what this server would skip is taken out. */
  #versionComment(i: number): void {
    const head = this.#window.view(Math.min(this.#window.length, i + lookAhead)).toString('latin1', i);
    const { length, executed, sandbox } = versionComment(head, this.#version);
    if (sandbox) this.#neutralised += 1;
    if (executed) {
      this.#inVersionComment += 1;
      this.#erase(i, i + length);
    } else {
      this.#enterComment('skipped', i + 3);
      this.#opened = i;
    }
  }

  #enterComment(place: Place, from: number): void {
    this.#place = place;
    this.#depth = 1;
    this.#at = from;
  }

  #erase(start: number, end: number): void {
    const { bytes, base } = this.#window;
    blank(bytes, base + start, base + end);
    this.#at = end;
  }

  #toLineEnd(): void {
    const found = this.#window.view(this.#window.length).indexOf(lineFeed, this.#at);
    this.#at = found === -1 ? this.#window.length : found;
    if (found !== -1) this.#place = 'code';
    this.#forgetBlanks();
  }

  /** Plain comments end at the first bracket; in skipped ones the server counts one level more. */
  #comment(): void {
    const { bytes, base, length } = this.#window;
    const isSkipped = this.#place === 'skipped';
    const range = { from: base + this.#at, to: base + length, depth: this.#depth, deepest: isSkipped ? 2 : 1 };
    const { at: end, depth } = readComment(bytes, range);
    [this.#at, this.#depth] = [end - base, depth];
    if (depth === 0) {
      if (isSkipped) blank(bytes, base + this.#opened, end);
      this.#place = 'code';
    }
    this.#forgetBlanks();
  }

  #cut(end: number, delimiter: number, unfinished: boolean): Statement | undefined {
    const window = this.#window;
    const [tokens, neutralised] = [this.#tokens.take(), this.#neutralised];
    const statement = { bytes: window.view(end), line: window.line, tokens, unfinished, neutralised };
    window.take(end + delimiter);
    [this.#at, this.#neutralised] = [0, 0];
    return tokens.length > 0 || neutralised > 0 ? statement : undefined;
  }
}
