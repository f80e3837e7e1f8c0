// Small rules of reading that belong to one engine each.
import type { Token } from './sql-window.ts';

/**
 * MariaDB's version comments: a server executes those of its version or an older one; 50700 to 99999 are MySQL's own and skipped.
 * @param head what stands from `/*` on
 * @returns how long the opening is, whether the inside runs, and whether it is the dump programs' line that switches client commands off
 */
export function versionComment(head: string, server: number): { length: number; executed: boolean; sandbox: boolean } {
  const [opening = '', mariaDb, digits = ''] = /^\/\*(M?)!(\d{5,6})?/.exec(head) ?? [];
  const version = Number(digits);
  const executed = digits === '' || (version <= server && (mariaDb === 'M' || version < 50700 || version > 99999));
  return { length: opening.length, executed, sandbox: head.startsWith('/*M!999999\\-') };
}

/** PostgreSQL: how deep in bodies of functions in plain SQL (`BEGIN ATOMIC … END`), which hold semicolons, reading stands after a word. */
export function blocksAfter(word: string, [first, second, third, fourth]: readonly Token[], blocks: number): number {
  const kind = second?.text === 'or' && third?.text === 'replace' ? fourth : second;
  if (first?.text !== 'create' || (kind?.text !== 'function' && kind?.text !== 'procedure')) return 0;
  if (word === 'begin' || (word === 'case' && blocks > 0)) return blocks + 1;
  return word === 'end' && blocks > 0 ? blocks - 1 : blocks;
}

/** MariaDB: the sign that a line `DELIMITER …` names. Signs that mean something else in SQL are none. @param line behind the word */
export function delimiterOf(line: string): Buffer | undefined {
  const sign = /^[ \t]+([;$/|~^&%@+:?!]{1,8})[ \t]*\r?\n?$/.exec(line)?.[1];
  return sign === undefined || sign.startsWith('/*') ? undefined : Buffer.from(sign);
}

const [star, slash] = [0x2a, 0x2f];

/**
 * Reads on in a comment, as far as there is text.
 * @param deepest how deep comments stand in each other: 1 in MariaDB, 2 in what it skips by version, without end in PostgreSQL
 * @returns where reading stands, and how deep; 0: behind its end
 */
export function readComment(
  bytes: Buffer,
  { from, to, depth, deepest }: { from: number; to: number; depth: number; deepest: number },
): { at: number; depth: number } {
  let [at, level] = [from, depth];
  for (; at + 1 < to && level > 0; at += 1) {
    const [byte, next] = [bytes[at], bytes[at + 1]];
    const change = byte === star && next === slash ? -1 : byte === slash && next === star && level < deepest ? 1 : 0;
    level += change;
    if (change !== 0) at += 1;
  }
  return { at: Math.min(at, to), depth: level };
}
