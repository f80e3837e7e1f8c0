// Sends changed requests to a running panel over bare sockets, and tells what came back.
import { connect, type Socket } from 'node:net';
import { corpus, type Mutated, mutated } from './fuzz-mutations.ts';

/** Somebody who is signed in at a panel, and may change a site. */
export type Attacker = { readonly origin: string; readonly site: string; readonly cookie: string; readonly csrf: string };

export type FuzzReport = {
  /** how many answers had each status; `gone`: cut off by us, `closed`: by the panel without a word */
  readonly statuses: Readonly<Record<string, number>>;
  /** what must not be, each with the number that makes it again */
  readonly faults: readonly string[];
};

export type FuzzOptions = {
  readonly attacker: Attacker;
  readonly seed: number;
  /** requests from this number on */
  readonly from?: number;
  readonly requests: number;
  readonly atOnce?: number;
};

const answerMilliseconds = 20_000;
const vanishMilliseconds = 15;
/** how long an answer is waited for before the panel is told that nothing more comes: of a request that looks whole, and of one that does not */
const patience = { whole: 5000, cut: 200 };

/** Sends `requests` changed requests. @returns what came back */
export async function fuzz({ attacker, seed, from = 0, requests, atOnce = 6 }: FuzzOptions): Promise<FuzzReport> {
  const seeds = corpus();
  const statuses: Record<string, number> = {};
  const faults: string[] = [];
  const uploads = new Uploads(attacker);
  let next = from;
  const work = async () => {
    while (next < from + requests) {
      const number = next++;
      const request = mutated(seeds, seed, number);
      const wantsUpload = [request.head, request.body].some((part) => part.includes('{{upload}}'));
      const answer = await send(attacker, request, wantsUpload ? await uploads.current() : '', number);
      statuses[answer.what] = (statuses[answer.what] ?? 0) + 1;
      if (answer.location) uploads.made(answer.location);
      if (/^5|hung/.test(answer.what))
        faults.push(`number ${number} of seed ${seed} (${request.seed}): ${answer.what} ${answer.text.slice(-700)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  await uploads.discard();
  return { statuses, faults };
}

const inTime = () => AbortSignal.timeout(answerMilliseconds);
const sound = ({ origin, cookie, csrf }: Attacker) => ({
  cookie,
  origin,
  'x-csrf-token': csrf,
  accept: 'application/json',
  'tus-resumable': '1.0.0',
});

/** Uploads that were begun: some for changed pieces to go to, and all, to be discarded at the end. */
class Uploads {
  readonly #attacker: Attacker;
  readonly #all = new Set<string>();
  #current: Promise<string> | undefined;
  #used = 0;

  constructor(attacker: Attacker) {
    this.#attacker = attacker;
  }

  made(address: string): void {
    this.#all.add(address);
  }

  /** @returns the id of one that was begun lately */
  async current(): Promise<string> {
    this.#used += 1;
    if (!this.#current || this.#used % 8 === 0) this.#current = this.#begin();
    return this.#current;
  }

  async #begin(): Promise<string> {
    const path = Buffer.from(`www/piece-${this.#used}.txt`).toString('base64');
    const headers = { ...sound(this.#attacker), 'upload-length': '10', 'upload-metadata': `path ${path}` };
    const answer = await fetch(`${this.#attacker.origin}/sites/${this.#attacker.site}/files/uploads`, {
      method: 'POST',
      headers,
      signal: inTime(),
    });
    const address = answer.headers.get('location');
    if (!address) throw new Error(`an upload could not be begun: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
    this.made(address);
    return address.split('/').at(-1) ?? '';
  }

  async discard(): Promise<void> {
    for (const address of this.#all) {
      const answer = await fetch(new URL(address, this.#attacker.origin), {
        method: 'DELETE',
        headers: sound(this.#attacker),
        signal: inTime(),
      });
      await answer.arrayBuffer();
    }
    this.#all.clear();
  }
}

type Answer = { readonly what: string; readonly text: string; readonly location?: string | undefined };

function send(attacker: Attacker, request: Mutated, upload: string, number: number): Promise<Answer> {
  const { host, hostname, port } = new URL(attacker.origin);
  const values: Record<string, string> = {
    ...{ host, origin: attacker.origin, cookie: attacker.cookie, site: attacker.site, csrf: attacker.csrf },
    ...{ upload, key: `fuzz-${number}-${request.seed.length}` },
  };
  const filled = (text: string) => text.replace(/\{\{(\w+)\}\}/g, (whole, name) => values[name] ?? whole);
  const body = Buffer.from(filled(request.body.toString('latin1')), 'latin1');
  const head = filled(request.head).replaceAll('{{length}}', String(Math.max(0, body.length + request.lie)));
  const bytes = Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]);
  const sent = bytes.subarray(0, Math.ceil(bytes.length * request.sent));
  const looksWhole = request.lie <= 0 && (!/^transfer-encoding/im.test(head) || body.toString('latin1').endsWith('0\r\n\r\n'));
  const waiting = sent.length < bytes.length ? 'vanishing' : looksWhole ? 'whole' : 'cut';
  return answered(connect(Number(port), hostname), sent, waiting);
}

/** @param waiting `vanishing`: the sender is gone in the middle */
function answered(socket: Socket, bytes: Buffer, waiting: 'vanishing' | 'whole' | 'cut'): Promise<Answer> {
  return new Promise((resolve) => {
    let text = '';
    const end = (what: string) => {
      for (const timer of timers) clearTimeout(timer);
      socket.destroy();
      const location = /^location: (\S*\/uploads\/\S+)\r$/im.exec(text)?.[1];
      resolve({ what: /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? what, text, location });
    };
    const timers = [setTimeout(() => end('hung'), answerMilliseconds)];
    socket.setEncoding('latin1').on('data', (piece) => {
      text = (text + piece).replace(/^HTTP\/1\.1 1\d\d.*\r\n\r\n/, '');
      if (isWhole(text)) end('closed');
    });
    socket.on('error', () => end('closed')).on('close', () => end('closed'));
    const half = Math.floor(bytes.length / 2);
    socket.write(bytes.subarray(0, half));
    socket.write(bytes.subarray(half));
    // Whoever waits for more is told that nothing comes.
    if (waiting === 'vanishing') timers.push(setTimeout(() => end('gone'), vanishMilliseconds));
    else timers.push(setTimeout(() => socket.end(), patience[waiting]));
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /^content-length: (\d+)\r$/im.exec(text.slice(0, end + 2))?.[1];
  if (/^HTTP\/1\.1 (?:204|304)/.test(text)) return true;
  return length === undefined ? text.endsWith('0\r\n\r\n') : text.length - end - 4 >= Number(length);
}
