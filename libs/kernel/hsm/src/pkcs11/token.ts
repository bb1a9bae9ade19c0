import type { Handle, PKCS11, TokenInfo } from 'pkcs11js'
import { HsmRefusal } from '../errors.ts'
import type { TokenDescription } from '../keystore.ts'
import { CKF } from './cryptoki.ts'
import { toDeviceError } from './device-error.ts'

export interface FoundToken {
  readonly slot: Handle
  readonly flags: number
  readonly description: TokenDescription
}

const softwareModels = /softhsm|\bnss\b|opencryptoki|kryoptic|software|soft token/i

/** By label, never by slot number: `C_InitToken` and a restart both change that. Throws `HsmRefusal` or `DeviceError`. */
export function findToken(pkcs11: PKCS11, label: string): FoundToken {
  const found = listTokens(pkcs11).filter(({ description }) => description.label === label)
  const [token] = found
  if (token === undefined) {
    throw new HsmRefusal('token-absent', `no token is labelled "${label}": initialise one, or correct the label`)
  }
  if (found.length > 1) {
    const serials = found.map(({ description }) => description.serial).join(', ')
    const remedy = 'give one of them another label'
    throw new HsmRefusal('token-ambiguous', `two tokens are labelled "${label}" (serials ${serials}): ${remedy}`)
  }
  return token
}

function listTokens(pkcs11: PKCS11): readonly FoundToken[] {
  try {
    return pkcs11.C_GetSlotList(true).flatMap((slot) => describeSlot(pkcs11, slot))
  } catch (error) {
    throw toDeviceError(error, 'C_GetSlotList')
  }
}

function describeSlot(pkcs11: PKCS11, slot: Handle): readonly FoundToken[] {
  const info = tokenInfoOf(pkcs11, slot)
  if (info === undefined || (info.flags & CKF.tokenInitialized) === 0) return []
  const [label, manufacturer, model, serial] = [info.label, info.manufacturerID, info.model, info.serialNumber].map(
    (text) => text.replaceAll('\0', '').trimEnd(),
  ) as [string, string, string, string]
  // What does not say that it is hardware is taken for software, and must be allowed by name.
  const hardware = (pkcs11.C_GetSlotInfo(slot).flags & CKF.hardwareSlot) !== 0
  const software = !hardware || softwareModels.test(`${manufacturer} ${model}`)
  return [{ slot, flags: info.flags, description: { label, manufacturer, model, serial, software } }]
}

function tokenInfoOf(pkcs11: PKCS11, slot: Handle): TokenInfo | undefined {
  try {
    return pkcs11.C_GetTokenInfo(slot)
  } catch {
    // One broken neighbour must not hide the token that we look for.
    return undefined
  }
}
