// Why a job of files cannot be done, however often it is tried; and that somebody else does it by now.
import type { Parameters } from '../platform/errors.ts';

/**
 * `quota`: the site has no room for it; `shut`: the site was suspended, closed or ended; `restricted`: the customer is; `gone`: what it was about is not there any
 * more; `noPlace`: the site has no folder beside `www/`; `password`, `too_large`, `damaged`: the archive; `refused`: the archive that was
 * made may not be there by the upload policy; `unavailable`: the storage did not answer for too long; `cancelled`: the person wished so.
 */
export const fileJobFaults = [
  'quota',
  'shut',
  'restricted',
  'gone',
  'noPlace',
  'password',
  'too_large',
  'damaged',
  'refused',
  'unavailable',
  'cancelled',
] as const;
export type FileJobFault = (typeof fileJobFaults)[number];

/** Ends a job for good. Nothing of it is in the site then. */
export class Stopped extends Error {
  readonly fault: FileJobFault;
  /** what the sentence fills in */
  readonly about: Parameters;

  constructor(fault: FileJobFault, about: Parameters = {}) {
    super(fault);
    this.name = 'Stopped';
    this.fault = fault;
    this.about = about;
  }
}

/** Another worker has taken the job: whoever meets this tidies up after itself and says no more. */
export class Overtaken extends Error {
  constructor() {
    super('another worker has taken over this job');
    this.name = 'Overtaken';
  }
}
