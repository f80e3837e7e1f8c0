// What a new server must be like, option by option.
import { Invalid } from '../platform/errors.ts';
import type { NewServer, Reach } from './servers.ts';

/** @throws Invalid 422 with every option that is not as it must be */
export function refuseNonsense(server: NewServer): void {
  const { name, hostKind, hostCommand, storage, ftpHost, ftpPort, reach = null, ftpLog = null, ftpFingerprint = null } = server;
  const wrong = {
    name: !/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/.test(name),
    command: (hostKind === 'folders') !== (hostCommand === null) || (hostCommand !== null && !isCommand(hostCommand)),
    storage: hostKind === 'folders' && !/^\/[^\0]+$/.test(storage),
    'ftp-host': ftpHost !== null && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(ftpHost),
    'ftp-port': ftpPort !== null && !(ftpHost !== null && Number.isInteger(ftpPort) && ftpPort > 0 && ftpPort < 65_536),
    // Folders are this machine's: on another one somebody has to make them.
    host: reach !== null && hostKind === 'folders',
    'ftp-log': ftpLog !== null && !(reach !== null && /^(\/[^/\0\n]+)+$/.test(ftpLog)),
    'ftp-fingerprint': ftpFingerprint !== null && !/^[0-9a-f]{64}$/.test(ftpFingerprint),
    ...(reach && wrongReach(reach)),
  };
  refuse(wrong);
}

/** @throws Invalid 422 with every option that is not as it must be */
export function refuseReach(reach: Reach): void {
  refuse(wrongReach(reach));
}

function wrongReach({ address, port, user, hostKeys }: Reach): Record<string, boolean> {
  return {
    address: !/^[A-Za-z0-9:]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9:])?$/.test(address),
    'ssh-port': !(Number.isInteger(port) && port > 0 && port < 65_536),
    // With what follows it for files it must still be the name of a user.
    'ssh-user': !/^[a-z_][a-z0-9_-]{0,25}$/.test(user),
    'host-key': hostKeys.length === 0 || !hostKeys.every((key) => /^SHA256:[A-Za-z0-9+/]{43}$/.test(key)),
  };
}

function refuse(wrong: Readonly<Record<string, boolean>>): void {
  const fields = Object.entries(wrong).filter(([, isWrong]) => isWrong);
  if (fields.length > 0) throw new Invalid(Object.fromEntries(fields.map(([field]) => [field, [{ key: 'error.invalid' }]])));
}

/** Where the program stands must not depend on the folder that a worker was started in. */
function isCommand(command: readonly unknown[]): boolean {
  const texts = command.every((part) => typeof part === 'string' && part.length <= 4000 && !part.includes('\0'));
  return texts && command.length >= 1 && command.length <= 50 && /^(\/.+|[A-Za-z0-9._-]+)$/.test(String(command[0]));
}
