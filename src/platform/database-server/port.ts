// One database server of one engine, as the panel uses it for customers' databases. Each adapter passes test/platform/database-server.contract.ts.
import type { Readable, Writable } from 'node:stream';

export type DatabaseEngine = 'mariadb' | 'postgresql';

/** How the panel reaches a server with the right to make databases and users there. */
export type DatabaseAccess = {
  readonly engine: DatabaseEngine;
  /** host name, or the folder or file of a Unix socket */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
};

/** A database and its one user, which has rights there alone. */
export type HostedDatabase = { readonly name: string; readonly user: string };

/** A table and how many rows it has, counted. */
export type RowCount = { readonly table: string; readonly rows: number };

/** What a dump holds. */
export type Dumped = {
  readonly tables: number;
  readonly rows: number;
  /** tables whose rows in the text are not those that the server has, where that was asked for */
  readonly strays: readonly string[];
};

export type DumpOptions = {
  readonly signal?: AbortSignal;
  /**
   * rows are counted on the server too: PostgreSQL at the dump's own moment; MariaDB, which lets nobody share that, before it, and what
   * differs again after it
   */
  readonly compare?: boolean;
};

export type TableFigures = {
  readonly name: string;
  /** bytes of data and indexes */
  readonly bytes: number;
  /** as the engine estimates it */
  readonly rows: number;
};

/** @returns bytes of all tables together */
export const sizeOf = (tables: readonly Pick<TableFigures, 'bytes'>[]): number =>
  tables.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * Why a load stopped: the line of the text it was given (from 1), a reason of ours, and what the engine said where it did. `programs` is
 * `replaceWith`'s alone: the new content is in place, and a view, trigger, routine or event of it could not be made.
 */
export class LoadFault extends Error {
  readonly line: number;
  readonly reason: 'refused' | 'engine' | 'cutOff' | 'full' | 'programs';
  /** the statement's kind or the construct that is refused, for instance `LOAD DATA`; or the engine's words without data */
  readonly about: string;

  constructor({ line, reason, about }: { line: number; reason: LoadFault['reason']; about: string }) {
    super(`line ${line}: ${reason}: ${about}`);
    this.name = 'LoadFault';
    this.line = line;
    this.reason = reason;
    this.about = about;
  }
}

/** What a load may do and tells on its way. */
export type LoadOptions = {
  readonly signal?: AbortSignal;
  /** told now and then: bytes and lines that were taken so far */
  readonly progress?: (at: { bytes: number; lines: number }) => void;
  /** the database's size at which loading stops with reason `full`, in bytes */
  readonly maximumBytes?: number;
  /** other names the text may call this database by (`USE`, `CREATE DATABASE`), for instance the one it is to replace */
  readonly knownAs?: readonly string[];
};

/** All acts may be repeated without harm. Errors: PanelError 503 when the server does not answer; LoadFault from `load`. */
export interface DatabaseServer {
  readonly engine: DatabaseEngine;
  /** Answers when the server does. */
  check(): Promise<void>;
  /** Makes a database with one user who has all rights there and none elsewhere. @param charset an engine's name; the engine's best Unicode one unless given */
  create(database: HostedDatabase, options: { password: string; charset?: string }): Promise<void>;
  /** @returns the engine's version as numbers, the first of which decide: major and minor for MariaDB, major for PostgreSQL */
  version(): Promise<readonly number[]>;
  /**
   * What the engine keeps in the place of the user's password, for `setSecret` of another server of this engine: as good as a hash, so it
   * goes from server to server and is kept nowhere. Errors: 404 when there is no such user; 503 with `code` where the server does not let the panel read it.
   */
  secretOf(database: HostedDatabase): Promise<string>;
  /** The user comes in with the password that this secret was made of, and with no other. Errors: 404 when there is no such user, 400 for what is none. */
  setSecret(database: HostedDatabase, secret: string): Promise<void>;
  /** Counts the rows of every table, by name; 404 when there is no such database. */
  counts(database: HostedDatabase): Promise<readonly RowCount[]>;
  /** The new password is the only one; a locked user stays locked. Errors: 404 when there is no such user. */
  setPassword(database: HostedDatabase, password: string): Promise<void>;
  /** The user cannot come in any more, and is put out where it is in. */
  lock(database: HostedDatabase): Promise<void>;
  /** The user can come in again, with the password it had. Errors: 404 when there is no such user. */
  unlock(database: HostedDatabase): Promise<void>;
  /** Both are gone for good. */
  drop(database: HostedDatabase): Promise<void>;
  /** @returns the database's tables and their sizes; 404 when there is no such database */
  tables(database: HostedDatabase): Promise<readonly TableFigures[]>;
  /**
   * Writes the database as SQL text that `load` and the engine's own client can read: consistent, with routines, views, triggers, and without
   * owners or rights. A view that refers to what is gone is a comment in it. Ends `into` when it is whole; destroys it when it is not.
   * @returns how many tables and rows are in the text
   */
  dump(database: HostedDatabase, into: Writable, options?: DumpOptions): Promise<Dumped>;
  /** @returns the versions of the engine and of the program that writes its dumps, in one line */
  madeWith(): Promise<string>;
  /**
   * Loads SQL text as the database's own user. What reaches outside of the database, or names other owners, is refused or taken out.
   * @throws LoadFault with the line; what came before it is loaded. A view that stands on nothing at the end is one too
   */
  load(
    database: HostedDatabase,
    from: Readable,
    options?: LoadOptions,
  ): Promise<{ readonly lines: number; readonly neutralised: number }>;
  /**
   * Puts the whole content of `staged` in the place of that of `database`, whose own is gone; `staged` is dropped. All or nothing as far as
   * the engine can.
   * @throws LoadFault `programs`: the tables are in place, and all that could be made beside them; trying again changes nothing
   */
  replaceWith(database: HostedDatabase, staged: HostedDatabase): Promise<void>;
}
