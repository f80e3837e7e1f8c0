// What no web server may hand to a program or even send from an upload folder, as regular expressions that PCRE reads in nginx and Apache alike.

/** Parts of a name for which servers start a program, wherever in it they stand (design: security D, 1–5). */
const programs =
  'php[0-9a-z]?|pht|phtml?|phar|phps|phpt|pgif|inc|module|ctp|cgi|fcgi|fpl|pl|pm|py|pyc|rb|lua|tcl|sh|shtml?|stm|' +
  'jspx?|jspf|jspa|jsw|jsv|aspx?|ashx|asmx|asax|ascx|cer|cfml?|cfc|config|env';

/** A path that holds the name of a program, also before another dot, a slash (PATH_INFO) or a blank. */
export const programPattern = `\\.(${programs})(\\.|/|\\s|$)`;

/** How a name begins that no visitor is sent: `.htaccess`, `.user.ini`, `.env`. */
export const hiddenStart = '\\.';

/** A site as a web server is told of it. */
export type WebSite = {
  /** 3–32 of a–z, 0–9, - */
  readonly name: string;
  /** what the server has as document root; an absolute path of plain characters */
  readonly root: string;
  /** upload folders below the root, each in every spelling that it may have on the disk: bytes, parted by `/` */
  readonly folders: readonly (readonly Buffer[])[];
};

/** @throws RangeError for what would be more than a name or a path where it is written */
export function checked({ name, root }: Pick<WebSite, 'name' | 'root'>): void {
  if (!/^[a-z0-9-]{3,32}$/.test(name)) throw new RangeError(`not the name of a site: ${JSON.stringify(name)}`);
  if (!/^(\/[A-Za-z0-9._@+-]+)+$/.test(root) || root.split('/').some((part) => part === '.' || part === '..'))
    throw new RangeError(`the document root is no absolute path of plain characters: ${JSON.stringify(root)}`);
}

/** @returns every spelling once: two folders may share one, and nginx takes no location twice */
export const spelledOnce = ({ folders }: Pick<WebSite, 'folders'>): Buffer[] => [
  ...new Map(folders.flat().map((folder) => [folder.toString('latin1'), folder])).values(),
];

/** @returns the folder as a person reads it, in a comment of one line */
export const inComment = (folder: Buffer): string => folder.toString().replace(/[\p{Cc}\u2028\u2029]/gu, '?');
