// What a dump program wrote, line by line on its way: tables and rows are counted, owners taken out.
import type { RowLines } from './dump-rows.ts';

const lineFeed = 0x0a;
/** no line that is of interest is longer; lines of data are, and are passed on unread */
const headLength = 1024;

export type DumpLines = {
  /** the first letters of lines to look at */
  readonly first: string;
  readonly isTable: (head: string) => boolean;
  /** @returns from where to where the line's head is to be left out */
  readonly leftOut?: (head: string) => readonly [number, number] | undefined;
  /** sees every line */
  readonly rows?: RowLines;
};

/** @returns the text, and how many tables were in what has passed */
export function dumpLines(lines: DumpLines): { through(text: AsyncIterable<Buffer>): AsyncIterable<Buffer>; tables(): number } {
  const interesting = new Set(Buffer.from(lines.first, 'latin1'));
  let tables = 0;

  /** @returns the parts to pass on of the line that starts at `start` */
  function look(bytes: Buffer, start: number, end: number): Buffer[] {
    lines.rows?.line(bytes, start, end);
    if (!interesting.has(bytes[start] ?? 0)) return [bytes.subarray(start, end)];
    const head = bytes.toString('latin1', start, Math.min(end, start + headLength));
    if (lines.isTable(head)) tables += 1;
    const [from, to] = lines.leftOut?.(head) ?? [0, 0];
    return [bytes.subarray(start, start + from), bytes.subarray(start + to, end)];
  }

  async function* through(text: AsyncIterable<Buffer>) {
    let rest: Buffer = Buffer.alloc(0);
    let inside = false;
    for await (const chunk of text) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      const parts: Buffer[] = [];
      let at = 0;
      while (at < bytes.length) {
        const found = bytes.indexOf(lineFeed, at);
        const end = found === -1 ? bytes.length : found + 1;
        if (found === -1 && !inside && end - at < headLength) break;
        parts.push(...(inside ? [bytes.subarray(at, end)] : look(bytes, at, end)));
        inside = found === -1;
        at = end;
      }
      rest = bytes.subarray(at);
      if (parts.length > 0) yield parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    }
    if (rest.length > 0) yield Buffer.concat(look(rest, 0, rest.length));
  }
  return { through, tables: () => tables };
}
