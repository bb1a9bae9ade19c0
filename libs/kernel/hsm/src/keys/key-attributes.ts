import { equalBytes, toUtf8 } from '@strongroom/crypto'
import { HsmRefusal } from '../errors.ts'
import type { KeyRecord } from '../keystore.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Handle } from '../pkcs11/session.ts'
import { type AttributeName, type AttributeValue, encodeMechanisms } from '../pkcs11/template.ts'
import { macMechanism } from '../strategies/companion-mac.ts'
import { shapeOf } from '../strategies/shapes.ts'
import { attributesToCheck, type JobTemplate, jobTemplates, templateOf } from './job-templates.ts'
import { strategyOf } from './job-strategies.ts'
import { companionLabel } from './locate-key.ts'
import type { TokenAccess } from './token-key.ts'

const CKR_ATTRIBUTE_TYPE_INVALID = 0x12

interface FoundKey {
  readonly record: Omit<KeyRecord, 'checkValue'>
  readonly handle: Handle
}

/** Throws `HsmRefusal` naming the key and its first attribute that is other than its job demands. */
export function refuseUnfitKey(access: TokenAccess, key: FoundKey): void {
  const unfit = findUnfitAttribute(access, key)
  if (unfit !== undefined) refuse(key.record.label, unfit, key.record.job)
}

/** The same of its companion. */
export function refuseUnfitCompanion(
  access: TokenAccess,
  { record, companion }: { record: FoundKey['record']; companion: Handle },
): void {
  const unfit = findUnfitCompanion(access, { record, companion })
  if (unfit !== undefined) refuse(companionLabel(record.label), unfit, 'mac')
}

function refuse(label: string, unfit: AttributeName, job: string): never {
  const remedy = 'make a new version of the key with provisionKeys and move what it protects; do not relax the check'
  throw new HsmRefusal('key-unfit', `the key "${label}" has another ${unfit} than a ${job} key must have: ${remedy}`)
}

/** The name of the first attribute that differs, or `undefined`. A list of mechanisms counts where the token honours such lists. */
export const findUnfitAttribute = (access: TokenAccess, { record, handle }: FoundKey): AttributeName | undefined =>
  findUnfit(access, handle, {
    template: templateOf(record),
    mechanisms: () => strategyOf(access.capabilities, record).mechanisms,
  })

/** The same of its companion. */
export function findUnfitCompanion(
  access: TokenAccess,
  { record, companion }: { record: FoundKey['record']; companion: Handle },
): AttributeName | undefined {
  const hash = shapeOf(record.strategy).companion
  const mechanisms = () => (hash === undefined ? [] : [macMechanism(hash)])
  return findUnfit(access, companion, { template: jobTemplates.mac, mechanisms })
}

function findUnfit(
  { session, mechanismLists, profile }: TokenAccess,
  handle: Handle,
  { template, mechanisms }: { template: JobTemplate; mechanisms: () => readonly number[] },
): AttributeName | undefined {
  const required = Object.entries(attributesToCheck(template)) as [AttributeName, AttributeValue][]
  if (mechanismLists === 'honoured') required.push(['allowedMechanisms', encodeMechanisms(mechanisms())])
  return required.find(([name, value]) => {
    const read = readOrNothing(name)
    // What the vendor cannot express may be missing; what is there and says otherwise is refused all the same.
    if (read === undefined && profile?.inexpressible?.includes(name)) return false
    return !equalBytes(read ?? new Uint8Array(), encodeAttribute(value))
  })?.[0]

  function readOrNothing(name: AttributeName): Uint8Array | undefined {
    try {
      return session.readAttribute(handle, name)
    } catch (error) {
      if (isDeviceError(error, CKR_ATTRIBUTE_TYPE_INVALID)) return undefined
      throw error
    }
  }
}

function encodeAttribute(value: AttributeValue): Uint8Array {
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0)
  if (typeof value === 'number') return encodeMechanisms([value])
  return typeof value === 'string' ? toUtf8(value) : value
}
