// Previews of pictures: what they are made of, and what becomes of pictures that were made to hurt.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Previews } from '../../src/files/previews.ts';
import type { PanelError } from '../../src/platform/errors.ts';

const previews = new Previews();
const never = () => new AbortController().signal;
const of = (bytes: Buffer, maker = previews, customer = 'customer') => maker.make(customer, Readable.from([bytes]), never());
const none = expect.objectContaining({ status: 404 });
const photograph = (width = 900, height = 600) =>
  sharp({ create: { width, height, channels: 3, background: '#3a6', noise: { type: 'gaussian', mean: 120, sigma: 40 } } });

/** A picture of one colour that claims any size: a row of zeros packs a thousandfold. */
function png(width: number, height: number, rows: number): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.alloc(Math.min(rows, height) * (width + 1)));
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-previews-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
/** A program in the place of ours: what the parent does with one that misbehaves. */
const program = async (name: string, text: string) => {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, text);
  return path;
};

describe('a picture', () => {
  test.each([
    ['a JPEG', () => photograph().jpeg().toBuffer()],
    ['a PNG', () => photograph().png().toBuffer()],
    ['a WebP', () => photograph().webp().toBuffer()],
    ['a GIF', () => photograph(90, 60).gif().toBuffer()],
    ['an AVIF', () => photograph(300, 200).avif({ effort: 0 }).toBuffer()],
  ])('%s becomes a small WebP of its shape', async (_what, make) => {
    const { format, width = 0, height = 0, pages = 1 } = await sharp(await of(await make())).metadata();
    expect([format, pages]).toEqual(['webp', 1]);
    expect(Math.max(width, height)).toBeLessThanOrEqual(320);
    expect(width / height).toBeCloseTo(1.5, 1);
  });

  test('loses what its camera wrote, and stands upright', async () => {
    const exif = { IFD0: { Copyright: '<?php echo 1;', ImageDescription: 'home, 37.5N 127E' }, IFD3: { GPSLatitudeRef: 'N' } };
    const taken = await photograph().withExif(exif).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const made = await of(taken);
    const { width = 0, height = 0, exif: left, orientation } = await sharp(made).metadata();
    expect([left, orientation, height > width]).toEqual([undefined, undefined, true]);
    expect(made.includes('<?php')).toBe(false);
  });

  test('of many pictures in one the first is shown', async () => {
    const frames = await Promise.all(
      ['#f00', '#00f'].map((background) =>
        sharp({ create: { width: 40, height: 40, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const moving = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    const { dominant } = await sharp(await of(moving)).stats();
    expect([dominant.r > 200, dominant.b < 60]).toEqual([true, true]);
  });
});

describe('what was made to hurt has no preview, and nothing else happens', () => {
  test('pictures that claim 50,000 by 50,000, or unpack to 49 megapixels', async () => {
    await expect(of(png(50_000, 50_000, 200))).rejects.toEqual(none);
    await expect(of(png(7000, 7000, 7000))).rejects.toEqual(none);
  });

  test('one that breaks off, one of random bytes, an empty one', async () => {
    const whole = await photograph().jpeg().toBuffer();
    await expect(of(whole.subarray(0, whole.length / 2))).rejects.toEqual(none);
    await expect(of(Buffer.concat([whole.subarray(0, 600), Buffer.alloc(5000, 0xaa)]))).rejects.toEqual(none);
    await expect(of(Buffer.alloc(0))).rejects.toEqual(none);
  });

  test('SVG, PDF, TIFF and programs under the name of a picture, and one that is two things', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>';
    for (const text of [svg, '%PDF-1.4\n%....', '<?php system($_GET[1]);', 'GIF89a;<?php phpinfo(); ?>', '#!/bin/sh\nexit 0\n'])
      await expect(of(Buffer.from(text.padEnd(64)))).rejects.toEqual(none);
    await expect(of(await photograph(60, 40).tiff().toBuffer())).rejects.toEqual(none);
    const both = Buffer.concat([await photograph(60, 40).png().toBuffer(), Buffer.from('<?php system($_GET[1]);')]);
    expect((await of(both)).includes('<?php')).toBe(false);
  });
});

describe('the program', () => {
  test('that never ends is killed at its time, one that grows at its size, one that crashes is over', async () => {
    const forever = new Previews({ milliseconds: 500 }, await program('forever', 'setInterval(() => {}, 1000);'));
    const began = performance.now();
    await expect(of(Buffer.from('x'), forever)).rejects.toEqual(none);
    expect(performance.now() - began).toBeLessThan(5000);
    const grows = 'const all = []; setInterval(() => all.push(Buffer.alloc(16 * 1024 ** 2, 1)), 1);';
    const growing = new Previews({ milliseconds: 60_000, memoryBytes: 200 * 1024 ** 2 }, await program('grows', grows));
    await expect(of(Buffer.from('x'), growing)).rejects.toEqual(none);
    const crashing = new Previews({}, await program('crashes', 'process.kill(process.pid, "SIGSEGV");'));
    await expect(of(Buffer.alloc(4 * 1024 ** 2), crashing)).rejects.toEqual(none);
  });

  test('that answers with anything but a picture is not believed', async () => {
    const lies = new Previews(
      {},
      await program('lies', 'process.stdin.resume(); process.stdout.write("<script>alert(1)</script>");'),
    );
    await expect(of(Buffer.from('x'), lies)).rejects.toEqual(none);
    const floods = new Previews(
      {},
      await program(
        'floods',
        'process.stdin.resume(); const b = Buffer.alloc(65536, 1); const w = () => { while (process.stdout.write(b)); process.stdout.once("drain", w); }; w();',
      ),
    );
    await expect(of(Buffer.from('x'), floods)).rejects.toEqual(none);
  });

  test('knows nothing of the panel: no variable of its environment, no folder', async () => {
    process.env.SECRET_OF_THE_PANEL = 'not for decoders';
    const told = join(folder, 'told');
    const tells = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(told)}, JSON.stringify([Object.keys(process.env), process.cwd()]));`;
    await of(Buffer.from('x'), new Previews({}, await program('tells', tells))).catch(() => {});
    delete process.env.SECRET_OF_THE_PANEL;
    const [names, cwd] = JSON.parse(await readFile(told, 'utf8')) as [string[], string];
    expect([names.filter((name) => !name.startsWith('__')), cwd]).toEqual([[], '/']);
  });

  test('runs once at a time for a customer and twice in all; who waits too long or leaves has none, and a crowd is sent away', async () => {
    const log = join(folder, 'log');
    const slow = `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(log)}, 'b'); setTimeout(() => { appendFileSync(${JSON.stringify(log)}, 'e'); process.exit(1); }, 400);`;
    const maker = new Previews({ milliseconds: 20_000 }, await program('slow', slow));
    const all = ['a', 'a', 'a', 'b', 'c'].map((customer) =>
      of(Buffer.from('x'), maker, customer).catch((error: PanelError) => error.status),
    );
    expect(await Promise.all(all)).toEqual([404, 404, 404, 404, 404]);
    let running = 0;
    const most = [...(await readFile(log, 'utf8'))].reduce((high, sign) => {
      running += sign === 'b' ? 1 : -1;
      return Math.max(high, running);
    }, 0);
    expect(most).toBe(2);
    const crowd = Array.from({ length: 7 }, () =>
      of(Buffer.from('x'), maker, 'crowd').catch((error: PanelError) => error.status),
    );
    expect((await Promise.all(crowd)).filter((status) => status === 429)).toHaveLength(2);
    const leaving = new AbortController();
    const stream = Readable.from([Buffer.from('x')]);
    const left = maker.make('leaves', stream, leaving.signal).catch((error: PanelError) => error.status);
    await sleep(50);
    leaving.abort();
    expect([await left, stream.destroyed]).toEqual([404, true]);
  });
});
