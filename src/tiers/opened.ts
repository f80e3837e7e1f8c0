// A backup that was opened in a tier: for a restore when the archive on this machine is gone (KHADA 8.5).
import type { Readable } from 'node:stream';
import { type ManifestMember, type ManifestSource, parseManifest } from '../backups/backups.ts';
import type { TierName } from '../migrations/schema.ts';
import { notFound } from '../platform/errors.ts';
import type { OpenSnapshot, Wanted } from '../platform/tier/port.ts';

/** Who opens it closes it, after every stream is through or destroyed. */
export class TierBackup {
  readonly tier: TierName;
  readonly #opened: OpenSnapshot;

  constructor(tier: TierName, opened: OpenSnapshot) {
    this.tier = tier;
    this.#opened = opened;
  }

  /** @returns the manifest; its members can be read once. @throws DamagedArchive, also while they are read */
  async manifest(): Promise<ManifestSource> {
    return parseManifest(await this.#opened.manifest());
  }

  /** Brings many files near in one go: from a tier far away each `open` is else a way of its own. */
  fetch(members: readonly ManifestMember[], signal: AbortSignal): Promise<void> {
    return this.#opened.fetch(members.flatMap(asWanted), signal);
  }

  /** @returns the content of a file of the manifest; the stream ends with an error when it is not what the manifest says. @throws PanelError 404 */
  async open(member: ManifestMember): Promise<Readable> {
    const [wanted] = asWanted(member);
    if (!wanted) throw notFound();
    return this.#opened.content(wanted);
  }

  close(): Promise<void> {
    return this.#opened.close();
  }
}

const asWanted = ({ kind, path, sha256 }: ManifestMember): Wanted[] =>
  kind === 'file' && sha256 !== undefined ? [{ path, sha256 }] : [];
