// Answers the FTP server's questions who may come in: RADIUS over UDP on loopback (docs/decisions/0015).
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { posix } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainAddress, sessionName } from './log-line.ts';
import type { FtpAnswer, FtpHome, FtpSignIn } from './port.ts';
import {
  answerCode,
  attribute,
  passwordOf,
  type RadiusRequest,
  readRequest,
  vendorAttribute,
  writeAnswer,
} from './radius-packet.ts';

/** What `RadiusVendor` and `RadiusUserInfo` of our configuration name. */
export const homeAttributes = { vendor: 4, userId: 10, groupId: 11, folder: 12, shell: 13 } as const;

export type RadiusOptions = DeskOptions & {
  /** loopback only, else RangeError: the line is guarded by nothing but MD5 */
  readonly host?: string;
  /** 0 draws a free one */
  readonly port: number;
};

export type DeskOptions = {
  /** shared with the FTP server: at least 16 characters, else RangeError */
  readonly secret: string;
  readonly answer: FtpAnswer;
  /** told of what is no customer's doing: an answer that threw, came too late, or named a home that nobody may have */
  readonly onFault?: (fault: unknown) => void;
  /** milliseconds after which an attempt is refused whatever comes; less than the server's own patience (5 s). Default 4,500 */
  readonly patience?: number;
  /** attempts judged at the same time; more are refused at once. Default 64 */
  readonly atOnce?: number;
};

export type RadiusServer = { readonly port: number; close(): Promise<void> };

/** How many answers are kept for requests that are sent again, and for how long (milliseconds). */
const kept = { answers: 1024, milliseconds: 30_000 };

/** Listens until it is closed. @throws Error when the port is taken */
export async function answerRadius({ host = '127.0.0.1', port, ...options }: RadiusOptions): Promise<RadiusServer> {
  if (!/^127\.\d+\.\d+\.\d+$|^::1$/.test(host)) throw new RangeError('RADIUS is answered on loopback only');
  const desk = new RadiusDesk(options);
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
  socket.on('message', (datagram, { address, port: from }) =>
    desk.take(datagram, `${address} ${from}`, (packet) => socket.send(packet, from, address)),
  );
  socket.bind(port, host);
  await once(socket, 'listening');
  socket.on('error', (fault) => options.onFault?.(fault));
  return {
    port: socket.address().port,
    close: async () => {
      desk.close();
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** Judges each request once, though it may come twice; whatever line it came over. */
export class RadiusDesk {
  readonly #secret: Buffer;
  readonly #options: DeskOptions;
  readonly #answers = new Map<string, { readonly at: number; readonly answer: Promise<Buffer> }>();
  #judged = 0;
  #isClosed = false;

  /** @throws RangeError for a secret that is too short */
  constructor(options: DeskOptions) {
    if (options.secret.length < 16) throw new RangeError('The secret of RADIUS has at least 16 characters');
    this.#secret = Buffer.from(options.secret);
    this.#options = options;
  }

  /** What is under way is answered no more. */
  close(): void {
    this.#isClosed = true;
    this.#answers.clear();
  }

  /** @param from who asked: the same question of the same one is one that was sent again. @param reply called with the answer, if there is one */
  take(datagram: Buffer, from: string, reply: (packet: Buffer) => void): void {
    const request = readRequest(datagram, this.#secret);
    if (!request) return;
    // RFC 2865, 2: the same port, identifier and authenticator are the same request, sent again
    const name = `${from} ${request.id} ${request.authenticator.toString('base64')}`;
    const known = this.#answers.get(name)?.answer;
    const answer = known ?? this.#judge(request);
    if (!known) this.#keep(name, answer);
    answer.then((packet) => this.#isClosed || reply(packet), this.#options.onFault);
  }

  #keep(name: string, answer: Promise<Buffer>): void {
    const now = performance.now();
    for (const [old, { at }] of this.#answers) {
      if (this.#answers.size < kept.answers && now - at < kept.milliseconds) break;
      this.#answers.delete(old);
    }
    this.#answers.set(name, { at: now, answer });
  }

  async #judge(request: RadiusRequest): Promise<Buffer> {
    const home = await this.#home(request).catch((fault) => void this.#options.onFault?.(fault));
    return home
      ? writeAnswer(answerCode.accept, request, this.#secret, home)
      : writeAnswer(answerCode.reject, request, this.#secret);
  }

  /** @returns the attributes of an Accept; undefined refuses. A home that comes too late is none: nobody waits for it any more. */
  async #home(request: RadiusRequest): Promise<Buffer[] | undefined> {
    const attempt = attemptOf(request, this.#secret);
    const { answer, patience = 4500, atOnce = 64 } = this.#options;
    if (!attempt || this.#judged >= atOnce) return undefined;
    this.#judged += 1;
    const judging = (async () => answer(attempt))().finally(() => {
      this.#judged -= 1;
    });
    const waiting = new AbortController();
    const late = sleep(patience, undefined, { ref: false, signal: waiting.signal }).then(() => {
      throw new Error('An FTP sign-in was judged too late, and refused');
    });
    try {
      const home = await Promise.race([judging, late]);
      return home && attributesOf(home);
    } finally {
      waiting.abort();
    }
  }
}

function attemptOf(request: RadiusRequest, secret: Buffer): FtpSignIn | undefined {
  const text = (type: number) => asText(request.values.get(type));
  const user = text(attribute.userName);
  const password = asText(passwordOf(request, secret));
  const address = text(attribute.callingStationId);
  const sessionId = text(attribute.accountingSessionId);
  if (!user || password === undefined || !address || !sessionId) return undefined;
  return {
    user,
    password,
    address: plainAddress(address),
    sessionId: sessionName(sessionId),
    isEncrypted: text(attribute.nasIdentifier) === 'ftps',
  };
}

/** @returns undefined for octets that are no UTF-8: nobody's name, and nobody's password */
function asText(bytes: Buffer | undefined): string | undefined {
  try {
    return bytes && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** @throws RangeError for what nobody may have: root, the whole machine, a folder that ProFTPD would read as another */
function attributesOf({ userId, groupId, folder }: FtpHome): Buffer[] {
  const isId = (id: number) => Number.isInteger(id) && id > 0 && id < 0xffff_fffe;
  if (!isId(userId) || !isId(groupId)) throw new RangeError('An FTP session lives as neither root nor nobody knows who');
  const isPlain = posix.isAbsolute(folder) && folder === posix.resolve(folder) && folder !== '/' && !/[\p{Cc}%]/u.test(folder);
  if (!isPlain || Buffer.byteLength(folder) > 247) throw new RangeError('A folder that no FTP session can live in');
  const id = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const own = (type: number, value: Buffer) => vendorAttribute(homeAttributes.vendor, type, value);
  return [
    own(homeAttributes.userId, id(userId)),
    own(homeAttributes.groupId, id(groupId)),
    own(homeAttributes.folder, Buffer.from(folder)),
    own(homeAttributes.shell, Buffer.from('/bin/false')),
  ];
}
