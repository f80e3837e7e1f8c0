// Sessions: express-session on our own table. The id is stored hashed, what is in it sealed; idle and absolute end are the server's.

import type { Request, RequestHandler } from 'express';
import session, { type Session, type SessionData, Store } from 'express-session';
import { type Clock, hour, minute } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Log } from '../platform/log.ts';
import { hashToken, type Secrets } from '../platform/secrets.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { cookieFor, cookieOf } from '../platform/web/cookies.ts';
import { tokenOf } from '../platform/web/page.ts';
import { besideHost } from './beside-host.ts';

declare module 'express-session' {
  interface SessionData {
    personId: string;
    customerId: string;
    /** epoch milliseconds of the last full sign-in or confirmation */
    freshAt: number;
    /** epoch milliseconds since when this session is signed in */
    startedAt: number;
  }
}

export type SessionParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly addresses: Addresses;
  readonly log: Pick<Log, 'warn'>;
  readonly idleMinutes: number;
  readonly hours: number;
};

/** Seen times are written at most this often. */
const touchMilliseconds = minute;

const living = prepared((db, { idHash, now }: { idHash: string; now: number }) =>
  db.selectFrom('sessions').select(['data_sealed', 'seen_at']).where('id_hash', '=', idHash).where('expires_at', '>', now),
);

/** Anonymous sessions hold a form's token and little more. */
export class SessionStore extends Store {
  readonly #parts: SessionParts;
  /** sessions that have a row: of requests that still run, so that none of them makes a row again that was removed meanwhile */
  readonly #known = new WeakSet<object>();
  /** when a session that was read was seen before, so that touching it needs no second look */
  readonly #seenAt = new WeakMap<object, number>();

  constructor(parts: SessionParts) {
    super();
    this.#parts = parts;
  }

  override createSession(req: Request, data: SessionData): Session & SessionData {
    const known = super.createSession(req, data);
    this.#known.add(known);
    this.#seenAt.set(known, this.#seenAt.get(data) ?? 0);
    return known;
  }

  override get(id: string, answer: (error: unknown, data?: SessionData | null) => void): void {
    this.#read(hashToken(id)).then(
      (data) => answer(null, data),
      (error) => answer(error),
    );
  }

  override set(id: string, data: SessionData, answer?: (error?: unknown) => void): void {
    this.#write(hashToken(id), data).then(
      () => answer?.(),
      (error) => answer?.(error),
    );
  }

  override destroy(id: string, answer?: (error?: unknown) => void): void {
    const gone = this.#parts.connection.write((tx) => tx.deleteFrom('sessions').where('id_hash', '=', hashToken(id)).execute());
    gone.then(
      () => answer?.(),
      (error) => answer?.(error),
    );
  }

  override touch(id: string, data: SessionData, answer?: () => void): void {
    // Answered at once where nothing is due: express-session then sends the page in one piece and not in two.
    if (!this.#isSeenDue(data)) {
      answer?.();
      return;
    }
    // A seen time that could not be written costs a little idle time and must not cost the page.
    this.#seen(hashToken(id), data).then(
      () => answer?.(),
      () => answer?.(),
    );
  }

  async #read(idHash: string): Promise<SessionData | null> {
    const { connection, secrets, clock } = this.#parts;
    const [row] = await living(connection, { idHash, now: clock.now() });
    if (!row) return null;
    const data = JSON.parse(secrets.open(row.data_sealed, place(idHash)));
    this.#seenAt.set(data, row.seen_at);
    return data;
  }

  async #write(idHash: string, data: SessionData): Promise<void> {
    const now = this.#parts.clock.now();
    const row = {
      person_id: data.personId ?? null,
      customer_id: data.customerId ?? null,
      data_sealed: this.#parts.secrets.seal(JSON.stringify(data), place(idHash)),
      seen_at: now,
      expires_at: this.#expiresAt(now, data),
    };
    const { connection } = this.#parts;
    // What was signed out while a request ran stays signed out: an upload that ends later writes nothing.
    if (this.#known.has(data))
      return void (await connection.write((tx) => tx.updateTable('sessions').set(row).where('id_hash', '=', idHash).execute()));
    await connection.write((tx) =>
      tx
        .insertInto('sessions')
        .values({ id_hash: idHash, created_at: now, ...row })
        .execute(),
    );
    this.#known.add(data);
  }

  #isSeenDue(data: SessionData): boolean {
    // A time ahead of us was written before the clock was set back, and would keep the session for as long.
    return Math.abs(this.#parts.clock.now() - (this.#seenAt.get(data) ?? 0)) >= touchMilliseconds;
  }

  async #seen(idHash: string, data: SessionData): Promise<void> {
    const { connection, clock } = this.#parts;
    const now = clock.now();
    this.#seenAt.set(data, now);
    const expires_at = this.#expiresAt(now, data);
    await connection.write((tx) =>
      tx.updateTable('sessions').set({ seen_at: now, expires_at }).where('id_hash', '=', idHash).execute(),
    );
  }

  #expiresAt(now: number, data: SessionData): number {
    const { idleMinutes, hours } = this.#parts;
    return Math.min(now + idleMinutes * minute, (data.startedAt ?? now) + hours * hour);
  }

  /** Removes sessions whose time is over. */
  async sweep(): Promise<void> {
    const now = this.#parts.clock.now();
    await this.#parts.connection.write((tx) => tx.deleteFrom('sessions').where('expires_at', '<=', now).execute());
  }
}

const place = (idHash: string) => ({ table: 'sessions', column: 'data_sealed', row: idHash });

export function sessions(parts: SessionParts): { middleware: RequestHandler; store: SessionStore } {
  const store = new SessionStore(parts);
  const { name, options } = cookieFor(parts.addresses, 'sid');
  const inner = session({
    store,
    name,
    // Cookies that were signed with a secret of before are still taken.
    secret: parts.secrets.keys('session.cookie').map((key) => key.toString('base64url')),
    resave: false,
    saveUninitialized: false,
    cookie: { ...options, sameSite: 'lax' },
  });
  const middleware: RequestHandler = (req, res, next) => {
    // express-session would leave out a Secure cookie where TLS ends at a proxy it does not know; the public URL decides instead.
    if (parts.addresses.isHttps) Object.defineProperty(req, 'secure', { value: true, configurable: true });
    inner(req, res, (error?: unknown) => {
      // The answer is out already; the usual handling would cut the connection, and the browser's next request with it.
      if (error && res.headersSent)
        return parts.log.warn({ requestId: req.visit.requestId, err: error }, 'a session could not be written');
      next(error);
    });
  };
  return { middleware: besideHost(middleware), store };
}

/** No cookie of ours came, and no host program has put its own session there. */
export const hasNoSession = (req: Request, addresses: Addresses): boolean =>
  !req.session && cookieOf(req, cookieFor(addresses, 'sid').name) === undefined;

/** As `renewed`, but what the old session held goes along, its token excepted (ASVS 7.2.4). */
export async function renewedHolding(req: Request): Promise<void> {
  const { cookie: _, csrf: __, ...held } = req.session;
  await renewed(req);
  Object.assign(req.session, held);
}

/** A new session id; nothing of the old session is left. Its token is made at once: of two tabs opened next, each would make one. */
export async function renewed(req: Request): Promise<void> {
  await new Promise<void>((resolve, reject) => req.session.regenerate((error) => (error ? reject(error) : resolve())));
  tokenOf(req);
}
