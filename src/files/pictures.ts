// Which pictures are shown small, by the beginning of their content: a name is only what somebody called it.

export const pictureKinds = ['jpeg', 'png', 'gif', 'webp', 'avif'] as const;
export type PictureKind = (typeof pictureKinds)[number];

const extensions = new Set(['jpg', 'jpeg', 'png', 'gif', 'webp', 'avif']);

/** @returns whether a file of this name is worth the try */
export const isPictureName = (name: string): boolean => extensions.has(/\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '');

/** @returns undefined for everything else, SVG and PDF among it */
export function pictureKind(bytes: Buffer): PictureKind | undefined {
  const text = (start: number, end: number) => bytes.toString('latin1', start, end);
  if (bytes.length < 16) return undefined;
  if (text(0, 3) === '\xff\xd8\xff') return 'jpeg';
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (/^GIF8[79]a$/.test(text(0, 6))) return 'gif';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'webp';
  return text(4, 8) === 'ftyp' && /^avi[fs]$/.test(text(8, 12)) ? 'avif' : undefined;
}
