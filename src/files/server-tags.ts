// Finds tags that servers run (PHP, ASP, JSP, SSI) in bytes that pass by, in one linear pass without looking back.

/** `binary`: only what chance never writes · `text`: also JSP/ASP directives · `markup`: also SSI and every short tag but XML's own */
export type TagReach = 'binary' | 'text' | 'markup';

/** Fewest printable bytes between `<?=` and `?>` in a binary kind (§13.13). */
const echoMinimumBytes = 16;
/** How far from `<?=` a `?>` still belongs to it in a text that is no markup. */
const echoReachBytes = 4096;

/** Lower-case patterns: ` ` is some white space, `~` any or none. The first byte is the only `<`, so that one state is enough. */
const patterns: readonly { readonly reach: readonly TagReach[]; readonly pattern: string }[] = [
  { reach: ['binary', 'text', 'markup'], pattern: '<?php ' },
  { reach: ['binary', 'text', 'markup'], pattern: '<script language~=~php' },
  { reach: ['binary', 'text', 'markup'], pattern: '<script language~=~"~php' },
  { reach: ['binary', 'text', 'markup'], pattern: "<script language~=~'~php" },
  { reach: ['text', 'markup'], pattern: '<%~@' },
  { reach: ['markup'], pattern: '<!--#~exec' },
];

/**
 * Processing instructions that documents for the web do contain, up to the first `=`. To PHP with short tags each is a syntax error,
 * while `<?xml;system(…)` or `<?xml-system(…)` would run. Any other `<?` is refused in markup.
 */
const instruction =
  /^(?:xml|xml-stylesheet|xml-model|xml:namespace|xpacket|mso-application|adobe-xap-filters|import)\s+[a-z][\w:.-]*\s*=$/i;
const instructionReachBytes = 80;
const isPrintable = (byte: number) => (byte >= 0x20 && byte <= 0x7e) || (byte >= 0x09 && byte <= 0x0d);

const white = [0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d];
const mostStates = 96;
const hit = mostStates - 1;

type Automaton = { readonly next: Uint8Array; readonly afterPhp: number; readonly afterEcho: number };

/** All patterns as one table, 256 entries a state; state 0 waits for `<`, state 1 has just seen it. Built once a file, in microseconds. */
function automaton(reach: TagReach): Automaton {
  const next = new Uint8Array(mostStates * 256);
  let states = 2;
  const link = (from: number, sign: string, to: number): void => {
    const bytes = sign === ' ' ? white : [sign.charCodeAt(0), sign.toUpperCase().charCodeAt(0)];
    for (const byte of bytes) next[from * 256 + byte] = to;
  };
  const follow = (pattern: string, end?: number): number => {
    let state = 1;
    for (let at = 1; at < pattern.length; at++) {
      const sign = pattern.charAt(at);
      if (sign === '~') link(state, ' ', state);
      else {
        const known = next[state * 256 + sign.charCodeAt(0)] ?? 0;
        const to = end !== undefined && at === pattern.length - 1 ? end : known > 1 ? known : states++;
        link(state, sign, to);
        if (sign === ' ') link(to, ' ', to);
        state = to;
      }
    }
    return state;
  };
  for (const { reach: reaches, pattern } of patterns) if (reaches.includes(reach)) follow(pattern, hit);
  const [afterPhp, afterEcho] = [follow('<?php'), follow('<?=')];
  for (let state = 0; state < states; state++) next[state * 256 + 0x3c] = 1;
  return { next, afterPhp, afterEcho };
}

/**
 * Push every chunk of a file in order, then ask `end`. What it finds does not depend on where chunks are cut. Memory is constant;
 * time is linear whatever the bytes are.
 */
export class TagScanner {
  readonly #reach: TagReach;
  readonly #automaton: Automaton;
  #state = 0;
  /** bytes since `<?=`, or -1 */
  #echoBytes = -1;
  #questionMark = false;
  /** what follows `<?`, up to the first `=` or `>`; only in markup */
  #instruction: string | undefined;
  #found = false;

  constructor(reach: TagReach) {
    this.#reach = reach;
    this.#automaton = automaton(reach);
  }

  /** @returns whether a tag was found so far */
  push(chunk: Uint8Array): boolean {
    const { next, afterEcho } = this.#automaton;
    let state = this.#state;
    for (let at = 0; at < chunk.length && !this.#found; at++) {
      if (state === 0 && this.#echoBytes < 0 && this.#instruction === undefined) {
        at = nextAngle(chunk, at);
        if (at === chunk.length) break;
      }
      const byte = chunk[at] ?? 0;
      const before = state;
      state = next[state * 256 + byte] ?? 0;
      if (state === hit) this.#found = true;
      if (this.#echoBytes >= 0) this.#echo(byte);
      if (this.#instruction !== undefined) this.#instruct(byte);
      if (before === 1 && byte === 0x3f && this.#reach === 'markup') this.#instruction = '';
      if (state === afterEcho) this.#beginEcho();
    }
    this.#state = state;
    return this.#found;
  }

  /** @returns whether the whole file holds a tag; `<?php` as its very last bytes is one */
  end(): boolean {
    return this.#found || this.#state === this.#automaton.afterPhp || this.#instruction !== undefined;
  }

  #beginEcho(): void {
    // In a binary kind the first one counts, or a second one inside it would shorten the run.
    if (this.#echoBytes >= 0 && this.#reach === 'binary') return;
    this.#echoBytes = 0;
    this.#questionMark = false;
  }

  #echo(byte: number): void {
    const binary = this.#reach === 'binary';
    if (this.#questionMark && byte === 0x3e) {
      this.#found ||= !binary || this.#echoBytes - 1 >= echoMinimumBytes;
      this.#echoBytes = -1;
      return;
    }
    this.#questionMark = byte === 0x3f;
    this.#echoBytes++;
    if (binary ? !isPrintable(byte) : this.#echoBytes > echoReachBytes) this.#echoBytes = -1;
  }

  #instruct(byte: number): void {
    this.#instruction += String.fromCharCode(byte);
    const text = this.#instruction ?? '';
    if (byte !== 0x3d && byte !== 0x3e && text.length < instructionReachBytes) return;
    this.#found ||= !instruction.test(text);
    this.#instruction = undefined;
  }
}

function nextAngle(chunk: Uint8Array, from: number): number {
  const at = chunk.indexOf(0x3c, from);
  return at < 0 ? chunk.length : at;
}
