import { CKF } from '../pkcs11/cryptoki.ts'
import type { LoadedModule } from '../pkcs11/module-registry.ts'
import type { Handle } from '../pkcs11/session.ts'
import type { ModuleLook, SlotLook } from './inspection.ts'

export const libraryOf = ({ pkcs11 }: LoadedModule): NonNullable<ModuleLook['library']> => {
  const { libraryDescription, manufacturerID, libraryVersion, cryptokiVersion } = pkcs11.C_GetInfo()
  return {
    description: trim(libraryDescription),
    manufacturer: trim(manufacturerID),
    version: versionOf(libraryVersion),
    cryptoki: versionOf(cryptokiVersion),
  }
}

export const slotsOf = ({ pkcs11 }: LoadedModule): readonly SlotLook[] =>
  pkcs11.C_GetSlotList(true).map((slot) => lookAtSlot(pkcs11, slot))

function lookAtSlot(pkcs11: LoadedModule['pkcs11'], slot: Handle): SlotLook {
  const { slotDescription, flags } = pkcs11.C_GetSlotInfo(slot)
  const look = { description: trim(slotDescription), hardware: (flags & CKF.hardwareSlot) !== 0 }
  try {
    const info = pkcs11.C_GetTokenInfo(slot)
    if ((info.flags & CKF.tokenInitialized) === 0) return look
    return { ...look, token: { label: trim(info.label), serial: trim(info.serialNumber), model: trim(info.model) } }
  } catch {
    // A broken neighbour is none of ours.
    return look
  }
}

export const trim = (text: string): string => text.replaceAll('\0', '').trim()
export const versionOf = ({ major, minor }: { major: number; minor: number }): string =>
  `${String(major)}.${String(minor)}`
