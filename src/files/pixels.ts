// How many pixels a picture claims, from its header alone: nothing is decoded (ASVS 5.2.6).

/** Above this no phone or scanner takes pictures (200 megapixels), and a decoder needs a gigabyte. */
export const maximumPixels = 250_000_000;

/** @returns width times height, or `undefined` where the first bytes do not tell (other kinds; a JPEG whose frame lies behind `bytes`) */
export function claimedPixels(extension: string, bytes: Buffer): number | undefined {
  const size = sizeOf(extension, bytes);
  return size && size[0] * size[1];
}

type Size = readonly [width: number, height: number];

function sizeOf(extension: string, bytes: Buffer): Size | undefined {
  if (bytes.length < 32) return undefined;
  if (extension === 'png') return pngSize(bytes);
  if (extension === 'gif') return [bytes.readUInt16LE(6), bytes.readUInt16LE(8)];
  if (extension === 'bmp') return [Math.abs(bytes.readInt32LE(18)), Math.abs(bytes.readInt32LE(22))];
  if (extension === 'webp') return webpSize(bytes);
  return extension === 'jpg' || extension === 'jpeg' ? jpegSize(bytes) : undefined;
}

function pngSize(bytes: Buffer): Size | undefined {
  const header = bytes.indexOf('IHDR', 8, 'latin1');
  return header > 0 && header + 12 <= bytes.length ? [bytes.readUInt32BE(header + 4), bytes.readUInt32BE(header + 8)] : undefined;
}

function webpSize(bytes: Buffer): Size | undefined {
  const chunk = bytes.toString('latin1', 12, 16);
  if (chunk === 'VP8X') return [bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1];
  if (chunk === 'VP8 ') return [bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff];
  const bits = bytes.readUInt32LE(21);
  return chunk === 'VP8L' ? [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1] : undefined;
}

function jpegSize(bytes: Buffer): Size | undefined {
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
    if (marker === 0xff) at += 1;
    else at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}
