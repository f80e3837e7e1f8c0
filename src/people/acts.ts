// What the history of a customer tells, by kind; each action has a sentence `people.act.<action>`.
import type { AuditRow } from '../audit/audit.ts';
import type { Parameters } from '../platform/errors.ts';

export const actsByKind = {
  signIn: [
    'signIn.succeeded',
    'signIn.failed',
    'signIn.secondFactorFailed',
    'signIn.confirmFailed',
    'signIn.addressRefused',
    'signIn.customerChosen',
    'signIn.linkMailed',
    'signIn.loggedOut',
  ],
  files: [
    'files.uploaded',
    'files.folderMade',
    'files.moved',
    'files.trashed',
    'files.restored',
    'files.removed',
    'files.modeSet',
    'files.edited',
    'files.copied',
    'files.extracted',
    'files.compressed',
    'files.jobStopped',
    'files.cutOff',
  ],
  folders: [
    'sites.folderMarked',
    'sites.folderCleared',
    'sites.folderDeclined',
    'incoming.fileHeld',
    'incoming.fileDeleted',
    'ftp.scriptsFound',
    'ftp.fileRestored',
  ],
  ftp: [
    'ftp.signedIn',
    'ftp.refused',
    'ftp.accountMade',
    'ftp.accountChanged',
    'ftp.accountOff',
    'ftp.accountOn',
    'ftp.accountEnded',
    'ftp.passwordSet',
    'ftp.unlocked',
    'ftp.filesRefused',
  ],
  backups: [
    'backups.requested',
    'backups.stopped',
    'backups.checkAsked',
    'backups.brought',
    'backups.downloaded',
    'backups.partDownloaded',
    'backups.linkMade',
    'api.tokenMade',
    'api.tokenEnded',
    'alerts.chosen',
    'alerts.webhookSet',
    'alerts.webhookRemoved',
    'restores.begun',
    'restores.undoing',
    'restores.done',
    'restores.undone',
    'restores.returned',
  ],
  databases: [
    'databases.created',
    'databases.passwordChanged',
    'databases.importAsked',
    'databases.imported',
    'databases.importFailed',
    'databases.downloaded',
    'databases.restored',
    'databases.removalAsked',
    'databases.removed',
    'databases.removalFailed',
    'databases.forgotten',
  ],
  people: [
    'people.invited',
    'people.invitedAgain',
    'people.invitationWithdrawn',
    'people.joined',
    'people.changed',
    'people.ended',
    'people.expired',
    'people.exported',
  ],
  ssh: ['ssh.requested', 'ssh.agreedAgain', 'ssh.withdrawn', 'ssh.lapsed', 'ssh.approved', 'ssh.refused', 'ssh.ended'],
  account: [
    'orders.placed',
    'accounts.verified',
    'sites.opened',
    'sites.suspended',
    'sites.resumed',
    'sites.moveAsked',
    'sites.moved',
    'sites.moveFailed',
    'termination.asked',
    'termination.withdrawn',
    'termination.closed',
    'termination.reopened',
  ],
} as const;

export type Kind = keyof typeof actsByKind;
export const kinds = Object.keys(actsByKind) as readonly Kind[];

/** @param kind undefined: all of them */
export function actionsOf(kind: Kind | undefined): readonly string[] {
  return kind ? actsByKind[kind] : kinds.flatMap((one) => actsByKind[one] as readonly string[]);
}

/** @returns what sentences fill in: texts and numbers only */
export function plainDetails(details: AuditRow['details']): Parameters {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, typeof value === 'boolean' ? Number(value) : value]),
  );
}
