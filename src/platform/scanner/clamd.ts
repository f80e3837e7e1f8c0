// ClamAV's daemon as the scanner: each file goes there once as a stream (clamd(8), INSTREAM), since clamd may not read our folders.
import { type FileHandle, open } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { unavailable } from '../errors.ts';
import { faultLine } from '../fault-line.ts';
import type { ScanResult, VirusScanner } from './port.ts';

/** Where clamd listens: a local socket, or TCP, which it neither encrypts nor guards, so that only a network of one's own will do. */
export type ClamdPlace = { readonly path: string } | { readonly host: string; readonly port: number };

/** `seconds`: in all for one file, connecting and answering included. */
export type ClamdOptions = { readonly place: ClamdPlace; readonly seconds: number };

const chunkBytes = 256 * 1024;
const checkSeconds = 5;
const usualSeconds = 300;
const usualPort = 3310;

/**
 * @param url `clamd:/path/of/socket` or `clamd://host:port`, with `?seconds=` for the time one file may take (300)
 * @returns undefined for what is no such address
 */
export function clamdOptions(url: string): ClamdOptions | undefined {
  if (!url.startsWith('clamd:') || !URL.canParse(url)) return undefined;
  const { hostname, port, pathname, searchParams, username, hash } = new URL(url);
  const seconds = Number(searchParams.get('seconds') ?? usualSeconds);
  const known = [...searchParams.keys()].every((name) => name === 'seconds');
  if (!known || username !== '' || hash !== '' || !Number.isInteger(seconds) || seconds < 1) return undefined;
  if (hostname === '') return pathname.length > 1 ? { place: { path: decodeURIComponent(pathname) }, seconds } : undefined;
  if (pathname !== '' && pathname !== '/') return undefined;
  return { place: { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || usualPort) }, seconds };
}

/** Archives are looked into by clamd itself, as deep as its own configuration says (docs/operations.md). */
export function clamd({ place, seconds }: ClamdOptions): VirusScanner {
  return {
    present: true,
    scan: async (path) => {
      const file = await open(path, 'r').catch((error) => {
        throw unavailable('error.storage', { code: codeOf(error) });
      });
      try {
        return resultOf(await ask(place, seconds, (socket, answered) => send(file, socket, answered)));
      } finally {
        await file.close();
      }
    },
    check: async () => {
      const answer = await ask(place, Math.min(seconds, checkSeconds), (socket) => write(socket, Buffer.from('zPING\0')));
      if (answer !== 'PONG') throw silent('EPROTO');
    },
  };
}

const codeOf = (error: unknown) => faultLine(error).code ?? '';

const silent = (code: string) => unavailable('error.scanner', { code });

/** What clamd says of a stream, with its words for "not looked at": everything that is not known here is no permission. */
function resultOf(answer: string): ScanResult {
  const signature = /^stream: (.+) FOUND$/.exec(answer)?.[1];
  if (signature !== undefined) return { clean: false, signature };
  if (answer === 'stream: OK') return { clean: true };
  if (answer.startsWith('INSTREAM size limit exceeded')) return { clean: false, tooLarge: true };
  throw silent('EPROTO');
}

/**
 * One question, one answer, one connection.
 * @returns what clamd said up to its NUL. Errors: PanelError 503, also when it says nothing, breaks off or takes longer than `seconds`
 */
function ask(
  place: ClamdPlace,
  seconds: number,
  send: (socket: Socket, answered: () => boolean) => Promise<void>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(place);
    let heard = '';
    let isAnswered = false;
    const end = (settle: () => void) => {
      if (isAnswered) return;
      isAnswered = true;
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const fail = (code: string) => end(() => reject(silent(code)));
    const timer = setTimeout(() => fail('ETIMEDOUT'), seconds * 1000);
    socket.setEncoding('latin1');
    socket.on('data', (said: string) => {
      heard += said;
      const nul = heard.indexOf('\0');
      if (nul >= 0) end(() => resolve(heard.slice(0, nul)));
      else if (heard.length > 4096) fail('EPROTO');
    });
    socket.once('error', (error) => fail(codeOf(error)));
    socket.once('close', () => fail('ECONNRESET'));
    socket.once('connect', () => send(socket, () => isAnswered).catch((error) => fail(codeOf(error))));
  });
}

/** `<length><bytes>`… and a length of nothing at the end. Stops as soon as clamd has answered: a find, or too many bytes for it. */
async function send(file: FileHandle, socket: Socket, answered: () => boolean): Promise<void> {
  await write(socket, Buffer.from('zINSTREAM\0'));
  // One buffer for all of it: a stream's new one a piece would cost a large film more in garbage than in sending.
  const piece = Buffer.allocUnsafeSlow(4 + chunkBytes);
  while (true) {
    const { bytesRead } = await file.read(piece, 4, chunkBytes, null);
    // clamd answers too long a stream and hangs up at once: whoever writes before looking hears only that nobody is there.
    await setImmediate();
    if (answered()) return;
    piece.writeUInt32BE(bytesRead, 0);
    await write(socket, piece.subarray(0, 4 + bytesRead));
    if (bytesRead === 0) return;
  }
}

/** Resolves once the bytes were handed over, so that the buffer may be used again. Why not is told by the socket itself. */
const write = (socket: Socket, bytes: Buffer) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) return resolve();
    socket.write(bytes, () => resolve());
  });
