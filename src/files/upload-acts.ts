// What can be done at once with a file that was not uploaded (ux.md 6.4), for the page's script and for pages without it.
import type { Words } from '../platform/web/words.ts';
import type { UploadConflict, UploadResult } from './publishing.ts';

/**
 * `safe`: under the name that would do · `beside`: although a name differs in its case alone · `replace`, `rename`: although the name is
 * taken · `again`: as it is
 */
type Act = 'safe' | 'beside' | 'replace' | 'rename' | 'again';

/** `name`: the path below the folder that it then has; `conflict`: the choice to send with it. */
export type UploadAct = {
  readonly act: Act;
  readonly text: string;
  readonly name: string;
  readonly conflict: UploadConflict;
};

/** @param file its path below the folder it was meant for */
export function uploadActs(
  { code, parameters = {} }: Pick<UploadResult, 'code' | 'parameters'>,
  file: string,
  words: Words,
): UploadAct[] {
  const name = code === 'name_chars' ? String(parameters.safe ?? '') : file;
  return actsOf(code, parameters).map((act) => ({
    act,
    text: words.t(`files.act.${act}`, { name }),
    name,
    conflict: act === 'safe' || act === 'again' ? 'skip' : act,
  }));
}

function actsOf(code: UploadResult['code'], { safe, by, kind }: NonNullable<UploadResult['parameters']>): Act[] {
  if (code === 'name_chars') return safe ? ['safe'] : [];
  if (code === 'name_case_clash') return by === 'case' ? ['beside'] : [];
  // A folder or a link of that name is not replaced by a file.
  if (code === 'exists') return kind === undefined || kind === 'file' ? ['replace', 'rename'] : ['rename'];
  return code === 'disk_error' ? ['again'] : [];
}

/**
 * @param upload address of the page of uploads
 * @param folder where the file was meant to go
 * @returns the address of the form that takes the file once more, with the act chosen
 */
export function againAddress(upload: string, folder: string, { name, conflict }: Pick<UploadAct, 'name' | 'conflict'>): string {
  return `${upload}?${new URLSearchParams({ to: folder, name, conflict })}`;
}
