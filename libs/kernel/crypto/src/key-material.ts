import { Secret } from './secret.ts'

/** What a keyed function takes: a Secret, or bytes that the caller holds anyway. */
export type KeyMaterial = Secret | Uint8Array

export const exposeKey = (key: KeyMaterial): Uint8Array => (key instanceof Secret ? key.expose() : key)
