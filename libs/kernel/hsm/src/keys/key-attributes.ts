import { equalBytes, toUtf8 } from '@strongroom/crypto'
import { HsmRefusal } from '../errors.ts'
import type { KeyRecord } from '../keystore.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Handle } from '../pkcs11/session.ts'
import { type AttributeName, type AttributeValue, encodeMechanisms } from '../pkcs11/template.ts'
import { attributesToCheck } from './job-templates.ts'
import { strategyOf } from './job-strategies.ts'
import type { TokenAccess } from './token-key.ts'

const CKR_ATTRIBUTE_TYPE_INVALID = 0x12

/** Throws `HsmRefusal` naming the key and its first attribute that is other than its job demands. */
export function refuseUnfitKey(
  access: TokenAccess,
  key: { record: Omit<KeyRecord, 'checkValue'>; handle: Handle },
): void {
  const unfit = findUnfitAttribute(access, key)
  if (unfit === undefined) return
  const remedy = 'make a new version of the key with provisionKeys and move what it protects; do not relax the check'
  throw new HsmRefusal(
    'key-unfit',
    `the key "${key.record.label}" has another ${unfit} than a ${key.record.job} key must have: ${remedy}`,
  )
}

/** The name of the first attribute that differs, or `undefined`. A list of mechanisms counts where the token honours such lists. */
export function findUnfitAttribute(
  { session, capabilities, mechanismLists }: TokenAccess,
  { record, handle }: { record: Omit<KeyRecord, 'checkValue'>; handle: Handle },
): AttributeName | undefined {
  const required = Object.entries(attributesToCheck(record.job)) as [AttributeName, AttributeValue][]
  if (mechanismLists === 'honoured') {
    required.push(['allowedMechanisms', encodeMechanisms(strategyOf(capabilities, record).mechanisms)])
  }
  const unfit = required.find(([name, value]) => !equalBytes(readOrNothing(name), encodeAttribute(value)))
  return unfit?.[0]

  function readOrNothing(name: AttributeName): Uint8Array {
    try {
      return session.readAttribute(handle, name)
    } catch (error) {
      if (isDeviceError(error, CKR_ATTRIBUTE_TYPE_INVALID)) return new Uint8Array()
      throw error
    }
  }
}

function encodeAttribute(value: AttributeValue): Uint8Array {
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0)
  if (typeof value === 'number') return encodeMechanisms([value])
  return typeof value === 'string' ? toUtf8(value) : value
}
