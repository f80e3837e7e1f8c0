// Debian's tesseract at the pictures: several ways to prepare a picture, several page-segmentation modes, one process a pair.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp, { type Sharp } from 'sharp';
import { alphabet } from '../../../src/platform/captcha/picture.ts';

const run = promisify(execFile);
type Preparing = (picture: Buffer) => Promise<Sharp> | Sharp;

/** Why nothing can be read here; undefined when it can. */
export const tesseractMissing =
  spawnSync('tesseract', ['--version']).error === undefined ? undefined : 'tesseract is not installed (Debian: tesseract-ocr)';

const large = (picture: Buffer) => sharp(picture).resize({ width: 960 }).extend({ top: 40, bottom: 40, background: '#f0f0f0' });

/** Closing by `gap`, then opening by `thin` (dots at three times the size): the usual cure for lines through a text. */
async function wiped(picture: Buffer, gap: number, thin: number): Promise<Sharp> {
  const black = await sharp(picture).resize({ width: 720 }).threshold(128).png().toBuffer();
  const grown = await sharp(black).dilate(gap).png().toBuffer();
  const closed = await sharp(grown)
    .erode(gap + thin)
    .png()
    .toBuffer();
  return sharp(await sharp(closed).dilate(thin).png().toBuffer()).extend({ top: 40, bottom: 40, background: '#fff' });
}

/** What somebody would try within an hour: enlarged, black and white, specks and lines removed, hollows closed, turned over. */
export const preparings: Readonly<Record<string, Preparing>> = {
  large,
  threshold: (picture) => large(picture).threshold(128),
  'threshold, median': (picture) => large(picture).threshold(128).median(9),
  'blurred to solid letters': (picture) => large(picture).blur(8).threshold(200),
  'gaps closed, thin lines wiped away': (picture) => wiped(picture, 5, 5),
  'hollows closed': (picture) => wiped(picture, 7, 3),
  'edges only': async (picture) =>
    sharp(await large(picture).toBuffer())
      .convolve({ width: 3, height: 3, kernel: [-1, -1, -1, -1, 8, -1, -1, -1, -1] })
      .negate()
      .threshold(128),
};

/** Page-segmentation modes: one line, one word, a raw line; and one word of nothing but our signs. */
export const modes: Readonly<Record<string, readonly string[]>> = {
  'one line': ['--psm', '7'],
  'one word': ['--psm', '8'],
  'raw line': ['--psm', '13'],
  'one word of our signs': ['--psm', '8', '-c', `tessedit_char_whitelist=${alphabet}`],
};

/** @returns what tesseract takes each picture for, in the order of the pictures */
export async function readByTesseract(
  pictures: readonly Buffer[],
  prepare: Preparing,
  options: readonly string[],
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'captcha-ocr-'));
  try {
    const files = pictures.map((_, at) => join(folder, `${at}.png`));
    for (const [at, picture] of pictures.entries())
      await writeFile(files[at] ?? '', await (await prepare(picture)).png().toBuffer());
    const list = join(folder, 'list.txt');
    await writeFile(list, `${files.join('\n')}\n`);
    const env = { ...process.env, OMP_THREAD_LIMIT: '1' };
    const { stdout } = await run('tesseract', [list, '-', ...options, 'tsv'], { env, maxBuffer: 2 ** 26 });
    const read = pictures.map(() => '');
    // level, page, block, paragraph, line, word, four numbers of a box, confidence, text; a picture without words has no row of level 5.
    for (const row of stdout.split('\n')) {
      const [level, page, , , , , , , , , , text = ''] = row.split('\t');
      if (level === '5') read[Number(page) - 1] += text.replace(/[^\p{L}\p{N}]/gu, '');
    }
    return read;
  } finally {
    await rm(folder, { recursive: true });
  }
}
