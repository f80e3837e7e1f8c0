// Known web shells, found by a short list of ours (lists/web-shells.tsv): bounded work for every byte, whatever the bytes are.
import { readFile } from 'node:fs/promises';
import { plainCode } from './plain-code.ts';

type Family = 'php' | 'asp' | 'jsp' | 'any';
export type ShellSignature = {
  readonly name: string;
  readonly family: Family;
  readonly begins: readonly string[];
  /** sticky; matched where a beginning ends */
  readonly follows: RegExp | undefined;
  /** one of these stands somewhere in the file; empty: nothing more is asked */
  readonly also: readonly string[];
};

/** As much of a file as is looked through; programs are far smaller. */
export const shellReachBytes = 5 * 1024 * 1024;

/** Ordinary code has no beginning so often; more of them only hide what stands behind. */
const mostBeginnings = 20_000;

const shorthands: Readonly<Record<string, string>> = {
  '{in}':
    '(?:\\$_(?:post|get|request|cookie)\\b|\\$\\{["\']_(?:post|get|request|cookie)["\']\\}|' +
    '\\$globals\\[["\']_(?:post|get|request|cookie)["\']\\]|file_get_contents\\(["\']php://input["\']\\)|getallheaders\\(\\))',
  '{decode}':
    '(?:base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|urldecode|rawurldecode|stripslashes|strrev|hex2bin|pack|' +
    'convert_uudecode|unserialize|implode|join|trim|html_entity_decode|htmlspecialchars_decode|openssl_decrypt|end|current|reset|' +
    'array_pop|array_shift|substr|str_replace|hex2str|xor)',
  '{cmd}': '(?:system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec)',
};

/** @throws Error that names the line which cannot be read */
export async function readShells(file: string): Promise<ShellSignature[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.flatMap((line, at) => (line === '' || line.startsWith('#') ? [] : [signatureOf(line, `${file}:${at + 1}`)]));
}

function signatureOf(line: string, place: string): ShellSignature {
  const [name = '', family = '', begins = '', follows = '', also = ''] = line.split('\t');
  if (!name || !begins || !['php', 'asp', 'jsp', 'any'].includes(family)) throw new Error(`${place}: not a signature`);
  const expanded = Object.entries(shorthands).reduce((text, [short, long]) => text.replaceAll(short, long), follows);
  const literals = (text: string) => (text.trim() === '' ? [] : text.split(' | '));
  return {
    name,
    family: family as Family,
    begins: literals(begins),
    follows: follows.trim() === '' ? undefined : new RegExp(expanded, 'y'),
    also: literals(also),
  };
}

/**
 * @param text the first `shellReachBytes` of a file as latin1
 * @returns the name of the shell it holds, `padded` for one that hides behind very many beginnings, or undefined
 */
export function findShell(text: string, signatures: readonly ShellSignature[]): string | undefined {
  const families = familiesOf(text);
  if (families.length === 0) return undefined;
  const asked = signatures.filter(({ family }) => family === 'any' || families.includes(family));
  for (const code of plainCode(text))
    for (const signature of asked) {
      const found = look(code, signature);
      if (found) return found;
    }
  return undefined;
}

/** What could run the file at all; names of shells in other texts are no shells. */
function familiesOf(text: string): Family[] {
  const families: Family[] = [];
  const tags = text.includes('<%');
  if (text.includes('<?') || /<script[^>]{1,80}php/i.test(text)) families.push('php');
  if (tags || /runat\s*=/i.test(text)) families.push('asp');
  if (tags || text.includes('<jsp:')) families.push('jsp');
  if (text.startsWith('#!')) families.push('any');
  return families;
}

function look(code: string, { name, begins, follows, also }: ShellSignature): string | undefined {
  if (also.length > 0 && !also.some((literal) => code.includes(literal))) return undefined;
  let count = 0;
  for (const beginning of begins)
    for (let at = code.indexOf(beginning); at >= 0; at = code.indexOf(beginning, at + 1)) {
      count += 1;
      if (count > mostBeginnings && beginning.length > 2) return 'padded';
      if (beginning.endsWith('(') && !standsAlone(code, at)) continue;
      if (!follows) return name;
      follows.lastIndex = at + beginning.length;
      if (follows.test(code)) return name;
    }
  return undefined;
}

/** `curl_exec(`, `$db->exec(` and `Crypt::eval(` are functions of others. */
function standsAlone(code: string, at: number): boolean {
  if (!/[a-z]/.test(code.charAt(at))) return true;
  const before = code.slice(Math.max(0, at - 9), at);
  return !/[a-z0-9_$]$|->$|::$|function $/.test(before);
}
