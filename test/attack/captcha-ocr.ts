// How well a common reading machine (tesseract) reads the pictures of the built-in CAPTCHA. Run by hand:
//   node test/attack/captcha-ocr.ts [pictures, 60 by default]
// A picture counts as read when any of the ways below gives exactly its answer. Exit code 1 from 10 % on.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp, { type Sharp } from 'sharp';
import { alphabet, pictureCaptcha } from '../../src/platform/captcha/picture.ts';

const run = promisify(execFile);
const large = (picture: Buffer) => sharp(picture).resize({ width: 960 }).extend({ top: 40, bottom: 40, background: '#f0f0f0' });

/** Closing by `gap`, then opening by `thin` (pixels at three times the size): the usual cure for lines through a text. */
async function wiped(picture: Buffer, gap: number, thin: number): Promise<Sharp> {
  const black = await sharp(picture).resize({ width: 720 }).threshold(128).png().toBuffer();
  const grown = await sharp(black).dilate(gap).png().toBuffer();
  const closed = await sharp(grown)
    .erode(gap + thin)
    .png()
    .toBuffer();
  return sharp(await sharp(closed).dilate(thin).png().toBuffer()).extend({ top: 40, bottom: 40, background: '#fff' });
}

/** What somebody would try within an hour: as it is, enlarged, cut to black and white, specks and thin lines removed, hollows closed. */
const cleanings: Readonly<Record<string, (picture: Buffer) => Promise<Sharp> | Sharp>> = {
  plain: (picture) => sharp(picture),
  large,
  threshold: (picture) => large(picture).threshold(128),
  median: (picture) => large(picture).median(9).threshold(128),
  'blurred to solid letters': (picture) => large(picture).blur(8).threshold(200),
  'blurred to solid letters, darker': (picture) => large(picture).blur(5).threshold(150),
  'gaps closed, thin lines wiped away': (picture) => wiped(picture, 5, 5),
  'gaps closed, thinner lines wiped away': (picture) => wiped(picture, 4, 3),
  'hollows closed': (picture) => wiped(picture, 7, 3),
};
const readings: Readonly<Record<string, readonly string[]>> = {
  'one line': ['--psm', '7'],
  'one word': ['--psm', '8'],
  'raw line': ['--psm', '13'],
  'one word of our alphabet': ['--psm', '8', '-c', `tessedit_char_whitelist=${alphabet}`],
};

const captcha = pictureCaptcha();
const folder = await mkdtemp(join(tmpdir(), 'captcha-ocr-'));
const count = Number(process.argv[2] ?? 60);
const hits = new Map<string, number>();
let read = 0;
let characters = 0;
try {
  for (let index = 0; index < count; index += 1) {
    const { answer, picture } = await captcha.draw();
    let best = 0;
    for (const [cleaning, clean] of Object.entries(cleanings)) {
      const file = join(folder, 'picture.png');
      await writeFile(file, await (await clean(picture)).png().toBuffer());
      for (const [reading, options] of Object.entries(readings)) {
        const { stdout } = await run('tesseract', [file, '-', ...options], { env: { ...process.env, OMP_THREAD_LIMIT: '1' } });
        const typed = captcha.normalise(stdout.replace(/[^\p{L}\p{N}]/gu, ''));
        best = Math.max(best, [...answer].filter((character, at) => typed[at] === character).length);
        if (typed === answer) hits.set(`${cleaning}, ${reading}`, (hits.get(`${cleaning}, ${reading}`) ?? 0) + 1);
      }
    }
    characters += best;
    if (best === answer.length) read += 1;
  }
} finally {
  await rm(folder, { recursive: true });
}
console.log(`${read} of ${count} pictures read by any of ${Object.keys(cleanings).length * Object.keys(readings).length} ways`);
console.log(
  `${((100 * characters) / (count * 6)).toFixed(0)} % of the characters in the right place by the best way of each picture`,
);
for (const [way, times] of hits) console.log(`  ${times} by ${way}`);
process.exitCode = read >= count / 10 ? 1 : 0;
