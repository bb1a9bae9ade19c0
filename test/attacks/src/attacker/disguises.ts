/** A secret as it may turn up in text: in clear, or in an encoding that something on its way has put over it. */
export interface Disguise {
  encoding: string
  text: string
}

/** Hex is given in lower case: search it in text that was lowered. */
export function disguise(secret: Uint8Array): Disguise[] {
  const bytes = Buffer.from(secret)
  const clear = bytes.toString('utf8')
  const base64 = [0, 1, 2].map((shift) => base64At(bytes, shift))
  return [
    ...(Buffer.from(clear).equals(bytes) ? disguiseText(clear) : []),
    { encoding: 'hex', text: bytes.toString('hex') },
    ...base64.map((text) => ({ encoding: 'base64', text })),
    ...base64.filter((text) => /[+/]/.test(text)).map((text) => ({ encoding: 'base64url', text: toUrlAlphabet(text) })),
  ]
}

/** Where a disguise of the secret stands in the text: the encodings, each once. */
export function findDisguised(secret: Uint8Array, text: string): string[] {
  const lowered = text.toLowerCase()
  const found = disguise(secret).filter((one) => (one.encoding === 'hex' ? lowered : text).includes(one.text))
  return [...new Set(found.map(({ encoding }) => encoding))]
}

const toUrlAlphabet = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_')

function disguiseText(clear: string): Disguise[] {
  const escaped = JSON.stringify(clear).slice(1, -1)
  const percent = [...Buffer.from(clear)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  return [
    { encoding: 'clear', text: clear },
    { encoding: 'json', text: escaped },
    { encoding: 'percent', text: encodeURIComponent(clear) },
    { encoding: 'percent', text: percent },
    { encoding: 'percent', text: percent.toUpperCase() },
  ]
}

/** Base64 in the middle of a longer text, as a PIN in Basic credentials is: only the characters that no neighbour touches. */
function base64At(bytes: Buffer, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replaceAll('=', '')
  const untouched = Math.floor(((shift + bytes.length) * 8) / 6)
  return encoded.slice(Math.ceil((shift * 8) / 6), untouched)
}
