// What every Captcha promises (src/platform/captcha/port.ts), and that the built-in picture keeps it.
// biome-ignore-all lint/suspicious/noExportsInTest: other adapters run the same suite
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { alphabet, newAnswer, pictureCaptcha } from '../../src/platform/captcha/picture.ts';
import type { Captcha } from '../../src/platform/captcha/port.ts';

export function captchaContract(adapter: string, make: () => Captcha): void {
  describe(`the puzzle of ${adapter}`, () => {
    test('every picture is a complete PNG that a page can show', async () => {
      const { picture } = await make().draw();
      const { format, width, height } = await sharp(picture).metadata();
      await expect(sharp(picture).raw().toBuffer()).resolves.toBeInstanceOf(Buffer);
      expect({ format, fits: width <= 320 && height <= 160 }).toEqual({ format: 'png', fits: true });
    });

    test('two draws have another answer and another picture', async () => {
      const captcha = make();
      const [first, second] = await Promise.all([captcha.draw(), captcha.draw()]);
      expect(first.answer).not.toBe(second.answer);
      expect(first.picture.equals(second.picture)).toBe(false);
    });

    test('an answer counts in small letters, with spaces and in full width', async () => {
      const captcha = make();
      const { answer } = await captcha.draw();
      const wide = answer.replace(/[A-Z0-9]/g, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0));
      const spaced = ` ${[...answer.toLowerCase()].join(' ')}\u3000\n`;
      expect([answer, spaced, wide].map((typed) => captcha.normalise(typed))).toEqual([answer, answer, answer]);
    });

    test('another answer does not count, nor does an empty one', async () => {
      const captcha = make();
      const { answer } = await captcha.draw();
      for (const typed of ['', ' ', answer.slice(1), `${answer}A`, answer.split('').reverse().join('').concat('A')])
        expect(captcha.normalise(typed)).not.toBe(answer);
    });

    test('a megabyte as an answer is refused at once', { retry: 2 }, () => {
      const started = performance.now();
      expect(make().normalise('\u0301\u0316'.repeat(500_000)).length).toBeLessThan(1000);
      expect(performance.now() - started).toBeLessThan(50);
    });
  });
}

captchaContract('the built-in picture', pictureCaptcha);

describe('the built-in picture', () => {
  test('is 240 by 80 and at most 8 kB, and its text is 6 signs that nobody confuses', async () => {
    const captcha = pictureCaptcha();
    for (let drawn = 0; drawn < 5; drawn += 1) {
      const { answer, picture } = await captcha.draw();
      const { width, height } = await sharp(picture).metadata();
      expect(answer).toMatch(new RegExp(`^[${alphabet}]{6}$`));
      expect([width, height]).toEqual([240, 80]);
      expect(picture.length).toBeLessThanOrEqual(8192);
    }
    expect(alphabet).not.toMatch(/[0OQ1IL5S2Z8B6G9UV]/);
  });

  test('has neither too little nor too much ink to be read', async () => {
    const captcha = pictureCaptcha();
    for (let drawn = 0; drawn < 5; drawn += 1) {
      const { picture } = await captcha.draw();
      const { data } = await sharp(picture).grayscale().threshold(128).raw().toBuffer({ resolveWithObject: true });
      const ink = data.filter((value) => value === 0).length / data.length;
      expect(ink).toBeGreaterThan(0.08);
      expect(ink).toBeLessThan(0.4);
    }
  });

  test('a look-alike that is never drawn counts as the sign it was taken for', () => {
    expect(pictureCaptcha().normalise('4goxf8')).toBe('ACDKE3');
  });

  test('every sign is drawn equally often at every place', () => {
    const answers = Array.from({ length: 12_000 }, newAnswer);
    for (let place = 0; place < 6; place += 1) {
      const counts = [...alphabet].map((sign) => answers.filter((answer) => answer[place] === sign).length);
      const expected = answers.length / alphabet.length;
      // χ² with 11 degrees of freedom exceeds 80 once in about 10¹¹ runs.
      expect(counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(80);
    }
  });

  test('takes less than 60 ms of a core', { retry: 3 }, async () => {
    const captcha = pictureCaptcha();
    await captcha.draw();
    const before = process.cpuUsage();
    for (let drawn = 0; drawn < 10; drawn += 1) await captcha.draw();
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000 / 10).toBeLessThan(60);
  });
});
