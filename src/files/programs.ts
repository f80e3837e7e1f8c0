// Programs of machines and desktops, which no website needs: by how they begin, and by names that a desktop would run.
import { extensionOf } from './names.ts';

/** Enough for a PE header behind the longest stub that linkers write. */
export const programHeadBytes = 4096;

/**
 * Started by a double click or by Windows itself. Not here: `sh`, `bat`, `cmd` and `ps1`, which vendor trees of web programs carry,
 * and `jar`, `war`, `apk`, which websites run or offer.
 */
const desktop = new Set(
  'exe dll scr pif cpl msi msp msix appx vbs vbe jse wsf wsh wsc hta lnk scf ocx dmg pkg deb rpm elf scpt'.split(' '),
);

/** @returns what the file is called in its sentence (`ELF`, `PE`, `exe` …), or undefined */
export function programOf(name: string, head: Buffer): string | undefined {
  const extension = extensionOf(name.replace(/[.\s]+$/, ''));
  return byHead(head) ?? (desktop.has(extension) ? extension : undefined);
}

function byHead(head: Buffer): string | undefined {
  const text = head.toString('latin1', 0, 64);
  if (text.startsWith('\x7fELF')) return 'ELF';
  if (text.startsWith('MZ') && isPe(head)) return 'PE';
  if (/^(?:\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe)/.test(text)) return 'Mach-O';
  // A Java class begins alike, and tells its version (45 and more) where this tells how many machines it is for.
  if (text.startsWith('\xca\xfe\xba\xbe') && head.length >= 8 && head.readUInt32BE(4) > 0 && head.readUInt32BE(4) < 45)
    return 'Mach-O';
  if (text.startsWith('L\0\0\0\x01\x14\x02\0')) return 'LNK';
  if (text.startsWith('!<arch>\ndebian')) return 'DEB';
  if (text.startsWith('\xed\xab\xee\xdb')) return 'RPM';
  return undefined;
}

/** A text may begin with MZ; a program says at 0x3c where its header is (PE format, Microsoft), and old ones run as they are. */
function isPe(head: Buffer): boolean {
  if (head.length < 0x40) return false;
  const at = head.readUInt32LE(0x3c);
  const mark = head.toString('latin1', at, at + 4);
  return /^(?:PE\0\0|NE|LE|LX)/.test(mark) || head.subarray(0, 0x40).includes(0);
}
