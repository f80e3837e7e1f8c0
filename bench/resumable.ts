// Uploads as the page's script sends them: large files by tus in pieces with checksums, small ones in bundles by the form.
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { hiddenFields } from '../test/support/panel.ts';
import type { Circumstances, Figure, Part } from './figure.ts';
import { inTurn, median } from './load.ts';
import { type Running, residentMebibytes, startRaw, watchMemory } from './program.ts';
import { type Sent, sendForm } from './transfer.ts';
import { film } from './upload.ts';
import { Visitor } from './visitor.ts';

/** What `public/behaviours/uploads/` does. */
const script = { pieceMebibytes: 8, bundleFiles: 200, atOnce: 3 };
const smallBytes = 4096;

export const resumablePart: Part = { name: 'resumable', measure };

async function measure(circumstances: Circumstances): Promise<Figure[]> {
  const { long, folder, programs, say } = circumstances;
  const mebibytes = long ? 1024 : 32;
  const program = await programs.open(join(folder, 'program'));
  const limitFolder = join(folder, 'raw');
  await mkdir(limitFolder);
  const limit = await startRaw('pieces', [limitFolder]);
  try {
    const senders = [
      await Sender.arrive(program, 'first-piecewise@example.com'),
      await Sender.arrive(program, 'second-piecewise@example.com'),
    ] as const;
    const large = await measureLarge(senders, { mebibytes, rounds: long ? 3 : 1, pid: program.pid, limit: limit.url, say });
    const small = await measureSmall(senders[0], { files: long ? 10_000 : 400, alone: long ? 1000 : 100, say });
    return [...large, ...small];
  } finally {
    await limit.stop();
    await program.stop();
  }
}

type Senders = readonly [Sender, Sender];
type Large = { mebibytes: number; rounds: number; pid: number; limit: string; say: (line: string) => void };

async function measureLarge([first, second]: Senders, { mebibytes, rounds, pid, limit, say }: Large): Promise<Figure[]> {
  const bare = () => sendBare(limit, film('film.mp4', mebibytes));
  // Once before counting: what is loaded at the first upload stays loaded.
  await first.film(mebibytes);
  await bare();
  const before = await residentMebibytes(pid);
  const pairs = await inTurn(
    rounds,
    () => first.film(mebibytes),
    bare,
    ([ours, raw]) => say(`${ours.toFixed(2)} s; bare node:http: ${raw.toFixed(2)} s`),
  );
  const memory = watchMemory(pid);
  await Promise.all([first.film(mebibytes), first.film(mebibytes), second.film(mebibytes), second.film(mebibytes)]);
  const grown = (await memory.end()) - before;
  const size = mebibytes === 1024 ? '1 GiB' : `${mebibytes} MiB`;
  return [
    {
      name: `upload of ${size} by tus, pieces of 8 MiB with SHA-256 ÷ bare node:http to disk with fsync`,
      unit: 's',
      ours: median(pairs.map(([ours]) => ours)),
      raw: median(pairs.map(([, raw]) => raw)),
      bound: { atMost: 1.8 },
    },
    {
      name: `growth of the web process, four uploads of ${size} by tus at once`,
      unit: 'MiB',
      ours: grown,
      bound: { atMost: 192 },
    },
  ];
}

type Small = { files: number; alone: number; say: (line: string) => void };

async function measureSmall(sender: Sender, { files, alone, say }: Small): Promise<Figure[]> {
  const count = files.toLocaleString('en');
  const byForm = files / (await sender.bundles('form', files, 1));
  const asScript = files / (await sender.bundles('script', files, script.atOnce));
  const byTus = alone / (await sender.alone(alone));
  say(`${byForm.toFixed(0)} files/s by form, ${asScript.toFixed(0)} as the script sends them, ${byTus.toFixed(0)} each by tus`);
  const bundles = `bundles of ${script.bundleFiles}`;
  return [
    { name: `${count} files of 4 KiB by form, ${bundles}`, unit: '1/s', ours: byForm, bound: { atLeast: 300 } },
    {
      name: `${count} files of 4 KiB as the script sends them: asked about, ${bundles}, three at a time`,
      unit: '1/s',
      ours: asScript,
      bound: { atLeast: 300 },
    },
    {
      name: `${alone.toLocaleString('en')} files of 4 KiB each by tus with its creation, three at a time (no script of ours does so)`,
      unit: '1/s',
      ours: byTus,
      bound: { atLeast: 100 },
    },
  ];
}

/** A customer whose page of uploads is open. */
class Sender {
  readonly #program: Running;
  readonly #visitor: Visitor;
  readonly #site: string;
  readonly #agent = new Agent({ keepAlive: true });
  #csrf = '';
  #files = 0;

  private constructor(program: Running, visitor: Visitor, site: string) {
    this.#program = program;
    this.#visitor = visitor;
    this.#site = site;
  }

  static async arrive(program: Running, email: string): Promise<Sender> {
    const visitor = new Visitor(program);
    const sender = new Sender(program, visitor, await visitor.arrive(email));
    const { text } = await visitor.get(`/sites/${sender.#site}/files/upload`);
    sender.#csrf = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '';
    return sender;
  }

  get #base(): string {
    return `${this.#program.url}/sites/${this.#site}/files`;
  }

  get #headers(): Record<string, string> {
    return { ...this.#visitor.headers, accept: 'application/json', 'x-csrf-token': this.#csrf, 'tus-resumable': '1.0.0' };
  }

  #ask(
    method: string,
    url: string,
    headers: Record<string, string>,
    body: Buffer,
  ): Promise<{ status: number; location: string }> {
    return new Promise((resolve, reject) => {
      const length = { 'content-length': String(body.length) };
      const call = request(
        url,
        { method, agent: this.#agent, headers: { ...this.#headers, ...headers, ...length } },
        (answer) => {
          answer.resume().once('error', reject);
          answer.once('end', () => resolve({ status: answer.statusCode ?? 0, location: answer.headers.location ?? '' }));
        },
      );
      call.once('error', reject).end(body);
    });
  }

  async #begin(name: string, bytes: number, more: Record<string, string> = {}, body = Buffer.alloc(0)): Promise<string> {
    const headers = {
      'upload-length': String(bytes),
      'upload-metadata': `path ${Buffer.from(`www/${name}`).toString('base64')}`,
    };
    const { status, location } = await this.#ask('POST', `${this.#base}/uploads`, { ...headers, ...more }, body);
    if (status !== 201) throw new Error(`the announcement of ${name} was answered with ${status}`);
    return this.#program.url + location;
  }

  /** Sends a film piece by piece, each with its checksum. @returns how long that took, in seconds */
  async film(mebibytes: number): Promise<number> {
    const { name, pieces } = film(`film-${++this.#files}.mp4`, mebibytes);
    const groups: { body: Buffer; sum: string }[] = [];
    for (let at = 0; at < pieces.length; at += script.pieceMebibytes) {
      // The noise comes again and again: its checksum is made once, as is its body.
      const known = at > script.pieceMebibytes && pieces.length - at >= script.pieceMebibytes ? groups[1] : undefined;
      groups.push(known ?? summed(Buffer.concat(pieces.slice(at, at + script.pieceMebibytes))));
    }
    const begun = performance.now();
    const url = await this.#begin(name, mebibytes * 1024 * 1024);
    let offset = 0;
    for (const { body, sum } of groups) {
      const headers = {
        'content-type': 'application/offset+octet-stream',
        'upload-offset': String(offset),
        'upload-checksum': sum,
      };
      const { status } = await this.#ask('PATCH', url, headers, body);
      if (status !== 204) throw new Error(`a piece of ${name} was answered with ${status}`);
      offset += body.length;
    }
    const seconds = (performance.now() - begun) / 1000;
    await this.#requireStored(url);
    return seconds;
  }

  async #requireStored(url: string): Promise<void> {
    const { text } = await this.#visitor.get(new URL(url).pathname);
    const { result } = JSON.parse(text) as { result: { result: string } | null };
    if (result?.result !== 'stored') throw new Error(`not stored: ${text}`);
  }

  /** @param how `script`: all are asked about before the first is sent. @returns how long that took, in seconds */
  async bundles(how: 'form' | 'script', files: number, atOnce: number): Promise<number> {
    const folder = `${how}-${++this.#files}`;
    const action = `/sites/${this.#site}/files/upload`;
    const { text } = await this.#visitor.get(`/sites/${this.#site}/files/www`);
    const hidden = hiddenFields(text, action);
    const all: Sent[] = Array.from({ length: files }, (_, at) => ({
      name: `${folder}/${at}.txt`,
      pieces: [Buffer.alloc(smallBytes, `file ${at}\n`)],
    }));
    const begun = performance.now();
    if (how === 'script') {
      const list = all.map(({ name }) => ({ path: name, bytes: smallBytes, changedAt: 0 }));
      const body = Buffer.from(JSON.stringify({ to: 'www', files: list }));
      const { status } = await this.#ask('POST', `${this.#base}/preflight`, { 'content-type': 'application/json' }, body);
      if (status !== 200) throw new Error(`the list was answered with ${status}`);
    }
    await atATime(atOnce, Math.ceil(files / script.bundleFiles), async (bundle) => {
      const some = all.slice(bundle * script.bundleFiles, (bundle + 1) * script.bundleFiles);
      const fields = { ...hidden, _idem: `${folder}-bundle-${bundle}`, to: 'www', conflict: 'skip' };
      const { status } = await sendForm(this.#program.url + action, { headers: this.#visitor.headers, fields, files: some });
      if (status !== 303) throw new Error(`a bundle was answered with ${status}`);
    });
    const seconds = (performance.now() - begun) / 1000;
    const page = await this.#visitor.get(`/sites/${this.#site}/files/www/${folder}`);
    if (!page.text.includes(files.toLocaleString('en')) && !page.text.includes(String(files)))
      throw new Error(`not all of ${files} files stand in ${folder}`);
    return seconds;
  }

  /** Each small file by tus, its bytes with its announcement. @returns how long that took, in seconds */
  async alone(files: number): Promise<number> {
    const folder = `alone-${++this.#files}`;
    const body = Buffer.alloc(smallBytes, 'x\n');
    const begun = performance.now();
    await atATime(script.atOnce, files, async (at) => {
      await this.#begin(`${folder}/${at}.txt`, smallBytes, { 'content-type': 'application/offset+octet-stream' }, body);
    });
    return (performance.now() - begun) / 1000;
  }
}

const summed = (body: Buffer) => ({ body, sum: `sha256 ${createHash('sha256').update(body).digest('base64')}` });

/** Does `count` works, so many at a time, in their order. */
async function atATime(atOnce: number, count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function sendBare(url: string, { pieces }: Sent): Promise<number> {
  const begun = performance.now();
  await new Promise<void>((resolve, reject) => {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const call = request(url, { method: 'PUT', headers: { 'content-length': length } }, (answer) => {
      answer.resume().once('error', reject).once('end', resolve);
    });
    call.once('error', reject);
    const write = (at: number): void => {
      for (let next = at; next < pieces.length; next += 1)
        if (!call.write(pieces[next])) return void call.once('drain', () => write(next + 1));
      call.end();
    };
    write(0);
  });
  return (performance.now() - begun) / 1000;
}
