import { toUtf8 } from '@strongroom/crypto'
import { encodeNumber, framed } from './envelope/codec.ts'
import { ByteReader } from './envelope/byte-reader.ts'
import { Unopenable } from './errors.ts'
import { parseSpki } from './keys/rsa-public-key.ts'
import type { RecoveryPublicKey } from './keystore.ts'

const FORMAT = 1
const MOST_KEY_ID_BYTES = 64
const MOST_STRATEGY_BYTES = 40
const MOST_SPKI_BYTES = 4096

/** Format (1 byte), key id (1 + n), version (4), strategy (1 + n), SPKI (2 + n): what the first token seals. */
export const encodeRecoveryPublicKey = ({ spki, keyId, version, strategy }: RecoveryPublicKey): Uint8Array =>
  new Uint8Array(
    Buffer.concat([
      Uint8Array.of(FORMAT),
      framed(1, keyId),
      encodeNumber(4, version),
      framed(1, toUtf8(strategy)),
      framed(2, spki),
    ]),
  )

/** Throws `Unopenable` for anything that `encodeRecoveryPublicKey` would not have written of a strong key. */
export function decodeRecoveryPublicKey(bytes: Uint8Array): RecoveryPublicKey {
  const reader = new ByteReader(bytes)
  if (reader.readNumber(1) !== FORMAT) throw new Unopenable()
  const keyId = reader.readBytes(1, MOST_KEY_ID_BYTES)
  const version = reader.readNumber(4)
  const strategy = reader.readText(MOST_STRATEGY_BYTES)
  const spki = reader.readBytes(2, MOST_SPKI_BYTES)
  reader.finish()
  if (parseSpki(spki) === undefined) throw new Unopenable()
  return { spki, keyId, version, strategy }
}
