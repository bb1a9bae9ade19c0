import { fromHex, toHex, uncompressP256Key } from '@strongroom/crypto'
import { z } from 'zod'

const SEC1_UNCOMPRESSED = 0x04

/** As SEC 1 has it: 65 bytes. @throws KeyError for what is no point on P-256. */
export const pointOf = (publicKey: Uint8Array): Uint8Array =>
  uncompressP256Key(Uint8Array.of(SEC1_UNCOMPRESSED, ...publicKey))

function isPoint(hex: string): boolean {
  try {
    pointOf(fromHex(hex))
    return true
  } catch {
    return false
  }
}

/**
 * x and y on P-256 in 128 hex digits of either case, told in lower case. Numbers printed without their leading zeros, as
 * the original's Android SDK does, are refused: where one ends and the other begins would be a guess.
 */
export const PublicKey = z
  .string()
  .regex(/^[0-9a-f]{128}$/i)
  .transform((text) => text.toLowerCase())
  .refine(isPoint)
  .meta({ description: 'P-256, x and y: 128 hex digits.' })

/** 64 bytes. */
export const keyBytes = (hex: string): Uint8Array => fromHex(hex)
export const keyHex = (bytes: Uint8Array): string => toHex(bytes)

/** ECDSA P-256 with SHA-256: r and s, IEEE P1363. Secure enclaves do not normalise s, so either is taken. */
export const Signature = z
  .string()
  .regex(/^[0-9a-f]{128}$/i)
  .transform((text) => text.toLowerCase())
  .meta({ description: 'ECDSA P-256 with SHA-256, r and s (IEEE P1363): 128 hex digits.' })
