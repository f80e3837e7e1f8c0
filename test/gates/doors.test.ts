// Every door and every port says what it promises: the class, and each method that others may call.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { line, readSources } from '../support/house-rules.ts';
import { undocumented } from './doc-comments.ts';

const sources = readSources(join(import.meta.dirname, '../../src'));
const doors = line.map((feature) => `${feature}/${feature}.ts`).filter((file) => sources.has(file));
/** Ports stand in `port.ts`; these are ports of parts that have no second file, and the guards that routes may use. */
const ports = [...sources.keys()].filter((file) => file.startsWith('platform/') && file.endsWith('/port.ts'));
const likePorts = ['platform/clock.ts', 'platform/database/database.ts', 'sign-in/guards.ts'];

test.each([...doors, ...ports, ...likePorts])('src/%s says what each of its methods promises', (file) => {
  expect(undocumented(sources.get(file) ?? '')).toEqual([]);
});

test('there are doors and ports to look at', () => {
  expect(doors.length).toBeGreaterThanOrEqual(10);
  expect(ports.length).toBeGreaterThanOrEqual(9);
  for (const file of likePorts) expect([file, sources.has(file)]).toEqual([file, true]);
  for (const file of doors) expect([file, /^export class /m.test(sources.get(file) ?? '')]).toEqual([file, true]);
});

describe('a look at comments sees', () => {
  test.each([
    ['a class', 'export class Files {}', ['Files']],
    ['a method', '/** Files. */\nexport class Files {\n  open() {}\n}', ['Files.open']],
    ['a getter', '/** Files. */\nexport class Files {\n  get host() { return 1; }\n}', ['Files.host']],
    ['a static method', '/** Files. */\nexport class Files {\n  static of() {}\n}', ['Files.of']],
    ['a property that is a function', '/** Files. */\nexport class Files {\n  readonly open = () => 1;\n}', ['Files.open']],
    ['the second of two', '/** Files. */\nexport class Files {\n  /** First. */\n  a() {}\n  b() {}\n}', ['Files.b']],
    ['an empty comment', '/** Files. */\nexport class Files {\n  /** */\n  open() {}\n}', ['Files.open']],
    ['a comment that is no doc-comment', '/** Files. */\nexport class Files {\n  // Opens.\n  open() {}\n}', ['Files.open']],
    ['an interface', 'export interface Port {\n  /** Opens. */\n  open(): void;\n}', ['Port']],
    ['a method of an interface', '/** A port. */\nexport interface Port {\n  open(): void;\n}', ['Port.open']],
    ['a function of a type', '/** A port. */\nexport type Port = { readonly open: () => void };', ['Port.open']],
  ])('%s without a promise', (_what, source, missing) => {
    expect(undocumented(source)).toEqual(missing);
  });

  test('that private parts, constructors and plain data need none', () => {
    const source = `/** Files. */
export class Files {
  readonly #parts: number;
  constructor(parts: number) { this.#parts = parts; }
  #count() { return this.#parts; }
  private last() { return this.#count(); }
}
export type Entry = { readonly name: string };`;
    expect(undocumented(source)).toEqual([]);
  });
});
