// How many rows of each table stand in a dump, counted while it passes, and whether the server counted the same.
import type { RowCount } from './port.ts';

/** Is shown the lines of a dump one after the other, each by its beginning: 1024 bytes, or all of it where it is shorter. */
export interface RowLines {
  line(bytes: Buffer, start: number, end: number): void;
  /** tables whose rows were counted, in the names that `DatabaseServer.counts` uses */
  readonly counts: ReadonlyMap<string, number>;
}

const [openingBracket, dash, capitalC, capitalI, capitalU, backslash, dot] = [0x28, 0x2d, 0x43, 0x49, 0x55, 0x5c, 0x2e];
const headLength = 1024;

const headOf = (bytes: Buffer, start: number, end: number) => bytes.toString('utf8', start, Math.min(end, start + headLength));

/** Of mariadb-dump: every row begins a line, and line feeds inside of rows are escaped. A program that writes otherwise has its tables not counted. */
export function mariaDbRows(): RowLines {
  const counts = new Map<string, number>();
  let table: string | undefined;
  let rows = 0;
  const close = () => {
    if (table !== undefined) counts.set(table, rows);
    table = undefined;
    rows = 0;
  };
  return {
    counts,
    line(bytes, start, end) {
      const first = bytes[start];
      if (table !== undefined && first === openingBracket) rows += 1;
      else if (first === dash) {
        const name = /^-- Dumping data for table `((?:[^`]|``)*)`/.exec(headOf(bytes, start, end))?.[1];
        if (name === undefined) return;
        close();
        table = name.replaceAll('``', '`');
      } else if (table === undefined) return;
      else if (first === capitalU && bytes.toString('latin1', start, start + 13) === 'UNLOCK TABLES') close();
      else if (first === capitalI && / VALUES \(/.test(headOf(bytes, start, end))) table = undefined;
    },
  };
}

/** Of pg_dump: a row is a line between COPY and a line of `\.` */
export function postgresRows(): RowLines {
  const counts = new Map<string, number>();
  let table: string | undefined;
  let rows = 0;
  let announced = false;
  return {
    counts,
    line(bytes, start, end) {
      const first = bytes[start];
      if (table !== undefined) {
        if (first !== backslash || bytes[start + 1] !== dot) rows += 1;
        else {
          counts.set(table, rows);
          table = undefined;
        }
      } else if (first === dash) {
        if (/^-- Data for Name: .*; Type: TABLE DATA; /.test(headOf(bytes, start, end))) announced = true;
      } else if (announced && first === capitalC) {
        table = copied(headOf(bytes, start, end));
        announced = false;
        rows = 0;
      }
    },
  };
}

const identifier = '("(?:[^"]|"")*"|[^".\\s(]+)';
const copyLine = new RegExp(`^COPY ${identifier}\\.${identifier} `);

function copied(line: string): string | undefined {
  const [, schema, name] = (copyLine.exec(line) ?? []).map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
  );
  if (schema === undefined || name === undefined) return undefined;
  return schema === 'public' ? name : `${schema}.${name}`;
}

/** @returns tables of either side whose rows in the text are not as many as were counted on the server */
export function differing(text: ReadonlyMap<string, number>, counted: readonly RowCount[]): string[] {
  const onServer = new Map(counted.map(({ table, rows }) => [table, rows]));
  const tables = new Set([...text.keys(), ...onServer.keys()]);
  return [...tables].filter((table) => text.get(table) !== onServer.get(table));
}

const least = 10;
const share = 0.01;

/**
 * For an engine that lets nobody count at the moment of the dump. A table that rested must have what was counted; one that was written to
 * must lie between both counts, give or take a hundredth, since rows may have come and gone again.
 */
export function strayed(text: ReadonlyMap<string, number>, before: readonly RowCount[], after: readonly RowCount[]): string[] {
  const [first, last] = [before, after].map((counts) => new Map(counts.map(({ table, rows }) => [table, rows])));
  return differing(text, before).filter((table) => {
    const [one, other, own] = [first?.get(table), last?.get(table), text.get(table)];
    if (own === other) return false;
    // Made or dropped meanwhile, on purpose of its owner.
    if (one === undefined || other === undefined) return false;
    if (own === undefined || one === other) return true;
    const room = Math.max(least, share * Math.max(one, other));
    return own < Math.min(one, other) - room || own > Math.max(one, other) + room;
  });
}

export const sumOf = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, rows) => sum + rows, 0);
