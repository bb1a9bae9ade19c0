import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  generateKeyPairSync,
  randomBytes,
  sign as signBy,
} from 'node:crypto'

/** What the token does, done by OpenSSL in this process: a key in memory, and no session. */
export interface Twin {
  readonly seal: () => void
  readonly open: () => void
  readonly mac: () => void
  readonly sign: () => void
  readonly issueKey: () => void
  readonly openKey: () => void
  readonly openLockedKey: () => void
}

const WRAP_IV = Buffer.alloc(8, 0xa6)

export function opensslTwin(bytes: number): Twin {
  const [key, macKey, message] = [randomBytes(32), randomBytes(64), randomBytes(bytes)]
  const associated = randomBytes(120)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const seal = (plaintext: Uint8Array) => {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(associated)
    return { iv, sealed: Buffer.concat([cipher.update(plaintext), cipher.final()]), tag: cipher.getAuthTag() }
  }
  const open = ({ iv, sealed, tag }: ReturnType<typeof seal>) => {
    const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(associated).setAuthTag(tag)
    return Buffer.concat([decipher.update(sealed), decipher.final()])
  }
  const wrap = (value: Uint8Array) => {
    const cipher = createCipheriv('id-aes256-wrap', key, WRAP_IV)
    return Buffer.concat([cipher.update(value), cipher.final()])
  }
  const unwrap = (wrapped: Uint8Array) => {
    const decipher = createDecipheriv('id-aes256-wrap', key, WRAP_IV)
    return Buffer.concat([decipher.update(wrapped), decipher.final()])
  }
  const mac = () => createHmac('sha512', macKey).update(message).digest()
  const [sealed, wrapped] = [seal(message), seal(wrap(randomBytes(32)))]
  return {
    seal: () => void seal(message),
    open: () => void open(sealed),
    mac: () => void mac(),
    sign: () => void signBy('sha256', message, privateKey),
    issueKey: () => void seal(wrap(randomBytes(32))),
    openKey: () => void unwrap(open(wrapped)),
    openLockedKey: () => {
      mac()
      unwrap(open(wrapped))
    },
  }
}
