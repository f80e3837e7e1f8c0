// docs/security.md against the program: what is documented is what is built, and nothing is built that is not documented.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chosen } from '../src/options.ts';
import type { SignedIn } from '../src/platform/web/visit.ts';
import { type Action, can } from '../src/sign-in/guards.ts';
import { mostSessions } from '../src/sign-in/own-account.ts';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name: `src/${name}`, text: read(`src/${name}`) }));

/** @returns the cells of every row of a table under a heading, without the head */
function rows(heading: string): string[][] {
  const part = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const lines = part.split('\n').filter((line) => line.startsWith('|'));
  const isHead = (index: number) => lines[index + 1]?.startsWith('|---');
  return lines
    .filter((line, index) => !line.startsWith('|---') && !isHead(index))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}
/** @returns what stands in backquotes */
const named = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

const choices = chosen({ publicUrl: 'https://panel.example.com', secret: 'x'.repeat(32) });

describe('limits', () => {
  test('of acts are those of the options, each with its window', () => {
    const written = rows('Thresholds').filter((cells) => cells.length === 4);
    const built = Object.entries(choices.limits).filter(([, limit]) => typeof limit === 'object');
    expect(written.map(([name, acts, minutes]) => [named(name)[0], Number(acts), Number(minutes) * 60_000]).sort()).toEqual(
      built.map(([name, limit]) => [name, ...Object.values(limit)]).sort(),
    );
  });

  test('of size and number are those of the program', () => {
    const values: Record<string, unknown> = { ...choices, ...choices.limits, mostSessions };
    const written = [...rows('Thresholds'), ...rows('Sessions')].filter((cells) => cells.length === 3);
    expect(written.length).toBeGreaterThan(10);
    for (const [cell, value] of written) {
      const [name = '', file] = named(cell);
      const built = file === undefined ? (values[name] ?? constantOf(name)) : constantOf(name, file);
      expect([name, built]).toEqual([name, Number(value)]);
    }
  });

  /** @returns the value of a constant, whose name is one in all of src/, or in the file that the row names */
  function constantOf(name: string, file?: string): number | undefined {
    const looked = sources.filter((source) => file === undefined || source.name === file);
    const found = looked.flatMap(({ text }) => [
      ...text.matchAll(new RegExp(`const ${name} = (?:\\{ count: )?([\\d_ *]+)`, 'g')),
    ]);
    const [number, factor = '1'] = (found[0]?.[1] ?? '').replaceAll('_', '').split('*');
    return found.length === 1 ? Number(number) * Number(factor) : undefined;
  }
});

test('ways in are those that the program has', () => {
  const [, union = ''] = /type Way = ([^;]+);/.exec(read('src/sign-in/sign-in.ts')) ?? [];
  const built = [...union.matchAll(/'([\w-]+)'/g)].map(([, way = '']) => way);
  expect(
    rows('Ways in')
      .flatMap(([cell]) => named(cell))
      .sort(),
  ).toEqual(built.sort());
});

test('roles may do what the guards let them do', () => {
  const actions: Action[] = ['look', 'change', 'restore', 'close', 'people'];
  const [, roles = ''] = /role: ('owner'[^;]+);/.exec(read('src/migrations/schema.ts')) ?? [];
  const built = [...roles.matchAll(/'(\w+)'/g)].map(([, role = '']) => {
    const person = { personId: '', customerId: '', role, freshAt: 0 } as SignedIn;
    return [role, ...actions.map((action) => (can(person, action) ? 'yes' : 'no'))];
  });
  expect(rows('Who may do what')).toEqual(built);
});

describe('fields of forms', () => {
  /** The keys of an object literal that begins at `from`, by its brackets. */
  function keysAt(text: string, from: number): string[] {
    const parts: string[] = [''];
    let depth = 0;
    for (const sign of text.slice(from)) {
      if ('({['.includes(sign)) depth += 1;
      if (')}]'.includes(sign)) depth -= 1;
      if (depth === 0) break;
      if (sign === ',' && depth === 1) parts.push('');
      else parts[parts.length - 1] += sign;
    }
    const plain = parts.map((part) => part.replaceAll(/\/\/.*$/gm, '').replace(/^\{/, ''));
    return plain.map((part) => /^\s*(\w+)/.exec(part)?.[1] ?? '').filter(Boolean);
  }
  // Fields that several forms share stand in an object of their own (`rightsFields`).
  const built = sources.flatMap(({ text }) =>
    [...text.matchAll(/fields(?::| =) z\.object\((?=\{)|const \w+Fields = (?=\{)/g)].flatMap((match) =>
      keysAt(text, match.index + match[0].length),
    ),
  );

  test('are all described, and no other', () => {
    const byUpload = ['files', 'conflict'];
    expect(built.length).toBeGreaterThan(30);
    expect(
      rows('Fields')
        .flatMap(([cell]) => named(cell))
        .sort(),
    ).toEqual([...new Set([...built, ...byUpload])].sort());
  });

  test('ask for no hint and no secret question', () => {
    expect(built.filter((name) => /hint|question|answer/.test(name))).toEqual([]);
  });
});

describe('cryptography', () => {
  const modules = ['argon2', 'otpauth', '@simplewebauthn/server'];
  const used = sources.flatMap(({ name, text }) => {
    const own = [...text.matchAll(/import (?:type )?\{([^}]*)\} from 'node:crypto'/g)].flatMap(([, list = '']) =>
      list.split(','),
    );
    const functions = own.map((part) => part.trim()).filter((part) => part !== '' && !/^type |^KeyObject$/.test(part));
    const others = modules.filter((module) => new RegExp(`(from|import\\()\\s*'${module}'`).test(text));
    return functions.length + others.length > 0 ? [{ name, uses: [...others, ...functions].sort() }] : [];
  });

  test('is used where the inventory says, and nowhere else', () => {
    const written = rows('Keys and cryptography')
      .filter(([file]) => file?.startsWith('`src/'))
      .map(([file, uses]) => ({ name: named(file)[0], uses: named(uses).sort() }));
    expect(written.sort((a, b) => (a.name ?? '').localeCompare(b.name ?? ''))).toEqual(
      used.sort((a, b) => a.name.localeCompare(b.name)),
    );
  });

  test('knows one cipher with authentication, MD5 only in RADIUS, and SHA-1 only for lists of breaches, pieces of uploads, apps and MariaDB', () => {
    const all = (pattern: RegExp) =>
      sources.flatMap(({ name, text }) => [...text.matchAll(pattern)].map(([, what]) => `${name}: ${what}`));
    expect(new Set(all(/createCipheriv\('([^']+)'/g))).toEqual(new Set(['src/platform/secrets.ts: aes-256-gcm']));
    // Two protocols of others know nothing better (docs/security.md, "Where MD5 and SHA-1 are").
    const radius = 'src/platform/ftp-server/radius-packet.ts';
    const mariaDb = 'src/platform/database-server/mariadb-session.ts';
    expect(all(/createHash\((?!'sha(?:256|384|512)')([^)]*)\)/g).sort()).toEqual([
      "src/accounts/breached.ts: 'sha1'",
      `${mariaDb}: 'sha1'`,
      `${mariaDb}: 'sha1'`,
      `${radius}: 'md5'`,
      'src/platform/storage/arriving.ts: checksum.algorithm',
    ]);
    expect(all(/createHmac\((?!'sha256')([^)]*)\)/g)).toEqual([`${radius}: 'md5', secret`]);
    expect(all(/algorithm: '(SHA1)'/g)).toEqual(['src/sign-in/second-factors.ts: SHA1']);
    expect(all(/(RSA_PKCS1_PADDING|\becb\b|createSign|createVerify|rejectUnauthorized: false)/gi)).toEqual([]);
    expect(all(/generateKeyPair\w*\('(\w+)'/g)).toEqual(['src/platform/ssh/key-file.ts: ed25519']);
  });

  test('draws by chance only where nobody gains by guessing', () => {
    const found = sources.filter(({ text }) => /Math\.random\(/.test(text)).map(({ name }) => name);
    expect(found.sort()).toEqual(['src/check.ts', 'src/platform/database/sqlite.ts']);
  });

  test('begins no program of the machine with a text for a shell', () => {
    const callers = sources.filter(({ text }) => /from 'node:child_process'/.test(text));
    expect(callers.length).toBeGreaterThan(0);
    expect(callers.filter(({ text }) => /\b(exec|execSync)\b|shell: true/.test(text)).map(({ name }) => name)).toEqual([]);
  });
});

describe('data', () => {
  const files = readdirSync(join(root, 'src/migrations')).filter((name) => /^schema\.ts$|-tables\.ts$/.test(name));
  const tables = files.flatMap((file) => {
    // Interfaces of single rows stand beside those of tables.
    const inside = [...read(`src/migrations/${file}`).matchAll(/interface \w*Tables \{([\s\S]*?)^\}/gm)]
      .map(([, text]) => text)
      .join('\n');
    return [...inside.matchAll(/^ {2}(\w+): (\{[\s\S]*?\}|\w+);$/gm)].map(([, name = '', body = '']) => ({ name, body }));
  });

  test('of every table has its class and its end', () => {
    expect(
      rows('Data')
        .flatMap(([cell]) => named(cell))
        .sort(),
    ).toEqual(tables.map(({ name }) => name).sort());
  });

  test('that is sealed is called personal or secret', () => {
    const open = rows('Data').filter(([, kind = '']) => !/personal|secret/.test(kind));
    const names = open.flatMap(([cell]) => named(cell));
    const sealed = tables.filter(({ body }) => /_sealed/.test(body)).map(({ name }) => name);
    expect(sealed.length).toBeGreaterThan(8);
    expect(sealed.filter((name) => names.includes(name))).toEqual([]);
  });
});

describe('scripts of pages', () => {
  const scripts = readdirSync(join(root, 'public/behaviours'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => ({ name, text: read(`public/behaviours/${name}`) }));

  test('keep nothing in the browser, listen to no messages of others, and read no names that a page could make', () => {
    const found = scripts.flatMap(({ name, text }) =>
      [
        ...text.matchAll(
          /localStorage|sessionStorage|indexedDB|document\.cookie|postMessage|'message'|window\[|document\.forms|\beval\(/g,
        ),
      ].map(([what]) => `${name}: ${what}`),
    );
    expect(scripts.length).toBeGreaterThan(3);
    // Pages of this origin alone hear each other there: when the session ends.
    expect(found).toEqual(['idle-warning.js: postMessage', "idle-warning.js: 'message'"]);
    expect(scripts.find(({ name }) => name === 'idle-warning.js')?.text).toContain(
      "const tabs = new BroadcastChannel('gotgan-session')",
    );
  });

  test('stop nobody from pasting, and no password manager', () => {
    const views = readdirSync(join(root, 'views'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ejs'));
    const pages = views.map((name) => ({ name, text: read(`views/${name}`) }));
    const fields = pages.flatMap(({ text }) =>
      [...text.matchAll(/field: \{.*?\} \}\) %>/g)].map(([field]) => field).filter((field) => field.includes("type: 'password'")),
    );
    expect(fields.length).toBeGreaterThan(5);
    expect(fields.filter((field) => !/autocomplete: '(current|new)-password'/.test(field))).toEqual([]);
    expect(pages.filter(({ text }) => /type="password"/.test(text)).map(({ name }) => name)).toEqual([]);
    expect([...scripts, ...pages].filter(({ text }) => /onpaste|oncopy|'paste'/.test(text)).map(({ name }) => name)).toEqual([]);
    expect(read('views/shared/_field.ejs')).toContain("if (type !== 'password' && field.value)");
  });
});
