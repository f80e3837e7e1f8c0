// What went wrong at a tier, in a code that an operator can look up (docs/operations.md) and a sentence without names.
import { PanelError } from '../errors.ts';
import { discreetMessage } from '../fault-line.ts';

/** Every way in which a tier refuses; each has its line in docs/operations.md. */
export type TierFaultCode =
  | 'NO_RESTIC'
  | 'NO_REPOSITORY'
  | 'WRONG_KEY'
  | 'LOCKED'
  | 'FULL'
  | 'HOST_KEY'
  | 'REFUSED'
  | 'UNREACHABLE'
  | 'SILENT'
  | 'MISMATCH'
  | 'BUSY'
  | 'DAMAGED'
  | 'PULLED'
  | 'FAILED';

/** 503: the tier did not do what it was asked for; it may be asked again. */
export class TierFault extends PanelError {
  constructor(code: TierFaultCode, says = '', options?: { cause?: unknown }) {
    super(503, 'error.unavailable', { code, says: discreetMessage(says) });
    this.name = 'TierFault';
    if (options?.cause !== undefined) this.cause = options.cause;
  }

  get code(): TierFaultCode {
    return this.parameters.code as TierFaultCode;
  }
}

/** In the order in which they are looked for: the first that fits names the fault. */
const known: readonly (readonly [RegExp, TierFaultCode])[] = [
  [/host key verification failed|remote host identification has changed|no .* host key is known/i, 'HOST_KEY'],
  [/wrong password or no key found/i, 'WRONG_KEY'],
  [/already locked/i, 'LOCKED'],
  [/no space left|disk quota|quota exceeded|ENOSPC|EDQUOT|write: failure|QuotaExceeded/i, 'FULL'],
  [/permission denied|access ?denied|SignatureDoesNotMatch|InvalidAccessKeyId|forbidden/i, 'REFUSED'],
  // ssh ends with 255 when it lost its host, and the session over it cannot begin.
  [
    /connection (refused|reset|closed|lost|timed out)|ssh_dispatch_run_fatal|no route to host|could not resolve|no such host|broken pipe|i\/o timeout|unexpected EOF|exit status 255|start the sftp session/i,
    'UNREACHABLE',
  ],
  // After what a lock that could not be written says of its cause.
  [/unable to create lock/i, 'LOCKED'],
  [/is there a repository at the following location|repository does not exist/i, 'NO_REPOSITORY'],
  [
    /does not match|repository contains errors|ciphertext verification failed|invalid data returned|pack .* damaged|blob .* not found|not found in index|integrity/i,
    'DAMAGED',
  ],
];

/** @returns what restic and ssh said, as a fault. @param said standard error, or the system's own error of starting the program */
export function faultOf(said: string): TierFault {
  const code = known.find(([pattern]) => pattern.test(said))?.[1] ?? 'FAILED';
  return new TierFault(code, lastWords(said));
}

/** The line that says why: restic begins it with `Fatal:`. */
function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /fatal|failed/i.test(line)) ?? lines.at(-1) ?? '';
}
