// A program of its own that makes one picture small and ends: bytes on stdin, a WebP on stdout. Whatever it meets, only it dies of it.
import sharp from 'sharp';
import { pictureKind } from './pictures.ts';

/** Of any side, as the page shows it: a page is light (ux.md 5.1). */
const side = 320;
/** security.md D 31: nobody decodes what claims more (ASVS 5.2.6). */
const mostPixels = 40_000_000;
/** Ended without a picture: what came is none, or is one that is not looked at. */
const refused = 3;

// Of everything that libvips can read only these four readers are left: no SVG, no PDF, no TIFF.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer', 'VipsForeignLoadNsgifBuffer'],
});
sharp.unblock({ operation: ['VipsForeignLoadHeifBuffer'] });
sharp.cache(false);
sharp.concurrency(1);

async function small(bytes: Buffer): Promise<Buffer | undefined> {
  if (pictureKind(bytes) === undefined) return undefined;
  const picture = sharp(bytes, { limitInputPixels: mostPixels, failOn: 'warning', pages: 1, sequentialRead: true });
  const { width, height } = await picture.metadata();
  if (width * height > mostPixels) return undefined;
  // Turned as its camera meant it; what else the camera wrote is left out.
  return picture
    .autoOrient()
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 78 })
    .toBuffer();
}

const pieces: Buffer[] = [];
for await (const piece of process.stdin) pieces.push(piece as Buffer);
const made = await small(Buffer.concat(pieces)).catch(() => undefined);
if (made) process.stdout.write(made);
else process.exitCode = refused;
