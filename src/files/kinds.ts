// The lists: which kinds of files may come in through the panel, how each begins, and which names never may.

export type ArchiveLimits = {
  /** members in all, nested archives included */
  readonly members: number;
  /** bytes after unpacking, nested archives included */
  readonly bytes: number;
  /** unpacked to packed, judged only above 10 MiB unpacked: small repetitive files are no bombs */
  readonly ratio: number;
  /** how many archives may lie inside one another below the uploaded one; 0: none */
  readonly depth: number;
};

export type UploadRules = { readonly allowedExtensions: readonly string[]; readonly archiveLimits: ArchiveLimits };

/** How a kind's content is judged beside its signature. */
export type Family = 'text' | 'markup' | 'svg' | 'binary' | 'office' | 'zip' | 'gz' | 'tar';

export type Kind = {
  readonly family: Family;
  /** what file-type may call it */
  readonly found?: readonly string[];
  /** how its first bytes read as latin1; needed beside `found`, because file-type is content with two letters for some kinds */
  readonly begins?: RegExp;
  /** bytes that must occur somewhere */
  readonly contains?: Buffer;
  /** members without which an office document is none */
  readonly members?: readonly string[];
  readonly maximumBytes?: number;
};

const mebibyte = 1024 * 1024;
const text: Kind = { family: 'text' };
const markup: Kind = { family: 'markup' };
const jpeg: Kind = { family: 'binary', found: ['jpg'], begins: /^\xff\xd8\xff/ };
const mp4: Kind = {
  family: 'binary',
  found: ['mp4', 'm4v', 'm4a', 'mov', '3gp', 'f4v'],
  begins: /^[\s\S]{4}(?:ftyp|moov|mdat|free|wide)/,
};
const ogg: Kind = { family: 'binary', found: ['ogg', 'oga', 'ogv', 'ogm', 'ogx', 'opus', 'spx'], begins: /^OggS\0/ };
const sfnt: Kind = { family: 'binary', found: ['ttf', 'otf'], begins: /^(?:\0\x01\0\0|OTTO\0)/ };
const office = (...members: string[]): Kind => ({ family: 'office', begins: /^PK\x03\x04/, members });

/**
 * Every kind that can be judged. Left out on purpose: doc, xls, ppt and their macro forms (macros cannot be seen), 7z, rar, egg
 * and other archives that cannot be looked into, xhtml, mht, swf, htc, xsl (run or embed script in unusual ways), sql, svgz.
 */
export const kinds: Readonly<Record<string, Kind>> = {
  ...Object.fromEntries(
    ['txt', 'md', 'csv', 'json', 'map', 'css', 'js', 'mjs', 'webmanifest', 'vtt', 'srt'].map((ext) => [ext, text]),
  ),
  html: markup,
  htm: markup,
  xml: markup,
  svg: { family: 'svg', maximumBytes: 5 * mebibyte },
  jpg: jpeg,
  jpeg,
  png: { family: 'binary', found: ['png', 'apng'], begins: /^\x89PNG\r\n\x1a\n[\s\S]{4}(?:IHDR|CgBI)/ },
  gif: { family: 'binary', found: ['gif'], begins: /^GIF8[79]a/ },
  webp: { family: 'binary', found: ['webp'], begins: /^RIFF[\s\S]{4}WEBPVP8[ LX]/ },
  avif: { family: 'binary', found: ['avif'], begins: /^[\s\S]{4}ftypavi[fs]/ },
  ico: { family: 'binary', found: ['ico'], begins: /^\0\0\x01\0[^\0]/ },
  bmp: { family: 'binary', found: ['bmp'], begins: /^BM[\s\S]{4}[\s\S]{4}[\s\S]{3}\0[\x0c(48@l|]\0\0\0/ },
  pdf: { family: 'binary', found: ['pdf'], begins: /^%PDF-\d/ },
  hwp: {
    family: 'binary',
    found: ['cfb'],
    begins: /^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/,
    contains: Buffer.from('HWP Document File'),
  },
  docx: office('[Content_Types].xml', 'word/document.xml'),
  xlsx: office('[Content_Types].xml', 'xl/workbook.xml'),
  pptx: office('[Content_Types].xml', 'ppt/presentation.xml'),
  hwpx: office('mimetype', 'Contents/content.hpf'),
  woff: { family: 'binary', found: ['woff'], begins: /^wOFF/ },
  woff2: { family: 'binary', found: ['woff2'], begins: /^wOF2/ },
  ttf: sfnt,
  otf: sfnt,
  eot: { family: 'binary', found: ['eot'], begins: /^[\s\S]{34}LP/ },
  mp3: { family: 'binary', found: ['mp3'], begins: /^(?:ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/ },
  m4a: mp4,
  mp4,
  mov: mp4,
  ogg,
  wav: { family: 'binary', found: ['wav'], begins: /^RIFF[\s\S]{4}WAVE/ },
  webm: { family: 'binary', found: ['webm'], begins: /^\x1aE\xdf\xa3/ },
  zip: { family: 'zip', begins: /^PK(?:\x03\x04|\x05\x06)/ },
  gz: { family: 'gz', begins: /^\x1f\x8b\x08/ },
  tgz: { family: 'gz', begins: /^\x1f\x8b\x08/ },
  tar: { family: 'tar' },
};

export const usualRules: UploadRules = {
  allowedExtensions: Object.keys(kinds),
  archiveLimits: { members: 10_000, bytes: 10 * 1024 * mebibyte, ratio: 100, depth: 1 },
};

/** Parts of a name for which web servers are known to start a program, wherever in the name they stand (§13.13). */
const serverRun =
  /^(?:php.*|pht|phtml?|phar|pgif|cgi|fcgi|fpl|pl|py|pyc|aspx?|ashx|asmx|jspx?|jspf|jspa|jsw|jsv|cfml?|cfc|shtml?|stm)$/;

/** @returns whether servers may run a file that carries this dot-part; what follows `;`, `%`, `:` or a space is cut off, as IIS does */
export function isServerRun(foldedPart: string): boolean {
  return serverRun.test(foldedPart.split(/[;%:\s]/, 1)[0] ?? '');
}

/** Last parts that no operator can allow: programs of servers and desktops. The rest is refused because it is not on the allowlist. */
const neverAllowed = new Set(
  (
    'exe dll scr com bat cmd ps1 psm1 msi msp msix appx vbs vbe jse wsf wsh wsc hta lnk url scf cpl pif reg inf sys drv gadget ' +
    'app apk aab ipa dmg pkg deb rpm elf so dylib bin run sh bash zsh ksh csh command desktop jar war ear class jnlp wasm ' +
    'rb lua tcl asa asax ascx cer cdx inc module ctp soap do action wss swf htc xhtml xht mht mhtml htaccess htpasswd conf config ini env'
  ).split(' '),
);

/** @returns whether a file with this last part is refused whatever the rules allow */
export function isNeverAllowed(foldedPart: string): boolean {
  return isServerRun(foldedPart) || neverAllowed.has(foldedPart);
}

/** Names that steer a server, an interpreter or an installer although their kind may be allowed (catalogue 13–15). Names with a leading dot are refused anyway. */
const steering = new Set(
  'web.config php.ini user.ini httpd.conf nginx.conf apache2.conf __init__.py package.json composer.json composer.lock'.split(
    ' ',
  ),
);

export function isSteering(foldedName: string): boolean {
  return steering.has(foldedName);
}

/** @returns whether files with this extension can be unpacked */
export function isArchive(extension: string): boolean {
  return ['zip', 'gz', 'tar'].includes(kindOf(extension)?.family ?? '');
}

export function kindOf(extension: string): Kind | undefined {
  return Object.hasOwn(kinds, extension) ? kinds[extension] : undefined;
}
