// One connection to another server as one user: the host key is the one that was written down, or nothing is sent.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Client, ClientChannel, ConnectConfig } from 'ssh2';
import { SshFault, type SshFaultCode } from './faults.ts';
import { ChannelSession } from './sftp-session.ts';

/** How a server is reached. */
export type SshAddress = {
  readonly host: string;
  /** 22 unless told */
  readonly port?: number;
  /** fingerprints as `ssh-keygen -l` prints them (`SHA256:…`), at least one: with two a new host key can be prepared */
  readonly hostKeys: readonly string[];
  /** the panel's private key in OpenSSH's format, asked for anew with every connection, so that it may be sealed or replaced */
  readonly privateKey: () => Promise<string>;
};

export type Patience = {
  /** milliseconds until a connection stands, 10 s */
  readonly connect: number;
  /** milliseconds without a byte from a server that owes an answer, 15 s; bringing to the disk may take eight times that */
  readonly answer: number;
  /** milliseconds between two questions whether the other side is still there, 10 s; it is given up after the second one without an answer */
  readonly alive: number;
};

/** Quick ones first: AES is in the processors. No CBC, no SHA-1. */
const algorithms: ConnectConfig['algorithms'] = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256', 'diffie-hellman-group16-sha512'],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes256-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  serverHostKey: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'],
  compress: ['none'],
};

/** @returns the fingerprint of a host key as `ssh-keygen -l` prints it */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

export class Connection {
  readonly #client: Client;
  readonly #where: string;
  readonly #patience: Patience;
  readonly #onEnd: () => void;
  #session: Promise<ChannelSession> | undefined;
  #fault: SshFault | undefined;

  private constructor(client: Client, where: string, patience: Patience, onEnd: () => void) {
    this.#client = client;
    this.#where = where;
    this.#patience = patience;
    this.#onEnd = onEnd;
    client.on('error', (error) => this.end(faultOf(error, where)));
    client.on('close', () => this.end(new SshFault('ECONNECTION', `${where}: the connection ended`)));
  }

  /**
   * @param onEnd called once, when the connection is of no use any more
   * @throws SshFault (503) with a sentence for the operator
   */
  static async open(address: SshAddress, user: string, patience: Patience, onEnd: () => void): Promise<Connection> {
    const where = `ssh ${user}@${address.host}:${address.port ?? 22}`;
    const privateKey = await address.privateKey().catch((cause: unknown) => {
      throw new SshFault('EKEY', `${where}: the panel's key cannot be read (${codeOf(cause)})`);
    });
    const { default: ssh2 } = await import('ssh2');
    const client = new ssh2.Client();
    const [ready, signal] = [new AbortController(), AbortSignal.timeout(patience.connect)];
    let mismatch: SshFault | undefined;
    const hostVerifier = (key: Buffer): boolean => {
      const found = fingerprintOf(key);
      if (address.hostKeys.includes(found)) return true;
      mismatch = new SshFault(
        'EHOSTKEY',
        `${where}: the host key is ${found}, written down is ${address.hostKeys.join(', ') || 'none'}; nothing was sent. ` +
          'Look at the server before you write the new one down.',
      );
      return false;
    };
    try {
      const opened = once(client, 'ready', { signal: AbortSignal.any([signal, ready.signal]) });
      opened.catch(() => {}); // connect may throw before anybody waits for it
      let isSigningIn = false;
      client.once('handshake', () => {
        isSigningIn = true;
      });
      // With PAM a locked or expired account has the right key and is not let in: sshd hangs up without a word of the protocol.
      client.once('close', () => ready.abort(hungUp(isSigningIn, where)));
      client.connect({
        host: address.host,
        port: address.port ?? 22,
        username: user,
        privateKey,
        authHandler: ['publickey'],
        hostVerifier,
        algorithms,
        readyTimeout: patience.connect,
        keepaliveInterval: patience.alive,
        keepaliveCountMax: 2,
      });
      await opened;
    } catch (error) {
      // ssh2 may emit once more when it is torn down
      client.on('error', () => {}).destroy();
      if (error instanceof Error && error.cause instanceof SshFault) throw mismatch ?? error.cause;
      ready.abort();
      throw mismatch ?? faultOf(signal.aborted ? Object.assign(new Error(), { level: 'client-timeout' }) : error, where);
    }
    // small requests are not to wait for company (Nagle): 40 ms each, measured
    client.setNoDelay(true);
    return new Connection(client, where, patience, onEnd);
  }

  get isOver(): boolean {
    return this.#fault !== undefined;
  }

  /** @returns the one SFTP session of this connection. @param isReadOnly as it is first asked for: nothing will be changed */
  session(isReadOnly = false): Promise<ChannelSession> {
    if (this.#fault) return Promise.reject(this.#fault);
    this.#session ??= this.#begin(isReadOnly);
    return this.#session;
  }

  async #begin(isReadOnly: boolean): Promise<ChannelSession> {
    const channel = await this.#channel((take) => this.#client.subsys('sftp', take));
    try {
      return await ChannelSession.begin(channel, {
        isReadOnly,
        patience: this.#patience.answer,
        onEnd: (fault) => this.end(fault),
      });
    } catch (error) {
      this.end(error instanceof SshFault ? error : undefined);
      throw error;
    }
  }

  /** Begins the program on the server; its words are the server's to take apart, so those that are not plain are quoted. */
  execute(command: readonly string[]): Promise<ClientChannel> {
    const quoted = (word: string) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
    const line = command.map(quoted).join(' ');
    return this.#channel((take) => this.#client.exec(line, take));
  }

  /** @returns a way to a port that the server itself reaches (RFC 4254, 7.2); SshFault where it may not be, or nobody listens there */
  forward({ host, port }: { readonly host: string; readonly port: number }): Promise<ClientChannel> {
    return this.#channel((take) => this.#client.forwardOut('127.0.0.1', 0, host, port, take));
  }

  #channel(ask: (take: (error: Error | undefined, channel: ClientChannel) => void) => void): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      if (this.#fault) return reject(this.#fault);
      const end = (fault: SshFault) => {
        this.end(fault);
        reject(fault);
      };
      const timer = setTimeout(
        () => end(new SshFault('ETIMEDOUT', `${this.#where}: the server opens no channel`)),
        this.#patience.answer,
      );
      const closed = () => reject(this.#fault ?? new SshFault('ECONNECTION', `${this.#where}: the connection ended`));
      this.#client.once('close', closed);
      ask((error, channel) => {
        clearTimeout(timer);
        this.#client.off('close', closed);
        // Of this one alone: what others have under way on the connection goes on.
        if (error) reject(new SshFault('EPROTOCOL', `${this.#where}: the server opens no channel (${error.message})`));
        else resolve(channel);
      });
    });
  }

  /** Closes at once; what is under way fails with the fault. */
  end(fault = new SshFault('ECONNECTION', `${this.#where}: the connection was closed`)): void {
    if (this.#fault) return;
    this.#fault = fault;
    this.#onEnd();
    void this.#session?.then((session) => session.fail(fault)).catch(() => {});
    this.#client.destroy();
  }
}

function hungUp(isSigningIn: boolean, where: string): SshFault {
  if (!isSigningIn) return new SshFault('ECONNECTION', `${where}: the server ended the connection`);
  return new SshFault('EHUNGUP', `${where}: the server hung up while this user signed in (is the account locked or expired?)`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no code';
}

/** ssh2 tells by `level` where it failed, and system errors by their code. */
function faultOf(error: unknown, where: string): SshFault {
  const level = error instanceof Error && 'level' in error ? error.level : undefined;
  const say = (why: SshFaultCode, what: string) => new SshFault(why, `${where}: ${what}`);
  if (level === 'client-authentication') return say('EAUTH', "the server does not let this user in with the panel's key");
  if (level === 'client-timeout') return say('ETIMEDOUT', 'the server does not answer');
  if (level === 'client-socket') return say('ECONNECTION', `no connection (${codeOf(error)})`);
  const message = error instanceof Error ? error.message : String(error);
  if (/privateKey|passphrase/i.test(message)) return say('EKEY', `the panel's key cannot be used (${message})`);
  return say('ECONNECTION', message);
}
