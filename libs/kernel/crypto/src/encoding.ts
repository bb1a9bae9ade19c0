import { base64, base64urlnopad, hex, type BytesCoder } from '@scure/base'

/** The text was not in the encoding that it was said to be in. Carries the encoding's name, never the text. */
export class EncodingError extends Error {
  readonly encoding: string

  constructor(encoding: string) {
    super(`not valid ${encoding}`)
    this.name = 'EncodingError'
    this.encoding = encoding
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Refuses a lone surrogate: the encoder would turn every one of them into U+FFFD, and two texts into one. */
export function toUtf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new EncodingError('UTF-8')
  return encoder.encode(text)
}

/** Refuses bytes that are not UTF-8: a lenient decoder would make two inputs one. */
export const fromUtf8 = (bytes: Uint8Array): string => attempt('UTF-8', () => decoder.decode(bytes))

/** Lower case. */
export const toHex = (bytes: Uint8Array): string => hex.encode(bytes)

/** Either case. */
export const fromHex = (text: string): Uint8Array => attempt('hex', () => hex.decode(text.toLowerCase()))

/** RFC 4648 section 4, with padding. */
export const toBase64 = (bytes: Uint8Array): string => base64.encode(bytes)

/** RFC 4648 section 4, with padding, canonical: one text for each byte string. */
export const fromBase64 = (text: string): Uint8Array => decodeCanonical('base64', base64, text)

/** RFC 4648 section 5, without padding. */
export const toBase64url = (bytes: Uint8Array): string => base64urlnopad.encode(bytes)

/** RFC 4648 section 5, without padding, canonical: one text for each byte string. */
export const fromBase64url = (text: string): Uint8Array => decodeCanonical('base64url', base64urlnopad, text)

function decodeCanonical(encoding: string, coder: BytesCoder, text: string): Uint8Array {
  const bytes = attempt(encoding, () => coder.decode(text))
  if (coder.encode(bytes) !== text) throw new EncodingError(encoding)
  return bytes
}

function attempt<T>(encoding: string, decode: () => T): T {
  try {
    return decode()
  } catch {
    throw new EncodingError(encoding)
  }
}
