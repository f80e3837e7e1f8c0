// What a sender calls a file, judged before its bytes; where the name alone is in the way, one that would do.
import type { SitePath } from '../platform/storage/port.ts';
import type { RulesAt } from './areas.ts';
import { canonicalName, canonicalPath, judgeName, type Refusal } from './policy.ts';

/** `shown`: the path below the folder, as the person knows it. `path`: in the site. */
export type NamedFile =
  | { readonly shown: string; readonly path: SitePath }
  | { readonly shown: string; readonly refused: Refusal };

/** @param raw a path below `folder`, as browsers tell it */
export function nameIn(folder: SitePath, raw: string, rules: RulesAt): NamedFile {
  const canonical = canonicalPath(raw);
  if ('refusal' in canonical) {
    const { code, parameters } = canonical.refusal;
    const shown = String(parameters.name);
    if (code !== 'name_chars') return { shown, refused: canonical.refusal };
    return { shown, refused: { code, parameters: { ...parameters, safe: safePath(folder, raw, rules) } } };
  }
  const shown = canonical.path.join('/');
  const path = [...folder, ...canonical.path];
  const refused = judgeName(path, rules(path));
  return refused ? { shown, refused: { ...refused, parameters: { ...refused.parameters, name: shown } } } : { shown, path };
}

/** @returns a path near to the given one that the whole policy of names lets through, or nothing */
function safePath(folder: SitePath, raw: string, rules: RulesAt): string {
  const safe = raw.split('/').map((part) => {
    const canonical = canonicalName(part);
    return 'name' in canonical ? canonical.name : String(canonical.refusal.parameters.safe ?? '');
  });
  const path = [...folder, ...safe];
  return safe.includes('') || judgeName(path, rules(path)) ? '' : safe.join('/');
}
