// Says what went wrong between here and another server: a 503 for the person, a sentence for the operator.
import { PanelError } from '../errors.ts';

export type SshFaultCode =
  /** nobody answered in time, or the line went dead */
  | 'ETIMEDOUT'
  /** the server has another host key than the one that was written down */
  | 'EHOSTKEY'
  /** the server does not let this user in with this key */
  | 'EAUTH'
  /** the server hung up while this user signed in: as sshd does with PAM where the account is locked, or a line that was cut */
  | 'EHUNGUP'
  /** the panel's own key cannot be read */
  | 'EKEY'
  /** refused, reset, no route, no such name */
  | 'ECONNECTION'
  /** it speaks, but not what is needed */
  | 'EPROTOCOL'
  /** all connections are in use */
  | 'EBUSY'
  /** a program said more than anybody reads */
  | 'EOUTPUT';

/** 503: `message` is for the operator and holds no personal value; the person reads that the storage does not answer. */
export class SshFault extends PanelError {
  readonly why: SshFaultCode;

  constructor(why: SshFaultCode, message: string) {
    super(503, 'error.storage', { code: why });
    this.message = message;
    this.why = why;
  }
}
