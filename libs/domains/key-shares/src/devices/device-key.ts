import { derToP1363, fromHex, toHex, uncompressP256Key } from '@strongroom/crypto'
import { z } from 'zod'

const attempt = (parse: () => unknown): boolean => {
  try {
    parse()
    return true
  } catch {
    return false
  }
}

const isKey = (hex: string): boolean => attempt(() => uncompressP256Key(fromHex(hex)))
const isDer = (hex: string): boolean => attempt(() => derToP1363(fromHex(hex)))

/** A device's P-256 key: an uncompressed point in hex of either case, told in lower case. */
export const DeviceKey = z
  .string()
  .regex(/^04[0-9a-f]{128}$/i)
  .transform((text) => text.toLowerCase())
  .refine(isKey)
  .meta({ description: 'The device’s verifying key: P-256, `04||X||Y`, 130 hex digits.' })

/** An ECDSA signature: strict DER in hex. Secure enclaves do not normalise s, so either is taken. */
export const DeviceSignature = z
  .string()
  .regex(/^([0-9a-f]{2}){8,72}$/i)
  .refine(isDer)
  .meta({ description: 'ECDSA P-256 over SHA-256 of the canonical JSON `{"challenge":"…"}`: DER, hex.' })

export const keyBytes = (hex: string): Uint8Array => fromHex(hex)
export const keyHex = (bytes: Uint8Array): string => toHex(bytes)
