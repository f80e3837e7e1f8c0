// Uploads that break off: kill -9 of the web process, a disk that is full in the middle of a piece, senders who vanish. Nothing half is
// ever seen in a site, and whatever was acknowledged has the right bytes.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { engines } from '../support/databases.ts';
import { Customer, type SentUpload } from './customer.ts';
import { fileAt, House, sha256 } from './house.ts';
import { breaches, unsettled } from './invariants.ts';
import { PausingUpload } from './pausing-upload.ts';
import { isShort, longTest, randomFrom, tell } from './seed.ts';
import { fill, smallDisk } from './small-disk.ts';

const megabyte = 1024 * 1024;
const checksums = [undefined, 'sha1', 'sha256'] as const;

/** Two forms and two resumable uploads are on their way at each kill. */
const kills = isShort ? 2 : 50;
const uploadsAtKill = 4;

// What is killed in the middle lies on the disk; the other engine is killed in test/faults/kills.spec.ts too, and here in the long form.
for (const { name: engine, missing } of isShort ? engines.slice(0, 1) : engines) {
  describe.skipIf(missing)(`${engine}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    test(`${kills} kills in the middle of ${kills * uploadsAtKill} uploads leave no half file and lose no acknowledged one`, async () => {
      const random = randomFrom(`uploads ${engine}`);
      const house = await House.open({ engine });
      try {
        await house.start();
        const customer = await new Customer(house, 'owner@example.com').arrive();
        const run = new KillRun(house, customer, random);
        for (let round = 0; round < kills; round += 1) await run.round(round);
        await run.end();
        expect(run.found).toEqual([]);
      } finally {
        await house.close();
      }
    });
  });
}

class KillRun {
  readonly #house: House;
  readonly #customer: Customer;
  readonly #random: () => number;
  readonly forms: SentUpload[] = [];
  readonly pausing: PausingUpload[] = [];
  readonly found: string[] = [];
  readonly figures = { kills: 0, 'with a form on its way': 0, 'with a piece on its way': 0, 'finished after a new sign-in': 0 };

  constructor(house: House, customer: Customer, random: () => number) {
    this.#house = house;
    this.#customer = customer;
    this.#random = random;
  }

  /** Text, so that the policy lets it in; every line tells where it stands. */
  #text(bytes: number): Buffer<ArrayBuffer> {
    const body = Buffer.alloc(bytes, `${this.forms.length} ${this.pausing.length} ${this.#random()}\n`);
    for (let at = 0; at + 12 < bytes; at += 4096) body.write(String(at).padStart(11, '0'), at);
    return body;
  }

  async round(number: number): Promise<void> {
    const customer = this.#customer;
    const pausing = [0, 1].map((at) => {
      const body = this.#text(1 + Math.floor(this.#random() * 6 * megabyte));
      return new PausingUpload({ name: `pausing-${number}-${at}.txt`, body, checksum: checksums[(number + at) % 3] });
    });
    this.pausing.push(...pausing);
    const open = { forms: 0, pieces: 0 };
    const counted = async (what: keyof typeof open, work: Promise<unknown>) => {
      open[what] += 1;
      await work.catch(() => {}).finally(() => (open[what] -= 1));
    };
    const forms = [0, 1].map((at) => {
      const files = [0, 1].map((file) => ({
        name: `form-${number}-${at}-${file}.txt`,
        body: this.#text(1 + Math.floor(this.#random() * 2 * megabyte)),
      }));
      return counted(
        'forms',
        customer.upload(files, (upload) => this.forms.push(upload)),
      );
    });
    const load = [...forms, ...pausing.map((one) => counted('pieces', one.send(customer, 256 * 1024)))];
    await sleep(this.#random() * 700);
    this.figures.kills += 1;
    if (open.forms > 0) this.figures['with a form on its way'] += 1;
    if (open.pieces > 0) this.figures['with a piece on its way'] += 1;
    if (!(await this.#house.killWeb())) this.found.push('the worker outlived its web process');
    await Promise.all(load);
    await this.#look();
    await this.#house.start();
    await this.#goOn(pausing, number % 2 === 0);
  }

  /** While nothing runs: what stands in the site is whole. */
  async #look(): Promise<void> {
    const folder = join(this.#house.folder, 'data/sites', this.#customer.site, 'www');
    const sent = new Map([
      ...this.forms.flatMap(({ files }) => files.map((file) => [file.name, file.sha256] as const)),
      ...this.pausing.map((one) => [one.name, one.sha256] as const),
    ]);
    for (const name of (await readdir(folder)).filter((one) => !one.startsWith('.gotgan-'))) {
      const there = await fileAt(join(folder, name));
      if (there?.sha256 !== sent.get(name)) this.found.push(`${name}: ${there?.size} bytes stand there after a kill`);
    }
  }

  async #goOn(pausing: readonly PausingUpload[], anew: boolean): Promise<void> {
    const customer = this.#customer;
    if (anew) expect(await customer.moveToNewBrowser()).toBe(200);
    for (const one of pausing) {
      const wasAcknowledged = one.acknowledged;
      const status = await one.send(customer, megabyte);
      if (status !== 204) this.found.push(`${one.name}: going on was answered with ${status}`);
      else if (!wasAcknowledged && anew) this.figures['finished after a new sign-in'] += 1;
      if (one.resentBytes > 0) this.found.push(`${one.name}: ${one.resentBytes} acknowledged bytes were not there any more`);
    }
  }

  async end(): Promise<void> {
    const { site } = this.#customer;
    const finished = this.pausing.map((one) => ({
      ...{ site, files: [{ name: one.name, size: one.body.length, sha256: one.sha256 }] },
      ...(one.acknowledged && { location: one.address }),
    }));
    const uploads = [...this.forms, ...finished];
    this.found.push(...(await unsettled(this.#house)));
    this.found.push(...(await breaches(this.#house, { customers: [this.#customer], uploads, removals: [], backups: [] })));
    const unfinished = await readdir(join(this.#house.folder, 'data/unfinished')).catch(() => []);
    if (unfinished.length > 0) this.found.push(`${unfinished.length} files are left in unfinished/`);
    tell(`uploads and kills on ${this.#house.engine}`, {
      ...this.figures,
      'forms sent': this.forms.length,
      'forms acknowledged': this.forms.filter(({ location }) => location).length,
      'resumable uploads sent and finished': finished.filter(({ location }) => location).length,
      breaches: this.found.length,
    });
  }
}

test('a disk that is full in the middle of a piece is told, and the upload goes on from what is there once there is room', async ({
  skip,
}) => {
  const disk = await smallDisk(96);
  if (!disk) return skip('skipped: no file system can be mounted here');
  const random = randomFrom('disk full by tus');
  const house = await House.open({ engine: 'sqlite', folder: disk.folder, beforeRemoval: disk.unmount });
  const statuses: Record<string, number> = {};
  try {
    await house.start();
    const customer = await new Customer(house, 'owner@example.com').arrive();
    const headers = await PausingUpload.headers(customer);
    for (let round = 0; round < (isShort ? 2 : 15); round += 1) {
      const body = Buffer.alloc(3 * megabyte, `${round} ${random()}\n`);
      const upload = new PausingUpload({ name: `full-${round}.txt`, body, checksum: checksums[round % 3] });
      expect(await upload.begin(customer, headers)).toBe(201);
      const half = Math.floor(random() * megabyte);
      const given: (() => Promise<void>)[] = [];
      // The disk is filled by somebody else while the piece is on its way.
      const sent = new ReadableStream<Uint8Array<ArrayBuffer>>({
        async start(controller) {
          controller.enqueue(body.subarray(0, half));
          await sleep(50);
          given.push(await fill(disk.folder, Math.floor(random() * megabyte)));
          controller.enqueue(body.subarray(half));
          controller.close();
        },
      });
      const answer = await customer.client
        .ask(upload.address, {
          ...{ method: 'PATCH', body: sent, duplex: 'half' },
          headers: {
            ...headers,
            ...upload.checksumOf(body),
            'content-type': 'application/offset+octet-stream',
            'upload-offset': '0',
          },
        } as RequestInit)
        .catch(() => undefined);
      const said = `${answer?.status ?? 'cut off'}`;
      statuses[said] = (statuses[said] ?? 0) + 1;
      const site = join(house.folder, 'data/sites', customer.site, 'www', upload.name);
      expect(await fileAt(site)).toBeUndefined();
      for (const free of given) await free();
      expect([round, await upload.send(customer, megabyte)]).toEqual([round, 204]);
      expect(sha256(await readFile(site))).toBe(upload.sha256);
    }
    tell('disk full by tus', statuses);
    expect(Object.keys(statuses)).toEqual(['503']);
    expect(await readdir(join(house.folder, 'data/unfinished'))).toEqual([]);
    expect(house.bugs()).toEqual([]);
  } finally {
    await house.close();
    await sleep(100);
  }
});

const vanishings = 99;

longTest(`a sender who vanishes ${vanishings} times in the middle of a piece finds every byte that was kept right`, async () => {
  const random = randomFrom('vanishing');
  const house = await House.open({ engine: 'sqlite' });
  try {
    await house.start();
    const customer = await new Customer(house, 'owner@example.com').arrive();
    const headers = await PausingUpload.headers(customer);
    const figures = { vanished: 0, 'bytes kept without a checksum': 0 };
    for (const checksum of checksums) {
      const body = Buffer.alloc(4 * megabyte);
      for (let at = 0; at < body.length; at += 16) body.write(`${String(at).padStart(15, '0')}\n`, at);
      const upload = new PausingUpload({ name: `vanishing-${checksum ?? 'none'}.txt`, body, checksum });
      expect(await upload.begin(customer, headers)).toBe(201);
      for (let times = 0; times < vanishings / 3; times += 1) {
        const { offset } = await upload.state(customer);
        const bytes = body.subarray(offset, offset + megabyte);
        const leaving = new AbortController();
        const cut = Math.floor(random() * Math.min(bytes.length, 100_000));
        const sent = new ReadableStream<Uint8Array<ArrayBuffer>>({
          async start(controller) {
            controller.enqueue(bytes.subarray(0, cut));
            await sleep(random() * 30);
            leaving.abort();
          },
        });
        const options = {
          ...{ method: 'PATCH', body: sent, duplex: 'half', signal: leaving.signal },
          headers: {
            ...{ ...headers, ...upload.checksumOf(bytes), 'content-length': String(bytes.length) },
            ...{ 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
          },
        };
        await customer.client.ask(upload.address, options as RequestInit).catch(() => {});
        figures.vanished += 1;
        // Whoever asks how far it is cuts off what still hangs.
        const answer = await customer.client.ask(upload.address, { method: 'HEAD', headers });
        const kept = Number(answer.headers.get('upload-offset')) - offset;
        if (checksum) expect(kept).toBe(0);
        else figures['bytes kept without a checksum'] += kept;
        expect(kept).toBeGreaterThanOrEqual(0);
        expect(kept).toBeLessThanOrEqual(cut);
      }
      expect(await upload.send(customer, megabyte)).toBe(204);
      const there = await fileAt(join(house.folder, 'data/sites', customer.site, 'www', upload.name));
      expect(there?.sha256).toBe(upload.sha256);
    }
    tell('vanishing senders', figures);
    expect(figures['bytes kept without a checksum']).toBeGreaterThan(0);
    expect(await readdir(join(house.folder, 'data/unfinished'))).toEqual([]);
    expect(await house.until(async () => (await readdir(join(house.folder, 'data/quarantine'))).length === 0, 20)).toBe(true);
    expect(house.bugs()).toEqual([]);
  } finally {
    await house.close();
  }
});
