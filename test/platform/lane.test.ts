// The lane in front of costly work: how many at once, how many of one caller, who waits, who is refused, and that no place is lost.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Lane } from '../../src/platform/lane.ts';

const refused = expect.objectContaining({ name: 'PanelError', status: 503, key: 'login.busy' });

/** Work that lasts until it is let go, and a list of who is inside. */
function workshop(options: Partial<ConstructorParameters<typeof Lane>[0]> = {}) {
  const lane = new Lane({ width: 4, refusal: 'login.busy', ...options });
  const inside: string[] = [];
  const ends = new Map<string, () => void>();
  const come = (name: string) => {
    const work = () =>
      new Promise<string>((resolve) => {
        inside.push(name);
        ends.set(name, () => {
          inside.splice(inside.indexOf(name), 1);
          resolve(name);
        });
      });
    return lane.run(work, name.replace(/\d+$/, '')).catch((error: unknown) => error);
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await sleep(0);
  };
  return { lane, inside, come, end };
}

describe('a lane', () => {
  test('lets in as many as it is wide, and the others in the order they came', async () => {
    const { lane, inside, come, end } = workshop({ width: 2 });
    for (const name of ['a1', 'b1', 'c1', 'd1']) void come(name);
    expect([inside, lane.load]).toEqual([['a1', 'b1'], { running: 2, waiting: 2 }]);
    await end('b1');
    expect(inside).toEqual(['a1', 'c1']);
    await end('a1');
    expect(inside).toEqual(['c1', 'd1']);
  });

  test('lets others pass whoever has enough inside, and keeps no place empty for it', async () => {
    const { lane, inside, come, end } = workshop({ widthOfOne: 2 });
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'd1']) void come(name);
    expect([inside, lane.load]).toEqual([['a1', 'a2', 'b1', 'c1'], { running: 4, waiting: 3 }]);
    await end('b1');
    expect(inside).toEqual(['a1', 'a2', 'c1', 'd1']);
    await end('a2');
    expect(inside).toEqual(['a1', 'c1', 'd1', 'a3']);
    for (const name of ['c1', 'd1', 'a1', 'a3']) await end(name);
    expect([inside, lane.load]).toEqual([['a4'], { running: 1, waiting: 0 }]);
    await end('a4');
    expect(lane.load).toEqual({ running: 0, waiting: 0 });
  });

  test('refuses who comes when enough wait, and whoever has waited too long', async () => {
    const { lane, come, end } = workshop({ width: 1, mostWaiting: 1, longestWaitMilliseconds: 5 });
    const first = come('a1');
    const second = come('b1');
    expect(() => lane.refuseWhenFull()).toThrow();
    expect(await come('c1')).toEqual(refused);
    expect(await second).toEqual(refused);
    expect(lane.load).toEqual({ running: 1, waiting: 0 });
    await end('a1');
    expect(await first).toBe('a1');
  });

  test('gives the place back when the work fails', async () => {
    const { lane } = workshop({ width: 1 });
    await expect(lane.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(lane.load).toEqual({ running: 0, waiting: 0 });
    expect(await lane.run(() => Promise.resolve('next'))).toBe('next');
  });
});
