// Names of members of archives as text: UTF-8, or CP949 from Windows archivers in Korea.
import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';

/** @returns the name; U+FFFD, which no name may hold, where the bytes are neither */
export const nameText = (raw: Buffer): string => (isUtf8(raw) ? raw.toString() : iconv.decode(raw, 'cp949'));
