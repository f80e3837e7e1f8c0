// What a person asks for, as it stands in an address or a form: what and where, the same on all three pages.
import { z } from 'zod';
import { Invalid } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import type { RestoreOrder } from './states.ts';

const texts = z
  .union([z.string(), z.array(z.string())], { error: 'error.invalid' })
  .optional()
  .transform((value) => [value ?? []].flat());

export const orderFields = z.object({
  scope: z.enum(['all', 'paths', 'db'], { error: 'restores.fault.scope' }),
  paths: texts,
  databases: texts,
  dest: z.enum(['new_folder', 'in_place'], { error: 'restores.fault.dest' }).default('new_folder'),
  mode: z.enum(['keep_new', 'exact'], { error: 'restores.fault.mode' }).default('keep_new'),
});

export type OrderFields = z.infer<typeof orderFields>;

/** @throws Invalid on `paths` and `databases` when nothing was chosen, or something that no site can hold */
export function orderOf({ scope, paths, databases, dest, mode }: OrderFields): RestoreOrder {
  const wanted = scope === 'paths' ? pathsOf(paths) : [];
  const named = scope === 'db' ? [...new Set(databases)] : [];
  if (scope === 'db' && named.length === 0) throw new Invalid({ databases: [{ key: 'restores.fault.noDatabases' }] });
  // Beside the site there is nothing that could be left out or deleted.
  return { scope, paths: wanted, databases: named, dest, mode: dest === 'new_folder' ? 'keep_new' : mode };
}

/** Each field may hold several, a line each. */
function pathsOf(fields: readonly string[]): SitePath[] {
  const lines = fields.flatMap((field) => field.split('\n')).map((line) => line.trim());
  const found = new Map<string, SitePath>();
  for (const line of lines.filter((one) => one !== '')) {
    const path = parsePath(line);
    if (path?.[0] !== 'www' || path.length < 2) throw new Invalid({ more: [{ key: 'restores.fault.path' }] });
    found.set(path.join('/'), path);
  }
  if (found.size === 0) throw new Invalid({ paths: [{ key: 'restores.fault.noPaths' }] });
  return [...found.values()];
}

/** @returns the same as fields of an address or of hidden inputs */
export function fieldsOf({ scope, paths, databases, dest, mode }: RestoreOrder): [name: string, value: string][] {
  return [
    ['scope', scope],
    ...paths.map((path): [string, string] => ['paths', path.join('/')]),
    ...databases.map((name): [string, string] => ['databases', name]),
    ['dest', dest],
    ['mode', mode],
  ];
}

export const queryOf = (order: RestoreOrder): string => new URLSearchParams(fieldsOf(order)).toString();
