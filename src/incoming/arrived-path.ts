// From a path on the server, as its log tells it, to a path inside the site.
import type { SitePath } from '../platform/storage/port.ts';

export type ArrivedPath = {
  readonly path: SitePath;
  /** a name of it is shown otherwise than the server spells it, so that files of that name and of `name (2)` may be meant */
  readonly isRespelled: boolean;
};

const longestPathBytes = 4096;

/**
 * @param told absolute path on the server, outside the jail
 * @param home the site's folder there, which holds `www/` and `backup/`
 * @returns the path below `www/`; `elsewhere` for `backup/` and the site's folder itself, where nobody writes by FTP; `outside` for
 * everything that is not inside the site
 */
export function arrivedPath(told: string, home: string): ArrivedPath | 'elsewhere' | 'outside' {
  const base = home.replace(/\/+$/, '');
  if (!told.startsWith(`${base}/`)) return 'outside';
  const raw = told
    .slice(base.length + 1)
    .split('/')
    .filter((segment) => segment !== '');
  if (raw.some((segment) => segment === '.' || segment === '..' || segment.includes('\0'))) return 'outside';
  const path = raw.map(shownAs);
  if (raw[0] !== 'www' || raw.length < 2) return 'elsewhere';
  // Nothing can open a longer one by its path (PATH_MAX), so that no web server serves it.
  if (Buffer.byteLength(told) > 2 * longestPathBytes) return 'outside';
  return { path, isRespelled: path.some((segment, at) => segment !== raw[at]) };
}

/** As the storage shows names: NFC, with U+FFFD for what no SitePath holds. */
function shownAs(name: string): string {
  return name
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\\]/gu, '\ufffd');
}

/** @returns whether an entry of the folder may be the file that was told as `name`: that, or `name (2)` and so on, as clashes are shown */
export function mayBe(entry: string, name: string): boolean {
  if (entry === name) return true;
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  return (
    entry.startsWith(`${stem} (`) &&
    entry.endsWith(`)${ending}`) &&
    /^\d+$/.test(entry.slice(stem.length + 2, -1 - ending.length))
  );
}
