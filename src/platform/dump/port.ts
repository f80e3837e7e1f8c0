// How a database of a site is written out and read back. Adapters come with the databases feature.
import type { Readable } from 'node:stream';

export type DumpSource = { readonly engine: 'mariadb' | 'postgresql' | 'sqlite'; readonly name: string };

export type DumpResult = { readonly tables: number; readonly rows: number; readonly endMarker: boolean };

/** Errors: PanelError 503 when the server does not answer; the stream ends with an error when the tool fails. */
export interface DatabaseDump {
  /** @returns a consistent SQL text as a stream, and what was in it once the stream has ended */
  dump(source: DumpSource): Promise<{ readonly stream: Readable; readonly result: Promise<DumpResult> }>;
  /** Loads a dump into an empty database of that name. */
  load(target: DumpSource, sql: Readable): Promise<DumpResult>;
}
