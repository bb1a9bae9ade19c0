import { HsmRefusal } from '../errors.ts'
import type { KeyRecord } from '../keystore.ts'
import { CKO } from '../pkcs11/cryptoki.ts'
import type { Session } from '../pkcs11/session.ts'
import type { AttributeName } from '../pkcs11/template.ts'
import { toEd25519Key } from './ed25519-key.ts'
import { toPoint } from './public-point.ts'
import { parseSpki, toSpki } from './rsa-public-key.ts'

/** Of a pair, what its public object says; of other keys nothing. Throws `HsmRefusal` where it is missing or malformed. */
export function readPublicHalf(
  session: Session,
  { job, label }: Pick<KeyRecord, 'job' | 'label'>,
): { publicHalf?: Uint8Array } {
  if (job !== 'sign' && job !== 'sign-ed25519' && job !== 'recover') return {}
  const [object, ...others] = session.findObjects({ class: CKO.publicKey, token: true, label })
  const read = (name: AttributeName): Uint8Array =>
    object === undefined || others.length > 0 ? new Uint8Array() : session.readAttribute(object, name)
  const publicHalf = readHalf(job, read)
  if (publicHalf !== undefined) {
    if (job === 'recover') refuseWeakRsa(publicHalf, label)
    return { publicHalf }
  }
  const remedy = 'restore the token from its backup, or make a new version of the key'
  throw new HsmRefusal('key-missing', `the public half of the key "${label}" is not on the token: ${remedy}`)
}

function readHalf(
  job: 'sign' | 'sign-ed25519' | 'recover',
  read: (name: AttributeName) => Uint8Array,
): Uint8Array | undefined {
  if (job === 'sign') return toPoint(read('ecPoint'))
  return job === 'sign-ed25519' ? toEd25519Key(read('ecPoint')) : toSpki(read('modulus'), read('publicExponent'))
}

function refuseWeakRsa(spki: Uint8Array, label: string): void {
  if (parseSpki(spki) !== undefined) return
  const remedy = 'make a new version of the key; do not relax the check'
  throw new HsmRefusal('key-unfit', `the key "${label}" is shorter than 3072 bits or has a small exponent: ${remedy}`)
}
