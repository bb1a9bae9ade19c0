import { createDecipheriv, type ECDH, hkdfSync } from 'node:crypto'

/** What a browser keeps of a subscription. */
export interface ReceiverKeys {
  readonly pair: ECDH
  /** 16 octets. */
  readonly auth: Buffer
}

const TAG = 16

/**
 * Opens the body of a Web Push (RFC 8291, over aes128gcm of RFC 8188): one record, as the standard demands.
 * @throws RangeError where it was encrypted for somebody else, or is nothing of the kind.
 */
export function decryptPush(body: Buffer, keys: ReceiverKeys): Buffer {
  try {
    return open(body, keys)
  } catch {
    throw new RangeError('no push for these keys')
  }
}

function open(body: Buffer, { pair, auth }: ReceiverKeys): Buffer {
  const salt = body.subarray(0, 16)
  const recordSize = body.readUInt32BE(16)
  const senderKey = body.subarray(21, 21 + body.readUInt8(20))
  const record = body.subarray(21 + senderKey.length)
  if (record.length > recordSize) throw new RangeError('more than one record')
  const shared = pair.computeSecret(senderKey)
  const about = Buffer.concat([Buffer.from('WebPush: info\0'), pair.getPublicKey(), senderKey])
  const keying = derive({ secret: shared, salt: auth, info: about, octets: 32 })
  const content = { secret: keying, salt }
  const key = derive({ ...content, info: Buffer.from('Content-Encoding: aes128gcm\0'), octets: 16 })
  const nonce = derive({ ...content, info: Buffer.from('Content-Encoding: nonce\0'), octets: 12 })
  const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: TAG })
  decipher.setAuthTag(record.subarray(-TAG))
  const padded = Buffer.concat([decipher.update(record.subarray(0, -TAG)), decipher.final()])
  const end = padded.findLastIndex((octet) => octet !== 0)
  if (padded[end] !== 2) throw new RangeError('not the last record')
  return padded.subarray(0, end)
}

interface Derived {
  readonly secret: Buffer
  readonly salt: Buffer
  readonly info: Buffer
  readonly octets: number
}

const derive = ({ secret, salt, info, octets }: Derived): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, info, octets))
