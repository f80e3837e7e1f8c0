// Tokens of the company's own programs, such as its billing: made at a terminal, shown once, kept as a digest.
import type { Audit } from '../audit/audit.ts';
import { type Clock, day, minute } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { forbidden, PanelError } from '../platform/errors.ts';
import { newId, newToken } from '../platform/ids.ts';
import { hashToken } from '../platform/secrets.ts';
import { allows } from '../platform/web/networks.ts';
import { type OperatorToken, OperatorTokenStore, type Scope } from './token-store.ts';

/** `orders:write` may read as well. */
export const scopes = ['orders:read', 'orders:write'] as const satisfies readonly Scope[];
export const longestTokenDays = 730;

export type OperatorTokensParts = { readonly connection: Connection; readonly clock: Clock; readonly audit: Audit };

export type TokenWish = Pick<OperatorToken, 'name' | 'scope' | 'networks'> & { readonly days: number };

/** Another shape than those of customers: neither is ever looked up as the other. */
const shape = /^gotgan_operator_[\w-]{43}$/;
/** Its use is written down this often at the most. */
const noteEvery = minute;
const operator = { kind: 'operator' } as const;

/** One answer for a token that never was and one that is over. */
const refused = () => new PanelError(401, 'api.refused.token');

export class OperatorTokens {
  readonly #parts: OperatorTokensParts;
  readonly #store: OperatorTokenStore;

  constructor(parts: OperatorTokensParts) {
    this.#parts = parts;
    this.#store = new OperatorTokenStore(parts.connection);
  }

  /** @returns the token, which is kept nowhere, and what is known of it */
  async make({ name, scope, networks, days }: TokenWish): Promise<{ text: string; token: OperatorToken }> {
    const { connection, clock, audit } = this.#parts;
    const now = clock.now();
    const text = `gotgan_operator_${newToken()}`;
    const times = { createdAt: now, expiresAt: now + days * day, usedAt: null, endedAt: null };
    const token = { id: newId(now), name, scope, networks, ...times };
    await connection.write(async (tx) => {
      await this.#store.add(tx, token, hashToken(text));
      await audit.record(tx, { action: 'billing.tokenMade', actor: operator, subjectId: token.id, details: { scope, days } });
    });
    return { text, token };
  }

  /** @returns newest first, those that are over as well */
  list(): Promise<OperatorToken[]> {
    return this.#store.all();
  }

  /** At once and for ever. @returns false when there is none of this id, or it was over before */
  async end(id: string): Promise<boolean> {
    const { connection, clock, audit } = this.#parts;
    return connection.write(async (tx) => {
      const ended = await this.#store.end(tx, id, clock.now());
      if (ended) await audit.record(tx, { action: 'billing.tokenEnded', actor: operator, subjectId: id });
      return ended;
    });
  }

  /**
   * @param text what stood behind `Bearer`
   * @throws PanelError 401 without a token that holds, 403 from another network or without the scope
   */
  async open(text: string, { address, scope }: { address: string; scope: Scope }): Promise<OperatorToken> {
    const now = this.#parts.clock.now();
    const token = shape.test(text) ? await this.#store.byHash(hashToken(text)) : undefined;
    if (!token || token.endedAt !== null || token.expiresAt <= now) throw refused();
    if (!allows(token.networks, address)) throw forbidden('error.elsewhere', { address });
    if (scope === 'orders:write' && token.scope !== scope) throw forbidden('api.refused.scope');
    if (token.usedAt === null || Math.abs(now - token.usedAt) >= noteEvery)
      await this.#parts.connection.write((tx) => this.#store.noteUse(tx, token.id, now));
    return token;
  }
}
