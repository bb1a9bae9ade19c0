import { HsmRefusal } from '../errors.ts'
import type { KeyRecord } from '../keystore.ts'
import { CKK } from '../pkcs11/cryptoki.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import type { AttributeName } from '../pkcs11/template.ts'
import { toEd25519Key } from './ed25519-key.ts'
import { templateOf } from './job-templates.ts'
import { findPublicKey } from './locate-key.ts'
import { toPoint } from './public-point.ts'
import { parseSpki, toSpki } from './rsa-public-key.ts'

/** Of a pair, what its public object says, and that object; of other keys nothing. Throws `HsmRefusal` where it is missing or malformed. */
export function readPublicHalf(
  session: Session,
  record: Pick<KeyRecord, 'job' | 'label' | 'strategy'>,
): { publicHalf?: Uint8Array; publicKey?: Handle } {
  const template = templateOf(record)
  if (template.publicHalf === undefined) return {}
  const { label } = record
  const publicKey = findOne(session, label)
  const read = (name: AttributeName): Uint8Array =>
    publicKey === undefined ? new Uint8Array() : session.readAttribute(publicKey, name)
  const publicHalf = readHalf(template.keyType, read)
  if (publicHalf === undefined || publicKey === undefined) {
    const remedy = 'restore the token from its backup, or make a new version of the key'
    throw new HsmRefusal('key-missing', `the public half of the key "${label}" is not on the token: ${remedy}`)
  }
  if (template.keyType === CKK.rsa) refuseWeakRsa(publicHalf, label)
  return { publicHalf, publicKey }
}

/** Two public halves are as bad as none. */
function findOne(session: Session, label: string): Handle | undefined {
  try {
    return findPublicKey({ session }, { label })
  } catch (error) {
    if (error instanceof HsmRefusal) return undefined
    throw error
  }
}

function readHalf(keyType: number, read: (name: AttributeName) => Uint8Array): Uint8Array | undefined {
  if (keyType === CKK.ec) return toPoint(read('ecPoint'))
  return keyType === CKK.ecEdwards ? toEd25519Key(read('ecPoint')) : toSpki(read('modulus'), read('publicExponent'))
}

function refuseWeakRsa(spki: Uint8Array, label: string): void {
  if (parseSpki(spki) !== undefined) return
  const remedy = 'make a new version of the key; do not relax the check'
  throw new HsmRefusal('key-unfit', `the key "${label}" is shorter than 3072 bits or has a small exponent: ${remedy}`)
}
