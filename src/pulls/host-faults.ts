// What keeps a backup host from its work: a word that docs/backup-host.md explains, and a sentence for the operator.
import { PanelError } from '../platform/errors.ts';
import { faultLine } from '../platform/fault-line.ts';
import { SshFault, type SshFaultCode } from '../platform/ssh/faults.ts';

export type PullFaultCode = 'UNKNOWN_SERVER' | 'NOT_THERE' | 'DIFFERENT' | 'NO_ARCHIVE' | 'BAD_ROW';

export class PullFault extends PanelError {
  constructor(code: PullFaultCode, message: string) {
    super(503, 'error.unavailable', { code });
    this.name = 'PullFault';
    this.message = message;
  }
}

const ofSsh: Readonly<Record<SshFaultCode, string>> = {
  EHOSTKEY: 'HOST_KEY',
  EAUTH: 'REFUSED',
  EHUNGUP: 'REFUSED',
  EKEY: 'REFUSED',
  ETIMEDOUT: 'UNREACHABLE',
  ECONNECTION: 'UNREACHABLE',
  EPROTOCOL: 'UNREACHABLE',
  EBUSY: 'UNREACHABLE',
  EOUTPUT: 'UNREACHABLE',
};

/** @returns the word, and a sentence of at most 500 signs */
export function toldFault(error: unknown): { code: string; says: string } {
  if (error instanceof SshFault) return { code: ofSsh[error.why], says: error.message.slice(0, 500) };
  if (error instanceof PullFault) return { code: String(error.parameters.code), says: error.message };
  const { code, says } = faultLine(error);
  const known = code === 'ENOSPC' || code === 'EDQUOT' ? 'FULL' : code;
  return { code: known ?? 'FAILED', says };
}
