import { randomBytes } from 'node:crypto'
import type { Secret } from '@strongroom/crypto'
import { bindBody, digestRecipient, type Place, type Tenant } from './envelope/associated-data.ts'
import { encodeEnvelope, MOST_RECOVERY_BODY_BYTES } from './envelope/codec.ts'
import { HsmRefusal } from './errors.ts'
import { parseSpki } from './keys/rsa-public-key.ts'
import type { Binding, RecoveryPublicKey } from './keystore.ts'
import { DATA_KEY_BYTES, DATA_KEY_OVERHEAD, encryptBody } from './operations/data-key.ts'
import { recoverStrategyNamed } from './strategies/rsa-oaep.ts'

/** Where the copy belongs: it opens there and nowhere else. */
export interface RecoveryPlace extends Tenant {
  readonly binding: Binding
}

/**
 * A copy that only the token with the private half opens: a fresh data key encrypts the secret, OAEP the data key. No
 * token is asked, so a process that can write copies need not be able to read one. At most 4 KiB.
 * Throws `HsmRefusal` or `Unsupported`.
 */
export function sealForRecovery(publicKey: RecoveryPublicKey, secret: Secret, at: RecoveryPlace): Uint8Array {
  const { spki, keyId, version } = publicKey
  if (parseSpki(spki) === undefined) {
    throw new HsmRefusal(
      'key-unfit',
      'the recovery key is no RSA key of 3072 bits or more: read it from its token anew',
    )
  }
  if (secret.length > MOST_RECOVERY_BODY_BYTES - DATA_KEY_OVERHEAD) {
    throw new HsmRefusal('input-refused', `a recovery copy takes at most ${MOST_RECOVERY_BODY_BYTES} bytes`)
  }
  const strategy = recoverStrategyNamed(publicKey.strategy)
  const place: Place = { tenant: at, binding: at.binding, kind: 'recovery' }
  const name = { keyId, version, strategy: strategy.name }
  const dataKey = randomBytes(DATA_KEY_BYTES)
  const payload = Buffer.concat([dataKey, digestRecipient(place, name)])
  try {
    const body = encryptBody(dataKey, { plaintext: secret.expose(), associated: bindBody(place) })
    return encodeEnvelope({ kind: place.kind, recipients: [{ ...name, sealed: strategy.seal(spki, payload) }], body })
  } finally {
    dataKey.fill(0)
    payload.fill(0)
  }
}
