// Speaks SFTP version 3 over an opened channel: many requests under way at once, each with an answer or a fault.
import type { Duplex } from 'node:stream';
import { SshFault } from './faults.ts';
import type { Attributes, OpenMode, RemoteEntry, RemoteHandle, RemotePath, SftpSession } from './port.ts';
import {
  type Field,
  modeOnly,
  noAttributes,
  openFlags,
  PacketCutter,
  PacketReader,
  packet,
  packetType,
  timesOnly,
} from './sftp-packets.ts';

/** OpenSSH's own bound; answers to a listing and to reading stay below it. */
const longestPacket = 256 * 1024;
/** Bytes beside the data in a packet that carries some. */
const overhead = 1024;
/** What every server takes; OpenSSH tells more by limits@openssh.com. */
const plainPiece = 32 * 1024;
/** fsync of a large file may take this much longer than any other answer. */
const syncPatience = 8;

const neededExtensions = ['posix-rename@openssh.com', 'hardlink@openssh.com', 'fsync@openssh.com'];

const endOfFile = 1;
const codes: Readonly<Record<number, string>> = { [endOfFile]: 'EOF', 2: 'ENOENT', 3: 'EACCES', 5: 'ENAMETOOLONG', 8: 'ENOTSUP' };

type Answer = { readonly type: number; readonly reader: PacketReader };
type Waiting = { answer(answer: Answer): void; fail(error: Error): void; readonly isSlow: boolean };

export type SessionOptions = {
  /** nothing is changed: a server that lets nothing be written (`sftp-server -R`) has no words for it */
  readonly isReadOnly?: boolean;
  /** milliseconds without a single byte from the server while it owes answers, after which it counts as gone */
  readonly patience: number;
  /** ends the connection; called once, when the session is of no use any more */
  readonly onEnd: (fault: SshFault) => void;
};

export class ChannelSession implements SftpSession {
  maximumRead = plainPiece;
  maximumWrite = plainPiece;
  readonly #channel: Duplex;
  readonly #options: SessionOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #cutter = new PacketCutter(longestPacket + overhead);
  readonly #version = Promise.withResolvers<PacketReader>();
  #nextId = 1;
  readonly #outgoing: Buffer[] = [];
  #slow = 0;
  #timer: NodeJS.Timeout | undefined;
  #fault: SshFault | undefined;
  #hasGreeted = false;

  private constructor(channel: Duplex, options: SessionOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#version.promise.catch(() => {});
    channel.on('data', (chunk: Buffer) => this.#take(chunk));
    channel.on('error', () => this.fail(new SshFault('ECONNECTION', 'The connection broke')));
    channel.on('close', () => this.fail(new SshFault('ECONNECTION', 'The server ended the connection')));
  }

  /** @returns a session that has greeted; PanelError 503 where the server has no SFTP as we need it */
  static async begin(channel: Duplex, options: SessionOptions): Promise<ChannelSession> {
    const session = new ChannelSession(channel, options);
    session.#watch();
    channel.write(packet(packetType.init, [3]));
    const greeting = await session.#version.promise;
    const extensions = new Map<string, string>();
    if (greeting.number() !== 3) throw new SshFault('EPROTOCOL', 'The server speaks another version of SFTP than 3');
    while (!greeting.isAtEnd) extensions.set(greeting.bytes().toString(), greeting.bytes().toString());
    const missing = neededExtensions.filter((name) => !extensions.has(name));
    if (missing.length > 0 && !options.isReadOnly)
      throw new SshFault('EPROTOCOL', `The server's SFTP lacks ${missing.join(', ')}`);
    if (extensions.has('limits@openssh.com')) await session.#askLimits();
    return session;
  }

  async #askLimits(): Promise<void> {
    const { type, reader } = await this.#ask(packetType.extended, ['limits@openssh.com']);
    if (type !== packetType.extendedReply) return;
    const [, read, write] = [reader.large(), reader.large(), reader.large()];
    const within = (limit: number) => (limit > 0 ? Math.min(limit, longestPacket - overhead) : plainPiece);
    this.maximumRead = within(read);
    this.maximumWrite = within(write);
  }

  get isOver(): boolean {
    return this.#fault !== undefined;
  }

  /** Fails everything under way and everything that is asked later. */
  fail(fault: SshFault): void {
    if (this.#fault) return;
    this.#fault = fault;
    clearTimeout(this.#timer);
    this.#version.reject(fault);
    for (const waiting of this.#waiting.values()) waiting.fail(fault);
    this.#waiting.clear();
    this.#options.onEnd(fault);
  }

  #take(chunk: Buffer): void {
    if (this.#fault) return;
    try {
      for (const { type, content } of this.#cutter.cut(chunk)) this.#answered(type, new PacketReader(content));
    } catch {
      this.fail(new SshFault('EPROTOCOL', 'What the server sends is no SFTP'));
    }
    this.#watch();
  }

  #answered(type: number, reader: PacketReader): void {
    if (type === packetType.version) {
      this.#hasGreeted = true;
      this.#version.resolve(reader);
      return;
    }
    const id = reader.number();
    const waiting = this.#waiting.get(id);
    if (!waiting) throw new RangeError('An answer to nothing');
    this.#waiting.delete(id);
    if (waiting.isSlow) this.#slow--;
    waiting.answer({ type, reader });
  }

  /** From the last byte on the server has the patience's time, if it owes anything. */
  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#fault || (this.#hasGreeted && this.#waiting.size === 0)) return;
    const milliseconds = this.#options.patience * (this.#slow > 0 ? syncPatience : 1);
    this.#timer = setTimeout(() => this.fail(new SshFault('ETIMEDOUT', 'The server stopped answering')), milliseconds);
  }

  #ask(type: number, fields: readonly Field[], isSlow = false): Promise<Answer> {
    if (this.#fault) return Promise.reject(this.#fault);
    const id = this.#nextId;
    this.#nextId = (this.#nextId % 0xffffffff) + 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { answer: resolve, fail: reject, isSlow });
      if (isSlow) this.#slow++;
      // the first request of a pause, or one that may take long, begins the waiting anew
      if (this.#waiting.size === 1 || isSlow) this.#watch();
      this.#send(packet(type, [id, ...fields]));
    });
  }

  /** What is asked for in the same turn goes in one piece: each piece is sealed and sent by itself. */
  #send(bytes: Buffer): void {
    this.#outgoing.push(bytes);
    if (this.#outgoing.length > 1) return;
    setImmediate(() => {
      const [first = bytes, ...others] = this.#outgoing.splice(0);
      if (!this.#fault) this.#channel.write(others.length === 0 ? first : Buffer.concat([first, ...others]));
    });
  }

  /** @returns the answer if it is of the type that was asked for */
  async #expect(wanted: number, type: number, fields: readonly Field[]): Promise<PacketReader> {
    const { type: got, reader } = await this.#ask(type, fields);
    if (got === wanted) return reader;
    throw this.#refusal(got, reader) ?? new SshFault('EPROTOCOL', 'The server says "done" and gives nothing');
  }

  async #done(type: number, fields: readonly Field[], isSlow = false): Promise<void> {
    const { type: got, reader } = await this.#ask(type, fields, isSlow);
    const refusal = this.#refusal(got, reader);
    if (refusal) throw refusal;
  }

  /** @returns `undefined` for the status "done" */
  #refusal(type: number, reader: PacketReader): Error | undefined {
    if (type !== packetType.status) return new SshFault('EPROTOCOL', `The server answers with a packet of type ${type}`);
    const status = reader.number();
    if (status === 0) return undefined;
    const code = codes[status] ?? 'EFAIL';
    return Object.assign(new Error(`SFTP: ${code}`), { code });
  }

  /** @returns nothing where the answer says that there is no more; every other one is a fault */
  #atEnd(type: number, reader: PacketReader): undefined {
    const refusal = this.#refusal(type, reader);
    if (refusal && 'code' in refusal && refusal.code === 'EOF') return undefined;
    throw refusal ?? new SshFault('EPROTOCOL', 'The server says "done" and gives nothing');
  }

  async #handle(type: number, fields: readonly Field[]): Promise<RemoteHandle> {
    return Buffer.from((await this.#expect(packetType.handle, type, fields)).bytes());
  }

  async lstat(path: RemotePath): Promise<Attributes> {
    return (await this.#expect(packetType.attributes, packetType.lstat, [path])).attributes();
  }

  async fstat(handle: RemoteHandle): Promise<Attributes> {
    return (await this.#expect(packetType.attributes, packetType.fstat, [handle])).attributes();
  }

  open(path: RemotePath, mode: OpenMode): Promise<RemoteHandle> {
    const attributes = mode === 'read' ? noAttributes : modeOnly(0o600);
    return this.#handle(packetType.open, [path, openFlags[mode], ...attributes]);
  }

  close(handle: RemoteHandle): Promise<void> {
    return this.#done(packetType.close, [handle]);
  }

  async read(handle: RemoteHandle, position: number, length: number): Promise<Buffer> {
    const { type, reader } = await this.#ask(packetType.read, [handle, BigInt(position), length]);
    if (type === packetType.data) return reader.bytes();
    return this.#atEnd(type, reader) ?? Buffer.alloc(0);
  }

  write(handle: RemoteHandle, position: number, bytes: Uint8Array): Promise<void> {
    return this.#done(packetType.write, [handle, BigInt(position), bytes]);
  }

  sync(handle: RemoteHandle): Promise<void> {
    return this.#done(packetType.extended, ['fsync@openssh.com', handle], true);
  }

  openFolder(path: RemotePath): Promise<RemoteHandle> {
    return this.#handle(packetType.opendir, [path]);
  }

  async readFolder(handle: RemoteHandle): Promise<RemoteEntry[] | undefined> {
    const { type, reader } = await this.#ask(packetType.readdir, [handle]);
    return type === packetType.name ? namesOf(reader) : this.#atEnd(type, reader);
  }

  makeFolder(path: RemotePath, mode: number): Promise<void> {
    return this.#done(packetType.mkdir, [path, ...modeOnly(mode)]);
  }

  removeFolder(path: RemotePath): Promise<void> {
    return this.#done(packetType.rmdir, [path]);
  }

  remove(path: RemotePath): Promise<void> {
    return this.#done(packetType.remove, [path]);
  }

  async readLink(path: RemotePath): Promise<Buffer> {
    const reader = await this.#expect(packetType.name, packetType.readlink, [path]);
    reader.number();
    return Buffer.from(reader.bytes());
  }

  /** OpenSSH takes the two paths the other way round than the draft says, and every client follows it. */
  makeLink(path: RemotePath, target: Buffer): Promise<void> {
    return this.#done(packetType.symlink, [target, path]);
  }

  setMode(path: RemotePath, mode: number): Promise<void> {
    return this.#done(packetType.setstat, [path, ...modeOnly(mode)]);
  }

  setModeOf(handle: RemoteHandle, mode: number): Promise<void> {
    return this.#done(packetType.fsetstat, [handle, ...modeOnly(mode)]);
  }

  setTimesOf(handle: RemoteHandle, seconds: number): Promise<void> {
    return this.#done(packetType.fsetstat, [handle, ...timesOnly(seconds)]);
  }

  rename(from: RemotePath, to: RemotePath): Promise<void> {
    return this.#done(packetType.extended, ['posix-rename@openssh.com', from, to]);
  }

  link(from: RemotePath, to: RemotePath): Promise<void> {
    return this.#done(packetType.extended, ['hardlink@openssh.com', from, to]);
  }
}

function namesOf(reader: PacketReader): RemoteEntry[] {
  const entries: RemoteEntry[] = [];
  for (let left = reader.number(); left > 0; left--) {
    const name = Buffer.from(reader.bytes());
    reader.bytes(); // the line of `ls -l`, for people
    entries.push({ name, attributes: reader.attributes() });
  }
  return entries;
}
