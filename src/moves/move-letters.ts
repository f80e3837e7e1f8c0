// What the owner of a site is told when it moves: before, after, and when it stays where it is.
import type { Tx } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import type { Site } from '../sites/sites.ts';
import type { ChangedAddress, Move, MovesParts } from './moves.ts';
import { MoveStore } from './store.ts';

type Receiver = { readonly email: string; readonly language: 'ko' | 'en' } | undefined;

export class MoveLetters {
  readonly #parts: Pick<MovesParts, 'connection' | 'letters' | 'accounts' | 'sites' | 'databases'>;
  readonly #store: MoveStore;

  constructor(parts: MovesParts) {
    this.#parts = parts;
    this.#store = new MoveStore(parts.connection);
  }

  /** @returns the owner, to be looked up before the transaction of the letter */
  receiver({ customerId }: Pick<Site, 'customerId'>): Promise<Receiver> {
    return this.#parts.accounts.owner(customerId);
  }

  before(tx: Tx, site: Site, told: Receiver): Promise<void> {
    return this.#tell(tx, 'site-moving', site, told, {});
  }

  after(tx: Tx, site: Site, told: Receiver, changed: readonly ChangedAddress[]): Promise<void> {
    const lines = changed.map(({ what, before, after }) => [what, before ?? '', after ?? ''].join('\t'));
    return this.#tell(tx, 'site-moved', site, told, { count: changed.length, changed: lines.join('\n') });
  }

  failed(tx: Tx, site: Site, told: Receiver): Promise<void> {
    return this.#tell(tx, 'site-not-moved', site, told, {});
  }

  async #tell(tx: Tx, template: string, site: Site, told: Receiver, more: Record<string, string | number>): Promise<void> {
    if (!told) return;
    const { email: to, language } = told;
    const parameters = { site: site.name, ...more };
    await this.#parts.letters.queue(tx, { template, language, to, parameters, customerId: site.customerId });
  }

  /** @returns what a customer's programs have to be told anew: names and ports that are not the same on both servers */
  async changed(move: Move): Promise<ChangedAddress[]> {
    const { sites, databases } = this.#parts;
    const [before, after] = await Promise.all(
      [move.fromServerId, move.toServerId].map(async (serverId) => {
        const ftp = await sites.ftpServer({ serverId });
        return ftp?.host ? `${ftp.host}:${ftp.port ?? 21}` : null;
      }),
    );
    const changed: ChangedAddress[] = before === after ? [] : [{ what: 'FTP', before: before ?? null, after: after ?? null }];
    for (const { name, from_id, to_id } of await this.#store.databases(move.id)) {
      const shown = [from_id, to_id].map((serverId) => databases.addressOf({ serverId }).catch(whenMissing));
      const [old, fresh] = await Promise.all(shown);
      if (old !== fresh) changed.push({ what: name, before: old ?? null, after: fresh ?? null });
    }
    return changed;
  }
}
