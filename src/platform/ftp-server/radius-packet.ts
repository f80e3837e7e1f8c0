// Packets of RADIUS (RFC 2865), with the Message-Authenticator of RFC 2869, 5.14, which is demanded: without it answers can be forged (CVE-2024-3596).
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Numbers of RFC 2865, 5; 80 is RFC 2869, 5.14. */
export const attribute = {
  userName: 1,
  userPassword: 2,
  vendorSpecific: 26,
  callingStationId: 31,
  nasIdentifier: 32,
  accountingSessionId: 44,
  messageAuthenticator: 80,
} as const;

export const answerCode = { accept: 2, reject: 3 } as const;

const requestCode = 1;
const headBytes = 20;
/** RFC 2865, 3 */
export const longestPacket = 4096;

export type RadiusRequest = {
  readonly id: number;
  readonly authenticator: Buffer;
  /** the first value of each attribute */
  readonly values: ReadonlyMap<number, Buffer>;
};

const md5 = (...parts: readonly Buffer[]) => parts.reduce((hash, part) => hash.update(part), createHash('md5')).digest();
const hmac = (secret: Buffer, bytes: Buffer) => createHmac('md5', secret).update(bytes).digest();

/** Octets beyond the length are padding; fewer are a fault, and so is an attribute that does not end with the packet (RFC 2865, 3 and 5). */
function attributesOf(packet: Buffer): { type: number; at: number; value: Buffer }[] | undefined {
  const found = [];
  for (let at = headBytes; at < packet.length; ) {
    const [type = 0, length = 0] = packet.subarray(at, at + 2);
    if (length < 2 || at + length > packet.length) return undefined;
    found.push({ type, at: at + 2, value: packet.subarray(at + 2, at + length) });
    at += length;
  }
  return found;
}

/**
 * Reads an Access-Request, whoever sent it.
 * @returns undefined for whatever is no whole one with exactly one right Message-Authenticator: it is to be dropped without a word
 */
export function readRequest(datagram: Buffer, secret: Buffer): RadiusRequest | undefined {
  if (datagram.length < headBytes || datagram.length > longestPacket || datagram[0] !== requestCode) return undefined;
  const length = datagram.readUInt16BE(2);
  if (length < headBytes || length > datagram.length) return undefined;
  const packet = Buffer.from(datagram.subarray(0, length));
  const attributes = attributesOf(packet);
  const proofs = attributes?.filter(({ type }) => type === attribute.messageAuthenticator) ?? [];
  const [proof] = proofs;
  if (!attributes || !proof || proofs.length > 1 || proof.value.length !== 16) return undefined;
  const given = Buffer.from(proof.value);
  packet.fill(0, proof.at, proof.at + 16);
  if (!timingSafeEqual(given, hmac(secret, packet))) return undefined;
  const values = new Map<number, Buffer>();
  for (const { type, value } of attributes) if (!values.has(type)) values.set(type, value);
  return { id: packet.readUInt8(1), authenticator: packet.subarray(4, headBytes), values };
}

/** @returns the password as it was typed (RFC 2865, 5.2); undefined where there is none of 16 to 128 octets */
export function passwordOf({ authenticator, values }: RadiusRequest, secret: Buffer): Buffer | undefined {
  const hidden = values.get(attribute.userPassword);
  if (!hidden || hidden.length === 0 || hidden.length > 128 || hidden.length % 16 !== 0) return undefined;
  const plain = Buffer.alloc(hidden.length);
  for (let at = 0; at < hidden.length; at += 16) {
    const mask = md5(secret, at === 0 ? authenticator : hidden.subarray(at - 16, at));
    for (let octet = at; octet < at + 16; octet += 1) plain[octet] = (hidden[octet] ?? 0) ^ (mask[octet - at] ?? 0);
  }
  const end = plain.findLastIndex((octet) => octet !== 0);
  return plain.subarray(0, end + 1);
}

/** One attribute of the vendor's own (RFC 2865, 5.26): at most 247 octets, else RangeError. */
export function vendorAttribute(vendor: number, type: number, value: Buffer): Buffer {
  if (value.length > 247) throw new RangeError('Too long for an attribute');
  const head = Buffer.from([attribute.vendorSpecific, value.length + 8, 0, 0, 0, 0, type, value.length + 2]);
  head.writeUInt32BE(vendor, 2);
  return Buffer.concat([head, value]);
}

/** @returns an answer to this request, with the Message-Authenticator before all other attributes, as BLAST-RADIUS asks for */
export function writeAnswer(code: number, request: RadiusRequest, secret: Buffer, attributes: readonly Buffer[] = []): Buffer {
  const proof = Buffer.alloc(18);
  proof.set([attribute.messageAuthenticator, 18]);
  const packet = Buffer.concat([Buffer.from([code, request.id, 0, 0]), request.authenticator, proof, ...attributes]);
  if (packet.length > longestPacket) throw new RangeError('Too long for a packet');
  packet.writeUInt16BE(packet.length, 2);
  packet.set(hmac(secret, packet), headBytes + 2);
  packet.set(md5(packet, secret), 4);
  return packet;
}
