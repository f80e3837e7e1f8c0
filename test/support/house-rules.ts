// The rules between the parts of src/ (architecture §3, §4), as functions of the text of its files: each breach is a sentence.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Path below src/ → text. */
export type Sources = ReadonlyMap<string, string>;

/** Each may use the doors of those before it. */
export const line = [
  'audit',
  'consent',
  'orders',
  'accounts',
  'sites',
  'sign-in',
  'people',
  'receipts',
  'databases',
  'files',
  'incoming',
  'ftp',
  'ssh',
  'backups',
  'browse',
  'downloads',
  'tiers',
  'pulls',
  'restores',
  'moves',
  'outages',
  'usage',
  'contracts',
  'alerts',
  'api',
  'notices',
  'evidence',
  'termination',
  'billing',
  'dashboard',
  'home',
  'operator',
];

/** Steps between folders of platform/ that stand on purpose, each with its reason. */
const openGates: Readonly<Record<string, string>> = {
  'platform/site-host/folders.ts → platform/storage': 'it makes the folders of a site and hands them out as its storage',
  'platform/site-host/command.ts → platform/storage':
    'it hands out the files of sites that lie on this machine, as folders.ts does',
  'platform/webserver/spellings.ts → platform/storage/names.ts':
    'a web server is told the names that lie on the disk, and how those are shown is known in one place',
  'platform/tier/folder.ts → platform/zip': 'it keeps archives as they are, and reads members out of them',
  'platform/mail/letters.ts → platform/jobs/failure.ts':
    'a letter is sent by a job, and its row tells the last error in the same words',
};

/** Files of a folder of platform/ that every adapter may use. */
const common = ['database'];

export type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean };

export function readSources(folder: string): Sources {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Map(names.sort().map((name) => [name.replaceAll('\\', '/'), readFileSync(join(folder, name), 'utf8')]));
}

/** @returns what a file imports of this program: also `export … from`, `import '…'` and `import('…')` */
export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const take = (clause: string, to: string) => {
    if (!to.startsWith('.')) return;
    found.push({ from: file, to: posix.normalize(posix.join(posix.dirname(file), to)), typeOnly: isTypeOnly(clause) });
  };
  for (const [, clause = '', to = ''] of text.matchAll(
    /^(?:import|export)\s+((?:type\s+)?(?:[\w$]+|\*|\{)[^;'"]*?)\sfrom\s+['"]([^'"]+)['"]/gm,
  )) {
    take(clause, to);
  }
  for (const [, to = ''] of text.matchAll(/^import\s+['"]([^'"]+)['"]/gm)) take('', to);
  for (const [, to = ''] of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) take('', to);
  return found;
}

function isTypeOnly(clause: string): boolean {
  if (clause.startsWith('type ')) return true;
  const names = /^\{([\s\S]*)\}$/.exec(clause.trim())?.[1]?.split(',') ?? [''];
  return (
    names.filter((name) => name.trim() !== '').every((name) => name.trim().startsWith('type ')) &&
    names.some((name) => name.trim() !== '')
  );
}

const folderOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : '');
const isFeature = (folder: string) => line.includes(folder);
const doorOf = (feature: string) => `${feature}/${feature}.ts`;
const nameOf = (file: string) => posix.basename(file);
/** A feature with much HTTP has several: `routes.ts`, `recovery-routes.ts`. */
const isRoutes = (file: string) => /(?:^|-)routes\.ts$/.test(nameOf(file));

/** @returns why this import may not stand, or undefined */
export function importBreach({ from, to, typeOnly }: Import): string | undefined {
  const [here, there] = [folderOf(from), folderOf(to)];
  const says = (why: string) => `${from} imports ${to}: ${why}`;
  if (here === '') return rootBreach(from, to, says);
  if (to === 'migrations/schema.ts' && typeOnly) return undefined;
  if (here === 'platform') return platformBreach(from, to, says);
  if (here === 'migrations')
    return there === 'migrations' || to.startsWith('platform/database/')
      ? undefined
      : says('migrations know the database and nothing else');
  if (here === 'messages')
    return there === 'messages' || (there === 'platform' && typeOnly) ? undefined : says('messages know nothing but words');
  if (!isFeature(here)) return says(`src/${here}/ is no feature of the line in architecture §3`);
  return featureBreach({ from, to, typeOnly }, says);
}

type Says = (why: string) => string;

function rootBreach(from: string, to: string, says: Says): string | undefined {
  if (nameOf(to) === 'store.ts') return says('a store belongs to its door alone');
  if (isRoutes(to) && from !== 'app.ts') return says('only app.ts puts routes on addresses');
  if (nameOf(to) === 'guards.ts' && from !== 'app.ts') return says('only routes.ts files and app.ts import guards');
  return undefined;
}

function platformBreach(from: string, to: string, says: Says): string | undefined {
  if (folderOf(to) !== 'platform') return says('platform/ knows no feature and nothing above it');
  const [, part = ''] = from.split('/');
  const [, other = '', file] = to.split('/');
  const allowed = file === undefined || other === part || nameOf(to) === 'port.ts' || common.includes(other);
  const open = [`${from} → platform/${other}`, `${from} → ${to}`].some((gate) => gate in openGates);
  return allowed || open ? undefined : says('an adapter knows only its own port');
}

function featureBreach({ from, to, typeOnly }: Import, says: Says): string | undefined {
  const [here, there] = [folderOf(from), folderOf(to)];
  if (there === 'platform') return undefined;
  if (there === here) return insideBreach({ from, to, typeOnly }, says);
  if (there === '')
    return to === 'options.ts' && typeOnly
      ? undefined
      : says('nothing below imports the root; only types of options.ts may be used');
  if (nameOf(to) === 'guards.ts' && isFeature(there))
    return isRoutes(from) ? undefined : says('only routes.ts files and app.ts import guards');
  if (!isFeature(there)) return says('a feature uses platform/ and the doors of other features');
  if (to !== doorOf(there)) return says(`a feature uses another only through its door, ${doorOf(there)}`);
  if (nameOf(from) === 'guards.ts') return undefined;
  return line.indexOf(there) < line.indexOf(here)
    ? undefined
    : says(`${there} stands to the right of ${here} in the line of features`);
}

function insideBreach({ from, to, typeOnly }: Import, says: Says): string | undefined {
  const feature = folderOf(from);
  if (isRoutes(to)) return says('routes are for app.ts alone');
  if (isRoutes(from) && nameOf(to) === 'store.ts') return says('routes speak to the door, never to the store');
  if (nameOf(from) === 'store.ts' && to === doorOf(feature) && !typeOnly)
    return says('a store knows types of its door and nothing more');
  if (nameOf(to) === 'guards.ts' && !isRoutes(from)) return says('only routes.ts files and app.ts import guards');
  return undefined;
}

/** What stands in a file that architecture §4 and the habits of this house exclude. */
export function textBreaches(file: string, text: string): string[] {
  const isThread = file.endsWith('-worker.ts');
  // A program's process is its own, and nobody imports it.
  const isProgram = file.endsWith('-program.ts');
  const lines = text.split('\n');
  const breaches: string[] = [];
  const if_ = (broken: unknown, why: string) => broken && breaches.push(`${file}: ${why}`);
  if_(!lines[0]?.startsWith('// '), 'the first line must be a comment that says what the file is for');
  if_(/^export default\b/m.test(text), 'no default exports');
  if_(/^(export )?(let|var) /m.test(text), 'no module state: a variable of the module can change');
  if_(/^\s*@\w+\(?.*\)?\s*\n\s*(export )?(class|async|public|get|set|\w+\()/m.test(text), 'no decorators');
  if_(/^(export )?interface I[A-Z]/m.test(text), 'no I prefix');
  if_(!isProgram && processWide.exec(text), `no process-wide settings: ${processWide.exec(text)?.[0]}`);
  if_(
    !isProgram && lines.some((at) => /^(await |[a-z]\w*(\.\w+)*\()/.test(at)),
    'no work at import time: a call stands at the top level',
  );
  if_(
    lines.some((at) => /^(export )?const \w+.* = .*\b(readFileSync|readdirSync|mkdirSync|openDatabase|createServer)\(/.test(at)),
    'no work at import time',
  );
  // A thread's own program is never imported, so what it keeps is its own.
  for (const name of isThread || isProgram ? [] : changedAfterwards(text))
    breaches.push(`${file}: no module state: ${name} is changed after it was made`);
  // The formatter writes an import a line; the root imports everything, and that is no code to read.
  const length = isRoot(file) ? lines.filter((at) => at !== '' && !at.startsWith('import ')).length : lines.length - 1;
  const limit = limitOf(file);
  if_(length > limit, `${length} lines, ${limit} at most`);
  return breaches;
}

const processWide =
  /setTypeParser\(|\bz\.config\(|\bsharp\.(cache|concurrency|simd)\(|\bprocess\.env\.\w+\s*(\?\?|\|\|)?=[^=]|\bglobalThis\.\w+\s*=[^=]|\bejs\.(cache|delimiter|fileLoader)\s*=/;

/** Maps, sets, lists and objects of the module that something in the file changes. */
function changedAfterwards(text: string): string[] {
  const names = [...text.matchAll(/^(?:export )?const (\w+)[^=\n]* = (?:new (?:Map|Set|WeakMap|WeakSet)\b|\[|\{)/gm)].map(
    ([, name = '']) => name,
  );
  return names.filter((name) =>
    new RegExp(
      `(?<![.\\w])${name}(\\.(set|add|delete|clear|push|pop|shift|unshift|splice|sort|fill)\\(|(\\[[^\\]]+\\]|\\.\\w+)\\s*(\\?\\?|\\|\\||\\+|-)?=[^=>])`,
    ).test(text),
  );
}

const isRoot = (file: string) => ['panel.ts', 'app.ts', 'jobs.ts'].includes(file);

/** Lines: the root is to be seen at one glance; sentences are as many as there are. */
function limitOf(file: string): number {
  if (isRoot(file)) return file === 'jobs.ts' ? 95 : 145;
  return file.startsWith('messages/') ? Number.POSITIVE_INFINITY : 300;
}

/** Every breach in a tree of sources. */
export function breachesOf(sources: Sources): string[] {
  const files = [...sources];
  const imports = files.flatMap(([file, text]) => importsOf(file, text));
  const missing = imports
    .filter(({ to }) => !sources.has(to))
    .map(({ from, to }) => `${from} imports ${to}: there is no such file`);
  const barrels = files
    .filter(([file, text]) => file !== 'index.ts' && isBarrel(text))
    .map(([file]) => `${file}: no barrels; only index.ts hands on what others made`);
  const folders = [...new Set(files.map(([file]) => folderOf(file)))]
    .filter((folder) => !['', 'platform', 'migrations', 'messages', ...line].includes(folder))
    .map((folder) => `src/${folder}/: no such part in architecture §2`);
  const forbiddenFolders = files
    .filter(([file]) => /(^|\/)(utils?|types|helpers|common)\//.test(file))
    .map(([file]) => `${file}: no utils/, no types/`);
  return [
    ...imports.map(importBreach).filter((breach) => breach !== undefined),
    ...missing,
    ...barrels,
    ...folders,
    ...forbiddenFolders,
    ...files.flatMap(([file, text]) => textBreaches(file, text)),
  ];
}

function isBarrel(text: string): boolean {
  const statements = text.split('\n').filter((at) => /^\w/.test(at));
  return statements.length > 0 && statements.every((at) => /^export (\*|\{|type \{).* from /.test(at));
}

/** @returns files over 250 lines: not a fault, a question */
export function longFiles(sources: Sources): string[] {
  return [...sources]
    .filter(([file, text]) => !file.startsWith('messages/') && text.split('\n').length - 1 > 250)
    .map(([file, text]) => `${file}: ${text.split('\n').length - 1} lines`);
}
